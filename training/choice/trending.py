"""Choosing after how many days a rating counts half for what is trending."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.choice.aim import Aim, gains
from training.choice.folds import RATINGS, USERS, user_ndcgs
from training.choice.search import Row
from training.data.dataset import Dataset
from training.data.tables import TIME_COLUMN
from training.model.hyperparameters import Hyperparameters
from training.model.trends import find_trend

HALF_LIVES = (1.0, 2.0, 4.0, 7.0, 14.0, 30.0, 60.0, 120.0, 365.0, 1000.0, 3000.0, 10_000.0)
CUTS = (0.80, 0.85, 0.90, 0.95, 1.0)  # shares of the ratings that were given before a fold ends


class Fold(NamedTuple):
    """The ratings before a moment, and users who then rated a film that counts.

    ``known`` (u, n) are the users' ratings before, ``gains`` (u, n) what each one after counts.
    """

    before: Dataset
    known: sparse.csr_matrix
    gains: sparse.csr_matrix


def choose_half_life(
    data: Dataset, aim: Aim, chosen: Hyperparameters
) -> tuple[Hyperparameters, list[Row]]:
    """Choose ``half_life`` by the mean nDCG at 10 of the last ratings in time.

    A twentieth of all ratings is to be found by what was trending before the first of them; four
    such parts follow each other. Nobody is shown a film that they had rated.

    Returns:
        The hyperparameters with the value set, and a table of what was tried, best first.
    """
    data = data.sample(RATINGS, chosen.seed)
    folds = list(_folds(data, aim, chosen.seed)) if data.timed else []
    if not folds:
        return chosen, []
    found = {
        days: float(np.concatenate([_ndcgs(fold, days) for fold in folds]).mean())
        for days in HALF_LIVES
    }
    # Of equally good ones the longest: it goes by the most ratings.
    order = sorted(found, key=lambda days: (-round(found[days], 6), -days))
    rows = [{"half_life": days, "ndcg": round(found[days], 6)} for days in order]
    return replace(chosen, half_life=order[0]), rows


def _folds(data: Dataset, aim: Aim, seed: int) -> Iterator[Fold]:
    moments = data.ratings[TIME_COLUMN]
    ends = moments.quantile(CUTS).tolist()
    for start, end in pairwise(ends):
        before = data.with_ratings(data.ratings[moments <= start])
        after = data.with_ratings(data.ratings[(moments > start) & (moments <= end)])
        if not before.timed or not len(after.ratings):
            continue
        counting = gains(after, aim)
        users = np.flatnonzero(np.diff(counting.indptr))
        if len(users) > USERS:
            users = np.sort(np.random.RandomState(seed).choice(users, USERS, replace=False))
        if len(users):
            yield Fold(before, before.matrix[users], counting[users])


def _ndcgs(fold: Fold, half_life: float) -> NDArray[np.float64]:
    """Return the nDCG at 10 (u,) of a fold's users, all of whom are shown the same films."""
    trend = find_trend(fold.before, half_life)
    scores = np.tile(trend, (fold.known.shape[0], 1))
    return user_ndcgs(scores, fold.known, fold.gains)
