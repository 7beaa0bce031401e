"""Numbers for ids that are none: texts, UUIDs, and whole numbers that JavaScript cannot hold."""

import csv
import logging
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from training.data.columns import SURROGATE, read_ids, refuse
from training.data.tables import DataError, Table, Tables

USER, FILM = "user", "film"
COLUMNS = ["kind", "id", "original"]

_log = logging.getLogger(__name__)


class Numbering:
    """The numbers in a file: CSV with a line for each user or film, ``kind,id,original``.

    A kind is numbered if the file has numbers of it, or if one of its ids in the data is not a
    whole number from 0 to ``MAX_ID``; then all of its ids are, from 1 on. Whole numbers come first
    and by value, then texts in order of their characters. What the file has stays as it is, and new
    ids go on from its largest number: equal data gives equal numbers, and no number ever changes
    hands.
    """

    def __init__(self, path: Path) -> None:
        """Read the file if it exists.

        Raises:
            DataError: it holds something else.
        """
        self._path = path
        self._numbers: dict[str, dict[str, int]] = {USER: {}, FILM: {}}
        self._added = 0
        if path.exists():
            self._read()

    def apply(self, tables: Tables) -> Tables:
        """Return the tables with numbers as ids, where a kind needs them.

        Raises:
            DataError: an id is neither a whole number nor a text, or it names nothing.
        """
        users, films, ratings = tables.users, tables.films, tables.ratings
        rated = (ratings, "filme_id") if films is None else (films, "id")
        if self._needs(FILM, rated, (ratings, "filme_id")):
            self._add(FILM, _spelled(*rated) if films is None else _named(*rated))
            films = films and self._put(FILM, films, "id", "")
            ratings = self._put(FILM, ratings, "filme_id", "the id of a film in the data")
        named = (ratings, "usuario_id") if users is None else (users, "id")
        if self._needs(USER, named, (ratings, "usuario_id")):
            self._add(USER, _spelled(*named) if users is None else _named(*named))
            users = users and self._put(USER, users, "id", "")
            ratings = self._put(USER, ratings, "usuario_id", "the id of a user in the data")
        return replace(tables, users=users, films=films, ratings=ratings)

    def save(self) -> None:
        """Write the file, whole or not at all, if anything is new, and log how much is.

        Raises:
            DataError: it cannot be written.
        """
        counts = ", ".join(f"{len(known)} {kind}s" for kind, known in self._numbers.items())
        _log.info("%s has numbers of %s, %d of them new", self._path, counts, self._added)
        if not self._added:
            return
        rows = [
            (kind, number, original)
            for kind, known in self._numbers.items()
            for original, number in known.items()
        ]
        try:
            with tempfile.TemporaryDirectory(dir=self._path.absolute().parent) as scratch:
                new = Path(scratch, self._path.name)
                with new.open("w", newline="", encoding="utf-8") as file:
                    csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
                new.replace(self._path)
        except OSError as error:
            raise DataError(f"{self._path} cannot be written: {error.strerror}") from None

    def _read(self) -> None:
        try:
            with self._path.open(newline="", encoding="utf-8") as file:
                rows = csv.reader(file)
                if next(rows, None) != COLUMNS:
                    raise ValueError
                for kind, number, original in rows:
                    known = self._numbers[kind]
                    if int(number) != len(known) + 1 or original in known:
                        raise ValueError
                    known[original] = len(known) + 1
        except OSError as error:
            raise DataError(f"{self._path} cannot be read: {error.strerror}") from None
        except (ValueError, KeyError, csv.Error):
            told = f"{self._path} is no file of numbers ({','.join(COLUMNS)})"
            raise DataError(f"{told}, and is not overwritten: name another") from None

    def _needs(self, kind: str, *columns: tuple[Table, str]) -> bool:
        return bool(self._numbers[kind]) or any((read_ids(*each) < 0).any() for each in columns)

    def _add(self, kind: str, originals: Iterable[str]) -> None:
        known = self._numbers[kind]
        new = sorted(set(originals) - known.keys(), key=_by_value)
        known.update(zip(new, range(len(known) + 1, len(known) + len(new) + 1), strict=True))
        self._added += len(new)

    def _put(self, kind: str, table: Table, column: str, expected: str) -> Table:
        found = _spelled(table, column).map(self._numbers[kind])
        refuse(table, found.isna().to_numpy(np.bool_), column, expected)
        return replace(table, frame=table.frame.assign(**{column: found.astype(np.int64)}))


def _named(table: Table, column: str) -> pd.Series:
    """Return the ids of a table of users or films as texts, none of which may come twice."""
    spelled = _spelled(table, column)
    refuse(table, spelled.duplicated().to_numpy(), column, "an id that no earlier record has")
    return spelled


def _spelled(table: Table, column: str) -> pd.Series:
    """Return the ids of a column (m,) as texts; those of JSON may be numbers or texts."""
    raw = table.frame[column]
    if raw.dtype == np.int64:
        return raw.astype(str)
    allowed = (str, int, np.integer)
    spelled = [
        str(value).strip() if isinstance(value, allowed) and not isinstance(value, bool) else ""
        for value in raw
    ]
    wrong = np.array([not text or bool(SURROGATE.search(text)) for text in spelled], np.bool_)
    refuse(table, wrong, column, "a whole number or a text, which is not empty")
    return pd.Series(spelled, index=raw.index, dtype=object)


def _by_value(original: str) -> tuple[bool, int, str]:
    is_whole = original.isascii() and original.isdigit()
    return not is_whole, len(original.lstrip("0")) if is_whole else 0, original
