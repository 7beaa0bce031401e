"""The next-film matrix: what a user's latest ratings say of the film to come."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from recommender.model.profile import weigh_newness
from training.data.dataset import Dataset
from training.model.embedding import SpectralEmbedding, Spectrum
from training.model.hyperparameters import Settings
from training.model.weights import weigh_profiles

LEADING = 128  # dimensions of the vectors at most that the matrix takes and gives
RIDGE = 0.03  # times the mean square of a dimension
ROUNDING = 1e-6  # likewise, only to make the films' own matrix invertible
SCALED = 1000  # users at least, if there are so many, whose lengths are compared
RATINGS = 1_000_000  # at most; of larger data, some users are drawn

Array = NDArray[np.float64]


def fit_next_film(
    data: Dataset,
    spectrum: Spectrum,
    embedding: SpectralEmbedding,
    settings: Settings,
    decay: float,
    seed: int,
) -> Array:
    """Return the next-film matrix M (q, q), of size 0 if nothing is known of the order of ratings.

    For each rating but a user's first, f is the sum of max(w(r_j), 0) fold_in_j v_j over the films
    before it, weighted by exp(-(ratings in between) / ``decay``), and t marks the film that came.
    With all f and t as the rows of F and T, and film vectors E, M = (FᵀF + λ)⁻¹ FᵀT E (EᵀE)⁻¹ makes
    F M Eᵀ approximate T. All this uses the first q dimensions of the vectors. (Related: Choi et
    al., Session-aware Linear Item-Item Models for Session-based Recommendation, 2021.)

    M is scaled so that over many users the films to come and all ratings alike give vectors of the
    same length; see ``recommender.model.profile.fold_in``.
    """
    if not data.timed:
        return np.zeros((0, 0))
    walks = Walks(data.sample(RATINGS, seed), spectrum, embedding, settings, decay, seed)
    found = solve(*walks.products(), walks.films)
    return rescale(found, *walks.squares(found, len(walks.places)))


class Walks:
    """The ratings of some users in order of time, and the sums over them that the matrix needs.

    Sums over parts of the users add up to those over all of them.
    """

    def __init__(
        self,
        data: Dataset,
        spectrum: Spectrum,
        embedding: SpectralEmbedding,
        settings: Settings,
        decay: float,
        seed: int,
    ) -> None:
        self.data, self.decay, self.vectors = data, decay, embedding.vectors_
        self.user_exponent = settings.normalisation.user_exponent
        self.films = leading(embedding)
        self.known = weigh_profiles(
            data.matrix, data.disliked_to, spectrum, settings.with_value("user_exponent", 0)
        )
        self.known.data *= embedding.fold_in_[self.known.indices]
        self.liking = np.maximum(self.known.data, 0)
        self.places = histories(data, seed)

    def products(self) -> tuple[Array, Array]:
        """Return FᵀF and FᵀT E (q, q)."""
        size = self.films.shape[1]
        gram, after = np.zeros((size, size)), np.zeros((size, size))
        for history in self.places:
            rated = self.known.indices[history]
            sources = self.liking[history, None] * self.films[rated]
            before = lfilter([1.0], [1.0, -np.exp(-1 / self.decay)], sources, axis=0)[:-1]
            gram += before.T @ before
            after += before.T @ self.films[rated[1:]]
        return gram, after

    def squares(self, found: Array, users: int) -> tuple[float, float]:
        """Return the squared lengths of vectors of all ratings alike and of the films to come.

        They are summed over some of the users: of ``users`` in all, about ``SCALED``. ``found``
        (q, q) is the matrix.
        """
        alike, to_come = 0.0, 0.0
        for history in self.places[:: max(1, users // SCALED)]:
            rated, weights = self.known.indices[history], self.liking[history]
            newness = weigh_newness(self.data.moments[history], self.decay)
            if newness is not None:
                scale = len(history) ** -self.user_exponent
                all_ratings = scale * self.known.data[history] @ self.vectors[rated]
                alike += float((all_ratings**2).sum())
                latest = scale * newness * weights @ self.films[rated] @ found
                to_come += float((latest**2).sum())
        return alike, to_come


def leading(embedding: SpectralEmbedding) -> Array:
    """Return the first q dimensions of the films' vectors (n, q)."""
    return embedding.vectors_[:, : min(LEADING, embedding.vectors_.shape[1])]


def solve(gram: Array, after: Array, films: Array) -> Array:
    """Return M (q, q) before it is scaled, from FᵀF, FᵀT E and E (n, q)."""
    found = _solve(gram, after, RIDGE)
    return _solve(films.T @ films, found.T, ROUNDING).T


def rescale(found: Array, alike: float, to_come: float) -> Array:
    """Return M (q, q) so that vectors of the films to come are as long as those of all ratings."""
    return found * (alike / to_come) ** 0.5 if to_come else found


def histories(data: Dataset, seed: int) -> list[NDArray[np.int64]]:
    """Return, for each user with several ratings, their places in ``data.matrix``, oldest first.

    Ratings of the same moment are in random order.
    """
    random = np.random.RandomState(seed)
    starts = data.matrix.indptr
    sizes = np.diff(starts)
    users = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((random.rand(len(users)), data.moments, users))
    return [order[starts[user] : starts[user + 1]] for user in np.flatnonzero(sizes > 1)]


def _solve(gram: Array, target: Array, ridge: float) -> Array:
    """Solve a least-squares problem by its Gram matrix, with a ridge in its mean's units."""
    size = len(gram)
    damped = gram + (ridge * np.trace(gram) / size or 1.0) * np.eye(size)
    return np.asarray(np.linalg.solve(damped, target))
