"""The choice of hyperparameters, on validation folds split off the ratings at hand."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from recommender.model.index import FIRST_BATCH
from recommender.model.ranking import Strategy
from training.choice.fixed import Fixed
from training.choice.folds import Fold, make_folds, shorten
from training.choice.metrics import make_profiles, rank_all, score_lists
from training.data.dataset import Dataset
from training.model.clusters import TasteGroups
from training.model.embedding import Normalisation
from training.model.fit import Hyperparameters, Settings, fit

LOSS = 0.005  # share of nDCG that the index may lose against scoring every film
REACH = 2  # steps of a grid that a search looks ahead
NORMALISATION_REACH = 1  # ... where each of them costs a factoring
ROUNDING = 1e-9  # a gain in nDCG that is none

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
KNOWN_RATINGS = (1, 3, 10)  # what is left of profiles to choose the prior's strength by
CELLS = (0.5, 1.0, 2.0)  # times the square root of the number of films
MANY_FILMS = 100_000
CELLS_OF_MANY = (1.0,)
SCORED_SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)

Row = dict[str, Any]
Candidate = TypeVar("Candidate")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """The hyperparameters chosen, and tables of what was tried: values and their nDCG.

    ``settings`` and ``priors`` come best first, each with the number of folds it was tried on;
    ``indices`` in order of trial, on the first fold.
    ``complete`` tells whether the search ended by itself, not by its budget of time.
    """

    chosen: Hyperparameters
    settings: list[Row] = field(default_factory=list)
    priors: list[Row] = field(default_factory=list)
    indices: list[Row] = field(default_factory=list)
    complete: bool = True


def choose(data: Dataset, seed: int, budget: float, fixed: Fixed | None = None) -> Choice:
    """Choose the hyperparameters that rank held-out ratings best, in mean nDCG over the folds.

    The search climbs along one setting at a time until no step helps or ``budget`` seconds are
    over; again from another start, if one is better than the first; and again from EASE, if that
    at its best strength is better by more than a standard error. Then the prior's strength is
    chosen on shortened profiles, and the cells and candidates of the index as the cheapest that
    lose next to nothing. Values in ``fixed`` are taken as they are.
    """
    fixed = fixed or {}
    folds = make_folds(data, seed)
    chosen = Hyperparameters(START, seed=seed).with_values(fixed)
    if not folds:
        return Choice(chosen)
    start, *others, ease = [
        replace(chosen, settings=settings).with_values(fixed).settings
        for settings in (*STARTS, EASE)
    ]
    names = [name for name in GRID if name not in fixed]
    search = _Search(folds, budget)
    settings = search.climb(start, names)
    if (other := search.best([start, *others])) != start:
        settings = search.best([settings, search.climb(other, names)])
    ease = search.climb(ease, {"strength"}.intersection(names), folds=1)
    if search.race.surpasses(ease, settings):
        settings = search.climb(ease, names)
    chosen = replace(chosen, settings=settings)
    table = search.table(settings)
    _log.info("chosen of %d settings: nDCG %.4f", len(table), search.race.ndcg(settings))
    priors: list[Row] = []
    indices: list[Row] = []
    if "prior_strength" not in fixed:
        chosen, priors = _choose_prior(folds, chosen)
    if "cells" not in fixed or "candidates" not in fixed:
        chosen, indices = _choose_index(folds[0], chosen, fixed)
    return Choice(chosen, table, priors, indices, search.complete)


class _Race(Generic[Candidate]):
    """Candidates against each other, fold by fold: one that is behind goes no further."""

    def __init__(
        self, folds: list[Fold], ndcgs: Callable[[Fold, Candidate], NDArray[np.float64]]
    ) -> None:
        self.folds = folds
        self.ndcgs = ndcgs
        self.tried: dict[Candidate, list[NDArray[np.float64]]] = {}  # a list item for each fold

    def judge(self, candidate: Candidate, folds: int) -> NDArray[np.float64]:
        """Return the nDCG of the users of the first so many folds."""
        judged = self.tried.setdefault(candidate, [])
        judged += [self.ndcgs(fold, candidate) for fold in self.folds[len(judged) : folds]]
        return np.concatenate(judged[:folds])

    def ndcg(self, candidate: Candidate) -> float:
        """Return the mean nDCG over the users of all folds."""
        return float(self.judge(candidate, len(self.folds)).mean())

    def gain(self, other: Candidate, best: Candidate, most: int) -> tuple[float, float]:
        """Return by how much another's mean nDCG is higher, and the standard error of that.

        On so many folds at ``most``.
        """
        gain, error = 0.0, 0.0
        for folds in range(1, most + 1):
            gains = self.judge(other, folds) - self.judge(best, folds)
            gain, error = float(gains.mean()), float(gains.std() / len(gains) ** 0.5)
            if gain < 0:
                break
        return gain, error

    def beats(self, other: Candidate, best: Candidate, most: int | None = None) -> bool:
        """Tell whether another candidate is better, on all folds or the first ``most``."""
        return self.gain(other, best, most or len(self.folds))[0] > ROUNDING

    def surpasses(self, other: Candidate, best: Candidate) -> bool:
        """Tell whether another candidate is better by more than a standard error."""
        gain, error = self.gain(other, best, len(self.folds))
        return gain > error

    def standings(self, best: Candidate) -> list[tuple[Candidate, float, int]]:
        """Return what was tried with its nDCG and the number of folds it was tried on, best first.

        Folds differ in how hard they are: the nDCG of what was not tried on all of them is that of
        the best, and the mean difference from it on the same users.
        """
        whole = self.ndcg(best)
        found = [
            (
                candidate,
                whole + float((np.concatenate(judged) - self.judge(best, len(judged))).mean()),
                len(judged),
            )
            for candidate, judged in self.tried.items()
        ]
        return sorted(found, key=lambda row: -row[1])


class _Search:
    """Coordinate ascent over the grid."""

    def __init__(self, folds: list[Fold], budget: float) -> None:
        self.race = _Race[Settings](folds, Fold.ndcgs)
        self.end = time.monotonic() + budget
        self.complete = True

    def best(self, some: Iterable[Settings]) -> Settings:
        """Return the best of some settings; of those that the budget leaves untried, the first."""
        found, *others = some
        for settings in others:
            if time.monotonic() > self.end:
                self.complete = False
                break
            if self.race.beats(settings, found):
                found = settings
        return found

    def climb(self, best: Settings, names: Iterable[str], folds: int | None = None) -> Settings:
        """Return the best settings reached from a start by changing what is named.

        Judged on all folds, or the first few.
        """
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
                        if self.race.beats(candidate, best, folds):
                            best, improved = candidate, True
                _log.info("%d settings tried", len(self.race.tried))
        return best

    def _neighbours(self, settings: Settings, name: str) -> list[Settings]:
        steps = GRID[name]
        value = settings.as_dict()[name]
        place = min(range(len(steps)), key=lambda i: abs(steps[i] - value))
        reach = NORMALISATION_REACH if hasattr(settings.normalisation, name) else REACH
        near = range(max(0, place - reach), min(len(steps), place + reach + 1))
        return [settings.with_value(name, steps[i]) for i in near if i != place]

    def table(self, chosen: Settings) -> list[Row]:
        """Return what was tried, best first."""
        return [
            {**tried.as_dict(), "ndcg": round(ndcg, 6), "folds": folds}
            for tried, ndcg, folds in self.race.standings(chosen)
        ]


def _choose_prior(folds: list[Fold], chosen: Hyperparameters) -> tuple[Hyperparameters, list[Row]]:
    """Take the strength that ranks best for users of whom little is known, up to everything."""
    shortened = {
        fold: [shorten(fold.known, most, fold.seed) for most in KNOWN_RATINGS] + [fold.known]
        for fold in folds
    }

    def ndcgs(fold: Fold, strength: float) -> NDArray[np.float64]:
        return np.concatenate(
            [fold.ndcgs(chosen.settings, strength, known) for known in shortened[fold]]
        )

    race = _Race(folds, ndcgs)
    best, before = Hyperparameters.prior_strength, None
    while best != before:
        before = best
        place = PRIOR_STRENGTHS.index(best)
        for other in PRIOR_STRENGTHS[max(0, place - 1) : place + 2]:
            if race.beats(other, best):
                best = other
    rows = [
        {"prior_strength": strength, "ndcg": round(ndcg, 6), "folds": judged}
        for strength, ndcg, judged in race.standings(best)
    ]
    return replace(chosen, prior_strength=best), rows


def _choose_index(
    fold: Fold, chosen: Hyperparameters, fixed: Fixed
) -> tuple[Hyperparameters, list[Row]]:
    """Take the cells and candidates that score fewest vectors and lose next to no nDCG."""
    test = fold.test.ratings[fold.test.ratings["user"].isin(fold.users)]
    films = len(fold.train.films)
    groups = TasteGroups(1, chosen.seed).fit(fold.train.matrix)  # of no concern to the index
    exact = float(fold.ndcgs(chosen.settings, chosen.prior_strength).mean())
    shares = CELLS if films < MANY_FILMS else CELLS_OF_MANY
    sizes = sorted({max(1, round(share * films**0.5)) for share in shares})
    steps = sorted({max(FIRST_BATCH, round(films * share)) for share in SCORED_SHARES} | {films})
    best, least = chosen, np.inf
    rows: list[Row] = []
    for wanted in [chosen.cells] if "cells" in fixed else sizes:
        model = fit(
            fold.train, replace(chosen, cells=wanted), fold.spectrum(chosen.settings), groups
        )
        profiles = make_profiles(model, fold.train.ratings, test)
        cells = len(model.cell_centers)
        for candidates in [model.candidates] if "candidates" in fixed else steps:
            cost = cells + candidates
            if cost >= least:
                break
            lists = rank_all(replace(model, candidates=candidates), profiles, Strategy.MODEL)
            ndcg = float(score_lists(lists, profiles.relevant)["ndcg"].mean())
            rows.append({"cells": cells, "candidates": candidates, "ndcg": round(ndcg, 6)})
            if ndcg >= exact * (1 - LOSS) or candidates >= films or "candidates" in fixed:
                best, least = replace(chosen, cells=cells, candidates=candidates), cost
                break
    return best, rows
