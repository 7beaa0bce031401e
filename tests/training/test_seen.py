"""Data that only says who saw what: it trains, its lists make sense, and its only rating is 1."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app
from recommender.data.sqlite_store import SqliteStore
from recommender.model.artifact import Artifact, load
from recommender.settings import Access, Mode
from tests.training.small_data import block_ratings
from training.__main__ import main

pytestmark = pytest.mark.usefixtures("log_as_before", "no_other_environments")

BLOCKS, FILMS = 3, 12  # in each block
GENRES = ("Drama", "Comedy", "War")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Users who saw most films of one block each, with times; films are named by their block."""
    folder = tmp_path_factory.mktemp("seen")
    seen = np.argwhere(~np.isnan(block_ratings(BLOCKS, 12, FILMS)))
    lines = [f"{user + 1},{film + 1},{1000 + at}" for at, (user, film) in enumerate(seen)]
    (folder / "views.csv").write_text("\n".join(["user,movie,time", *lines]) + "\n")
    titles = [f"{n + 1},Film {n + 1} (1999),{GENRES[n // FILMS]}" for n in range(BLOCKS * FILMS)]
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *titles]) + "\n")
    return folder


def run(patch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    patch.setattr(sys, "argv", ["training", *map(str, arguments)])
    return main()


@pytest.fixture(scope="module")
def artifact(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder = tmp_path_factory.mktemp("built") / "artifact"
    with pytest.MonkeyPatch.context() as patch:
        assert run(patch, "build", "--data", data, "--out", folder) == 0
    return load(folder)


@pytest.fixture
def api(artifact: Artifact, tmp_path: Path) -> Iterator[TestClient]:
    with (
        closing(SqliteStore(tmp_path / "avaliacoes.sqlite3")) as store,
        TestClient(create_app(artifact.path, Access(Mode.LOCAL), store)) as client,
    ):
        yield client


def test_the_aim_is_what_people_see(artifact: Artifact) -> None:
    assert artifact.manifest["data"]["escala"] == [1, 1]
    assert artifact.manifest["training"]["objetivo"] == "ver"
    assert artifact.manifest["metrics"]["padrao"]["precision"]["mean"] > 0.2


def test_liking_is_no_aim(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["build", "--out", tmp_path / "out"], ["evaluate"]):
        assert run(monkeypatch, *command, "--data", data, "--aim", "gostar") == 2
        told = "the data has no ratings, or all are alike, and does not say what was liked"
        assert capsys.readouterr().err == f"error: aim is gostar, but {told}: expected ver\n"


def test_lists_follow_what_was_seen(api: TestClient) -> None:
    for block in range(BLOCKS):
        own = range(block * FILMS + 1, (block + 1) * FILMS + 1)
        three = [{"filme_id": film, "avaliacao": 1} for film in own[:3]]
        found = api.post("/recomendacoes", json={"avaliacoes": three}).json()
        assert [film["id"] in own for film in found] == [True] * 5
        assert {film["genero"] for film in found} == {GENRES[block]}


def test_every_list_is_served(api: TestClient) -> None:
    for strategy in ("padrao", "grupo", "populares"):
        found = api.get("/usuarios/1/recomendacoes", params={"estrategia": strategy})
        assert found.status_code == 200
        assert len(found.json()) == 5
    for path in ("/grupos", "/modelo", "/filmes/2/similares"):
        assert api.get(path).status_code == 200


def test_the_mean_of_a_film_is_1(api: TestClient) -> None:
    film = api.get("/filmes/1").json()
    assert film["avaliacao_media"] == 1
    assert film["total_avaliacoes"] >= 1
    assert film["histograma"] == [{"de": 1, "ate": 1, "total": film["total_avaliacoes"]}]


def test_a_rating_is_1(api: TestClient) -> None:
    path = "/usuarios/1/avaliacoes/30"
    assert api.put(path, json={"avaliacao": 1}).status_code == 201
    assert 30 in [row["filme_id"] for row in api.get("/usuarios/1/avaliacoes").json()]
    for rating in (0, 2, 5):
        refused = api.put(path, json={"avaliacao": rating})
        assert refused.status_code == 422
        assert "só 1" in refused.json()["error"]


def test_it_is_evaluated(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "evaluate", "--data", data, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["aim"] == "ver"
    assert len(report["protocols"]) == 3
    first = {row["name"]: row["metrics"]["ndcg"]["mean"] for row in report["protocols"][0]["rows"]}
    assert first["padrao"] > 1.5 * first["populares"]
