"""The OpenAPI document: committed, whole, and kept to by every answer to whatever is asked."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.python.asgi import ASGIClient, get_client

from recommender.api.application import create_app
from tests.conftest import ROOT

COMMITTED = ROOT / "docs" / "openapi.json"
CASES = 150  # for each operation


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


@pytest.fixture(scope="module")
def session(artifact_dir: Path) -> Iterator[ASGIClient]:
    """A client of the API for schemathesis: its own would start and end the app for each case."""
    app = create_app(artifact_dir)

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"  # and no lifespan, which the tool ends before the last case
        await app(scope, receive, send)

    with get_client(serve) as session:
        yield session


@pytest.fixture(scope="module")
def api(document: dict[str, Any]) -> Any:
    return schemathesis.openapi.from_dict(document)


OPERATIONS = [
    (path, method, bool(operation.get("parameters") or "requestBody" in operation))
    for path, methods in json.loads(COMMITTED.read_text(encoding="utf-8"))["paths"].items()
    for method, operation in methods.items()
]


def is_ambiguous(name: str, value: Any) -> bool:
    """Return whether a query cannot show the fault: there a list of one is just a value."""
    if name in ("excluir", "genero"):
        return not isinstance(value, list)
    return value is None or (isinstance(value, list | dict) and len(value) < 2)


def ask(api: Any, session: ASGIClient, path: str, method: str, mode: GenerationMode) -> None:
    @given(api[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:  # what no schema can tell from what is of another list,
            case.query.pop("cursor", None)
            if method == "post":  # or of no film
                if case.body.get("entre"):
                    case.body["entre"] = [309, 14]
                count = len(case.body["avaliacoes"])
                case.body["avaliacoes"] = [
                    {"filme_id": film, "avaliacao": film % 6} for film in range(1, count + 1)
                ]
        else:
            assume(not any(is_ambiguous(*item) for item in (case.query or {}).items()))
        case.call_and_validate(session=session)

    check()


@pytest.mark.parametrize(("path", "method"), [(path, method) for path, method, _ in OPERATIONS])
def test_what_is_documented_is_answered_as_documented(
    api: Any, session: ASGIClient, path: str, method: str
) -> None:
    ask(api, session, path, method, GenerationMode.POSITIVE)


@pytest.mark.parametrize(
    ("path", "method"), [(path, method) for path, method, takes in OPERATIONS if takes]
)
def test_what_is_not_documented_is_refused_as_documented(
    api: Any, session: ASGIClient, path: str, method: str
) -> None:
    ask(api, session, path, method, GenerationMode.NEGATIVE)


def test_who_asks_first_at_once_all_get_the_document(artifact_dir: Path) -> None:
    with TestClient(create_app(artifact_dir)) as fresh, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: fresh.get("/openapi.json").json(), range(8)))
    assert all(document == found[0] for document in found)
    assert "X-Versao" in found[0]["paths"]["/filmes"]["get"]["responses"]["200"]["headers"]
