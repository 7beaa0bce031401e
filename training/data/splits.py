"""Splits of ratings into a train part and a test part."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.data.dataset import Dataset
from training.data.tables import TIME_COLUMN

Parts = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class Protocol:
    """A way to hold ratings out: its name, a description, and a function of ratings and seed."""

    name: str
    held_out: str
    split: Callable[[pd.DataFrame, int], Parts]
    timed: bool = False  # needs the time of each rating

    def parts(self, data: Dataset, seed: int) -> tuple[Dataset, Dataset]:
        """Return the train part and the test part, with the same users and films."""
        train, test = self.split(data.ratings, seed)
        return data.with_ratings(train), data.with_ratings(test)


def split_by_film(ratings: pd.DataFrame, seed: int, kept: float = 0.75) -> Parts:
    """Hold out a random part of each film's ratings; the share ``kept`` stays in the train part.

    The same split as ``python_stratified_split(filter_by="item")`` of the ``recommenders``
    package (1.2.1), for ratings in the same order.
    """
    return _split_each("film", ratings, seed, kept)


def split_by_user(ratings: pd.DataFrame, seed: int, kept: float = 0.8) -> Parts:
    """Hold out a random part of each user's ratings; the share ``kept`` stays in the train part."""
    return _split_each("user", ratings, seed, kept)


def _split_each(column: str, ratings: pd.DataFrame, seed: int, kept: float) -> Parts:
    ordered = _shuffle(ratings, seed, [column])
    groups = ordered.groupby(column)[column]
    part = groups.cumcount() + 1 <= (groups.transform("count") * kept).round()
    return ordered[part], ordered[~part]


def _shuffle(ratings: pd.DataFrame, seed: int, by: list[str]) -> pd.DataFrame:
    """Return ratings sorted by columns, ties in random order."""
    numbers = np.random.RandomState(seed).rand(len(ratings))
    ordered = ratings.assign(_order=numbers).sort_values([*by, "_order"])
    return ordered.drop(columns="_order")


def split_last(ratings: pd.DataFrame, seed: int) -> Parts:
    """Hold out the last rating in time of each user with at least two.

    Often several ratings have the same second. One of the last is then drawn at random, so that
    the order of films plays no part. Ratings that other users gave later stay in the train part,
    a known weakness of this usual split (Ji et al., A Critical Study on Data Leakage in Recommender
    System Offline Evaluation, 2023).
    """
    ordered = _shuffle(ratings, seed, ["user", TIME_COLUMN])
    users = ordered.groupby("user")["user"]
    last = (users.cumcount(ascending=False) == 0) & (users.transform("count") > 1)
    return ordered[~last], ordered[last]


BY_FILM = Protocol("A", "25% of each film's ratings at random", split_by_film)
PROTOCOLS = (
    BY_FILM,
    Protocol("last", "each user's last rating in time", split_last, timed=True),
    Protocol("80/20", "20% of each user's ratings at random", split_by_user),
)
