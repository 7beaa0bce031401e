"""What share of the films serving scores, and what leaving out the others costs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import Model
from recommender.model.profile import Profile
from recommender.model.ranking import rank
from training.choice.metrics import CUTOFF, METRICS, Profiles, rank_all, score_lists


@dataclass
class Counted:
    """Stands in for film vectors and counts how many of them a ranking scores."""

    vectors: NDArray[np.float32]
    taken: int = 0

    def __getitem__(self, rows: Any) -> Any:
        """Return some vectors without counting them: these are not scored."""
        return self.vectors[rows]

    def take(self, rows: Any, axis: int) -> Any:
        """Return some vectors."""
        self.taken += len(rows)
        return self.vectors.take(rows, axis)


def share_scored(
    model: Model, profiles: Sequence[Profile], recency: float | None = None, limit: int = CUTOFF
) -> float:
    """Return the mean share of films that serving scores for a profile."""
    counted = Counted(model.vectors)
    watched = replace(model, vectors=cast(Any, counted))
    for profile in profiles:
        rank(watched, profile, limit=limit, include_rated=False, recency=recency)
    folded_in = sum(len(profile.rows) for profile in profiles)
    return (counted.taken - folded_in) / len(profiles) / len(model.film_ids)


def measure_index(model: Model, profiles: Profiles, recency: float) -> dict[str, float]:
    """Return the share of films that serving scores, and the loss of nDCG against scoring all."""
    whole = replace(model, candidates=len(model.film_ids))
    served, exact = (rank_all(each, profiles, recency=recency) for each in (model, whole))
    ndcgs = [
        float(score_lists(lists, profiles.relevant)[METRICS[0]].mean()) for lists in (served, exact)
    ]
    return {
        "cells": len(model.cell_centers),
        "candidates": model.candidates,
        "share_scored": round(share_scored(model, profiles.known, recency), 6),
        "exact_ndcg": round(ndcgs[1], 6),
        "loss": round(1 - ndcgs[0] / ndcgs[1], 6) if ndcgs[1] else 0.0,
    }
