"""Learning from ratings in parts: what each part adds, and the model that it comes to."""

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import Model
from training.data.dataset import Dataset
from training.engines.parts import Parts
from training.engines.quantile import find_quantile
from training.engines.spectrum import decompose
from training.model.clusters import TasteGroups, squares_apart
from training.model.contents import components
from training.model.embedding import SpectralEmbedding, Spectrum
from training.model.fit import assemble
from training.model.hyperparameters import Hyperparameters
from training.model.next_film import Walks, leading, rescale, solve
from training.model.totals import Totals, count
from training.model.trends import NEWEST, count_by_age

STEPS = 10  # of Lloyd's algorithm over all users, at most
STILL = 1e-4  # of the centres' length: KMeans ends when they move less

Array = NDArray[np.float64]


def fit(parts: Parts, sample: Dataset, chosen: Hyperparameters) -> tuple[Model, Totals]:
    """Fit to ratings in parts what ``training.model.fit.fit`` fits to those of one machine.

    ``sample`` are some of the users, by whom the taste groups begin; if these are all of them, they
    are those of one machine.
    """
    films = len(parts.facts.films)
    counts, disliked, sums = parts.add(_count, (films,), (films,), (films,))
    mean = float(sums.sum() / counts.sum())
    settings = chosen.settings
    contents = components(parts.facts.films)
    spectrum = decompose(
        parts, counts, mean, settings.normalisation, chosen.seed, settings.wanted, contents
    )
    next_film = _next_film(parts, spectrum, settings.embed(spectrum), chosen)
    groups = _groups(parts, sample, counts, sums / parts.users, chosen)
    totals = Totals(parts.users, counts, disliked, _trend(parts, chosen.half_life))
    return assemble(sample, chosen, spectrum, next_film, groups, totals), totals


def _count(part: Dataset, _: int) -> list[Array]:
    """Return each film's number of ratings, of those that say it was disliked, and their sum."""
    return [*count(part), np.asarray(part.matrix.sum(axis=0)).ravel()]


def _next_film(
    parts: Parts, spectrum: Spectrum, embedding: SpectralEmbedding, chosen: Hyperparameters
) -> Array:
    """Return what ``fit_next_film`` does, of the ratings of all users.

    Ratings of the same moment are in random order, drawn anew for each part.
    """
    if not parts.timed:
        return np.zeros((0, 0))
    films = leading(embedding)
    size = films.shape[1]

    def walks(part: Dataset, number: int) -> Walks:
        seed = chosen.seed + number
        return Walks(part, spectrum, embedding, chosen.settings, chosen.decay, seed)

    def products(part: Dataset, number: int) -> list[Array | float]:
        found = walks(part, number)
        return [*found.products(), float(len(found.places))]

    gram, after, users = parts.add(products, (size, size), (size, size), ())
    found = solve(gram, after, films)

    def squares(part: Dataset, number: int) -> tuple[float, float]:
        return walks(part, number).squares(found, int(users))

    alike, to_come = parts.add(squares, (), ())
    return rescale(found, float(alike), float(to_come))


def _groups(
    parts: Parts, sample: Dataset, counts: Array, mean: Array, chosen: Hyperparameters
) -> TasteGroups:
    """Return the taste groups of all users, which begin as those of the sample.

    ``counts`` (n,) and ``mean`` (n,) are as ``TasteGroups.standardise`` takes them.
    """
    (squares,) = parts.add(lambda part, _: [squares_apart(part.matrix, mean)], counts.shape)
    groups = TasteGroups(chosen.groups, chosen.seed)
    groups.standardise(parts.users, counts, mean, squares)
    centers = groups.cluster(sample.matrix)
    for _ in range(STEPS if len(sample.users) < parts.users else 0):

        def gather(part: Dataset, _: int, centers: Array = centers) -> tuple[Array, Array]:
            return groups.sum_nearest(part.matrix, centers)

        total, sizes = parts.add(gather, centers.shape, (len(centers),))
        moved = np.where(sizes[:, None] > 0, total / np.maximum(sizes, 1)[:, None], centers)
        apart, centers = np.linalg.norm(moved - centers), moved
        if apart <= STILL * np.linalg.norm(centers):
            break
    groups.centers_ = centers - groups.shift_
    return groups


def _trend(parts: Parts, half_life: float) -> Array:
    """Return what ``find_trend`` does, of size 0 if times tell no order."""
    if not parts.timed:
        return np.zeros(0)
    films, now = len(parts.facts.films), find_quantile(parts, NEWEST)
    found, total = parts.add(lambda part, _: count_by_age(part, now, half_life), (films,), ())
    return np.asarray(found / total)
