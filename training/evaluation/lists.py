"""Lists of films from scores."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.choice.metrics import CUTOFF


def best_films(scores: NDArray[Any], known: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Return the ten films with the highest scores in each row, without known films.

    Equal scores are ordered by film id.
    """
    lists = []
    for row, own in zip(scores, known, strict=True):
        allowed = np.setdiff1d(np.arange(len(row)), own)
        lists.append(allowed[np.argsort(-row[allowed], kind="stable")[:CUTOFF]])
    return lists
