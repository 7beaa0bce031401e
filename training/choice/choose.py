"""The choice of hyperparameters, on validation folds of the given ratings."""

import logging
from dataclasses import dataclass, field, replace

from training.choice.folds import make_folds
from training.choice.index_size import choose_index
from training.choice.prior import choose_prior
from training.choice.search import GRID, WIDEST, Row, Search
from training.data.dataset import Dataset
from training.model.embedding import Normalisation
from training.model.hyperparameters import Hyperparameters, Settings, Values

# Where the search begins: usual settings of the spectral embedding for dense and for sparse data
# (from the wrong one a search stops at a local optimum), and EASE.
START = Settings()
STARTS = (
    START,
    Settings(Normalisation(0.25, 0.3, 0.2), 16, 5, 0.2),
    Settings(Normalisation(0.3, 0.4, 0.1), 20, 10, 0.25),
)
EASE = Settings(Normalisation(0.0, 0.0, 0.0), WIDEST, 1.0, 0.0, 1.0)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """The hyperparameters chosen, and tables of what was tried: values and their nDCG.

    ``settings`` and ``priors`` list the best first, each with the number of folds it was tried on.
    ``indices`` lists what was tried on the first fold, in order of trial. ``complete`` is false if
    the search ran out of time.
    """

    chosen: Hyperparameters
    settings: list[Row] = field(default_factory=list)
    priors: list[Row] = field(default_factory=list)
    indices: list[Row] = field(default_factory=list)
    complete: bool = True


def choose(data: Dataset, seed: int, budget: float, fixed: Values | None = None) -> Choice:
    """Choose the hyperparameters with the best mean nDCG at 10 of held-out ratings over the folds.

    1. Search from the first start, and from the best of the other starts if it beats the first.
    2. Tune the strength of EASE. If EASE then leads by more than a standard error, search from it.
    3. Choose the prior's strength on shortened profiles.
    4. Choose the smallest index that loses next to no nDCG.

    Steps 1 and 2 end after ``budget`` seconds. Values in ``fixed`` are kept as they are.
    """
    fixed = fixed or {}
    folds = make_folds(data, seed)
    chosen = Hyperparameters(START, seed=seed).with_values(fixed)
    if not folds:
        return Choice(chosen)
    search = Search(folds, budget)
    settings = _search(search, chosen, fixed)
    chosen = replace(chosen, settings=settings)
    table = search.table(settings)
    _log.info("chosen of %d settings: nDCG %.4f", len(table), search.race.ndcg(settings))
    priors: list[Row] = []
    indices: list[Row] = []
    if "prior_strength" not in fixed:
        strength, priors = choose_prior(folds, chosen)
        chosen = replace(chosen, prior_strength=strength)
    if "cells" not in fixed or "candidates" not in fixed:
        chosen, indices = choose_index(folds[0], chosen, fixed)
    return Choice(chosen, table, priors, indices, search.complete)


def _search(search: Search, chosen: Hyperparameters, fixed: Values) -> Settings:
    """Return the best settings that are reached from any start, see ``choose``."""
    start, *others, ease = [
        replace(chosen, settings=settings).with_values(fixed).settings
        for settings in (*STARTS, EASE)
    ]
    names = [name for name in GRID if name not in fixed]
    settings = search.climb(start, names)
    if (other := search.best([start, *others])) != start:
        settings = search.best([settings, search.climb(other, names)])
    ease = search.climb(ease, {"strength"}.intersection(names), folds=1)
    if search.race.surpasses(ease, settings):
        settings = search.climb(ease, names)
    return settings
