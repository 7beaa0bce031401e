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
    data = data.sample(RATINGS, seed)
    size = min(LEADING, embedding.vectors_.shape[1])
    films = embedding.vectors_[:, :size]
    known = weigh_profiles(
        data.matrix, data.disliked_to, spectrum, settings.with_value("user_exponent", 0)
    )
    known.data *= embedding.fold_in_[known.indices]
    liking = np.maximum(known.data, 0)
    places = histories(data, seed)
    gram, after = np.zeros((size, size)), np.zeros((size, size))
    for history in places:
        rated = known.indices[history]
        sources = liking[history, None] * films[rated]
        before = lfilter([1.0], [1.0, -np.exp(-1 / decay)], sources, axis=0)[:-1]
        gram += before.T @ before
        after += before.T @ films[rated[1:]]
    found = _solve(gram, after, RIDGE)
    found = _solve(films.T @ films, found.T, ROUNDING).T
    alike, to_come = 0.0, 0.0
    for history in places[:: max(1, len(places) // SCALED)]:
        rated, weights = known.indices[history], liking[history]
        newness = weigh_newness(data.moments[history], decay)
        if newness is not None:
            scale = len(history) ** -settings.normalisation.user_exponent
            alike += float(((scale * known.data[history] @ embedding.vectors_[rated]) ** 2).sum())
            to_come += float(((scale * newness * weights @ films[rated] @ found) ** 2).sum())
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
