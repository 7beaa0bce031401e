"""The API on a laptop, as `make run` serves it: a server, everything allowed, ratings in a file."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from recommender.api.application import make_app
from recommender.model.artifact import MANIFEST_FILE
from tests.conftest import ROOT
from tests.emulator.ports import free_port
from tests.emulator.sam import wait
from tests.expectations import FILMS, RATINGS

OWN = "/usuarios/1/recomendacoes"

Serve = Callable[[], AbstractContextManager[httpx2.Client]]


@pytest.fixture
def serve(artifact_dir: Path, tmp_path: Path) -> Serve:
    """A server's start; its end is a sudden one."""

    @contextmanager
    def start() -> Iterator[httpx2.Client]:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "recommender"],
            cwd=ROOT,
            env=os.environ
            | {
                "ARTIFACT_DIR": str(artifact_dir),
                "ACCESS": "local",
                "RATINGS_DIR": str(tmp_path),
                "PORT": str(port),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait(f"http://127.0.0.1:{port}/saude", process)
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                yield client
        finally:
            process.kill()
            process.wait()

    return start


def test_a_rating_outlives_the_server(serve: Serve) -> None:
    with serve() as client:
        before = client.get(OWN).json()
        best = before[0]["id"]
        written = client.put(f"/usuarios/1/avaliacoes/{best}", json={"avaliacao": 5})
        assert written.status_code == 201
        after = client.get(OWN).json()
        assert best not in [film["id"] for film in after]
    with serve() as client:
        found = client.get(f"/usuarios/1/avaliacoes/{best}")
        assert found.json() == written.json()
        assert found.headers["etag"] == written.headers["etag"]
        assert client.get(OWN).json() == after
        assert client.delete(f"/usuarios/1/avaliacoes/{best}").status_code == 204
        assert client.get(OWN).json() == before


def test_another_name_of_this_machine_is_refused(serve: Serve) -> None:
    """As a page sends it whose name was made to mean this machine, to read what is written here."""
    with serve() as client:
        port = client.base_url.port
        for name in ("filmes.example", f"filmes.example:{port}", f"127.0.0.1.example:{port}", ""):
            answer = client.get("/usuarios/1/avaliacoes", headers={"host": name})
            assert answer.status_code == 400, name
            assert "avaliacao" not in answer.text
        for name in (f"127.0.0.1:{port}", f"localhost:{port}", "localhost"):
            assert client.get("/usuarios/1/avaliacoes", headers={"host": name}).is_success, name


def test_two_servers_share_a_file(serve: Serve) -> None:
    """Fifty writers at once, half through each; both show all of it."""
    films = sorted(set(FILMS) - RATINGS[1].keys())[:50]
    with serve() as one, serve() as other:

        def write(place: int) -> int:
            client = (one, other)[place % 2]
            path = f"/usuarios/1/avaliacoes/{films[place]}"
            return client.put(path, json={"avaliacao": place % 6}).status_code

        with ThreadPoolExecutor(50) as pool:
            assert set(pool.map(write, range(50))) == {201}
        lists = [
            client.get("/usuarios/1/avaliacoes", params={"limite": 1000}).json()
            for client in (one, other)
        ]
    assert lists[0] == lists[1]
    written = {r["filme_id"]: r["avaliacao"] for r in lists[0] if r["versao"] == 1}
    assert written == {film: place % 6 for place, film in enumerate(films)}


def test_ratings_of_one_lineage_do_not_turn_up_in_another(
    artifact_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when ML-100K is served after the example data: an id there is that of another film."""
    places = {}
    for lineage in ("mock_data", "ml-100k"):
        places[lineage] = tmp_path / lineage
        shutil.copytree(artifact_dir, places[lineage])
        manifest = json.loads((artifact_dir / MANIFEST_FILE).read_text(encoding="utf-8"))
        manifest["data"] |= {"linhagem": lineage, "primeira_linhagem": lineage}
        (places[lineage] / MANIFEST_FILE).write_text(json.dumps(manifest), encoding="utf-8")
    monkeypatch.setenv("ACCESS", "local")
    monkeypatch.setenv("RATINGS_DIR", str(tmp_path / "avaliacoes"))
    film = next(film for film in FILMS if film not in RATINGS[1])
    path, found = f"/usuarios/1/avaliacoes/{film}", []
    for lineage in ("mock_data", "ml-100k", "mock_data"):
        monkeypatch.setenv("ARTIFACT_DIR", str(places[lineage]))
        with TestClient(make_app()) as client:
            found.append(client.get(path).status_code)
            client.put(path, json={"avaliacao": 5})
    assert found == [404, 404, 200]
    files = {file.name for file in (tmp_path / "avaliacoes").iterdir()}
    assert files == {"mock_data.sqlite3", "ml-100k.sqlite3"}
