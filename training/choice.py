"""The choice of hyperparameters, on a validation part split off the ratings at hand."""

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recommender.ranking import Strategy
from training.dataset import Dataset
from training.embedding import Normalisation, SpectralEmbedding, Spectrum, decompose, weigh
from training.evaluation import CUTOFF, held_out, make_profiles, rank_all, score_lists
from training.fit import Hyperparameters, fit
from training.progress import steps

USERS = 2000  # most users that a choice is judged by
LOSS = 0.005  # share of nDCG that the index may lose against scoring every film
PROBED_SHARES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5)  # of the cells

NORMALISATIONS = [
    Normalisation(user, film, slope)
    for user in (0.25, 0.5)
    for film in (0.25, 0.5)
    for slope in (0.5, 1.0)
]
DIMENSIONS = (16, 32, 64)
STRENGTHS = (0.0, 0.3, 1.0, 3.0)
OUTPUT_EXPONENTS = (0.0, 0.25, 0.4)


@dataclass(frozen=True)
class Choice:
    """The hyperparameters chosen, and the table of what was tried: settings and their nDCG."""

    chosen: Hyperparameters
    table: list[dict[str, Any]]


def choose(data: Dataset, seed: int) -> Choice:
    """Choose hyperparameters that rank a held-out quarter of the ratings best.

    Every spectrum serves all settings that share it. Ties go to the setting tried first.
    """
    train, test = held_out(data, seed)
    if not len(train.ratings) or not len(test.ratings):
        return Choice(Hyperparameters(seed=seed), [])
    judge = _Judge(train, test, seed)
    table: list[dict[str, Any]] = []
    best, best_ndcg = Hyperparameters(seed=seed), -1.0
    for normalisation in steps(NORMALISATIONS, "choosing hyperparameters"):
        spectrum = decompose(
            train.matrix, (data.lowest, data.highest), normalisation, max(DIMENSIONS), seed
        )
        for dimensions, strength, exponent in itertools.product(
            DIMENSIONS, STRENGTHS, OUTPUT_EXPONENTS
        ):
            if dimensions > len(spectrum.values) and dimensions != min(DIMENSIONS):
                continue
            tried = Hyperparameters(normalisation, dimensions, strength, exponent, seed=seed)
            ndcg = judge.ndcg(spectrum, SpectralEmbedding(dimensions, strength, exponent))
            table.append({**_flat(tried), "ndcg": round(ndcg, 6)})
            if ndcg > best_ndcg:
                best, best_ndcg = tried, ndcg
    return Choice(replace(best, probes=_choose_probes(train, test, best)), table)


class _Judge:
    """nDCG of embeddings for users of a validation part, by scoring every film."""

    def __init__(self, train: Dataset, test: Dataset, seed: int) -> None:
        users = np.unique(test.ratings["user"])
        if len(users) > USERS:
            users = np.sort(np.random.RandomState(seed).choice(users, USERS, replace=False))
        self.known = train.matrix[users]
        self.rated = self.known.copy()
        self.rated.data[:] = 1
        self.relevant = np.split(test.matrix[users].indices, test.matrix[users].indptr[1:-1])

    def ndcg(self, spectrum: Spectrum, embedding: SpectralEmbedding) -> float:
        """Return the mean nDCG at 10."""
        embedding.fit(spectrum)
        weights = weigh(self.known, spectrum.mean, spectrum.half_range, spectrum.normalisation)
        users = weights @ (embedding.vectors_ * embedding.fold_in_[:, None])
        scores = users @ embedding.vectors_.T
        scores[self.rated.nonzero()] = -np.inf
        lists = np.argsort(-scores, axis=1, kind="stable")[:, :CUTOFF]
        return float(score_lists(lists, self.relevant)["ndcg"].mean())


def _choose_probes(train: Dataset, test: Dataset, best: Hyperparameters) -> int:
    """Return the fewest probes whose lists, as served, lose next to no nDCG."""
    model = fit(train, best)
    cells = len(model.cell_centers)
    users = test.ratings[test.ratings["user"].isin(test.ratings["user"].unique()[:USERS])]
    profiles = make_profiles(model, train.ratings, users)

    def ndcg(probes: int) -> float:
        lists = rank_all(replace(model, probes=probes), profiles, Strategy.MODEL)
        return float(score_lists(lists, profiles.relevant)["ndcg"].mean())

    exact = ndcg(cells)
    steps = sorted({max(1, round(cells * share)) for share in PROBED_SHARES})
    return next((probes for probes in steps if ndcg(probes) >= exact * (1 - LOSS)), cells)


def _flat(tried: Hyperparameters) -> dict[str, Any]:
    normalisation = tried.normalisation
    return {
        "user_exponent": normalisation.user_exponent,
        "film_exponent": normalisation.film_exponent,
        "slope": normalisation.slope,
        "dimensions": tried.dimensions,
        "strength": tried.strength,
        "output_exponent": tried.output_exponent,
    }
