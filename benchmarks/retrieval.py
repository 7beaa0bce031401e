"""Shared by the retrieval benchmarks: exact answers, recall, and tuning to a recall."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import Model
from recommender.model.profile import Profile, fold_in
from recommender.model.ranking import Strategy, rank

LIMIT = 10
TARGET = 0.98  # recall on the users measured
TUNED = 0.985  # recall on the users for tuning

Rows = NDArray[np.integer]


def find_exact(model: Model, profile: Profile) -> Rows:
    """Return the ten best films by scoring every film."""
    scores = model.vectors @ fold_in(model, profile).vector
    scores[profile.rows] = -np.inf
    return np.flatnonzero(scores >= np.partition(scores, -LIMIT)[-LIMIT])[:LIMIT]


def find_served(model: Model, profile: Profile) -> Rows:
    """Return the ten best films as served."""
    return rank(model, profile, Strategy.MODEL, limit=LIMIT).rows


def measure_recall(found: Sequence[Rows], exact: Sequence[Rows]) -> float:
    """Return the mean share of the exact answers that was found."""
    pairs = zip(found, exact, strict=True)
    return float(np.mean([len(np.intersect1d(some, best)) / LIMIT for some, best in pairs]))


def tune(find: Callable[[int, Profile], Rows], profiles: Sequence[Profile], exact: Sequence[Rows],
         efforts: Sequence[int]) -> int:  # fmt: skip
    """Return the smallest effort whose recall reaches ``TUNED``, or the largest effort."""
    for effort in efforts:
        if measure_recall([find(effort, profile) for profile in profiles], exact) >= TUNED:
            return effort
    return efforts[-1]


def print_row(row: dict[str, Any], *, first: bool) -> None:
    """Print a row of a table, after the header if it is the first."""
    if first:
        print("| " + " | ".join(row) + " |\n" + "|---" * len(row) + "|")
    print("| " + " | ".join(map(str, row.values())) + " |", flush=True)
