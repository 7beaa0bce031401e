"""What the ratings of each film add up to: all that a model keeps of them besides its vectors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.dataset import Dataset

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Totals:
    """Sums over all users.

    ``counts`` (n,) are the films' numbers of ratings, ``disliked`` (n,) how many of these say that
    a user disliked the film, ``trend`` (n,) what ``find_trend`` returns, of size 0 if times tell no
    order.
    """

    users: int
    counts: Array
    disliked: Array
    trend: Array

    @property
    def timed(self) -> bool:
        """Whether times tell the order of ratings."""
        return len(self.trend) > 0


def count(data: Dataset) -> tuple[Array, Array]:
    """Return ``counts`` and ``disliked`` of ``Totals``; those of parts of the users add up."""
    ratings, films = data.matrix, len(data.films)
    disliked = ratings.data <= data.disliked_to
    counts = np.bincount(ratings.indices, minlength=films).astype(np.float64)
    return counts, np.bincount(ratings.indices, disliked, films).astype(np.float64)
