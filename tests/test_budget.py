"""What a request and a cold start may cost, in terms that do not depend on the machine's speed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.conftest import ROOT
from tests.expectations import read_event

HELLO = ROOT / "benchmarks" / "peers" / "hello"
FIRST = ROOT / "benchmarks" / "inside" / "first.py"


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/filmes/1/recomendacoes", 2),
        ("/filmes/1/recomendacoes?limite=100&diversidade=0.5&genero=drama", 2),
        ("/filmes/1/recomendacoes?estrategia=grupo", 2),
        ("/filmes", 2),
        ("/saude", 0),
        ("/filmes/1/recomendacoes?limite=0", 0),
    ],
)
def test_sql_statements_of_a_request(client: TestClient, path: str, most: int) -> None:
    app: Any = client.app
    statements: list[str] = []
    database = app.state.serving.catalog._db
    database.set_trace_callback(statements.append)
    try:
        client.get(path)
    finally:
        database.set_trace_callback(None)
    assert len(statements) <= most, statements


def test_a_recommendation_reads_only_by_primary_key(client: TestClient) -> None:
    app: Any = client.app
    database = app.state.serving.catalog._db
    statements: list[str] = []
    app.state.serving.lister._texts.clear()
    database.set_trace_callback(statements.append)
    try:
        client.get("/filmes/1/recomendacoes")
    finally:
        database.set_trace_callback(None)
    assert statements
    for statement in statements:
        plan = [row["detail"] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}")]
        scans = [step for step in plan if step.startswith("SCAN") and "json_each" not in step]
        assert scans == [], statement


LAZY = """
import json, sys, handler
from fastapi.openapi.models import OpenAPI
from recommender.api import ROUTES
from recommender.schemas import Recommendation
print(json.dumps({
    "analysed": [route.path for route in ROUTES if "dependant" in vars(route)],
    "built": [model.__name__ for model in (OpenAPI, Recommendation) if model.__pydantic_complete__],
}))
"""


def test_a_cold_start_builds_nothing_that_only_the_documentation_needs(artifact_dir: Path) -> None:
    done = python(["-c", LAZY], ROOT, artifact_dir)
    assert json.loads(done) == {"analysed": [], "built": []}


def test_a_cold_start_takes_at_most_twice_that_of_a_hello_world(artifact_dir: Path) -> None:
    """Processor time, the least of some; benchmarks/cold.py measures what it really is."""
    event = str(ROOT / "events" / "recomendacoes.json")
    assert read_event("recomendacoes")["rawPath"] == "/filmes/1/recomendacoes"
    times: dict[Path, list[float]] = {ROOT: [], HELLO: []}
    for _ in range(4):
        for folder, found in times.items():
            told = python([str(FIRST), event], folder, artifact_dir).splitlines()
            answer = json.loads(told[-1])
            assert answer["status"] == 200
            found.append(answer["cpu"])
    assert min(times[ROOT]) <= 2 * min(times[HELLO]), times


def python(arguments: list[str], folder: Path, artifact: Path) -> str:
    """What a new process prints that imports from a folder."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "ARTIFACT_DIR": str(artifact)}
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
