"""A checked data set: the same tables and the same checks, whatever the source."""

import hashlib
import logging
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from training.data import columns
from training.data.tables import FILM_COLUMNS, TIME_COLUMN, DataError, Table, Tables

STEPS = (1.0, 0.5, 0.25, 0.2, 0.1, 0.05, 0.01)  # distances between neighbouring ratings
ROUNDING = 1e-9  # of a rating
WIDEST_SCALE = (0.0, 10.0)  # of a source that does not name its own

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dataset:
    """Checked data: users and films in ascending order of id, one rating for each pair.

    ``users`` and ``films`` have the columns of ``mock_data.json``. ``ratings`` has ``user`` and
    ``film`` (positions in those tables), ``avaliacao`` and, where known, ``momento`` (whole seconds
    since 1970).
    """

    users: pd.DataFrame
    films: pd.DataFrame
    ratings: pd.DataFrame
    lowest: float  # of the scale
    highest: float
    duplicates: int = 0  # ratings replaced by a later one of the same user and film
    demonstration: bool = False  # anybody may see who rated what

    @cached_property
    def matrix(self) -> sparse.csr_matrix:
        """Ratings as users × films; a rating of 0 is stored, a missing rating is not."""
        values = self.ratings["avaliacao"].to_numpy(np.float64)
        places = (self.ratings["user"].to_numpy(), self.ratings["film"].to_numpy())
        return sparse.csr_matrix((values, places), shape=(len(self.users), len(self.films)))

    @cached_property
    def moments(self) -> NDArray[np.float64]:
        """When each rating was given, in the order of ``matrix.data``."""
        order = np.lexsort((self.ratings["film"], self.ratings["user"]))
        return self.ratings[TIME_COLUMN].to_numpy(np.float64)[order]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content; file layout and order of records do not matter."""
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
        """Largest of ``STEPS`` that divides every rating's distance to the lowest of the scale."""
        above = self.ratings["avaliacao"].to_numpy(np.float64) - self.lowest
        fits = (step for step in STEPS if np.abs(above / step - np.rint(above / step)).max() < 1e-6)
        return next(fits, None)

    @property
    def liked_from(self) -> float:
        """The lowest rating that says that a user liked a film: three quarters up the scale."""
        return self.lowest + 0.75 * (self.highest - self.lowest) - ROUNDING

    @property
    def disliked_to(self) -> float:
        """The highest rating that says that a user disliked a film: one third up the scale.

        A scale of one rating says only what was seen: all films are liked, none is disliked.
        """
        if self.highest == self.lowest:
            return self.lowest - 1
        return self.lowest + (self.highest - self.lowest) / 3 + ROUNDING

    @property
    def timed(self) -> bool:
        """Whether times tell the order of ratings: there are any, and they are not all alike."""
        return TIME_COLUMN in self.ratings and self.ratings[TIME_COLUMN].nunique() > 1

    def with_ratings(self, ratings: pd.DataFrame) -> "Dataset":
        """Return the same users and films with other ratings, usually some of these."""
        return replace(self, ratings=ratings.reset_index(drop=True))

    def sample(self, most: int, seed: int) -> "Dataset":
        """Return all films but only some of the users, with at most so many ratings."""
        if len(self.ratings) <= most:
            return self
        sizes = np.diff(self.matrix.indptr)
        order = np.random.RandomState(seed).permutation(len(sizes))
        kept = order[np.cumsum(sizes[order]) <= most]
        return self.with_ratings(self.ratings[self.ratings["user"].isin(kept)])

    def titles(self) -> dict[int, str]:
        """Return the title of each film by id."""
        return dict(zip(self.films["id"].tolist(), self.films["titulo"], strict=True))

    def genres(self) -> list[list[str]]:
        """Return the genres of each film."""
        return [split_names(text) for text in self.films["genero"]]


def split_names(text: str) -> list[str]:
    """Return the names in a comma-separated text."""
    return [name.strip() for name in text.split(",") if name.strip()]


def check(tables: Tables) -> Dataset:
    """Check the tables of a source and return them as a data set.

    If a user rated a film several times, the last rating counts; a log line says how many were
    replaced. A source without a scale may use 0 to 10: its scale then starts at its lowest rating
    and ends at 5, or at 10 if any rating is higher. If all its ratings are alike, so is the scale.

    Raises:
        DataError: a record is wrong; the first such record is named.
    """
    users = _named_in(tables.ratings) if tables.users is None else _check_users(tables.users)
    films = _check_films(tables.films)
    ratings = _check_ratings(tables, users, films)
    scale = tables.scale
    if scale is None:
        lowest, highest = float(ratings["avaliacao"].min()), float(ratings["avaliacao"].max())
        widest = 5.0 if highest <= 5 else 10.0
        scale = (lowest, widest if highest > lowest else lowest)
    kept = ratings.drop_duplicates(["user", "film"], keep="last", ignore_index=True)
    duplicates = len(ratings) - len(kept)
    if duplicates:
        _log.warning("ratings replaced by a later one of the same user and film: %d", duplicates)
    return Dataset(users, films, kept, *scale, duplicates, tables.demonstration)


def _named_in(ratings: Table) -> pd.DataFrame:
    """Return the users that ratings name, for a source that says nothing else about them."""
    found = pd.Series(np.unique(columns.ids(ratings, "usuario_id")))
    return pd.DataFrame({"id": found, "nome": "Usuário " + found.astype(str), "email": ""})


def _check_users(users: Table) -> pd.DataFrame:
    table = pd.DataFrame({"id": columns.unique_ids(users)})
    table["nome"] = columns.texts(users, "nome", required=True)
    table["email"] = columns.texts(users, "email")
    return table.sort_values("id", ignore_index=True)


def _check_films(films: Table) -> pd.DataFrame:
    table = pd.DataFrame({"id": columns.unique_ids(films)})
    for column in FILM_COLUMNS[1:]:
        table[column] = columns.texts(films, column, required=column == "titulo")
    return table.sort_values("id", ignore_index=True)


def _check_ratings(tables: Tables, users: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
    """Return the ratings by position of user and film, in the order of the source."""
    ratings = tables.ratings
    if not len(ratings.frame):
        raise DataError(f"{ratings.name} has no records: nothing to train on")
    user_ids, film_ids = users["id"].to_numpy(), films["id"].to_numpy()
    table = pd.DataFrame(
        {
            "user": columns.positions(ratings, "usuario_id", user_ids, "user"),
            "film": columns.positions(ratings, "filme_id", film_ids, "film"),
            "avaliacao": columns.numbers(ratings, "avaliacao", *(tables.scale or WIDEST_SCALE)),
        }
    )
    if TIME_COLUMN in ratings.frame:
        table[TIME_COLUMN] = columns.numbers(ratings, TIME_COLUMN, -1e18, 1e18).astype(np.int64)
    return table
