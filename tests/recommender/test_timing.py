"""Server-Timing on every answer, and what SnapStart's hooks do."""

import random
import re
from typing import Any

import pytest
import snapshot_restore_py
from fastapi.testclient import TestClient

from recommender.aws import snapshot
from recommender.aws.adapter import Adapter
from recommender.http.timing import start

COLD = r"cold;desc=true, init;dur=\d+\.\d, total;dur=\d+\.\d{3}"
WARM = r"cold;desc=false, total;dur=\d+\.\d{3}"


@pytest.mark.parametrize("path", ["/filmes/1/recomendacoes", "/saude", "/nada", "/filmes?limite=0"])
def test_every_answer_tells_its_time(client: TestClient, path: str) -> None:
    client.get("/saude")
    assert re.fullmatch(WARM, client.get(path).headers["server-timing"])


def test_so_does_one_to_a_failure(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.api.serving.make_profile", None)
    answer = client.get("/filmes/1/recomendacoes")
    assert answer.status_code == 500
    assert re.fullmatch(WARM, answer.headers["server-timing"])


def test_only_the_first_answer_of_a_process_is_cold(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "cold", True)
    first, second = (client.get("/saude").headers["server-timing"] for _ in range(2))
    assert re.fullmatch(COLD, first)
    assert re.fullmatch(WARM, second)


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], list[Any]]:
    """Empty registries of the library that Lambda's runtime brings: before, and after."""
    before: list[Any] = []
    after: list[Any] = []
    monkeypatch.setattr(snapshot_restore_py, "_before_snapshot_registry", before)
    monkeypatch.setattr(snapshot_restore_py, "_after_restore_registry", after)
    return before, after


def test_hooks_are_registered_only_where_snapshots_are_taken(
    hooks: tuple[list[Any], list[Any]], client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: Any = client.app
    monkeypatch.delenv("AWS_LAMBDA_INITIALIZATION_TYPE", raising=False)
    snapshot.install(print, app)
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    snapshot.install(print, app)
    assert hooks == ([], [])
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    snapshot.install(print, app)
    assert (len(hooks[0]), len(hooks[1])) == (1, 2)


def test_a_snapshot_is_taken_after_a_first_answer_and_its_restored_processes_differ(
    hooks: tuple[list[Any], list[Any]], client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    answers: list[Any] = []
    app: Any = client.app
    snapshot.install(lambda event, context: answers.append(Adapter(app)(event, context)), app)
    monkeypatch.setattr(start, "cold", True)
    (prime, arguments, options), (restore, *_) = hooks[0][0], hooks[1][-1]
    prime(*arguments, **options)
    assert answers[0]["statusCode"] == 200
    assert not start.cold

    drawn = []
    for _ in range(2):
        random.seed(1)  # the state of the snapshot
        restore()
        drawn.append(random.random())
        assert client.get("/saude").headers["server-timing"].startswith("cold;desc=true, init;")
        assert client.get("/saude").headers["server-timing"].startswith("cold;desc=false, total")
    assert drawn[0] != drawn[1]
