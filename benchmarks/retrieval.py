"""What benchmarks of retrieval share: the exact answer, recall, and the least effort for it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import Model
from recommender.model.ranking import Profile, Strategy, fold_in, rank

LIMIT = 10
TARGET = 0.98  # recall on the users of a measurement
TUNED = 0.985  # ... on those that settings are tuned on

Rows = NDArray[np.integer]


def find_exact(model: Model, profile: Profile) -> Rows:
    """Return the ten best films by scoring all."""
    scores = model.vectors @ fold_in(model, profile).vector
    scores[profile.rows] = -np.inf
    return np.flatnonzero(scores >= np.partition(scores, -LIMIT)[-LIMIT])[:LIMIT]


def find_served(model: Model, profile: Profile) -> Rows:
    """Return the ten best films as they are served."""
    return rank(model, profile, Strategy.MODEL, limit=LIMIT).rows


def measure_recall(found: Sequence[Rows], exact: Sequence[Rows]) -> float:
    """Return the mean share of exact answers that were found."""
    pairs = zip(found, exact, strict=True)
    return float(np.mean([len(np.intersect1d(some, best)) / LIMIT for some, best in pairs]))


def tune(find: Callable[[int, Profile], Rows], profiles: Sequence[Profile], exact: Sequence[Rows],
         efforts: Sequence[int]) -> int:  # fmt: skip
    """Return the least effort whose recall reaches ``TUNED``, or the greatest."""
    for effort in efforts:
        if measure_recall([find(effort, profile) for profile in profiles], exact) >= TUNED:
            return effort
    return efforts[-1]


def print_row(row: dict[str, Any], *, first: bool) -> None:
    """Print a row of a table, with its head if it is the first."""
    if first:
        print("| " + " | ".join(row) + " |\n" + "|---" * len(row) + "|")
    print("| " + " | ".join(map(str, row.values())) + " |", flush=True)
