"""Spark against one machine: the same products, the same accuracy, the same lists."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from benchmarks import parity
from benchmarks.ml_100k import fetch
from benchmarks.parity import CHOSEN, lists, ndcg, products_apart, profiles_of, same_first
from recommender.model.artifact import Model
from tests.engines.conftest import Load
from training.choice.metrics import Profiles
from training.data.dataset import Dataset
from training.data.read import read
from training.engines.learning import fit as fit_on_spark
from training.model.fit import fit


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


def users(model: Model, pair: Pair) -> Profiles:
    return profiles_of(model, pair.train, pair.test)


def test_the_filtered_products_are_the_same(pair: Pair) -> None:
    assert products_apart(pair.ours, pair.expected) < parity.PRODUCTS


def test_the_distance_of_products_is_that_of_whole_matrices(pair: Pair) -> None:
    changed = replace(pair.ours, vectors=pair.ours.vectors[:, :9])
    ours, expected = parity.by_film(changed), parity.by_film(pair.expected)
    products = expected @ expected.T
    apart = np.linalg.norm(ours @ ours.T - products) / np.linalg.norm(products)
    assert apart > parity.PRODUCTS
    assert products_apart(changed, pair.expected) == pytest.approx(apart)


def test_the_accuracy_is_the_same(pair: Pair) -> None:
    for recency in (0.0, CHOSEN.recency):
        expected = ndcg(pair.expected, users(pair.expected, pair), recency)
        assert expected > 0.2
        found = ndcg(pair.ours, users(pair.ours, pair), recency)
        assert found == pytest.approx(expected, abs=parity.NDCG)


def test_the_first_five_films_are_the_same(pair: Pair) -> None:
    """Without recency: ratings of one second are in random order, which differs between engines."""
    ours, expected = (lists(model, users(model, pair), 0.0) for model in (pair.ours, pair.expected))
    assert len(ours) > 900
    assert same_first(ours, expected) >= parity.SAME


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
