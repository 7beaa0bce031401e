"""The original algorithm: its five published lists, and scikit-learn's result on other data."""

import json
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from recommender.api.application import create_app
from recommender.model.profile import make_profile
from recommender.model.ranking import Strategy, rank
from tests.conftest import ROOT
from tests.recommender.conftest import LOCAL
from tests.training.small_data import from_json
from training.data.dataset import Dataset
from training.data.read import read
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters

PUBLISHED = {
    1: "Anchorman|Forrest Gump|The Big Lebowski|Guardians of the Galaxy|The Grand Budapest Hotel",
    2: "Pride and Prejudice|La La Land|Superbad|The Hangover|The Godfather",
    3: "Inception|The Matrix|Die Hard|The Shawshank Redemption|Joker",
    4: "Blade Runner|Mad Max|Anchorman|Forrest Gump|The Grand Budapest Hotel",
    5: "The Matrix|The Notebook|Superbad|The Shawshank Redemption|The Social Network",
}


@pytest.mark.parametrize("route", ["/filmes/{}/recomendacoes", "/usuarios/{}/recomendacoes"])
def test_the_five_published_lists(original_dir: Path, route: str) -> None:
    with TestClient(create_app(original_dir, LOCAL)) as client:
        for user, titles in PUBLISHED.items():
            answer = client.get(route.format(user) + "?estrategia=grupo")
            assert answer.headers["x-estrategia"] == "grupo"
            films = answer.json()
            assert len(films) == 5
            assert {film["titulo"] for film in films} == set(titles.split("|"))
            assert all(film["ja_avaliado"] for film in films)


def random_data(seed: int, users: int, films: int, density: float) -> Dataset:
    """Random ratings, including 0; ids with gaps; every user rates the first film with 4."""
    rng = np.random.default_rng(seed)
    user_ids, film_ids = (3 * rng.permutation(count) + 1 for count in (users, films))
    given = rng.random((users, films)) < density
    given[:, 0] = True
    ratings = rng.integers(0, 11, (users, films)) / 2
    ratings[:, 0] = 4
    document = {
        "usuarios": [{"id": i, "nome": f"U{i}", "email": ""} for i in user_ids.tolist()],
        "filmes": [
            {"id": i, "titulo": f"F{i}", "genero": "x", "diretor": "", "atores": ""}
            for i in film_ids.tolist()
        ],
        "avaliacoes": [
            {
                "usuario_id": int(user_ids[u]),
                "filme_id": int(film_ids[f]),
                "avaliacao": ratings[u, f],
            }
            for u, f in np.argwhere(given)
        ],
    }
    return from_json(json.dumps(document).encode(), "random")


def original_scores(data: Dataset) -> NDArray[np.float64]:
    """The centre of each user's cluster (u, n), computed on the dense matrix."""
    dense = np.zeros((len(data.users), len(data.films)))
    dense[data.ratings["user"], data.ratings["film"]] = data.ratings["avaliacao"]
    kmeans = KMeans(n_clusters=5, n_init=10, random_state=42)
    labels = kmeans.fit_predict(StandardScaler().fit_transform(dense))
    scores: NDArray[np.float64] = kmeans.cluster_centers_[labels]
    return scores


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(read(ROOT / "mock_data.json"), id="mock"),
        pytest.param(read(ROOT / "tests/data/caso_original.json"), id="original"),
        pytest.param(random_data(1, users=40, films=30, density=0.3), id="small"),
        pytest.param(random_data(2, users=300, films=120, density=0.05), id="sparse"),
        pytest.param(random_data(3, users=20, films=200, density=0.9), id="dense"),
        pytest.param(random_data(4, users=6, films=2, density=0.5), id="tiny"),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # equal users
def test_the_group_strategy_equals_scikit_learn(data: Dataset) -> None:
    model = fit(data, Hyperparameters())
    film_ids = data.films["id"].tolist()
    scores = original_scores(data)
    compared = 0
    for user, part in data.ratings.groupby("user"):
        pairs = [(film_ids[f], r) for f, r in zip(part["film"], part["avaliacao"], strict=True)]
        found = rank(model, make_profile(model, pairs), Strategy.GROUP, limit=len(film_ids))
        expected = dict(zip(film_ids, scores[int(str(user))].tolist(), strict=True))
        ids = model.film_ids[found.rows].tolist()
        assert sorted(ids) == film_ids
        assert found.scores.tolist() == pytest.approx([expected[i] for i in ids], abs=1e-5)
        assert [expected[i] for i in ids] == pytest.approx(
            sorted(expected.values(), reverse=True), abs=1e-5
        )
        assert {i for i, r in zip(ids, found.rated, strict=True) if r} == {i for i, _ in pairs}
        compared += 1
    assert compared >= len(data.users) - 1
