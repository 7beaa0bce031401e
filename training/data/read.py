"""Reading a data set: the first reader that recognises a path reads it."""

from pathlib import Path
from typing import Protocol

from training.data.dataset import Dataset, check
from training.data.readers import (
    json_file,
    movielens_100k,
    movielens_csv,
    movielens_dat,
    recbole,
)
from training.data.renumber import Numbering
from training.data.tables import DataError, Tables


class Reader(Protocol):
    """A module of ``training.data.readers``: reads one layout.

    ``LAYOUT`` names the files of the layout, for messages.
    """

    LAYOUT: str

    def is_mine(self, path: Path) -> bool:
        """Return whether an existing path has this layout."""

    def read(self, path: Path) -> Tables:
        """Return the tables, unchecked; raise ``DataError`` for files that cannot be parsed."""


READERS: tuple[Reader, ...] = (json_file, movielens_csv, movielens_100k, movielens_dat, recbole)


def read(path: Path, renumber: Path | None = None) -> Dataset:
    """Return the data set in a file or folder of any layout that ``READERS`` know.

    ``renumber`` names a file of numbers for ids that are none; see ``Numbering``.

    Raises:
        DataError: the path is missing, has no known layout, or holds a record that is wrong.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist")
    for reader in READERS:
        if reader.is_mine(path):
            tables = reader.read(path)
            if renumber is None:
                return check(tables)
            numbering = Numbering(renumber)
            data = check(numbering.apply(tables))
            numbering.save()
            return data
    layouts = "; ".join(reader.LAYOUT for reader in READERS)
    raise DataError(f"{path.name} has none of the known layouts: {layouts}")
