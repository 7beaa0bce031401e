"""Spark against one machine: the same products, the same accuracy, the same lists."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.ml_100k import fetch
from recommender.model.artifact import Model
from training.choice.aim import Aim
from training.choice.choose import RATINGS, SHORT
from training.choice.learned import Sampled
from training.choice.limits import HYPERPARAMETERS
from training.choice.metrics import make_profiles, rank_all
from training.data.dataset import Dataset
from training.data.read import read
from training.data.splits import BY_FILM
from training.engines.parts import Parts
from training.engines.spark import draw
from training.evaluation.judge import Judge
from training.evaluation.report import render
from training.evaluation.sampled import compare_sampled
from training.evaluation.variety import Variety
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters

CHOSEN = Hyperparameters(SHORT[0], decay=5.0, recency=0.3, seed=1).with_values(RATINGS[Aim.LIKED])
FIXED = {"candidates": 400, "cells": 20} | {
    name: value
    for name, value in CHOSEN.as_dict().items()
    if name in HYPERPARAMETERS and value is not None
}


@dataclass
class Pair:
    """The same data and settings on Spark and on one machine."""

    found: Sampled
    expected: Model

    @property
    def ours(self) -> Model:
        return self.found.model

    @property
    def train(self) -> Dataset:
        return self.found.train

    @property
    def test(self) -> Dataset:
        return self.found.test


@pytest.fixture(scope="module")
def pair(ml_100k: Parts) -> Pair:
    expected = read(fetch())
    assert ml_100k.gather(1, 1).digest == expected.digest
    found = draw(ml_100k, 1, Aim.LIKED, FIXED)
    assert len(found.train.ratings) + len(found.test.ratings) == len(expected.ratings)
    return Pair(found, fit(found.train, found.choice.chosen))


def by_film(model: Model) -> NDArray[np.float64]:
    """The vectors in order of film."""
    return model.vectors[model.rows_by_id].astype(np.float64)


def lists(model: Model, pair: Pair, recency: float) -> list[list[int]]:
    """The films of every user's list, as ids."""
    profiles = make_profiles(model, pair.train.ratings, pair.test.ratings)
    return [model.film_ids[rows].tolist() for rows in rank_all(model, profiles, recency=recency)]


def test_the_filtered_products_are_the_same(pair: Pair) -> None:
    ours, expected = by_film(pair.ours), by_film(pair.expected)
    products = expected @ expected.T
    assert np.linalg.norm(ours @ ours.T - products) < 1e-3 * np.linalg.norm(products)


def test_the_accuracy_is_the_same(pair: Pair) -> None:
    """In the tables that are printed."""
    found = compare_sampled(pair.found, 1)
    judge = Judge(pair.train, pair.test, Variety(pair.train))
    profiles = make_profiles(pair.expected, pair.train.ratings, pair.test.ratings)
    expected = judge.measure_ours(pair.expected, profiles, BY_FILM)
    rows = found["protocols"][0]["rows"]
    names = ["padrao", "grupo", "populares", "em_alta", "padrao, recencia 0.3"]
    assert [row["name"] for row in rows] == [row["name"] for row in expected] == names
    for ours, theirs in zip(rows, expected, strict=True):
        ahead = theirs["metrics"]["ndcg"]["mean"]
        assert ours["metrics"]["ndcg"]["mean"] == pytest.approx(ahead, abs=0.001)
        assert ours["metrics"]["novelty"]["mean"] == pytest.approx(
            theirs["metrics"]["novelty"]["mean"], abs=0.05
        )
    assert rows[0]["metrics"]["ndcg"]["mean"] > 1.5 * rows[2]["metrics"]["ndcg"]["mean"]
    text = render(found)
    assert all(f"| {name} |" in text.replace("**", "") for name in names)
    assert "- EASE: needs all ratings on one machine" in text


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
