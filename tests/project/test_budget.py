"""What a request and a cold start may cost, in terms that do not depend on the machine's speed."""

import json
import math
import os
import statistics
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
REPEAT = ROOT / "benchmarks" / "inside" / "repeat.py"


@pytest.mark.parametrize(
    ("path", "most"),
    [
        # A user's ratings; the films of the list and of its reasons.
        ("/filmes/1/recomendacoes", 2),
        ("/filmes/1/recomendacoes?limite=100&diversidade=0.5&genero=drama", 2),
        ("/filmes/1/recomendacoes?estrategia=grupo", 2),
        ("/filmes", 2),
        # The film; its histogram.
        ("/filmes/309", 2),
        # A user's ratings; the films of all lines and of their reasons.
        ("/usuarios/1/inicio", 2),
        ("/mapa.json", 1),
        ("/usuarios?limite=1000", 1),
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
print(json.dumps({"built": OpenAPI.__pydantic_complete__, "told": handler.app.openapi_schema}))
"""


def test_a_cold_start_builds_nothing_that_only_the_documentation_needs(artifact_dir: Path) -> None:
    done = python(["-c", LAZY], ROOT, artifact_dir)
    assert json.loads(done) == {"built": False, "told": None}


def test_a_cold_start_takes_at_most_twice_that_of_a_hello_world(artifact_dir: Path) -> None:
    """Processor time, in turns; benchmarks/cold.py measures what it really is."""
    event = str(ROOT / "events" / "recomendacoes.json")
    assert read_event("recomendacoes")["rawPath"] == "/filmes/1/recomendacoes"
    ratios = []
    for _ in range(5):
        ours, hello = (
            json.loads(python([str(FIRST), event], folder, artifact_dir).splitlines()[-1])
            for folder in (ROOT, HELLO)
        )
        assert ours["status"] == hello["status"] == 200
        ratios.append(ours["cpu"] / hello["cpu"])
    assert statistics.median(ratios) <= 2, ratios


def test_a_warm_answer_takes_at_most_twenty_times_that_of_a_hello_world(artifact_dir: Path) -> None:
    """In turns, for a hundred users; the quickest of each, which other work disturbs least.

    benchmarks/warm.py measures the floor, which is ten. On a busy machine the larger program
    suffers more, so this only finds what doubles the time.
    """
    event = str(ROOT / "events" / "recomendacoes.json")
    quickest: dict[Path, list[float]] = {ROOT: [math.inf] * 100, HELLO: [math.inf] * 100}
    for _ in range(3):
        for folder in quickest:
            told = python([str(REPEAT), event], folder, artifact_dir, "\n" * 10)
            answers = [json.loads(line) for line in told.splitlines()]
            assert [answer["status"] for answer in answers] == 10 * [200]
            rounds = [quickest[folder], *(answer["times"] for answer in answers)]
            quickest[folder] = [min(times) for times in zip(*rounds, strict=True)]
    ours, hello = (statistics.median(quickest[folder]) for folder in (ROOT, HELLO))
    assert ours <= 20 * hello, (ours, hello)


def python(arguments: list[str], folder: Path, artifact: Path, lines: str = "") -> str:
    """What a new process prints that imports from a folder and reads some lines."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "ARTIFACT_DIR": str(artifact)}
    done = subprocess.run(
        [sys.executable, *arguments],
        input=lines,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
