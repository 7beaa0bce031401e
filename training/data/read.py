"""Reading a data set: the first reader that recognises a folder reads it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from training.data.dataset import Dataset, check
from training.data.files.source import File, Folder, open_source
from training.data.readers import (
    csv_files,
    dat_files,
    hetrec,
    json_file,
    movielens_100k,
    netflix,
    parquet,
    recbole,
)
from training.data.renumber import Numbering
from training.data.tables import DataError, Scale, Tables, listed, one_line


class Reader(Protocol):
    """A module of ``training.data.readers``: reads one layout.

    ``LAYOUT`` names the files of the layout, for messages.
    """

    LAYOUT: str

    def find(self, folder: Folder) -> list[File]:
        """Return the files of a folder that the reader would read, none if it has another layout.

        Where a person named a file, it is of no use to return others without that one.
        """

    def read(self, folder: Folder) -> Tables:
        """Return the tables, unchecked; raise ``DataError`` for files that cannot be parsed."""


READERS: tuple[Reader, ...] = (
    json_file,
    parquet,
    movielens_100k,
    hetrec,
    dat_files,
    netflix,
    recbole,
    csv_files,
)
NO_COLUMNS: Mapping[str, str] = {}


def read(
    path: Path,
    renumber: Path | None = None,
    *,
    scale: Scale | None = None,
    columns: Mapping[str, str] = NO_COLUMNS,
    name: str = "",
) -> Dataset:
    """Return the data set in a file, folder or archive of any layout that ``READERS`` know.

    Args:
        path: a folder with the files of a layout, one of these files, or an archive of them.
        renumber: a file of numbers for ids that are none; see ``Numbering``.
        scale: lowest and highest rating; None: the source's own, or what the ratings tell.
        columns: where the columns of a single file of ratings are, as ``parse_columns`` returns.
        name: what messages call the path; empty: as it is spelled.

    Raises:
        DataError: the path is missing, has no known layout, or holds a record that is wrong.
    """
    name = one_line(name or str(path))
    with open_path(path, name) as levels:
        reader, folder = recognise(levels, name, columns)
        tables = reader.read(folder)
        if renumber is None:
            return check(tables, scale)
        numbering = Numbering(renumber)
        data = check(numbering.apply(tables), scale)
        numbering.save()
        return data


def open_path(path: Path, name: str) -> AbstractContextManager[list[list[Folder]]]:
    """Return what ``open_source`` does; raise ``DataError`` if there is nothing at the path."""
    if not path.exists():
        raise DataError(f"{name} does not exist")
    return open_source(path, name)


def recognise(
    levels: list[list[Folder]], name: str, columns: Mapping[str, str] = NO_COLUMNS
) -> tuple[Reader, Folder]:
    """Return the folder that holds a data set, and the reader of its layout.

    Raises:
        DataError: there is none, there are several, or ``columns`` are given of another layout.
    """
    for folders in levels:
        said = (replace(folder, columns=columns) for folder in folders)
        found = [(reader, folder) for folder in said if (reader := _reader(folder))]
        if len(found) > 1:
            names = listed(folder.name for _, folder in found)
            raise DataError(f"{name} holds several data sets: {names}: name one of them")
        for reader, folder in found:
            if columns and reader is not csv_files:
                raise DataError(f"{folder.name}: columns are for one file of ratings in CSV")
            return reader, folder
    layouts = "; ".join(reader.LAYOUT for reader in READERS)
    raise DataError(f"{name} has none of the known layouts: {layouts}")


def _reader(folder: Folder) -> Reader | None:
    for reader in READERS:
        found = reader.find(folder)
        if found and (folder.named is None or folder.named in found):
            return reader
    return None
