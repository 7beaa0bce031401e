"""Films without ratings: predicted vectors, and accuracy measured by hiding ratings."""

import numpy as np
import pandas as pd
import pytest

from recommender.model.profile import make_profile
from recommender.model.ranking import Strategy, rank
from tests.conftest import ROOT
from tests.training.small_data import as_data, block_ratings
from training.data.dataset import Dataset
from training.data.read import read
from training.data.splits import BY_FILM
from training.evaluation import cold_film_accuracy
from training.model.cold_films import SHARE, fill, traits
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters


@pytest.fixture(scope="module")
def mock() -> Dataset:
    return read(ROOT / "mock_data.json")


def films(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    columns = ["titulo", "genero", "diretor", "atores"]
    return pd.DataFrame(rows, columns=columns).assign(id=range(len(rows)))


def test_traits_are_shared_by_at_least_two_films() -> None:
    table = films(
        ("A (1994)", "drama, crime", "Ana", "Bia, Caio"),
        ("B (1999)", "drama", "Ana", "Caio, Davi"),
        ("C (2003)", "crime", "Eva", ""),
    )
    found = traits(table).toarray()
    # actor Caio, decade 1990s, director Ana, genre crime, genre drama
    assert found.tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 1], [0, 0, 0, 1, 0]]


def test_the_same_name_as_director_and_actor_is_two_traits() -> None:
    assert traits(films(("A", "", "Ana", ""), ("B", "", "", "Ana"))).shape == (2, 0)


def test_the_order_of_a_films_traits_does_not_depend_on_the_hash_seed() -> None:
    many = ", ".join("abcdefghijklmnop")
    assert traits(films(("A", many, many, ""), ("B", many, many, ""))).has_sorted_indices


def test_unrated_films_get_vectors_near_films_with_their_traits() -> None:
    table = films(*[(f"{n}", "ab"[n % 2], "", "") for n in range(40)])
    vectors = np.where(np.arange(40)[:, None] % 2 == 0, [1.0, 0.0], [0.0, 1.0])
    counts = np.ones(40)
    counts[[6, 7]] = 0
    vectors[[6, 7]] = 0
    filled = fill(vectors, counts, traits(table))
    rated = counts > 0
    assert np.array_equal(filled[rated], vectors[rated])
    assert filled[6, 0] > 2 * filled[6, 1]
    assert filled[7, 1] > 2 * filled[7, 0]
    assert np.linalg.norm(filled[[6, 7]], axis=1).max() < SHARE


def test_without_traits_or_unrated_films_vectors_stay_unchanged() -> None:
    vectors = np.eye(3)
    nothing = traits(films(*[(f"{n}", "", "", "") for n in range(3)]))
    assert fill(vectors, np.array([1.0, 0, 1]), nothing) is vectors
    some = traits(films(*[(f"{n}", "a", "", "") for n in range(3)]))
    assert fill(vectors, np.ones(3), some) is vectors
    assert fill(vectors, np.zeros(3), some) is vectors


def test_cold_films_can_be_listed_but_not_near_the_top(mock: Dataset) -> None:
    model = fit(mock, Hyperparameters())
    cold = np.setdiff1d(np.arange(len(mock.films)), mock.ratings["film"].unique())
    cold_ids = mock.films["id"].to_numpy()[cold]
    assert len(cold_ids)
    rows = model.rows_by_id[cold]
    assert (np.linalg.norm(model.vectors[rows], axis=1) > 0).all()
    for user in range(1, 31):
        part = mock.ratings[mock.ratings["user"] == user - 1]
        ids = mock.films["id"].to_numpy()[part["film"]]
        profile = make_profile(model, list(zip(ids, part["avaliacao"], strict=True)))
        everything = rank(model, profile, Strategy.MODEL, limit=len(mock.films))
        assert set(cold_ids) <= set(model.film_ids[everything.rows])
        assert not set(cold_ids) & set(model.film_ids[everything.rows[:10]])


def test_hidden_films_are_ranked_better_than_at_random(mock: Dataset) -> None:
    train, test = BY_FILM.parts(mock, 42)
    found = cold_film_accuracy.measure(train, test, Hyperparameters())
    ndcg = {name: figure["mean"] for name, figure in found["ndcg"].items()}
    assert found["hidden"] == 39
    assert ndcg["among_hidden"] > 1.5 * ndcg["among_hidden_random"]
    assert ndcg["lists"] >= 0.98 * ndcg["lists_without"]


def test_too_few_films_to_hide_one() -> None:
    train, test = BY_FILM.parts(as_data(block_ratings(1, 6, 4)), 0)
    assert cold_film_accuracy.measure(train, test, Hyperparameters()) == {}
