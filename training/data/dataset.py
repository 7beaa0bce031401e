"""Reading and checking data: whatever the source, the same tables and the same checks."""

import hashlib
import json
import logging
import math
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

USER_COLUMNS = ["id", "nome", "email"]
FILM_COLUMNS = ["id", "titulo", "genero", "diretor", "atores"]
RATING_COLUMNS = ["usuario_id", "filme_id", "avaliacao"]
TIME_COLUMN = "momento"
STEPS = (1.0, 0.5, 0.25, 0.2, 0.1, 0.05, 0.01)  # between the ratings of a scale
HALF = re.compile("[\ud800-\udfff]")  # JSON can name one alone; no encoding can write it
ADDRESS = re.compile(r"[^\s'\"@]+@[^\s'\"@]+")
LONGEST_SHOWN = 80  # characters of a value that messages quote

_log = logging.getLogger(__name__)


class DataError(Exception):
    """Data that cannot be trained on: the message names record, value and what is allowed."""


@dataclass(frozen=True)
class Table:
    """A table as it was read (its index counts the records), and how messages call these."""

    frame: pd.DataFrame
    name: str
    first: int  # number of the first record
    is_text: bool = False  # lines of a text file, in which text may stand for numbers

    def record(self, place: int) -> str:
        """Return how messages call the record at a place."""
        number = self.first + self.frame.index[place]
        return f"{self.name}, line {number}" if self.is_text else f"{self.name}[{number}]"


