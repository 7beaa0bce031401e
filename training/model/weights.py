"""What ratings weigh in users' vectors."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.model.embedding import SpectralEmbedding, Spectrum, weigh
from training.model.hyperparameters import Settings

Array = NDArray[np.float64]


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


def fold_in_profiles(
    weights: sparse.csr_matrix, embedding: SpectralEmbedding, settings: Settings, prior: Array
) -> Array:
    """Return users' vectors (u, d) by the ``weights`` of ``weigh_profiles``, as serving does.

    ``prior`` (d,) is what all users like. The weights become those of the films' vectors.
    """
    weights.data *= embedding.fold_in_[weights.indices]
    users = np.asarray(weights @ embedding.vectors_)
    sizes = np.maximum(np.diff(weights.indptr), 1.0)
    users += sizes[:, None] ** -settings.normalisation.user_exponent * prior
    return users
