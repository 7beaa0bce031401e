"""Ways of holding ratings out, and what each of them asks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.dataset import TIME_COLUMN, Dataset
from training.evaluation import split_by_film

Parts = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class Protocol:
    """A name, what is held out (in words), and the function that does it with a seed."""

    name: str
    held_out: str
    split: Callable[[pd.DataFrame, int], Parts]
    timed: bool = False  # needs to know when each rating was given

    def parts(self, data: Dataset, seed: int) -> tuple[Dataset, Dataset]:
        """Return train and test part, users and films in common."""
        train, test = self.split(data.ratings, seed)
        return data.with_ratings(train), data.with_ratings(test)


def split_by_user(ratings: pd.DataFrame, seed: int, kept: float = 0.8) -> Parts:
    """Hold out a part of each user's ratings: the first ``kept`` in random order stay."""
    numbers = np.random.RandomState(seed).rand(len(ratings))
    ordered = ratings.assign(_order=numbers).sort_values(["user", "_order"])
    users = ordered.groupby("user")["user"]
    part = users.cumcount() + 1 <= (users.transform("count") * kept).round()
    ordered = ordered.drop(columns="_order")
    return ordered[part], ordered[~part]


def split_last(ratings: pd.DataFrame, seed: int) -> Parts:
    """Hold out each user's last rating in time, of users who have another one.

    Many ratings bear the same second: of those that are last together one is drawn, lest the
    films' order decide. What others rated later stays in the train part, as is usual with this
    split (its known weakness: Ji et al., A Critical Study on Data Leakage in Recommender System
    Offline Evaluation, 2023).
    """
    numbers = np.random.RandomState(seed).rand(len(ratings))
    ordered = ratings.assign(_order=numbers).sort_values(["user", TIME_COLUMN, "_order"])
    users = ordered.groupby("user")["user"]
    last = (users.cumcount(ascending=False) == 0) & (users.transform("count") > 1)
    ordered = ordered.drop(columns="_order")
    return ordered[~last], ordered[last]


BY_FILM = Protocol("A", "25% of each film's ratings at random", split_by_film)
PROTOCOLS = (
    BY_FILM,
    Protocol("last", "each user's last rating in time", split_last, timed=True),
    Protocol("80/20", "20% of each user's ratings at random", split_by_user),
)
