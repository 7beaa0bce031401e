"""`make run` on a fresh clone: what it installs, says, keeps, and how it ends."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import httpx2
import pytest

from tests.conftest import ROOT
from tests.emulator.ports import free_port

NEEDED = (
    "Makefile",
    "pyproject.toml",
    "uv.lock",
    ".ci/swagger.py",
    ".ci/uv.txt",
    "recommender",
    "training",
)
CASE = ROOT / "tests/data/caso_original.json"
RATING = "/usuarios/1/avaliacoes/1"


class Run:
    """A ``make run`` as in a terminal of its own."""

    def __init__(self, clone: Path, data: str, port: int) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        # A registry that does not answer.
        registry = {"npm_config_registry": "http://127.0.0.1:1"}
        self.process = subprocess.Popen(
            ["make", "run", f"DATA={data}", f"PORT={port}"],
            cwd=clone,
            env=kept | registry,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # Tests that run in the background ignore Ctrl-C, and so would all that they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.lines: list[str] = []
        self.url = f"http://127.0.0.1:{port}"

    def read_to(self, part: str) -> None:
        """Read until a line has this part, or to the end."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if part in line:
                return

    def stop(self) -> None:
        """Press Ctrl-C, which all processes of a terminal hear, and read to the end."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.end()

    def end(self) -> int:
        self.read_to("\n\n")
        assert self.process.stdout
        self.process.stdout.close()
        return self.process.wait()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone")
    (folder / ".ci").mkdir()
    for name in NEEDED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "swagger-ui")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder / name)
    for name in ("one", "other"):  # two data sets with the same file name
        (folder / name).mkdir()
        shutil.copy(CASE, folder / name / "films.json")
    return folder


def test_two_data_sets_side_by_side(clone: Path) -> None:
    one = Run(clone, "one/films.json", free_port())
    one.read_to("Filmes is at")
    other = Run(clone, "other/films.json", free_port())
    try:
        told = "\n".join(one.lines)
        assert one.lines[-1] == f"Filmes is at {one.url} (Ctrl-C stops it)"
        assert "installing into .venv what running needs" in told
        assert "so /docs has nothing to show; everything else works" in told
        assert "20 films, 5 users, 100 ratings from 0 to 5" in told
        installed = {path.name for path in clone.glob(".venv/lib/python*/site-packages/*")}
        assert "uvicorn" in installed
        assert installed.isdisjoint({"samcli", "playwright", "boto3", "pytest", "moto"})

        assert httpx2.get(one.url).status_code == 200
        assert httpx2.get(f"{one.url}/docs").status_code == 503
        packaged = httpx2.get(one.url + RATING).json()["avaliacao"]
        assert httpx2.put(one.url + RATING, json={"avaliacao": 5 - packaged}).status_code == 200
        before = httpx2.get(f"{one.url}/mapa.svg")

        taken = Run(clone, "one/films.json", int(one.url.rpartition(":")[2]))
        assert taken.end() != 0
        assert f"error: port {one.url.rpartition(':')[2]} is not free" in taken.lines[0]
        assert taken.lines[0].endswith(" make run")

        other.read_to("Filmes is at")
        assert httpx2.get(other.url + RATING).json()["avaliacao"] == packaged
        after = httpx2.get(f"{one.url}/mapa.svg")
        assert (after.status_code, after.content) == (200, before.content)
    finally:
        one.stop()
        other.stop()
    for run in (one, other):
        assert run.lines[-1] == "Filmes has stopped"

    again = Run(clone, "one/films.json", free_port())
    again.read_to("Filmes is at")
    try:
        assert "the model of this data is there: not trained again" in again.lines
        assert not [line for line in again.lines if "installing" in line]
        assert httpx2.get(again.url + RATING).json()["avaliacao"] == 5 - packaged
    finally:
        again.stop()


def test_ctrl_c_ends_a_training_with_one_line(clone: Path) -> None:
    shutil.copy(CASE, clone / "third.json")
    run = Run(clone, "third.json", free_port())
    run.read_to("settings tried")
    run.stop()
    assert "settings tried" in run.lines[-2]
    assert run.lines[-1] == "stopped"
    assert not list(clone.glob(".local/runs/third-*/modelo-*"))
