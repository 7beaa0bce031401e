"""What a model aims at: which held-out ratings count as hits, and how much."""

from enum import StrEnum

import numpy as np
from scipy import sparse

from training.data.dataset import Dataset
from training.data.tables import DataError

BETWEEN = 0.5  # gain of a film that was neither liked nor disliked, where liking is the aim


class Aim(StrEnum):
    """What recommendations are to hit.

    ``LIKED``: films that the user rates high. A liked film counts 1, a disliked one 0, any other
    one ``BETWEEN``. ``SEEN``: films that the user rates at all.
    """

    LIKED = "gostar"
    SEEN = "ver"


def resolve(aim: Aim | None, data: Dataset) -> Aim:
    """Return an aim that a data set allows; None stands for the usual one.

    Raises:
        DataError: liking is the aim, but the data only says who saw what.
    """
    if data.is_rated:
        return aim or Aim.LIKED
    if aim is Aim.LIKED:
        told = "the data has no ratings, or all are alike, and does not say what was liked"
        raise DataError(f"aim is {aim}, but {told}: expected {Aim.SEEN}")
    return Aim.SEEN


def gains(data: Dataset, aim: Aim) -> sparse.csr_matrix:
    """Return how much each rating counts as a hit, as users × films; what counts 0 is not stored.

    See ``Dataset.liked_from`` and ``Dataset.disliked_to``.
    """
    found = data.matrix.astype(np.float64)
    if aim is Aim.SEEN:
        found.data = np.ones(found.nnz)
        return found
    ratings = found.data
    found.data = np.select(
        [ratings >= data.liked_from, ratings <= data.disliked_to], [1.0, 0.0], BETWEEN
    )
    found.eliminate_zeros()
    return found
