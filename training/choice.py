"""The choice of hyperparameters, on validation parts split off the ratings at hand."""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from tqdm import tqdm

from recommender.artifact import Model
from recommender.index import FIRST_BATCH
from recommender.ranking import Strategy
from training.dataset import Dataset
from training.embedding import Normalisation, Spectrum, decompose, weigh
from training.evaluation import (
    CUTOFF,
    Profiles,
    make_profiles,
    rank_all,
    score_lists,
)
from training.fit import Hyperparameters, Settings, fit, mean_source
from training.splits import split_by_film

FOLDS = (3, 10)  # at least and at most
JUDGES = 3000  # users over all folds together, as far as the number of folds allows
KEPT = 0.9  # of each film's ratings: almost as dense as what the model is fitted on in the end
USERS = 2000  # most users of a fold that settings are judged by
RATINGS = 2_000_000  # most ratings that settings are tried on; of more, those of a sample of users
LOSS = 0.005  # share of nDCG that the index may lose against scoring every film
BLOCK = 500  # users scored at a time
REACH = 2  # steps of a grid that a search looks ahead

WIDEST = 10_000  # bandwidth beyond all singular vectors: no low-pass
HUNDREDTHS = tuple(step / 100 for step in range(0, 65, 5))
GRID: dict[str, tuple[float, ...]] = {
    "strength": (0.0, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 3, 4, 5, 7, 10, 15, 20),
    "bandwidth": (
        *(3, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64, 80, 96, 128, 192, 256),
        *(512, WIDEST),
    ),
    "output_exponent": HUNDREDTHS,
    "correction": (0.0, 0.5, 1.0),
    "user_exponent": HUNDREDTHS,
    "film_exponent": HUNDREDTHS,
    "slope": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5),
}
# Where the search may begin: the spectral embedding at its usual best for dense and for sparse data
# (a climb from the wrong one stops at a local optimum), and EASE.
START = Settings()
STARTS = (
    START,
    Settings(Normalisation(0.25, 0.3, 0.2), 16, 5, 0.2),
    Settings(Normalisation(0.3, 0.4, 0.1), 20, 10, 0.25),
)
EASE = Settings(Normalisation(0.0, 0.0, 0.0), WIDEST, 1.0, 0.0, 1.0)
PRIOR_STRENGTHS = (0.0, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0)
KNOWN_RATINGS = (1, 2, 3, 5, 10)  # what is left of profiles to choose the prior's strength by
CELLS = (0.5, 1.0, 2.0)  # times the square root of the number of films
MANY_FILMS = 100_000
CELLS_OF_MANY = (1.0,)
SCORED_SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """The hyperparameters chosen, and the table of what was tried: settings and their nDCG.

    ``complete`` tells whether the search ended by itself, not by its budget of time.
    """

    chosen: Hyperparameters
    table: list[dict[str, Any]]
    complete: bool = True


def choose(data: Dataset, seed: int, budget: float) -> Choice:
    """Choose the hyperparameters that rank held-out ratings best, in mean nDCG over the folds.

    The search climbs along one setting at a time until no step helps or ``budget`` seconds are
    over; again from another start, if one is better than the first; and again from EASE, if that
    at its best strength is better by more than a standard error. Then the prior's strength is
    chosen on shortened profiles, and the cells and candidates of the index as the cheapest
    that lose next to nothing.
    """
    default = Hyperparameters(seed=seed)
    folds = make_folds(data, seed)
    if not folds:
        return Choice(default, [])
    search = _Search(folds, budget)
    settings = search.climb(START, GRID)
    if (other := search.best(STARTS)) != START:
        settings = search.best([settings, search.climb(other, GRID)])
    ease = search.climb(EASE, ["strength"])
    if search.surpasses(ease, settings):
        settings = search.climb(ease, GRID)
    _log.info("chosen of %d settings: nDCG %.4f", len(search.tried), search.ndcg(settings))
    prior = _choose_prior(folds, settings)
    chosen = replace(default, settings=settings, prior_strength=prior)
    return Choice(_choose_index(folds[0], chosen), search.table(), search.complete)


