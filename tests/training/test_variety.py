import json

import numpy as np
import pandas as pd
import pytest
from recommenders.evaluation import python_evaluation as reference

from tests.training.small_data import from_json
from training.data.dataset import Dataset
from training.evaluation.variety import Variety

LISTS = [np.array([0, 1, 2]), np.array([0, 3])]
KNOWN = [np.array([3]), np.array([], dtype=np.int64)]


@pytest.fixture
def data() -> Dataset:
    """Four users and four films with 4, 2, 1 and 1 ratings."""
    genres = ["drama", "drama, crime", "crime", ""]
    pairs = [(1, 1), (2, 1), (3, 1), (4, 1), (1, 2), (2, 2), (1, 3), (1, 4)]
    document = {
        "usuarios": [{"id": u, "nome": "x", "email": ""} for u in range(1, 5)],
        "filmes": [
            {"id": n, "titulo": "x", "genero": genre, "diretor": "", "atores": ""}
            for n, genre in enumerate(genres, start=1)
        ],
        "avaliacoes": [{"usuario_id": u, "filme_id": f, "avaliacao": 3} for u, f in pairs],
    }
    return from_json(json.dumps(document).encode(), "data.json")


def test_measures_of_users_by_hand(data: Dataset) -> None:
    found = Variety(data).of_users(LISTS, KNOWN)
    # Jaccard index: drama and "drama, crime" 1/2, drama and crime 0, no genre and any genre 0.
    np.testing.assert_allclose(found["diversity"], [(0.5 + 1 + 0.5) / 3, 1])
    np.testing.assert_allclose(found["novelty"], [(0 + 1 + 2) / 3, (0 + 2) / 2])
    np.testing.assert_allclose(found["lift"], [7 / 3 / 1 - 1, np.nan])


def test_measures_of_the_catalogue_by_hand(data: Dataset) -> None:
    found = Variety(data).of_catalogue(LISTS)
    assert found["coverage"] == 1
    shares = np.array([2, 1, 1, 1]) / 5
    differences = np.abs(shares[:, None] - shares).sum()
    assert found["gini"] == pytest.approx(differences / (2 * 4 * shares.sum()))
    assert Variety(data).of_catalogue([np.array([0]), np.array([0])])["coverage"] == 0.25


def test_equal_exposure_has_a_gini_of_zero(data: Dataset) -> None:
    assert Variety(data).of_catalogue([np.arange(4)])["gini"] == pytest.approx(0)


def test_coverage_equals_that_of_recommenders(data: Dataset) -> None:
    train = data.ratings[["user", "film"]]
    listed = pd.DataFrame({"user": [3, 3, 2], "film": [1, 2, 1]})
    columns = {"col_user": "user", "col_item": "film"}
    expected = reference.catalog_coverage(train, listed, **columns)
    assert Variety(data).of_catalogue([np.array([1, 2]), np.array([1])])["coverage"] == expected
