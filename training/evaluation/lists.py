"""Lists of films as positions in a data set: from scores, or from the rows of a model."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import Model
from training.choice.metrics import CUTOFF
from training.data.dataset import Dataset

Positions = NDArray[np.int64]


def best_films(scores: NDArray[Any], known: list[Positions]) -> list[Positions]:
    """Return the ten films with the highest scores in each row, without known films.

    Equal scores are ordered by film id.
    """
    lists = []
    for row, own in zip(scores, known, strict=True):
        allowed = np.setdiff1d(np.arange(len(row)), own)
        lists.append(allowed[np.argsort(-row[allowed], kind="stable")[:CUTOFF]])
    return lists


def positions(data: Dataset, model: Model, lists: list[NDArray[np.integer]]) -> list[Positions]:
    """Convert lists of model rows into positions in the data set."""
    ids = data.films["id"].to_numpy(np.int64)
    return [np.searchsorted(ids, model.film_ids[rows]) for rows in lists]