class Fold:
    """A train part, and users whose held-out films judge settings by scoring every film."""

    def __init__(self, train: Dataset, test: Dataset, seed: int) -> None:
        self.train, self.test, self.seed = train, test, seed
        users = np.unique(test.ratings["user"])
        if len(users) > USERS:
            users = np.sort(np.random.RandomState(seed).choice(users, USERS, replace=False))
        self.users = users
        self.known: sparse.csr_matrix = train.matrix[users]
        self.relevant: sparse.csr_matrix = test.matrix[users]
        self._spectrum: Spectrum | None = None

    def spectrum(self, normalisation: Normalisation) -> Spectrum:
        """Return the spectrum of the train part; the last one is kept."""
        if self._spectrum is None or self._spectrum.normalisation != normalisation:
            scale = (self.train.lowest, self.train.highest)
            self._spectrum = decompose(self.train.matrix, scale, normalisation, self.seed)
        return self._spectrum

    def ndcgs(
        self,
        settings: Settings,
        prior_strength: float = 0.0,
        known: sparse.csr_matrix | None = None,
    ) -> NDArray[np.float64]:
        """Return the users' nDCG at 10; ``known`` may be less of what they have rated."""
        known = self.known if known is None else known
        spectrum = self.spectrum(settings.normalisation)
        embedding = settings.embed(spectrum)
        weights = weigh(known, spectrum.mean, spectrum.half_range, spectrum.normalisation)
        sources = embedding.vectors_ * embedding.fold_in_[:, None]
        users = weights @ sources
        sizes = np.maximum(np.diff(known.indptr), 1.0)
        prior = prior_strength * mean_source(embedding, spectrum)
        users += sizes[:, None] ** -settings.normalisation.user_exponent * prior
        vectors = embedding.vectors_.astype(np.float32).T
        found = []
        for start in range(0, len(self.users), BLOCK):
            block = slice(start, start + BLOCK)
            scores = users[block].astype(np.float32) @ vectors
            found.append(user_ndcgs(scores, self.known[block], self.relevant[block]))
        return np.concatenate(found)


def user_ndcgs(
    scores: NDArray[Any], known: sparse.csr_matrix, relevant: sparse.csr_matrix
) -> NDArray[np.float64]:
    """Return the nDCG (u,) of the ten best scores (u, n), films known left out."""
    rows = np.repeat(np.arange(len(scores)), np.diff(known.indptr))
    scores[rows, known.indices] = -np.inf
    cutoff = min(CUTOFF, scores.shape[1])
    best = np.argpartition(-scores, cutoff - 1, axis=1)[:, :cutoff]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    wanted = np.zeros(scores.shape, np.bool_)
    sizes = np.diff(relevant.indptr)
    wanted[np.repeat(np.arange(len(scores)), sizes), relevant.indices] = True
    hits = np.take_along_axis(wanted, np.take_along_axis(best, order, axis=1), axis=1)
    discounts = 1 / np.log2(np.arange(CUTOFF) + 2)
    ideal = np.cumsum(discounts)[np.minimum(sizes, CUTOFF) - 1]
    return np.asarray((hits @ discounts[:cutoff]) / ideal)


class _Search:
    """Coordinate ascent over the grid, remembering what was tried."""

    def __init__(self, folds: list[Fold], budget: float) -> None:
        self.folds = folds
        self.end = time.monotonic() + budget
        self.complete = True
        self.tried: dict[Settings, NDArray[np.float64]] = {}

    def ndcg(self, settings: Settings) -> float:
        """Return the mean nDCG over the users of all folds."""
        if settings not in self.tried:
            self.tried[settings] = np.concatenate([fold.ndcgs(settings) for fold in self.folds])
        return float(self.tried[settings].mean())

    def surpasses(self, other: Settings, settings: Settings) -> bool:
        """Tell whether one setting is better than another by more than a standard error."""
        gains = self.tried[other] - self.tried[settings]
        return bool(gains.mean() > gains.std() / len(gains) ** 0.5)

    def best(self, some: Iterable[Settings]) -> Settings:
        """Return the best of some settings; of those that the budget leaves untried, the first."""
        found, *others = some
        for settings in others:
            if time.monotonic() > self.end:
                self.complete = False
                break
            if self.ndcg(settings) > self.ndcg(found):
                found = settings
        return found

    def climb(self, best: Settings, names: Iterable[str]) -> Settings:
        """Return the best settings reached from a start by changing what is named."""
        self.ndcg(best)
        with tqdm(desc="choosing", unit=" settings", disable=None, leave=False) as bar:
            improved = True
            while improved and self.complete:
                improved = False
                for name in names:
                    for candidate in self._neighbours(best, name):
                        if time.monotonic() > self.end:
                            self.complete = False
                            return best
                        bar.update()
                        if self.ndcg(candidate) > self.ndcg(best) + 1e-9:
                            best, improved = candidate, True
                _log.info(
                    "nDCG %.4f on validation after %d settings", self.ndcg(best), len(self.tried)
                )
        return best

    def _neighbours(self, settings: Settings, name: str) -> list[Settings]:
        steps = GRID[name]
        value = settings.as_dict()[name]
        place = min(range(len(steps)), key=lambda i: abs(steps[i] - value))
        near = range(max(0, place - REACH), min(len(steps), place + REACH + 1))
        return [settings.with_value(name, steps[i]) for i in near if i != place]

    def table(self) -> list[dict[str, Any]]:
        """Return what was tried, best first."""
        ranked = sorted(self.tried, key=self.ndcg, reverse=True)
        return [{**tried.as_dict(), "ndcg": round(self.ndcg(tried), 6)} for tried in ranked]


