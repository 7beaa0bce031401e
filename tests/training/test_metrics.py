"""Our metrics equal those of the ``recommenders`` package on the same lists."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from recommenders.datasets.python_splitters import python_stratified_split
from recommenders.evaluation import python_evaluation as reference
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from training.choice.metrics import score_lists
from training.data.splits import split_by_film
from training.evaluation.lists import best_films

USERS, FILMS = 60, 40
COLUMNS = {"col_user": "user", "col_item": "film", "col_prediction": "score"}

Rows = NDArray[np.int64]


@pytest.fixture(scope="module", params=[10_000, 4], ids=["distinct scores", "ties"])
def scores(request: pytest.FixtureRequest) -> NDArray[np.float64]:
    """Random scores (u, n) with a given number of distinct values."""
    random = np.random.default_rng(5)
    return random.integers(0, request.param, (USERS, FILMS)).astype(float)


@pytest.fixture(scope="module")
def relevant() -> list[Rows]:
    """Between one and forty films for each user."""
    random = np.random.default_rng(6)
    sizes = random.integers(1, FILMS, USERS)
    sizes[:2] = 1, FILMS
    return [np.sort(random.choice(FILMS, size, replace=False)) for size in sizes]


def as_frame(lists: list[Rows]) -> pd.DataFrame:
    """One row for each place in a list; the score falls from place to place."""
    return pd.DataFrame(
        [
            (u, int(f), -float(rank))
            for u, films in enumerate(lists)
            for rank, f in enumerate(films)
        ],
        columns=["user", "film", "score"],
    ).assign(rating=1.0)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("ndcg", reference.ndcg_at_k),
        ("map", reference.map),
        ("precision", reference.precision_at_k),
        ("recall", reference.recall_at_k),
    ],
)
def test_metrics_equal_those_of_recommenders(
    scores: NDArray[np.float64], relevant: list[Rows], ours: str, theirs: object
) -> None:
    lists = best_films(scores, [np.empty(0, np.int64)] * USERS)
    assert callable(theirs)
    expected = theirs(
        as_frame(relevant).drop(columns="score"), as_frame(lists), k=10, relevancy_method="top_k",
        **COLUMNS,
    )  # fmt: skip
    assert score_lists(lists, relevant)[ours].mean() == pytest.approx(expected, abs=1e-12)


def test_equal_scores_are_ordered_by_id() -> None:
    scores = np.array([[1.0, 2.0, 2.0, 1.0, 2.0]])
    assert best_films(scores, [np.array([2])])[0].tolist() == [1, 4, 0, 3]


def test_metrics_of_a_single_hit() -> None:
    """One relevant film at place four: each metric by hand and by scikit-learn."""
    lists, relevant = [np.arange(10)], [np.array([3])]
    found = {name: values[0] for name, values in score_lists(lists, relevant).items()}
    assert found["precision"] == 0.1
    assert found["recall"] == found["hit_rate"] == 1
    assert found["mrr"] == found["map"] == 0.25
    truth, falling = np.eye(1, 10, 3), -np.arange(10.0)[None]
    assert found["ndcg"] == pytest.approx(ndcg_score(truth, falling, k=10))
    assert found["map"] == label_ranking_average_precision_score(truth, falling)


def test_the_split_equals_that_of_recommenders() -> None:
    random = np.random.default_rng(1)
    pairs = np.argwhere(random.random((50, 30)) < 0.4)
    ratings = pd.DataFrame(pairs, columns=["user", "film"]).assign(avaliacao=3.0)
    train, test = split_by_film(ratings, 42)
    theirs = python_stratified_split(
        ratings,
        ratio=0.75,
        min_rating=1,
        filter_by="item",
        col_user="user",
        col_item="film",
        seed=42,
    )
    for ours, their in zip((train, test), theirs, strict=True):
        assert set(map(tuple, ours[["user", "film"]].to_numpy())) == set(
            map(tuple, their[["user", "film"]].to_numpy())
        )
