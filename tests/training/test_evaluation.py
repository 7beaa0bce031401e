"""Accuracy: splits and metrics against independent implementations."""

import hashlib
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import ndcg_score

from recommender.model.ranking import Strategy
from tests.movielens_100k import ml_100k
from tests.training.small_data import as_data, block_ratings, random_ratings
from training import build
from training.choice.choose import choose
from training.choice.metrics import (
    CUTOFF,
    METRICS,
    make_profiles,
    rank_all,
    score_lists,
    summarise,
)
from training.data.dataset import Dataset
from training.data.splits import BY_FILM, split_by_film
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters, Settings

# SHA-256 of the positions (int64, little endian) of the held-out ratings, in the order returned by
# python_stratified_split(ratio=0.75, filter_by="item", seed=42) of the recommenders package 1.2.1
# for the ratings of ML-100K in published order.
SPLIT_OF_100K = "f8a9619c062f9932676b81c9fa4a11888b82d3312ba17c094ce4b8dd695b9619"

Lists = list[NDArray[np.int32]]


def restated_split(films: list[int], seed: int) -> tuple[list[int], list[int]]:
    """The split in plain Python: each film keeps the 75% of its ratings with the lowest numbers."""
    numbers = np.random.RandomState(seed).rand(len(films)).tolist()
    train, test = [], []
    for film in sorted(set(films)):
        places = [place for place, of in enumerate(films) if of == film]
        places.sort(key=lambda place: numbers[place])
        kept = round(0.75 * len(places))
        train += places[:kept]
        test += places[kept:]
    return train, test


@pytest.mark.parametrize("seed", [0, 7, 42])
@pytest.mark.parametrize("count", [1, 2, 3, 10, 500])
def test_the_split_equals_the_plain_one(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    films = random.integers(0, max(1, count // 6), count).tolist()
    ratings = pd.DataFrame({"user": range(count), "film": films, "avaliacao": 3.0})
    train, test = split_by_film(ratings, seed)
    assert (train.index.tolist(), test.index.tolist()) == restated_split(films, seed)
    assert train.columns.tolist() == ["user", "film", "avaliacao"]


def test_the_split_of_ml_100k_equals_that_of_recommenders() -> None:
    train, test = split_by_film(ml_100k().ratings, 42)
    assert (len(train), len(test)) == (75_066, 24_934)
    positions = test.index.to_numpy().astype("<i8").tobytes()
    assert hashlib.sha256(positions).hexdigest() == SPLIT_OF_100K


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 1000), st.floats(0, 1))
def test_the_parts_are_disjoint_and_complete(
    users: int, films: int, seed: int, share: float
) -> None:
    data = as_data(random_ratings(users, films, share, seed))
    train, test = BY_FILM.parts(data, seed)
    for part in (train, test):
        assert part.users is data.users
        assert part.films is data.films
    both = (train.matrix != 0).astype(int) + (test.matrix != 0).astype(int)
    assert both.nnz == 0 or both.max() == 1
    assert (train.matrix + test.matrix != data.matrix).nnz == 0
    assert len(train.ratings) + len(test.ratings) == len(data.ratings)
    assert set(train.ratings["film"]) == set(data.ratings["film"])  # every film keeps a rating


def restated_metrics(films: list[int], wanted: set[int]) -> dict[str, float]:
    """The metrics of one list, by their definitions."""
    hits = [film in wanted for film in films]
    gain = sum(1 / math.log2(place + 2) for place, hit in enumerate(hits) if hit)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(10, len(wanted))))
    precisions = [sum(hits[: place + 1]) / (place + 1) for place, hit in enumerate(hits) if hit]
    return {
        "ndcg": gain / ideal,
        "map": sum(precisions) / len(wanted),
        "precision": sum(hits) / 10,
        "recall": sum(hits) / len(wanted),
        "hit_rate": float(any(hits)),
        "mrr": 1 / (hits.index(True) + 1) if any(hits) else 0.0,
    }


def score(films: list[int], wanted: list[int]) -> dict[str, float]:
    found = score_lists([np.array(films, np.int32)], [np.array(wanted, np.int32)])
    assert set(found) == set(METRICS)
    return {name: float(values[0]) for name, values in found.items()}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(0, 20), max_size=10, unique=True),
    st.lists(st.integers(0, 20), min_size=1, unique=True),
)
def test_metrics_are_as_defined(films: list[int], wanted: list[int]) -> None:
    assert score(films, wanted) == pytest.approx(restated_metrics(films, set(wanted)))


