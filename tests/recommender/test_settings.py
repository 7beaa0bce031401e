"""Settings: each is checked at the start, and refused in one line."""

import os
import re
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app
from recommender.model.artifact import load
from recommender.settings import SettingError, read_settings
from tests.conftest import ROOT
from tests.emulator.ports import free_port

ORIGINS = {
    "https://app.example.com/": "https://app.example.com",
    "HTTPS://App.Example.COM": "https://app.example.com",
    "https://app.example.com:443": "https://app.example.com",
    "http://localhost:80/": "http://localhost",
    "http://localhost:3000": "http://localhost:3000",
    "https://a.example:80": "https://a.example:80",
    "http://[::1]:8000": "http://[::1]:8000",
    "capacitor://localhost": "capacitor://localhost",
    "*": "*",
}
REFUSED = {
    "ACCESS": ("JWT", "none"),
    "BASE_PATH": ("/a//b", "https://a.b"),
    "CORS_ORIGINS": (
        *("app.example.com", "https://", "https://a.example/path", "https://*.example.com"),
        *("null", "https://a.example//", "https://açaí.example", "https://a.example:x"),
    ),
    "PORT": ("abc", "0", "80000", "65536", "-1", "8000.0", " 8000", "٣"),
    "RATINGS_FILE": ("a.sqlite3",),
    "RATINGS_TABLE": ("a b", "ab", "x" * 256, "arn:aws:s3:::bucket"),
    "SERVICE_SCOPE": ("a b", "a,b", "é"),
    "TRACING": ("active", "true"),
    "USER_CLAIM": ("custom usuario", " "),
}
CASES = [(name, value) for name, values in REFUSED.items() for value in values]


@pytest.mark.parametrize(("text", "origin"), ORIGINS.items())
def test_an_origin_is_taken_as_browsers_send_it(text: str, origin: str) -> None:
    assert read_settings({"CORS_ORIGINS": text}).origins == (origin,)
    assert read_settings({"CORS_ORIGINS": f"https://b.example, {text}"}).origins[1:] == (origin,)


def test_a_page_of_an_origin_spelled_otherwise_may_read(artifact_dir: Path) -> None:
    origins = read_settings({"CORS_ORIGINS": "https://App.example.com/"}).origins
    client = TestClient(create_app(artifact_dir, origins=origins))
    answer = client.get("/saude", headers={"origin": "https://app.example.com"})
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_bad_value_is_named_with_what_is_allowed(name: str, value: str) -> None:
    with pytest.raises(SettingError) as refused:
        read_settings({name: value})
    told = str(refused.value)
    assert told.startswith((f"{name} is {value!r}, ", f"{name} has {value!r}, "))
    assert re.search("allowed|set RATINGS_DIR", told)
    assert "\n" not in told


def test_what_is_allowed_is_read() -> None:
    table = "arn:aws:dynamodb:us-east-1:123456789012:table/filmes-RatingsTable-1A2B"
    found = read_settings(
        {"PORT": "1", "RATINGS_TABLE": table, "TRACING": "Active", "SERVICE_SCOPE": "a/b"}
    )
    assert (found.port, found.ratings_table, found.traced) == (1, table, True)
    assert not read_settings({"TRACING": "PassThrough"}).traced
    assert read_settings({"PORT": ""}).port == 8000


def run(*command: str, **environment: str) -> tuple[int, list[str]]:
    """The exit status of a Python program, and the lines of its stderr."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"PORT": str(free_port())} | environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr.splitlines()


SERVERS = [("-m", "recommender"), ("-m", "uvicorn", "recommender.api:app")]


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_tells_a_bad_value_in_one_line(server: tuple[str, ...]) -> None:
    line = "error: ACCESS is 'yes', allowed are open, jwt, local"
    assert run(*server, ACCESS="yes") == (2, [line])


def test_a_port_is_refused_before_anything_is_trained() -> None:
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nrun:")[2].splitlines()
    assert lines[1] == '\t@PORT="$(PORT)" $(BIN)/python -m recommender check'
    line = "error: PORT is '80000', allowed is a whole number from 1 to 65535"
    assert run("-m", "recommender", "check", PORT="80000") == (2, [line])
    assert run("-m", "recommender", "check") == (0, [])
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, (line,) = run("-m", "recommender", "check", PORT=str(port))
    said = rf"error: port {port} is not free \(Address already in use\): use PORT=(\d+) make run"
    found = re.fullmatch(said, line)
    assert status == 2
    assert found
    assert int(found[1]) > port
    assert run("-m", "recommender", "check", PORT=found[1]) == (0, [])
    assert run("-m", "recommender", "now") == (2, ["usage: python -m recommender [check]"])


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("kind", ["a file", "no database", "another program's database"])
def test_a_place_where_no_ratings_can_be_kept_is_told_in_one_line(
    artifact_dir: Path, tmp_path: Path, server: tuple[str, ...], kind: str
) -> None:
    place = tmp_path / "avaliacoes"
    lineage = load(artifact_dir).manifest["data"]["linhagem"]
    if kind == "a file":
        place.write_text("x")
    else:
        place.mkdir()
        file = place / f"{lineage}.sqlite3"
        file.write_text("no database\n" * 100)
        if kind != "no database":
            file.unlink()
            with closing(sqlite3.connect(file)) as db:
                db.execute("CREATE TABLE avaliacoes (usuario TEXT, linhagem TEXT, escala TEXT)")
    environment = {"ARTIFACT_DIR": str(artifact_dir), "ACCESS": "local", "RATINGS_DIR": str(place)}
    status, (line,) = run(*server, **environment)
    assert status == 2
    assert line.startswith(f"error: RATINGS_DIR is {str(place)!r}, where no ratings can be kept: ")


def test_a_table_without_a_region_is_told_in_one_line(artifact_dir: Path) -> None:
    environment = {"ARTIFACT_DIR": str(artifact_dir), "ACCESS": "local", "RATINGS_TABLE": "filmes"}
    status, (line,) = run("-m", "recommender", **environment)
    assert status == 2
    assert line.startswith("error: RATINGS_TABLE is 'filmes', which cannot be asked: ")


def test_a_server_without_a_model_does_not_start(tmp_path: Path) -> None:
    status, (line,) = run("-m", "recommender", ARTIFACT_DIR=str(tmp_path))
    assert status == 2
    assert line.startswith("artifact not loaded (see ARTIFACT_DIR): ")


@pytest.mark.parametrize(
    ("program", "package"),
    [
        ("recommender", "uvicorn"),
        ("recommender", "fastapi"),
        ("recommender", "numpy"),
        ("training", "sklearn"),
        ("training versions", "boto3"),
        ("training", "pandas"),
    ],
)
def test_a_missing_package_is_told_in_one_line(program: str, package: str) -> None:
    name, *arguments = program.split()
    code = f"import runpy, sys; sys.modules[{package!r}] = None; sys.argv[1:] = {arguments}; "
    code += f"runpy.run_module({name!r}, run_name='__main__')"
    line = f"error: the package {package} is missing: run make setup"
    assert run("-c", code) == (2, [line])
