"""Where films lie on the map."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app
from recommender.api.routes import maps
from recommender.data.sqlite_store import SqliteStore
from recommender.model.artifact import Model
from recommender.model.profile import find_rows
from recommender.model.ranking import find_cells
from tests.expectations import FILMS, RATINGS, TIMES_RATED
from tests.recommender.conftest import LOCAL
from tests.training.small_data import as_data, random_ratings
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters
from training.model.plane import place_films


def ask(client: TestClient) -> Any:
    answer = client.get("/mapa.json")
    assert answer.status_code == 200
    assert len(answer.content) < 1_000_000
    return answer.json()


def test_the_best_known_films_come_first_each_where_the_model_has_it(
    client: TestClient, model: Model
) -> None:
    films = ask(client)["filmes"]
    assert films["id"] == sorted(FILMS, key=lambda film: (-TIMES_RATED[film], film))
    assert films["titulo_exibido"] == [FILMS[film]["titulo_exibido"] for film in films["id"]]
    places = np.array([films["x"], films["y"]]).T
    np.testing.assert_allclose(places, model.map_places, atol=6e-5)
    shares = [TIMES_RATED[film] / len(RATINGS) for film in films["id"]]
    assert films["popularidade"] == pytest.approx(shares, abs=6e-6)
    assert films["grupo"] == find_cells(model, find_rows(model, films["id"])).tolist()


def test_each_group_of_a_film_has_its_label(client: TestClient) -> None:
    found = ask(client)
    groups = client.get("/grupos?limite=50").json()
    expected = {group["id"]: group["rotulo"] for group in groups}
    assert {group["id"]: group["rotulo"] for group in found["grupos"]} == expected
    assert set(found["filmes"]["grupo"]) == expected.keys()


def test_films_of_a_group_lie_closer_than_others(model: Model) -> None:
    cells = find_cells(model, model.popular_rows)
    distances = np.linalg.norm(model.map_places[:, None] - model.map_places[None], axis=2)
    same = cells[:, None] == cells[None]
    assert distances[same].mean() < 0.7 * distances[~same].mean()


def test_a_hidden_film_is_not_on_the_map(artifact_dir: Path, tmp_path: Path) -> None:
    with (
        closing(SqliteStore(tmp_path / "r.sqlite3")) as store,
        TestClient(create_app(artifact_dir, LOCAL, store)) as client,
    ):
        before = ask(client)["filmes"]
        client.put("/filmes/309/oculto")
        place = before["id"].index(309)
        after = ask(client)["filmes"]
    assert after == {name: column[:place] + column[place + 1 :] for name, column in before.items()}


def test_an_answer_that_would_be_too_large_has_fewer_films(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ask(client)
    monkeypatch.setattr(maps, "LARGEST", 20_000)
    answer = client.get("/mapa.json")
    films = answer.json()["filmes"]
    assert 10_000 < len(answer.content) < 20_000
    for name, column in films.items():
        assert column == whole["filmes"][name][: len(films["id"])]
    groups = {group["id"] for group in answer.json()["grupos"]}
    assert groups == set(films["grupo"])


def test_what_is_counted_for_a_film_is_no_less_than_it_takes() -> None:
    numbers = [-(2**53), -1.2345, -1.2345, 100_000, 0.00001]
    assert len(json.dumps(numbers)) <= maps.NUMBERS


@pytest.mark.parametrize("shape", [(1, 1), (2, 1), (1, 2), (3, 30)])
def test_every_film_of_few_has_a_place(shape: tuple[int, int]) -> None:
    model = fit(as_data(random_ratings(*shape, share=1.0)), Hyperparameters())
    places = place_films(model)
    assert places.shape == (shape[1], 2)
    assert np.isfinite(places).all()