@pytest.mark.parametrize("relevant", [1, 4, 10, 25])
@pytest.mark.parametrize("seed", range(5))
def test_ndcg_equals_that_of_scikit_learn(relevant: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    order = random.permutation(40).astype(np.int32)
    wanted = random.choice(40, relevant, replace=False)
    truth = np.isin(np.arange(40), wanted).astype(float)
    values = np.empty(40)
    values[order] = -np.arange(40.0)
    expected = ndcg_score(truth[None], values[None], k=10)
    assert score(order[:10].tolist(), wanted.tolist())["ndcg"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("films", "wanted", "expected"),
    [
        ([*range(10)], [*range(10)], (1, 1, 1, 1, 1, 1)),
        ([*range(10)], [*range(20)], (1, 0.5, 1, 0.5, 1, 1)),
        ([*range(10)], [11, 12], (0, 0, 0, 0, 0, 0)),
        ([], [11, 12], (0, 0, 0, 0, 0, 0)),
        ([5], [5], (1, 1, 0.1, 1, 1, 1)),
        ([4, 5], [5], (1 / math.log2(3), 0.5, 0.1, 1, 1, 0.5)),
    ],
)
def test_metrics_of_simple_cases(
    films: list[int], wanted: list[int], expected: tuple[float, ...]
) -> None:
    assert tuple(score(films, wanted).values()) == pytest.approx(expected)


def test_the_margin_is_196_standard_errors() -> None:
    found = summarise({"ndcg": np.array([0.0, 1.0]), "map": np.full(5, 0.25)})
    assert found["ndcg"] == {"mean": 0.5, "margin": 0.98}
    assert found["map"] == {"mean": 0.25, "margin": 0.0}


def test_the_interval_covers_the_mean_in_95_percent_of_samples() -> None:
    random = np.random.default_rng(0)
    held = []
    for _ in range(400):
        found = summarise({"x": random.beta(2, 5, 200)})["x"]
        assert found["mean"] is not None
        assert found["margin"] is not None
        held.append(abs(found["mean"] - 2 / 7) <= found["margin"])
    assert 0.92 < np.mean(held) < 0.98


def test_a_single_user_has_no_margin() -> None:
    assert summarise({"ndcg": np.array([0.4])}) == {"ndcg": {"mean": 0.4, "margin": None}}


def pairs(ratings: pd.DataFrame) -> set[tuple[int, int]]:
    return set(zip(ratings["user"], ratings["film"], strict=True))


def test_profiles_know_train_ratings_and_want_test_films() -> None:
    data = as_data(random_ratings(30, 40))
    train, test = BY_FILM.parts(data, 1)
    model = fit(train, Hyperparameters())
    profiles = make_profiles(model, train.ratings, test.ratings)
    assert profiles.users.tolist() == sorted(set(test.ratings["user"]))
    film_of = model.film_ids - 1
    known = {
        (user, film_of[row])
        for user, profile in zip(profiles.users, profiles.known, strict=True)
        for row in profile.rows
    }
    relevant = {
        (user, film_of[row])
        for user, rows in zip(profiles.users, profiles.relevant, strict=True)
        for row in rows
    }
    assert relevant == pairs(test.ratings)
    assert known == {pair for pair in pairs(train.ratings) if pair[0] in profiles.users}
    for user, profile in zip(profiles.users, profiles.known, strict=True):
        given_ratings = train.matrix[user].toarray()[0]
        assert np.array_equal(given_ratings[film_of[profile.rows]], profile.ratings)


def test_a_user_without_train_ratings_has_an_empty_profile() -> None:
    data = as_data(random_ratings(20, 20))
    first = data.ratings["user"] == 0
    train, test = (data.with_ratings(data.ratings[part]) for part in (~first, first))
    model = fit(train, Hyperparameters())
    profiles = make_profiles(model, train.ratings, test.ratings)
    assert [len(profile.rows) for profile in profiles.known] == [0]
    (found,) = rank_all(model, profiles, Strategy.MODEL)
    assert found.tolist() == model.popular_rows[:CUTOFF].tolist()


@pytest.mark.parametrize("strategy", Strategy)
def test_lists_leave_out_rated_films_while_others_remain(strategy: Strategy) -> None:
    train, test = BY_FILM.parts(as_data(random_ratings(30, 60)), 1)
    model = fit(train, Hyperparameters())
    profiles = make_profiles(model, train.ratings, test.ratings)
    lists = rank_all(model, profiles, strategy)
    assert len(lists) == len(profiles.users)
    for rows, profile in zip(lists, profiles.known, strict=True):
        assert len(rows) == CUTOFF == len(set(rows.tolist()))
        assert not np.isin(rows, profile.rows).any()


def test_the_model_beats_popularity_where_tastes_differ() -> None:
    train, test = BY_FILM.parts(as_data(block_ratings()), 42)
    model = fit(train, Hyperparameters(Settings(bandwidth=4)))
    profiles = make_profiles(model, train.ratings, test.ratings)
    found = [
        score_lists(rank_all(model, profiles, strategy), profiles.relevant)["ndcg"].mean()
        for strategy in (Strategy.POPULAR, Strategy.GROUP, Strategy.MODEL)
    ]
    assert found[0] < 0.2
    assert all(worse < better for worse, better in pairwise(found))
    assert found[2] > 0.6


def test_held_out_ratings_are_only_used_to_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Choice and fit get the train part; the test part goes only to the metrics."""
    data = as_data(random_ratings(20, 16))
    train, test = BY_FILM.parts(data, 5)
    seen: list[Dataset] = []

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(given: Dataset, *rest: Any) -> Any:
            seen.append(given)
            return function(given, *rest)

        return call

    monkeypatch.setattr(build, "choose", watched(choose))
    monkeypatch.setattr(build, "fit", watched(fit))
    evaluation = build.evaluate(data, 5)
    assert len(seen) == 2
    for given_data in seen:
        assert pairs(given_data.ratings) == pairs(train.ratings)
    assert evaluation.users == test.ratings["user"].nunique()