def _sample(data: Dataset, seed: int) -> Dataset:
    """Return a data set small enough to try many settings on: all films, some of the users."""
    if len(data.ratings) <= RATINGS:
        return data
    sizes = np.diff(data.matrix.indptr)
    order = np.random.RandomState(seed).permutation(len(sizes))
    kept = order[np.cumsum(sizes[order]) <= RATINGS]
    return data.with_ratings(data.ratings[data.ratings["user"].isin(kept)])


def make_folds(data: Dataset, seed: int) -> list[Fold]:
    """Return independent random splits; none where there is too little to hold out."""
    data = _sample(data, seed)
    wanted = -(-JUDGES // min(len(data.users), USERS))
    count = min(max(wanted, FOLDS[0]), FOLDS[1])
    parts = [split_by_film(data.ratings, seed + number, KEPT) for number in range(count)]
    return [
        Fold(data.with_ratings(train), data.with_ratings(test), seed)
        for train, test in parts
        if len(train) and len(test)
    ]


def _choose_prior(folds: list[Fold], settings: Settings) -> float:
    """Return the strength that ranks best for users of whom little is known, up to everything."""
    shortened = [
        (fold, [shorten(fold.known, most, fold.seed) for most in KNOWN_RATINGS] + [fold.known])
        for fold in folds
    ]

    def ndcg(strength: float) -> float:
        return float(
            np.mean(
                [f.ndcgs(settings, strength, known).mean() for f, cut in shortened for known in cut]
            )
        )

    return max(PRIOR_STRENGTHS, key=ndcg)


def shorten(ratings: sparse.csr_matrix, most: int, seed: int) -> sparse.csr_matrix:
    """Return users × films ratings with at most so many, drawn at random, of each user."""
    order = np.random.RandomState(seed).rand(ratings.nnz)
    users = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))
    shuffled = np.lexsort((order, users))
    rank = np.arange(ratings.nnz) - ratings.indptr[users]
    kept = np.sort(shuffled[rank < most])
    places = (users[kept], ratings.indices[kept])
    return sparse.csr_matrix((ratings.data[kept], places), shape=ratings.shape)


def _choose_index(fold: Fold, chosen: Hyperparameters) -> Hyperparameters:
    """Return the cells and candidates that score fewest vectors and lose next to no nDCG."""
    test = fold.test.ratings[fold.test.ratings["user"].isin(fold.users)]
    films = len(fold.train.films)
    steps = sorted({max(FIRST_BATCH, round(films * share)) for share in SCORED_SHARES} | {films})
    best, least, exact = chosen, np.inf, None
    for share in CELLS if films < MANY_FILMS else CELLS_OF_MANY:
        wanted = replace(chosen, cells=max(1, round(share * films**0.5)))
        model = fit(fold.train, wanted, fold.spectrum(chosen.settings.normalisation))
        profiles = make_profiles(model, fold.train.ratings, test)

        def ndcg(candidates: int, model: Model = model, profiles: Profiles = profiles) -> float:
            served = replace(model, candidates=candidates)
            lists = rank_all(served, profiles, Strategy.MODEL)
            return float(score_lists(lists, profiles.relevant)["ndcg"].mean())

        if exact is None:  # every film scored: the same with any cells
            exact = ndcg(films)
        cells = len(model.cell_centers)
        for candidates in steps:
            cost = cells + candidates
            if cost >= least:
                break
            if ndcg(candidates) >= exact * (1 - LOSS):
                best, least = replace(chosen, cells=cells, candidates=candidates), cost
                break
    return best