@dataclass(frozen=True)
class Dataset:
    """Checked data: users and films in order of id; ratings by position in those tables.

    ``users`` and ``films`` bear the columns of ``mock_data.json``; ``ratings`` bears ``user`` and
    ``film`` (positions), ``avaliacao`` and, where known, ``momento`` (seconds). One rating a pair.
    """

    users: pd.DataFrame
    films: pd.DataFrame
    ratings: pd.DataFrame
    lowest: float  # of the scale
    highest: float
    duplicates: int = 0  # ratings that a later one of the same pair replaced

    @cached_property
    def matrix(self) -> sparse.csr_matrix:
        """Users × films, the ratings as they are; a rating of 0 is stored, a missing one is not."""
        values = self.ratings["avaliacao"].to_numpy(np.float64)
        places = (self.ratings["user"].to_numpy(), self.ratings["film"].to_numpy())
        return sparse.csr_matrix((values, places), shape=(len(self.users), len(self.films)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, whatever file layout or order it came in."""
        digest = hashlib.sha256()
        for frame in (self.users, self.films):
            digest.update(frame.to_csv(index=False, lineterminator="\n").encode())
        order = np.lexsort((self.ratings["film"], self.ratings["user"]))
        for name in sorted(map(str, self.ratings.columns)):
            column = self.ratings[name].to_numpy()[order]
            digest.update(f"{name} {column.dtype.str}\n".encode())
            digest.update(column.tobytes())
        return digest.hexdigest()

    @property
    def step(self) -> float | None:
        """Greatest step by which all ratings can be counted from the lowest of the scale."""
        above = self.ratings["avaliacao"].to_numpy(np.float64) - self.lowest
        fits = (step for step in STEPS if np.abs(above / step - np.rint(above / step)).max() < 1e-6)
        return next(fits, None)

    def with_ratings(self, ratings: pd.DataFrame) -> "Dataset":
        """Return the same users and films with other ratings (a part of these, usually)."""
        return replace(self, ratings=ratings.reset_index(drop=True))

    def genres(self) -> list[list[str]]:
        """Return the genres of each film."""
        return [split_names(text) for text in self.films["genero"]]


def split_names(text: str) -> list[str]:
    """Return the names that a text lists with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def read(path: Path) -> Dataset:
    """Read a JSON file in the form of ``mock_data.json``, or a MovieLens folder of any layout.

    Raises:
        DataError: the data is missing, malformed or contradicts itself.
    """
    from training.data import movielens

    if not path.exists():
        raise DataError(f"{path} does not exist")
    if path.is_dir():
        return movielens.read(path)
    return from_json(path.read_bytes(), path.name)


def from_json(content: bytes, name: str) -> Dataset:
    """Return the data set that a JSON document in the form of ``mock_data.json`` holds."""
    if not content.strip():
        raise DataError(f"{name} is empty")
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8: byte {error.start} is wrong") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} is not JSON: {error}") from None
    tables = []
    for key, columns in (
        ("usuarios", USER_COLUMNS),
        ("filmes", FILM_COLUMNS),
        ("avaliacoes", RATING_COLUMNS),
    ):
        records = document.get(key) if isinstance(document, dict) else None
        if not isinstance(records, list):
            raise DataError(f"{name}: a list named {key} is missing")
        for number, record in enumerate(records):
            if not isinstance(record, dict) or not record.keys() >= set(columns):
                raise DataError(
                    f"{name}: {key}[{number}] is {_shown(record)}, not an object with "
                    + ", ".join(columns)
                )
        timed = key == "avaliacoes" and any(TIME_COLUMN in record for record in records)
        optional = [TIME_COLUMN] if timed else []
        frame = pd.DataFrame(records, columns=columns + optional, dtype=object)
        tables.append(Table(frame, f"{name}: {key}", 0))
    return check(*tables, scale=(0.0, 5.0))


def check(
    users: Table, films: Table, ratings: Table, *, scale: tuple[float, float] | None = None
) -> Dataset:
    """Check tables as they were read and return them as a data set.

    Of several ratings of one film by one user the last counts; this is logged, not refused.
    ``scale`` is the lowest and highest rating allowed. Where the source does not say, a rating
    may be 0 to 10, and the scale ends at 5 unless a rating is higher.

    Raises:
        DataError: naming the first record at fault.
    """
    user_table = pd.DataFrame({"id": ids(users, "id")})
    user_table["nome"] = _texts(users, "nome", required=True)
    user_table["email"] = _texts(users, "email")
    film_table = pd.DataFrame({"id": ids(films, "id")})
    for column in FILM_COLUMNS[1:]:
        film_table[column] = _texts(films, column, required=column == "titulo")
    for source, table in ((users, user_table), (films, film_table)):
        if not len(table):
            raise DataError(f"{source.name} holds no records: nothing to train on")
        repeated = table["id"].duplicated().to_numpy()
        _refuse(source, repeated, "id", "ids that no earlier record has")
    user_table = user_table.sort_values("id", ignore_index=True)
    film_table = film_table.sort_values("id", ignore_index=True)

    if not len(ratings.frame):
        raise DataError(f"{ratings.name} holds no records: nothing to train on")
    table = pd.DataFrame(
        {
            "user": _positions(ratings, "usuario_id", user_table["id"].to_numpy(), "a user's id"),
            "film": _positions(ratings, "filme_id", film_table["id"].to_numpy(), "a film's id"),
            "avaliacao": _numbers(ratings, "avaliacao", *(scale or (0.0, 10.0))),
        }
    )
    if TIME_COLUMN in ratings.frame:
        table[TIME_COLUMN] = _numbers(ratings, TIME_COLUMN, -1e18, 1e18).astype(np.int64)
    if scale is None:
        scale = (float(table["avaliacao"].min()), 5.0 if table["avaliacao"].max() <= 5 else 10.0)
    kept = table.drop_duplicates(["user", "film"], keep="last", ignore_index=True)
    duplicates = len(table) - len(kept)
    if duplicates:
        _log.warning("%d ratings were given again later: the last one counts", duplicates)
    return Dataset(user_table, film_table, kept, *scale, duplicates)


def _refuse(table: Table, wrong: NDArray[np.bool_], column: str, allowed: str) -> None:
    """Raise for the first record that is marked as wrong, if any."""
    if wrong.any():
        place = int(np.argmax(wrong))
        value = table.frame[column].iloc[place]
        raise DataError(
            f"{table.record(place)}: {column} is {_shown(value)}, allowed are {allowed}"
        )


def _shown(value: object) -> str:
    """Return a value as messages show it: on one line, and not endless."""
    text = repr(value.item() if isinstance(value, np.generic) else value)
    text = ADDRESS.sub("…@…", text)  # messages go to logs
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def _numbers(table: Table, column: str, lowest: float, highest: float) -> NDArray[np.float64]:
    """Return a column as numbers; where the source has types, only those of a number count."""
    raw = table.frame[column]
    if table.is_text:
        values = pd.to_numeric(raw, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    else:
        values = np.fromiter(map(_number, raw), np.float64, len(raw))
    wrong = ~((values >= lowest) & (values <= highest))
    _refuse(table, wrong, column, f"numbers from {lowest:g} to {highest:g}")
    return values


def _number(value: object) -> float:
    """Return a number as it is, anything else as NaN; true and false are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def ids(table: Table, column: str) -> NDArray[np.int64]:
    """Return a column of ids; only whole numbers from 0 are."""
    raw = table.frame[column]
    if raw.dtype == np.int64:
        _refuse(table, raw.to_numpy() < 0, column, "whole numbers from 0")
        return raw.to_numpy()
    text = raw.astype(str)
    wrong = ~text.str.fullmatch(r"\d{1,18}").to_numpy(np.bool_)
    if not table.is_text:
        wrong |= np.fromiter((not isinstance(value, int) for value in raw), np.bool_, len(raw))
    _refuse(table, wrong, column, "whole numbers from 0, of up to 18 digits")
    return text.to_numpy(dtype=np.int64)


def _positions(table: Table, column: str, known: NDArray[np.int64], what: str) -> NDArray[np.int32]:
    """Return where in ``known`` (ascending) each id of a column stands."""
    wanted = ids(table, column)
    places = np.searchsorted(known, wanted)
    wrong = known[np.minimum(places, len(known) - 1)] != wanted
    _refuse(table, wrong, column, f"{what} that the data has")
    return places.astype(np.int32)


def _texts(table: Table, column: str, *, required: bool = False) -> pd.Series:
    """Return a column of texts; a missing one is empty."""
    raw = table.frame[column]
    present = raw.notna().to_numpy()
    is_text = np.fromiter((isinstance(value, str) for value in raw), np.bool_, len(raw))
    _refuse(table, present & ~is_text, column, "texts")
    halves = np.fromiter((bool(HALF.search(value)) for value in raw.where(present, "")), np.bool_)
    _refuse(table, halves, column, "texts without halves of surrogate pairs, which are no text")
    texts = raw.where(present, "").astype(str).str.strip()
    if required:
        _refuse(table, (texts == "").to_numpy(), column, "texts that are not empty")
    return texts
