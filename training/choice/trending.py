"""Choosing after how many days a rating counts half for what is trending."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.choice.aim import Aim, gains
from training.choice.folds import RATINGS, USERS, ideal_gains
from training.choice.metrics import CUTOFF
from training.choice.search import Row
from training.data.dataset import Dataset
from training.data.tables import TIME_COLUMN
from training.model.hyperparameters import Hyperparameters
from training.model.trends import find_trend

HALF_LIVES = (1.0, 2.0, 4.0, 7.0, 14.0, 30.0, 60.0, 120.0, 365.0, 1000.0, 3000.0, 10_000.0)
CUTS = (0.80, 0.85, 0.90, 0.95, 1.0)  # shares of the ratings that were given before a fold ends


class Fold(NamedTuple):
    """The ratings before a moment, and users who then rated a film that counts.

    ``known`` (u, n) tells which films the users had rated, ``gains`` (u, n) what each one that they
    rated after counts.
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
            known = before.matrix[users]
            known.data = np.ones(known.nnz, np.bool_)  # a rating may be 0
            yield Fold(before, known, counting[users])


def _ndcgs(fold: Fold, half_life: float) -> NDArray[np.float64]:
    """Return the nDCG at 10 (u,) of a fold's users.

    All are shown the same films but those that they know, so only as many of the first films count
    as somebody knows, and ten.
    """
    most = CUTOFF + np.diff(fold.known.indptr).max()
    best = np.argsort(-find_trend(fold.before, half_life), kind="stable")[:most]
    is_new = ~fold.known[:, best].toarray()
    rank = is_new.cumsum(axis=1)
    discounts = np.where(is_new & (rank <= CUTOFF), 1 / np.log2(rank.clip(1) + 1), 0)
    reached = fold.gains[:, best].multiply(discounts).sum(axis=1)
    return np.asarray(reached).ravel() / ideal_gains(fold.gains)
