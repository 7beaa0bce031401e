"""What a reader returns: tables whose values nobody has checked yet."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

USER_COLUMNS = ["id", "nome", "email"]
FILM_COLUMNS = ["id", "titulo", "genero", "diretor", "atores"]
RATING_COLUMNS = ["usuario_id", "filme_id", "avaliacao"]
TIME_COLUMN = "momento"
EMAIL = re.compile(r"[^\s'\"@]+@[^\s'\"@]+")
LONGEST_QUOTE = 80  # characters


class DataError(Exception):
    """Data that cannot be trained on; the message names record, value and what is allowed."""


@dataclass(frozen=True)
class Table:
    """A table as it was read.

    Args:
        frame: the records. The index counts them from 0, skipped blank lines included.
        name: what messages call the table.
        first: the number that messages give to the first record.
        is_text: the records are lines of a text file, so text may stand for a number.
    """

    frame: pd.DataFrame
    name: str
    first: int
    is_text: bool = False

    def record(self, place: int) -> str:
        """Return what messages call the record at a position of the frame."""
        number = self.first + self.frame.index[place]
        return f"{self.name}, line {number}" if self.is_text else f"{self.name}[{number}]"


@dataclass(frozen=True)
class Tables:
    """All tables of one source, with the columns named above.

    Args:
        films: ``FILM_COLUMNS``.
        ratings: ``RATING_COLUMNS`` and, where the source has times, ``TIME_COLUMN``.
        users: ``USER_COLUMNS``; None where only the ratings name the users.
        scale: lowest and highest rating allowed; None where the source does not say.
        demonstration: whether anybody may see who rated what.
    """

    films: Table
    ratings: Table
    users: Table | None = None
    scale: tuple[float, float] | None = None
    demonstration: bool = False


def quote(value: object) -> str:
    """Return a value for a message that may be logged: one line, shortened, no e-mail address."""
    text = repr(value.item() if isinstance(value, np.generic) else value)
    text = EMAIL.sub("…@…", text)
    return text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "…"
