"""The API on a laptop, as `make run` serves it: a server, everything allowed, ratings in a file."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.conftest import ROOT
from tests.emulator.ports import free_port
from tests.emulator.sam import wait
from tests.expectations import FILMS, RATINGS

RUN = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nrun:")[2].partition("\n\n")[0]
OWN = "/usuarios/1/recomendacoes"

Serve = Callable[[], AbstractContextManager[httpx2.Client]]


@pytest.fixture
def serve(artifact_dir: Path, tmp_path: Path) -> Serve:
    """A server's start; its end is a sudden one."""

    @contextmanager
    def start() -> Iterator[httpx2.Client]:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "recommender.api:app", "--port", str(port)],
            cwd=ROOT,
            env=os.environ
            | {
                "ARTIFACT_DIR": str(artifact_dir),
                "ACCESS": "local",
                "RATINGS_DIR": str(tmp_path),
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


def test_make_run_serves_so() -> None:
    assert "ACCESS=local RATINGS_DIR=.local/avaliacoes" in RUN
    assert "uvicorn recommender.api:app" in RUN


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
