"""What a reader returns: tables whose values nobody has checked yet."""

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

USER_COLUMNS = ["id", "nome", "email"]
FILM_COLUMNS = ["id", "titulo", "genero", "diretor", "atores"]
USER = "usuario_id"
RATING_COLUMNS = [USER, "filme_id", "avaliacao"]
TIME_COLUMN = "momento"
EMAIL = re.compile(r"[^\s'\"@]+@[^\s'\"@]+")
LONGEST_QUOTE, LONGEST_NAME = 80, 300  # characters
ALIKE = 0.75  # of two names, from which on one may be a slip of the other

Scale = tuple[float, float]
"""Lowest and highest rating."""


class DataError(Exception):
    """Data that cannot be trained on; the message names record, value and what is allowed."""


@dataclass
class Faults:
    """What is wrong with the rows of a file: the first fault, and how many there are."""

    name: str
    line: int = 0
    told: str = ""
    count: int = 0

    def add(self, line: int, told: str) -> None:
        """Note a fault of a line."""
        if not self.count:
            self.line, self.told = line, told
        self.count += 1

    def refuse(self) -> None:
        """Raise ``DataError`` if there was any."""
        if self.count:
            told = f"line {self.line}{self.told}{and_more(self.count - 1)}"
            raise DataError(f"{self.name}, {told}")


@dataclass(frozen=True)
class Table:
    """A table as it was read.

    Args:
        frame: the records, with our names of columns. The index counts them from 0, skipped lines
            included.
        name: what messages call the table.
        first: the number that messages give to the first record.
        is_text: a value may be a text that stands for a number, as in the lines of a text file.
        named: our names of columns, and the source's own where they differ.
        unit: what messages call a record of a table whose values may be texts.
        parts: of a table made of several files, the position at which each begins, and its name.
        of_people: whether records are of people, of whom messages quote nothing.
    """

    frame: pd.DataFrame
    name: str
    first: int
    is_text: bool = False
    named: Mapping[str, str] = field(default_factory=dict)
    unit: str = "line"
    parts: tuple[tuple[int, str], ...] = ()
    of_people: bool = False

    def record(self, place: int) -> str:
        """Return what messages call the record at a position of the frame."""
        number = self.first + self.frame.index[place]
        name = [self.name, *(name for start, name in self.parts if start <= place)][-1]
        return f"{name}, {self.unit} {number}" if self.is_text else f"{name}[{number}]"

    def column(self, ours: str) -> str:
        """Return what the source calls a column."""
        return one_line(self.named.get(ours, ours))

    def value(self, column: str, place: int) -> str:
        """Return a value of a record for a message; of what says who a user is, only its kind."""
        found = self.frame[column].iloc[place]
        if self.of_people or column == USER:
            return describe(found)
        if self.is_text and isinstance(found, float | np.floating):
            return f"{found:.15g}"
        return quote(found)


def join(tables: Sequence[Table]) -> Table:
    """Return tables of the same kind as one; messages name the file of each record.

    Raises:
        DataError: one has a column that another lacks.
    """
    first = tables[0]
    if len(tables) == 1:
        return first
    for table in tables[1:]:
        if set(table.frame.columns) != set(first.frame.columns):
            raise DataError(f"{first.name} and {table.name} have different columns")
    starts = np.cumsum([0, *(len(table.frame) for table in tables[:-1])]).tolist()
    parts = tuple(zip(starts, (table.name for table in tables), strict=True))
    filled = [table.frame for table in tables if len(table.frame)]  # types are those of values
    return replace(first, frame=pd.concat(filled or [first.frame]), parts=parts)


@dataclass(frozen=True)
class Tables:
    """All tables of one source, with the columns named above.

    Args:
        ratings: ``RATING_COLUMNS``, of which the last may be missing where the source only says who
            saw what, and ``TIME_COLUMN`` where it says when.
        films: ``FILM_COLUMNS``; None where only the ratings name the films.
        users: ``USER_COLUMNS``; None where only the ratings name the users.
        scale: lowest and highest rating allowed; None where the source does not say.
        demonstration: whether anybody may see who rated what.
    """

    ratings: Table
    films: Table | None = None
    users: Table | None = None
    scale: Scale | None = None
    demonstration: bool = False


def quote(value: object) -> str:
    """Return a value for a message that may be logged: one line, shortened, no e-mail address."""
    text = repr(value.item() if isinstance(value, np.generic) else value)
    text = EMAIL.sub("…@…", text)
    return text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "…"


def describe(value: object) -> str:
    """Return what a value is, for a message that must not quote it."""
    found = value.item() if isinstance(value, np.generic) else value
    if found is None or found is pd.NA or (isinstance(found, float) and math.isnan(found)):
        return "missing"
    if isinstance(found, str):
        return f"a text of {counted(len(found), 'character')}"
    if isinstance(found, list | dict):
        return "a list" if isinstance(found, list) else "an object"
    if isinstance(found, bool) or not isinstance(found, int | float):
        return "neither a number nor a text"
    if isinstance(found, float) and not found.is_integer():
        return "a fraction"
    digits = counted(len(str(abs(int(found)))), "digit")
    return f"a whole number of {digits}{' below 0' if found < 0 else ''}"


def counted(count: int, thing: str) -> str:
    """Return a number of things in words."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def one_line(name: str) -> str:
    """Return a name for a message that may be logged: no line break, and not too long."""
    told = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in name)
    return told if len(told) <= LONGEST_NAME else told[:LONGEST_NAME] + "…"


def listed(values: Iterable[object], most: int = 8) -> str:
    """Return values for a message: the first of them, and how many there are besides."""
    found = list(values)
    told = ", ".join(quote(value) for value in found[:most])
    return told + and_more(len(found) - most) if found else "none"


def and_more(count: int) -> str:
    """Return the end of a message about one of several records: how many more there are."""
    return f" (and {count:,} more)" if count > 0 else ""


def did_you_mean(known: Iterable[str], found: Mapping[str, str]) -> str:
    """Return the end of a message about a missing name: which of those found may be meant for it.

    ``found`` maps names in the spelling in which they are compared to those of the source.
    """
    for wanted in known:
        for near in difflib.get_close_matches(wanted, found, 1, ALIKE):
            return f"; {one_line(found[near])}: did you mean {one_line(wanted)}?"
    return ""


def split_names(text: str) -> list[str]:
    """Return the names in a comma-separated text."""
    return [name.strip() for name in text.split(",") if name.strip()]
