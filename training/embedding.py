"""The embedding: a spectral, linear model of which films are rated by whom."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

MEAN_STRENGTH = 5.0  # ratings by which a user's mean is shrunk towards the mean of all
POWER_ITERATIONS = 7
ROUNDING = 1e-9  # of the largest singular value: what is less comes of rounding, not of the data

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Normalisation:
    """How ratings become the matrix that is factored; the factoring is the costly step.

    X[u, i] = w(r) · n_u^-user_exponent · n_i^-film_exponent, n the number of ratings, with
    w(r) = 1 + slope · (r - mean of u) / half of the scale: a film liked less than the user's other
    films counts for less than one liked more.
    """

    user_exponent: float = 0.25
    film_exponent: float = 0.25
    slope: float = 0.5


@dataclass(frozen=True)
class Spectrum:
    """Right singular vectors (n, d) and values (d,) of a normalised matrix, largest first."""

    normalisation: Normalisation
    vectors: Array
    values: Array
    counts: Array  # (n,) number of ratings of each film, at least 1
    mean: float  # of all ratings
    half_range: float  # of the scale


def weigh(
    ratings: sparse.csr_matrix, mean: float, half_range: float, normalisation: Normalisation
) -> sparse.csr_matrix:
    """Return w(r) · n_u^-user_exponent in place of each of users × films ratings."""
    sizes = np.diff(ratings.indptr)
    users = np.repeat(np.arange(ratings.shape[0]), sizes)
    totals = np.bincount(users, weights=ratings.data, minlength=ratings.shape[0])
    means = (totals + MEAN_STRENGTH * mean) / (sizes + MEAN_STRENGTH)
    weights = 1 + normalisation.slope * (ratings.data - means[users]) / half_range
    weights *= sizes[users].astype(np.float64) ** -normalisation.user_exponent
    return sparse.csr_matrix((weights, ratings.indices, ratings.indptr), shape=ratings.shape)


def decompose(
    ratings: sparse.csr_matrix,
    scale: tuple[float, float],
    normalisation: Normalisation,
    dimensions: int,
    seed: int,
) -> Spectrum:
    """Factor users × films ratings; ``dimensions`` is cut to what the matrix has."""
    mean = float(ratings.data.mean())
    half_range = (scale[1] - scale[0]) / 2 or 1.0
    counts = np.maximum(np.bincount(ratings.indices, minlength=ratings.shape[1]), 1.0)
    matrix = weigh(ratings, mean, half_range, normalisation)
    matrix.data *= counts[matrix.indices] ** -normalisation.film_exponent
    rank = max(1, min(dimensions, min(matrix.shape) - 1))
    _, values, vectors = randomized_svd(matrix, rank, n_iter=POWER_ITERATIONS, random_state=seed)
    kept = max(1, int((values > ROUNDING * values[0]).sum()))
    return Spectrum(normalisation, vectors[:kept].T, values[:kept], counts, mean, half_range)


class SpectralEmbedding:
    """Film vectors cut and filtered out of a spectrum.

    With the filter f = s² / (s² + strength · s_ref²) over singular values s (s_ref the 16th), and V
    the singular vectors: film i is ``n_i^output_exponent · √f V_i``, and enters a user's vector as
    ``n_i^-film_exponent · √f V_i``, which is the same vector scaled.

    Args:
        dimensions: d, how many singular vectors are kept at most.
        strength: of the filter; 0 is none.
        output_exponent: how far popular films are favoured.
    """

    vectors_: Array  # (n, d)
    fold_in_: Array  # (n,)

    def __init__(
        self, dimensions: int = 32, strength: float = 1.0, output_exponent: float = 0.25
    ) -> None:
        self.dimensions = dimensions
        self.strength = strength
        self.output_exponent = output_exponent

    def fit(self, spectrum: Spectrum) -> Self:
        """Learn ``vectors_`` (n, d) and ``fold_in_`` (n,)."""
        squares = spectrum.values[: self.dimensions] ** 2
        reference = spectrum.values[min(15, len(spectrum.values) - 1)] ** 2
        damped = squares + self.strength * reference
        weights = np.divide(squares, damped, out=np.zeros_like(squares), where=damped > 0)
        vectors = spectrum.vectors[:, : self.dimensions] * np.sqrt(weights)
        self.vectors_ = vectors * spectrum.counts[:, None] ** self.output_exponent
        exponent = self.output_exponent + spectrum.normalisation.film_exponent
        self.fold_in_ = spectrum.counts**-exponent
        return self
