"""What a model aims at: which held-out ratings count as hits, and how much."""

from enum import StrEnum

import numpy as np
from scipy import sparse

from training.data.dataset import Dataset

BETWEEN = 0.5  # gain of a film that was neither liked nor disliked, where liking is the aim


class Aim(StrEnum):
    """What recommendations are to hit.

    ``LIKED``: films that the user rates high. A liked film counts 1, a disliked one 0, any other
    one ``BETWEEN``. ``SEEN``: films that the user rates at all.
    """

    LIKED = "gostar"
    SEEN = "ver"


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
