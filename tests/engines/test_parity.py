"""Spark against one machine: the same products, the same accuracy, the same lists."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.ml_100k import fetch
from recommender.model.artifact import Model
from tests.engines.conftest import Load
from training.choice.aim import Aim
from training.choice.choose import RATINGS, SHORT
from training.choice.metrics import make_profiles, rank_all, score_lists
from training.data.dataset import Dataset
from training.data.read import read
from training.engines.learning import fit as fit_on_spark
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters

CHOSEN = Hyperparameters(SHORT[0], decay=5.0, recency=0.3, seed=1).with_values(RATINGS[Aim.LIKED])


@dataclass
class Pair:
    """The same data and settings on Spark and on one machine."""

    train: Dataset
    test: Dataset
    ours: Model
    expected: Model


@pytest.fixture(scope="module")
def pair(load_parts: Load) -> Pair:
    parts = load_parts(fetch(), 2)
    whole, expected = parts.gather(1, 1), read(fetch())
    assert whole.digest == expected.digest
    train, test = (parts.view(held_out).gather(1, 1) for held_out in (False, True))
    assert len(train.ratings) + len(test.ratings) == len(expected.ratings)
    ours, _ = fit_on_spark(parts.view(held_out=False), train, CHOSEN)
    return Pair(train, test, ours, fit(train, CHOSEN))


def by_film(model: Model) -> NDArray[np.float64]:
    """The vectors in order of film."""
    return model.vectors[model.rows_by_id].astype(np.float64)


def lists(model: Model, pair: Pair, recency: float) -> list[list[int]]:
    """The films of every user's list, as ids."""
    profiles = make_profiles(model, pair.train.ratings, pair.test.ratings)
    return [model.film_ids[rows].tolist() for rows in rank_all(model, profiles, recency=recency)]


def ndcg(model: Model, pair: Pair, recency: float) -> float:
    profiles = make_profiles(model, pair.train.ratings, pair.test.ratings)
    found = score_lists(rank_all(model, profiles, recency=recency), profiles.relevant)
    return float(found["ndcg"].mean())


def test_the_filtered_products_are_the_same(pair: Pair) -> None:
    ours, expected = by_film(pair.ours), by_film(pair.expected)
    products = expected @ expected.T
    assert np.linalg.norm(ours @ ours.T - products) < 1e-3 * np.linalg.norm(products)


def test_the_accuracy_is_the_same(pair: Pair) -> None:
    for recency in (0.0, CHOSEN.recency):
        expected = ndcg(pair.expected, pair, recency)
        assert expected > 0.2
        assert ndcg(pair.ours, pair, recency) == pytest.approx(expected, abs=0.001)


def test_the_first_five_films_are_the_same(pair: Pair) -> None:
    """Without recency: ratings of one second are in random order, which differs between engines."""
    ours, expected = (lists(model, pair, 0.0) for model in (pair.ours, pair.expected))
    same = [a[:5] == b[:5] for a, b in zip(ours, expected, strict=True)]
    assert len(same) > 900
    assert np.mean(same) >= 0.99


def test_what_is_popular_and_trending_is_the_same(pair: Pair) -> None:
    for name in ("popularity", "trend"):
        ours, expected = (
            getattr(model, name)[model.rows_by_id] for model in (pair.ours, pair.expected)
        )
        assert ours == pytest.approx(expected, rel=1e-5)


def test_the_groups_are_the_same_where_all_users_are_in_the_sample(pair: Pair) -> None:
    ours, expected = (
        model.group_centers[:, model.rows_by_id] for model in (pair.ours, pair.expected)
    )
    assert ours == pytest.approx(expected, abs=1e-4)
