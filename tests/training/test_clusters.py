"""KMeans over users equals the original algorithm; KMeans over films makes usable cells."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from recommender.model.profile import make_profile, user_group
from recommender.model.ranking import Strategy, rank
from tests.training.small_data import CASE, Matrix, as_data, block_ratings, random_ratings
from training.choice.choose import SHORT
from training.data.dataset import Dataset
from training.data.read import read
from training.model.clusters import FilmCells, TasteGroups, shelve
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters, Settings


def original(dense: Matrix) -> tuple[StandardScaler, KMeans]:
    """The original algorithm on a dense users × films matrix with 0 for missing."""
    scaler = StandardScaler().fit(dense)
    kmeans = KMeans(min(5, len(dense)), n_init=10, random_state=42)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans.fit(scaler.transform(dense))
    return scaler, kmeans


def sparse_data(seed: int = 0) -> Matrix:
    return random_ratings(60, 40, share=0.1, seed=seed)


def constant_films(rating: float, users: int = 40) -> Matrix:
    """One film with equal ratings, one with only zeros, one rated 0 by half of the users."""
    ratings = random_ratings(users, 12, share=0.5)
    ratings[:, 3] = rating
    ratings[:, 5] = 0
    ratings[: users // 2, 7], ratings[users // 2 :, 7] = 0, np.nan
    return ratings


def unrated_films() -> Matrix:
    ratings = random_ratings(30, 20)
    ratings[:, [0, 7, 19]] = np.nan
    return ratings


def silent_users() -> Matrix:
    ratings = random_ratings(30, 20)
    ratings[[0, 12, 29]] = np.nan
    return ratings


CASES = {
    **{f"sparse {seed}": sparse_data(seed) for seed in range(4)},
    "dense": random_ratings(30, 20, share=1.0),
    "wide": random_ratings(12, 200, share=0.2),
    "blocks": block_ratings(5),
    **{f"constant {rating}": constant_films(rating) for rating in (0.5, 3.7, 5.0)},
    "unrated films": unrated_films(),
    "silent users": silent_users(),
    "two users": random_ratings(2, 9),
    "one user": random_ratings(1, 9, share=1.0),
    "one film": random_ratings(20, 1, share=1.0),
    "twins": np.repeat(random_ratings(8, 20), 3, axis=0),
    "fewer tastes than groups": np.repeat(random_ratings(3, 9), 4, axis=0),
    "all alike": np.full((8, 8), 4.0),
}


@pytest.fixture(params=[*CASES])
def data(request: pytest.FixtureRequest) -> Dataset:
    return as_data(CASES[request.param])


def test_taste_groups_equal_the_original_ones(data: Dataset) -> None:
    scaler, kmeans = original(data.matrix.toarray())
    groups = TasteGroups().fit(data.matrix)
    assert np.allclose(groups.scale_, scaler.scale_)
    assert np.allclose(groups.shift_, scaler.mean_ / scaler.scale_)
    assert np.allclose(groups.centers_, kmeans.cluster_centers_, atol=1e-8)


def test_a_film_with_thousands_of_equal_ratings_has_scale_one() -> None:
    ratings = as_data(constant_films(3.7, users=5000)[:, [0, 3, 5, 7]]).matrix
    expected = StandardScaler().fit(ratings.toarray()).scale_
    assert expected[1] == 1
    assert np.allclose(TasteGroups(1).fit(ratings).scale_, expected)


def test_every_user_is_served_the_original_group(data: Dataset) -> None:
    _, kmeans = original(data.matrix.toarray())
    model = fit(data, Hyperparameters(Settings(bandwidth=2)))
    order = model.film_ids - 1
    for user, label in enumerate(kmeans.labels_[:100]):
        rated = data.matrix[user]
        ratings = [(f + 1, r) for f, r in zip(rated.indices, rated.data, strict=True)]
        found = model.group_centers[user_group(model, make_profile(model, ratings))]
        assert np.allclose(found, kmeans.cluster_centers_[label][order], atol=1e-5)


def test_no_cell_is_empty() -> None:
    """Fewer directions than cells: most films have no ratings, and a genre to be raised in."""
    films = 400
    ratings = np.full((12, films), np.nan)
    ratings[:, :6] = np.random.RandomState(0).randint(1, 6, (12, 6))
    ratings[0, :6] = 5
    model = fit(as_data(ratings), Hyperparameters(SHORT[0]))
    assert (np.diff(model.cell_starts) > 0).all()
    assert len(model.cell_centers) == len(model.cell_labels)
    found = rank(model, make_profile(model, [(1, 5.0), (4, 5.0)]), limit=100)
    assert len({*found.rows.tolist()}) == 100


def test_the_original_case_gives_the_original_lists() -> None:
    data = read(CASE)
    dense = data.matrix.toarray()
    _, kmeans = original(dense)
    model = fit(data, Hyperparameters())
    for user, label in enumerate(kmeans.labels_):
        profile = make_profile(model, [(film + 1, r) for film, r in enumerate(dense[user])])
        found = model.film_ids[rank(model, profile, Strategy.GROUP).rows] - 1
        centre = kmeans.cluster_centers_[label]
        assert np.allclose(centre[found], np.sort(centre)[::-1][:5], atol=1e-6)


@pytest.mark.parametrize(("groups", "expected"), [(1, 1), (3, 3), (100, 30)])
def test_there_are_no_more_groups_than_users(groups: int, expected: int) -> None:
    data = as_data(random_ratings(30, 20))
    assert TasteGroups(groups).fit(data.matrix).centers_.shape == (expected, 20)


def partition(labels: NDArray[np.int32]) -> set[frozenset[int]]:
    """The sets of films that share a cell, without the numbers of the cells."""
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in labels}


def test_cells_find_the_clusters_of_films() -> None:
    random = np.random.default_rng(0)
    centers = np.eye(4)
    truth = random.permutation(np.repeat(np.arange(4, dtype=np.int32), 25))
    lengths = random.uniform(1, 100, (100, 1))
    cells = FilmCells(4).fit(lengths * (centers[truth] + random.normal(0, 0.01, (100, 4))))
    assert partition(cells.labels_) == partition(truth)
    found = cells.centers_[np.argsort(np.argmax(cells.centers_, axis=1))]
    assert np.allclose(found, centers, atol=0.1)


@pytest.mark.parametrize(
    ("films", "cells", "expected"),
    [(100, None, 10), (3, None, 2), (1, None, 1), (50, 7, 7), (3, 8, 3)],
)
def test_the_number_of_cells(films: int, cells: int | None, expected: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(films, 3))
    fitted = FilmCells(cells).fit(vectors)
    assert fitted.centers_.shape == (expected, 3)
    assert set(fitted.labels_) == set(range(expected))
    directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = np.argmin(((directions[:, None] - fitted.centers_) ** 2).sum(axis=2), axis=1)
    assert np.array_equal(fitted.labels_, nearest)


def test_equal_films_make_cells_without_warnings() -> None:
    cells = FilmCells(4).fit(np.ones((16, 2)))
    assert cells.labels_.shape == (16,)
    assert np.allclose(cells.centers_, 0.5**0.5)


def test_shelves_divide_each_cell_longest_vectors_first() -> None:
    random = np.random.default_rng(0)
    labels = random.choice(7, 500, p=[0.4, 0.3, 0, 0.2, 0.08, 0.02, 0]).astype(np.int32)
    vectors = random.normal(size=(500, 3)).astype(np.float32)
    shelves = shelve(labels, 7, vectors)
    lengths = np.linalg.norm(vectors, axis=1)[shelves.order]
    assert sorted(shelves.order.tolist()) == list(range(500))
    assert shelves.shelf_starts[-1] == shelves.cell_starts[-1] == 500
    assert len(shelves.shelf_lengths) == shelves.cell_shelves[-1]
    sizes = np.diff(shelves.cell_shelves)
    assert shelves.shelf_cells.tolist() == np.repeat(np.arange(len(sizes)), sizes).tolist()
    for cell in range(7):
        rows = slice(*shelves.cell_starts[cell : cell + 2])
        assert (labels[shelves.order[rows]] == cell).all()
        assert (np.diff(lengths[rows]) <= 0).all()
        first, end = shelves.cell_shelves[cell : cell + 2]
        starts = shelves.shelf_starts[first : end + 1]
        assert (starts[0], starts[-1]) == tuple(shelves.cell_starts[cell : cell + 2])
        sizes = np.diff(starts)
        assert sizes[:-1].tolist() == [8 * 2**number for number in range(len(sizes) - 1)]
        assert sizes[-1] <= 8 * 2 ** (len(sizes) - 1)
        for shelf, start in enumerate(starts[:-1], first):
            longest = lengths[start] if sizes.any() else 0
            assert shelves.shelf_lengths[shelf] == longest


def test_vectors_of_equal_length_keep_the_order_of_films() -> None:
    assert shelve(np.zeros(9, np.int32), 1, np.ones((9, 2), np.float32)).order.tolist() == [
        *range(9)
    ]


def test_the_same_seed_gives_the_same_bits() -> None:
    vectors = np.random.default_rng(0).normal(size=(80, 5))
    one, two = (FilmCells(seed=7).fit(vectors) for _ in range(2))
    assert one.centers_.tobytes() == two.centers_.tobytes()
    ratings = as_data(random_ratings(40, 20)).matrix
    first, second = (TasteGroups(seed=7).fit(ratings) for _ in range(2))
    assert first.centers_.tobytes() == second.centers_.tobytes()
