"""The embedding: a spectral, linear model of who rates which films."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import eigh
from scipy.sparse.linalg import svds
from sklearn.utils.extmath import randomized_svd

MEAN_STRENGTH = 5.0  # weight of the overall mean in a user's mean, as a number of ratings
REFERENCE = 16  # number of the singular value that the strength of the filter refers to
SMALL = 1500  # users or films up to which the decomposition is exact
EXACT = 4000  # ... if more than LEADING singular vectors are wanted
LEADING = 256  # singular vectors at most otherwise
# Films from which their contents are multiplied apart, as a dense matrix. As this is more than
# ``EXACT``, an exact decomposition is then of fewer users.
APART = 4096
POWER_ITERATIONS = 4
VECTOR_BYTES = 64_000_000  # of all film vectors at most, as the 32-bit floats that are served
ROUNDING = 1e-9  # of the largest squared singular value; smaller ones are rounding errors

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Normalisation:
    """How ratings become the matrix X that is decomposed.

    X[u, i] = w(r) · n_u^-user_exponent · n_i^-film_exponent, where n is a number of ratings and
    w(r) = 1 + slope · (r - mean of u) / half of the scale. So a film counts more if the user rated
    it higher than others. Below these rows stand the contents of the films, so that films with the
    same genres and people are similar even where few rated them (Jeunen, Van Balen, Goethals,
    Closed-Form Models for Collaborative Filtering with Side-Information, 2020). Their columns have
    at most ``content`` times the mean length of those above. A change of these values needs a new
    decomposition, the costly step.
    """

    user_exponent: float = 0.25
    film_exponent: float = 0.25
    slope: float = 0.3
    content: float = 0.0


@dataclass(frozen=True)
class Spectrum:
    """The leading right singular vectors (n, d) and singular values (d,) of a normalised matrix."""

    normalisation: Normalisation
    vectors: Array
    values: Array
    ratings: Array  # (n,) number of ratings of each film
    mean: float  # of all ratings
    half_range: float  # of the scale


def weigh(
    ratings: sparse.csr_matrix,
    mean: float,
    half_range: float,
    normalisation: Normalisation,
    most: Array | float = np.inf,
) -> sparse.csr_matrix:
    """Replace ratings r (u, n) by w(r) · n_u^-user_exponent, see ``Normalisation``.

    w(r) is at most ``most``: one value for each rating, as in ``ratings.data``, or one for all.
    """
    sizes = np.diff(ratings.indptr)
    users = np.repeat(np.arange(ratings.shape[0]), sizes)
    totals = np.bincount(users, weights=ratings.data, minlength=ratings.shape[0])
    means = (totals + MEAN_STRENGTH * mean) / (sizes + MEAN_STRENGTH)
    weights = 1 + normalisation.slope * (ratings.data - means[users]) / half_range
    weights = np.minimum(weights, most)
    weights *= sizes[users].astype(np.float64) ** -normalisation.user_exponent
    return sparse.csr_matrix((weights, ratings.indices, ratings.indptr), shape=ratings.shape)


def half_of(scale: tuple[float, float]) -> float:
    """Return half the range of a scale, 1 for a scale of one rating."""
    return (scale[1] - scale[0]) / 2 or 1.0


def normalise(
    ratings: sparse.csr_matrix,
    counts: Array,
    mean: float,
    half_range: float,
    normalisation: Normalisation,
) -> sparse.csr_matrix:
    """Return the rows of X for users × films ratings, without those of users who have none.

    ``counts`` (n,) are the films' numbers of ratings and ``mean`` is that of all ratings, which may
    be more than these. See ``Normalisation``.
    """
    matrix = weigh(ratings, mean, half_range, normalisation)
    matrix.data *= counts[matrix.indices] ** -normalisation.film_exponent
    return matrix[np.diff(matrix.indptr) > 0]  # in a sample, many users have no ratings


def square_lengths(matrix: sparse.csr_matrix) -> Array:
    """Return the squared length of each column (n,)."""
    return np.asarray(np.bincount(matrix.indices, matrix.data**2, matrix.shape[1]))


def place_below(contents: Array, squares: Array, normalisation: Normalisation) -> Array:
    """Return the rows of contents that stand below X, as columns (n, c).

    ``squares`` (n,) are the squared lengths of the columns of X.
    """
    lengths = np.sqrt(squares)
    return np.asarray(contents * (normalisation.content * lengths[lengths > 0].mean()))


def most_vectors(films: int) -> int:
    """Return how many singular vectors of so many films fit ``VECTOR_BYTES``."""
    return max(REFERENCE, VECTOR_BYTES // (4 * films))


def decompose(
    ratings: sparse.csr_matrix,
    scale: tuple[float, float],
    normalisation: Normalisation,
    seed: int,
    wanted: int | None = None,
    contents: Array | None = None,
    *,
    rough: bool = False,
) -> Spectrum:
    """Return the ``wanted`` leading singular vectors of users × films ratings; None: all.

    ``contents`` (n, c) are those of the films, see ``Normalisation``; None is none.

    If there are many users and many films, the result is limited to ``LEADING`` vectors. A
    ``rough`` one then comes from a randomised method (Halko, Martinsson, Tropp, Finding Structure
    with Randomness, 2011), which takes a fraction of the time: enough to compare settings.
    """
    mean = float(ratings.data.mean())
    half_range = half_of(scale)
    counts = np.bincount(ratings.indices, minlength=ratings.shape[1]).astype(np.float64)
    matrix = normalise(ratings, counts, mean, half_range, normalisation)
    users, films = matrix.shape
    below = np.zeros((films, 0))
    if normalisation.content and contents is not None:
        below = place_below(contents, square_lengths(matrix), normalisation)
    smaller = min(users + below.shape[1], films)
    wanted = min(wanted or smaller, smaller, most_vectors(films))
    exact = smaller <= (SMALL if wanted <= LEADING else EXACT)
    wanted = wanted if exact else min(wanted, LEADING)
    if below.size and not (exact and films >= APART):
        matrix, below = sparse.vstack([matrix, below.T]).tocsr(), below[:, :0]
    if exact:
        values, vectors = _by_gram_matrix(matrix, below, wanted)
    elif rough:
        _, values, rows = randomized_svd(
            matrix.astype(np.float32), wanted, n_iter=POWER_ITERATIONS, random_state=seed
        )
        values, vectors = values.astype(np.float64), rows.T.astype(np.float64)
    else:
        start = np.random.RandomState(seed).standard_normal(min(matrix.shape))
        _, values, rows = svds(matrix, wanted, v0=start, return_singular_vectors="vh")
        values, vectors = values[::-1], orient(rows[::-1].T)
    return Spectrum(normalisation, vectors, values, counts, mean, half_range)


def _by_gram_matrix(matrix: sparse.csr_matrix, below: Array, wanted: int) -> tuple[Array, Array]:
    """Return singular values (d,) and right vectors (n, d) from the smaller Gram matrix.

    ``below`` (n, c) are dense rows below those of the matrix (u, n), as columns.
    """
    users, films = matrix.shape
    wide = users + below.shape[1] < films
    gram = (matrix @ matrix.T if wide else matrix.T @ matrix).toarray()
    if below.size:
        across = matrix @ below
        gram = np.block([[gram, across], [across.T, below.T @ below]])
    last = len(gram) - 1
    squares, vectors = eigh(gram, subset_by_index=(last - wanted + 1, last), overwrite_a=True)
    kept = squares > ROUNDING * squares[-1]
    kept[-1] = True
    squares, vectors = squares[kept][::-1], vectors[:, kept][:, ::-1]
    values = np.sqrt(np.maximum(squares, 0))
    vectors = orient(vectors)
    if wide:
        sources = vectors / np.where(values > 0, values, 1)
        vectors = matrix.T.tocsr() @ sources[:users]
        if below.size:
            vectors += below @ sources[users:]
    return values, vectors


def orient(vectors: Array) -> Array:
    """Return singular vectors (n, d) whose largest component is positive: their sign is free."""
    largest = vectors[np.argmax(np.abs(vectors), axis=0), np.arange(vectors.shape[1])]
    return np.asarray(vectors * np.sign(largest))


class SpectralEmbedding:
    """Film vectors from a filtered spectrum.

    The filter over the singular values s_1 ≥ s_2 ≥ … is a ridge times a low-pass:
    f_k = s_k² / (s_k² + strength · s_16²) · 1 / (1 + (k / bandwidth)³). Let V be the singular
    vectors and h_i = Σ_k f_k V_ik², the share of film i that its own rating explains. The vector
    of film i is ``n_i^output_exponent / (1 - h_i)^correction · √f V_i``. In a user's vector, film i
    stands as ``n_i^-film_exponent · √f V_i``, the same vector at another length.

    EASE (Steck, Embarrassingly Shallow Autoencoders for Sparse Data, 2019) is the case of all
    singular vectors, correction 1, and no low-pass, exponents or slope. Its weight of film j for
    film i is -P_ji / P_ii with P = (XᵀX + λ)⁻¹ = V diag(1 / (s² + λ)) Vᵀ, which equals
    Σ_k f_k V_jk V_ik / (1 - h_i) for j ≠ i. Other settings are low-rank relatives of EASE.

    Args:
        bandwidth: index k at which the low-pass is one half. Twice that is the dimension d.
        strength: of the ridge; 0 is none.
        output_exponent: how much popular films are favoured.
        correction: from 0 to 1; how much of a film's own share is corrected for.
    """

    vectors_: Array  # (n, d)
    fold_in_: Array  # (n,)

    def __init__(
        self,
        bandwidth: int = 40,
        strength: float = 1.0,
        output_exponent: float = 0.2,
        correction: float = 0.0,
    ) -> None:
        self.bandwidth = bandwidth
        self.strength = strength
        self.output_exponent = output_exponent
        self.correction = correction

    def fit(self, spectrum: Spectrum) -> Self:
        """Learn ``vectors_`` (n, d) and ``fold_in_`` (n,)."""
        squares = spectrum.values[: 2 * self.bandwidth] ** 2
        reference = spectrum.values[min(REFERENCE, len(spectrum.values)) - 1] ** 2
        damped = squares + self.strength * reference
        weights = np.divide(squares, damped, out=np.zeros_like(squares), where=damped > 0)
        weights /= 1 + (np.arange(1, len(squares) + 1) / self.bandwidth) ** 3
        vectors = spectrum.vectors[:, : len(squares)] * np.sqrt(weights)
        explained = np.minimum(np.einsum("id,id->i", vectors, vectors), 0.999)
        counts = np.maximum(spectrum.ratings, 1)
        output = counts**self.output_exponent / (1 - explained) ** self.correction
        vectors *= output[:, None]
        self.vectors_ = vectors
        self.fold_in_ = counts**-spectrum.normalisation.film_exponent / output
        return self
