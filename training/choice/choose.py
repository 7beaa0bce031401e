"""The choice of hyperparameters, on validation folds of the given ratings."""

import logging
import math
from dataclasses import dataclass, field, replace

from training.choice.aim import Aim
from training.choice.folds import make_folds
from training.choice.index_size import choose_index
from training.choice.order import choose_order
from training.choice.prior import choose_prior
from training.choice.search import GRID, WIDEST, Row, Search
from training.choice.trending import choose_half_life
from training.data.dataset import Dataset
from training.model.embedding import SMALL, Normalisation
from training.model.hyperparameters import Hyperparameters, Settings, Values

# What ratings weigh where the search begins. ``aversion`` is no part of the search.
RATINGS: dict[Aim, dict[str, float]] = {
    Aim.LIKED: {"slope": 0.8, "aversion": 2.0},
    Aim.SEEN: {"slope": 0.3, "aversion": 0.0},
}
# Where the search begins: usual settings of the spectral embedding for dense and for sparse data
# (from the wrong one a search stops at a local optimum), EASE with normalised ratings, and EASE.
SHORT = (
    Settings(Normalisation(0.25, 0.25, content=0.4), 40, 1, 0.2),
    Settings(Normalisation(0.25, 0.3, content=0.4), 16, 5, 0.2),
    Settings(Normalisation(0.3, 0.4, content=0.4), 20, 10, 0.25),
)
NORMALISED_EASE = Settings(Normalisation(0.25, 0.15, content=0.3), WIDEST, 1, 0, 1)
EASE = Settings(Normalisation(0, 0, 0), WIDEST, 1, 0, 1)

QUICK = 500  # users or films up to which any decomposition is quick
MANY = 4096  # films from which scoring them with all singular vectors takes long

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """The hyperparameters chosen, and tables of what was tried: values and their nDCG.

    ``settings`` and ``priors`` list the best first, each with the number of folds it was tried on,
    ``order`` and ``trends`` list the best first, too.
    ``indices`` lists what was tried on the first fold, in order of trial.
    """

    chosen: Hyperparameters
    settings: list[Row] = field(default_factory=list)
    priors: list[Row] = field(default_factory=list)
    order: list[Row] = field(default_factory=list)
    trends: list[Row] = field(default_factory=list)
    indices: list[Row] = field(default_factory=list)


def choose(
    data: Dataset,
    seed: int,
    aim: Aim = Aim.LIKED,
    fixed: Values | None = None,
    end: float = math.inf,
    most: int | None = None,
) -> Choice:
    """Choose the hyperparameters with the best mean nDCG at 10 of held-out ratings over the folds.

    1. Search from the best of the ``SHORT`` starts and from ``NORMALISED_EASE``. Tune the strength
       of ``EASE``, and search from there if it leads.
    2. Shorten the vectors as long as next to no nDCG is lost.
    3. Choose the prior's strength on shortened profiles.
    4. Choose how much the order of ratings counts, on users' last ratings in time.
    5. Choose how fast ratings age for what is trending, on the last ratings of all.
    6. Choose the smallest index that loses next to no nDCG.

    Values in ``fixed`` are kept as they are. Equal data, seed, aim and fixed values give an equal
    choice. No more than ``most`` singular vectors are used; None: as many as one machine computes.

    Raises:
        SearchTimeoutError: step 1 is not done when the monotonic clock reaches ``end``.
    """
    fixed = fixed or {}
    folds = make_folds(data, aim, seed, most)
    chosen = Hyperparameters(_start(SHORT[0], aim), seed=seed).with_values(fixed)
    if not folds:
        return Choice(chosen)
    search = Search(folds, end)
    best, short = _search(search, aim, chosen, fixed)
    chosen = replace(chosen, settings=best if "bandwidth" in fixed else search.narrow(best, short))
    table = search.table(best)
    _log.info("best of %d settings: nDCG %.4f", len(table), search.race.ndcg(best))
    priors: list[Row] = []
    order: list[Row] = []
    trends: list[Row] = []
    indices: list[Row] = []
    if "prior_strength" not in fixed:
        strength, priors = choose_prior(folds, chosen)
        chosen = replace(chosen, prior_strength=strength)
    if not {"decay", "recency"} <= fixed.keys():
        chosen, order = choose_order(data, folds[0].contents, chosen, fixed, most)
    if "half_life" not in fixed:
        chosen, trends = choose_half_life(data, aim, chosen)
    if "cells" not in fixed or "candidates" not in fixed:
        chosen, indices = choose_index(folds[0], chosen, fixed)
    return Choice(chosen, table, priors, order, trends, indices)


def _start(settings: Settings, aim: Aim) -> Settings:
    for name, value in RATINGS[aim].items():
        settings = settings.with_value(name, value)
    return settings


def _search(
    search: Search, aim: Aim, chosen: Hyperparameters, fixed: Values
) -> tuple[Settings, Settings]:
    """Return the best settings that are reached from any start, and from a short one."""

    def start(settings: Settings) -> Settings:
        return replace(chosen, settings=settings).with_values(fixed).settings

    names = [name for name in GRID if name not in fixed]
    users, films = search.race.folds[0].train.matrix.shape
    smaller, passes = min(users, films), math.inf
    # A decomposition into many vectors takes long: beyond ``QUICK`` it is made on the first fold
    # only, and for large data with one normalisation. With many films the search passes once over
    # the settings, and once more only if it leads then.
    quick, fold = names, 1 if smaller > QUICK else None
    if smaller > SMALL:
        quick = [name for name in names if not hasattr(Normalisation, name)]
    elif films >= MANY:
        passes = 1
    short = search.best([start(_start(each, aim)) for each in SHORT], folds=1)
    short = search.climb(short, names)
    bare = NORMALISED_EASE.with_value("content", 0.0)
    long = search.best([start(_start(each, aim)) for each in (NORMALISED_EASE, bare)], folds=1)
    long = search.climb(long, quick, fold, reach=1, passes=passes)
    found = search.best([short, long])
    if found == long and passes == 1:
        found = search.best([short, search.climb(long, quick, fold, reach=1, passes=1)])
    ease = search.climb(start(EASE), {"strength"} - fixed.keys())
    if search.best([found, ease]) == ease:
        ease = search.best([ease, start(_start(ease, aim))])
        found = search.climb(ease, quick, fold, reach=1, passes=passes)
    return found, short
