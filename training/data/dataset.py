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
from training.data.plausible import check_films
from training.data.scale import GIVE_ONE, SEEN, infer, widest
from training.data.tables import (
    FILM_COLUMNS,
    TIME_COLUMN,
    DataError,
    Scale,
    Table,
    Tables,
    split_names,
)

STEPS = (1.0, 0.5, 0.25, 0.2, 0.1, 0.05, 0.01)  # distances between neighbouring ratings
ROUNDING = 1e-9  # of a rating
WHOLE = 1e-6  # of a step: a number is whole if it is nearer to one

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
        return next((step for step in STEPS if not self.between(step)), None)

    def between(self, step: float) -> int:
        """Return how many ratings' distances to the lowest of the scale a step does not divide."""
        above = (self.ratings["avaliacao"].to_numpy(np.float64) - self.lowest) / step
        return int((np.abs(above - np.rint(above)) >= WHOLE).sum())

    @property
    def is_rated(self) -> bool:
        """Whether ratings say what was liked: if all are alike, they only say what was seen."""
        return self.highest > self.lowest

    @property
    def liked_from(self) -> float:
        """The lowest rating that says that a user liked a film: three quarters up the scale."""
        return self.lowest + 0.75 * (self.highest - self.lowest) - ROUNDING

    @property
    def disliked_to(self) -> float:
        """The highest rating that says that a user disliked a film: one third up the scale.

        A scale of one rating says only what was seen: all films are liked, none is disliked.
        """
        if not self.is_rated:
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


def check(tables: Tables, scale: Scale | None = None) -> Dataset:
    """Check the tables of a source and return them as a data set.

    If a user rated a film several times, the last rating counts; a log line says how many were
    replaced. A scale that is given takes the place of the source's own. Without either, the scale
    is what ``training.data.scale`` finds in the ratings.

    Raises:
        DataError: a record is wrong; the first such record is named.
    """
    if tables.users is None:
        users = name_users(np.unique(columns.ids(tables.ratings, "usuario_id")))
    else:
        users = _check_users(tables.users)
    if tables.films is None:
        films = name_films(np.unique(columns.ids(tables.ratings, "filme_id")))
    else:
        films = check_film_table(tables.films)
    if "avaliacao" not in tables.ratings.frame:
        scale = only_seen(tables.ratings.name, scale)
    scale = scale or tables.scale
    ratings = _check_ratings(tables.ratings, users, films, scale)
    if scale is None:
        scale = infer(tables.ratings, ratings["avaliacao"].to_numpy(np.float64))
        _log.info("scale, as the ratings tell: %g to %g; --scale LOW:HIGH sets another", *scale)
    kept = ratings.drop_duplicates(["user", "film"], keep="last", ignore_index=True)
    duplicates = len(ratings) - len(kept)
    if duplicates:
        _log.warning("ratings replaced by a later one of the same user and film: %d", duplicates)
    return Dataset(users, films, kept, *scale, duplicates, tables.demonstration)


def only_seen(name: str, scale: Scale | None) -> Scale:
    """Return the scale of ratings without values; raise ``DataError`` if another is given."""
    if scale not in (None, SEEN):
        told = f"the ratings of {name} are all 1: it says who saw what"
        raise DataError(f"scale is {scale[0]:g}:{scale[1]:g}, but {told}")
    return SEEN


def name_users(ids: NDArray[np.int64]) -> pd.DataFrame:
    """Return users with some ids (u,), for a source that says nothing else about them."""
    found = pd.Series(ids)
    return pd.DataFrame({"id": found, "nome": "Usuário " + found.astype(str), "email": ""})


def name_films(ids: NDArray[np.int64]) -> pd.DataFrame:
    """Return films with some ids (n,), for a source that says nothing else about them."""
    found = pd.Series(ids)
    titles = {"id": found, "titulo": "Filme " + found.astype(str)}
    return pd.DataFrame(titles).assign(**dict.fromkeys(FILM_COLUMNS[2:], ""))


def _check_users(users: Table) -> pd.DataFrame:
    table = pd.DataFrame({"id": columns.unique_ids(users)})
    table["nome"] = columns.texts(users, "nome", required=True)
    table["email"] = columns.texts(users, "email")
    return table.sort_values("id", ignore_index=True)


def check_film_table(films: Table) -> pd.DataFrame:
    """Return films in ascending order of id; raise ``DataError`` for the first wrong one."""
    table = pd.DataFrame({"id": columns.unique_ids(films)})
    for column in FILM_COLUMNS[1:]:
        found = columns.texts(films, column, required=column == "titulo")
        table[column] = found.to_numpy()
    check_films(films, table)
    return table.sort_values("id", ignore_index=True)


def _check_ratings(
    ratings: Table, users: pd.DataFrame, films: pd.DataFrame, scale: Scale | None
) -> pd.DataFrame:
    """Return the ratings by position of user and film, in the order of the source."""
    if not len(ratings.frame):
        raise DataError(f"{ratings.name} has no records: nothing to train on")
    user_ids, film_ids = users["id"].to_numpy(), films["id"].to_numpy()
    table = pd.DataFrame(
        {
            "user": columns.positions(ratings, "usuario_id", user_ids, "user"),
            "film": columns.positions(ratings, "filme_id", film_ids, "film"),
        }
    )
    if "avaliacao" in ratings.frame:
        values = columns.numbers(ratings, "avaliacao")
        bounds, remedy = (scale, "") if scale else (widest(values), f"; {GIVE_ONE}")
        table["avaliacao"] = columns.within(ratings, "avaliacao", values, bounds, remedy)
    else:
        table["avaliacao"] = SEEN[0]
    if TIME_COLUMN in ratings.frame and not columns.is_blank(ratings, TIME_COLUMN):
        table[TIME_COLUMN] = columns.moments(ratings, TIME_COLUMN)
    return table
