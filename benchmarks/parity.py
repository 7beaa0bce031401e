"""Two models of the same ratings, compared: that of Spark and that of one machine."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import Model
from training.choice.aim import Aim
from training.choice.choose import RATINGS, SHORT
from training.choice.metrics import Profiles, make_profiles, rank_all, score_lists
from training.data.dataset import Dataset
from training.model.hyperparameters import Hyperparameters

CHOSEN = Hyperparameters(SHORT[0], decay=5.0, recency=0.3, seed=1).with_values(RATINGS[Aim.LIKED])
PRODUCTS, NDCG, SAME = 1e-3, 0.001, 0.99  # what two engines may differ by, and lists agree in
FIRST = 5  # films of a list


def by_film(model: Model) -> NDArray[np.float64]:
    """Return the vectors (n, d) in order of film."""
    return model.vectors[model.rows_by_id].astype(np.float64)


def products_apart(ours: Model, expected: Model) -> float:
    """Return the relative distance (Frobenius) of the products of all pairs of film vectors.

    Only d × d numbers are needed: |AAᵀ - BBᵀ|² = |AᵀA|² - 2 |AᵀB|² + |BᵀB|².
    """
    a, b = by_film(ours), by_film(expected)
    own, across, other = (float(np.sum((x.T @ y) ** 2)) for x, y in ((a, a), (a, b), (b, b)))
    return float(np.sqrt(max(own - 2 * across + other, 0.0) / other))


def profiles_of(model: Model, train: Dataset, test: Dataset) -> Profiles:
    """Return the users of a test part in rows of a model."""
    return make_profiles(model, train.ratings, test.ratings)


def lists(model: Model, profiles: Profiles, recency: float) -> list[list[int]]:
    """Return the films of every user's list, as ids."""
    return [model.film_ids[rows].tolist() for rows in rank_all(model, profiles, recency=recency)]


def ndcg(model: Model, profiles: Profiles, recency: float) -> float:
    """Return the mean nDCG at 10 over the users."""
    found = score_lists(rank_all(model, profiles, recency=recency), profiles.relevant)
    return float(found["ndcg"].mean())


def same_first(ours: Sequence[list[int]], expected: Sequence[list[int]]) -> float:
    """Return the share of users whose lists begin with the same films in the same order."""
    pairs = zip(ours, expected, strict=True)
    return float(np.mean([a[:FIRST] == b[:FIRST] for a, b in pairs]))
