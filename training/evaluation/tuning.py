"""Choosing the settings of each baseline, on the same folds as ours."""

import time
from dataclasses import dataclass, fields
from importlib.util import find_spec
from typing import Any

import numpy as np

from training.choice.folds import BLOCK, Fold, user_ndcgs
from training.data.progress import progress
from training.evaluation import lenskit
from training.evaluation.baselines import (
    Baseline,
    Ease,
    FilmNeighbours,
    Groups,
    UserNeighbours,
)
from training.evaluation.factors import Als, Bpr
from training.evaluation.lenskit import LensKitAls

RIDGES = (1, 3, 10, 30, 100, 200, 300, 400, 600, 1000, 2000, 4000, 8000)
DENSE = 12_000  # films or users at most, if a baseline keeps all pairs in memory


@dataclass(frozen=True)
class Tuned:
    """The best candidate of a baseline, the number of candidates, and its nDCG on the folds."""

    best: Baseline
    tried: int
    ndcg: float
    seconds: float


def candidates(
    users: int, films: int, seed: int, liked_from: float | None = None
) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """Return the candidates of each baseline by name, and why other baselines are left out.

    With ``liked_from``, EASE is also tried on the ratings that are no lower.
    """
    reaches = (10, 20, 40, 80, 160, 320)
    found: dict[str, list[Any]] = {
        "user groups (the original)": [Groups(k, seed) for k in (2, 5, 10, 20, 40)],
        "user k-NN": [UserNeighbours(k, tfidf) for k in reaches for tfidf in (False, True)],
        "item k-NN": [FilmNeighbours(k, tfidf) for k in reaches for tfidf in (False, True)],
        "EASE": [Ease(x) for x in RIDGES],
        "ALS": [Als(f, a, seed) for f in (8, 16, 32, 64) for a in (1.0, 2.0, 5.0)],
        "BPR": [Bpr(f, p, seed) for f in (16, 32, 64) for p in (25, 40, 60, 80)],
        "LensKit ALS": [LensKitAls(f, w, seed) for f in (8, 16, 32) for w in (0.5, 1.0, 3.0)],
    }
    if liked_from is not None:
        found["EASE on liked ratings"] = [Ease(x, liked_from) for x in RIDGES]
    reasons: dict[str, str] = {}
    if not lenskit.PYTHON.exists():
        reasons["LensKit ALS"] = "its environment is missing: run make lenskit"
    if find_spec("implicit") is None:
        reasons |= dict.fromkeys(("ALS", "BPR"), "the package implicit is not installed")
    if users > DENSE:
        reasons["user k-NN"] = f"{users} users, limit {DENSE}"
    if films > DENSE:
        reasons["item k-NN"] = f"{films} films, limit {DENSE}"
    if min(users, films) > DENSE:
        told = f"{users} users and {films} films, limit {DENSE} of either"
        reasons |= dict.fromkeys(("EASE", "EASE on liked ratings"), told)
    return {name: tried for name, tried in found.items() if name not in reasons}, reasons


def tune(tried: list[Any], folds: list[Fold]) -> Tuned:
    """Return the candidate with the best mean nDCG at 10 over the users of all folds."""
    started = time.perf_counter()
    best, ndcg = tried[0], 0.0
    if len(tried) > 1 and folds:  # otherwise nothing can be compared
        with progress("tuning", " settings", len(tried)) as bar:
            for candidate in tried:
                reached = float(np.concatenate([_judge(candidate, fold) for fold in folds]).mean())
                bar.update()
                if reached > ndcg:
                    best, ndcg = candidate, reached
    return Tuned(best, len(tried), ndcg, time.perf_counter() - started)


def settings(baseline: Baseline) -> dict[str, Any]:
    """Return the settings of a baseline."""
    names = [field.name for field in fields(baseline)]  # type: ignore[arg-type]
    return {name: getattr(baseline, name) for name in names if name != "seed"}


def _judge(baseline: Baseline, fold: Fold) -> np.ndarray[Any, Any]:
    baseline.fit(fold.train.matrix)
    found = []
    for start in range(0, len(fold.users), BLOCK):
        block = slice(start, start + BLOCK)
        known = fold.known[block]
        scores = baseline.scores(known, fold.users[block])
        found.append(user_ndcgs(scores, known, fold.gains[block]))
    return np.concatenate(found)
