"""Comparing candidates fold by fold, dropping those that fall behind."""

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.choice.folds import Fold

ROUNDING = 1e-9  # nDCG: a smaller gain comes from rounding

Candidate = TypeVar("Candidate")


class Race(Generic[Candidate]):
    """A paired comparison: candidates are measured on the same users of the same folds.

    Args:
        folds: the folds, in the order in which candidates meet them.
        ndcgs: the nDCG of each of a fold's users (u,) with a candidate.
    """

    def __init__(
        self, folds: list[Fold], ndcgs: Callable[[Fold, Candidate], NDArray[np.float64]]
    ) -> None:
        self.folds = folds
        self.ndcgs = ndcgs
        self.tried: dict[Candidate, list[NDArray[np.float64]]] = {}  # one array for each fold

    def judge(self, candidate: Candidate, folds: int) -> NDArray[np.float64]:
        """Return the nDCG of the users of the first ``folds`` folds (u,)."""
        judged = self.tried.setdefault(candidate, [])
        judged += [self.ndcgs(fold, candidate) for fold in self.folds[len(judged) : folds]]
        return np.concatenate(judged[:folds])

    def ndcg(self, candidate: Candidate) -> float:
        """Return the mean nDCG over the users of all folds."""
        return float(self.judge(candidate, len(self.folds)).mean())

    def beats(
        self, other: Candidate, best: Candidate, most: int | None = None, errors: float = 0.0
    ) -> bool:
        """Return whether ``other`` has the higher nDCG, on all folds or on the first ``most``.

        Its gain has to exceed so many standard ``errors`` of the users' differences. The comparison
        stops at a fold after which ``other`` is behind.
        """
        leads = False
        for folds in range(1, (most or len(self.folds)) + 1):
            gains = self.judge(other, folds) - self.judge(best, folds)
            leads = bool(gains.mean() > ROUNDING + errors * gains.std() / np.sqrt(len(gains)))
            if gains.mean() < 0:
                break
        return leads

    def standings(self, best: Candidate) -> list[tuple[Candidate, float, int]]:
        """Return each candidate with its nDCG and its number of folds, best first.

        Some folds are harder than others. A candidate that was not tried on all of them is
        therefore compared with the best on the folds it shares: its nDCG here is the best's on all
        folds plus the mean difference on the shared ones.
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
