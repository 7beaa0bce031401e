"""What ratings weigh in users' vectors."""

import numpy as np
from scipy import sparse

from training.model.embedding import Spectrum, weigh
from training.model.hyperparameters import Settings


def weigh_profiles(
    ratings: sparse.csr_matrix, disliked_to: float, spectrum: Spectrum, settings: Settings
) -> sparse.csr_matrix:
    """Replace ratings r (u, n) by w(r) · n_u^-user_exponent, as serving does.

    ``disliked_to`` is the highest rating of a film that was disliked, which has at most the weight
    -``aversion`` / n_u: the fewer ratings, the more a dislike weighs against what all users like.
    """
    averse = (ratings.data <= disliked_to) & (settings.aversion > 0)
    sizes = np.diff(ratings.indptr)
    least = settings.aversion / np.repeat(sizes, sizes)
    return weigh(
        ratings,
        spectrum.mean,
        spectrum.half_range,
        settings.normalisation,
        np.where(averse, -least, np.inf),
    )
