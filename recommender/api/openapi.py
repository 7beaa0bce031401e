"""The OpenAPI document: what FastAPI derives from the routes, and what all of them share."""

import json
from typing import Any

from fastapi import FastAPI

from recommender.http.problems import Problem
from recommender.settings import Mode

_TEXT = {"type": "string"}

HEADERS = {
    "X-Versao": {"description": "A versão do modelo em uso.", "schema": _TEXT},
    "ETag": {"description": "Forte; com `If-None-Match`, a resposta é 304.", "schema": _TEXT},
}
NEXT = {"Link": {"description": 'A página seguinte, `rel="next"`, se houver.', "schema": _TEXT}}
TOKEN = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
UNCHANGED = {"description": "O que o cliente já tem (`If-None-Match`) ainda vale."}


def make_document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an app. It is the same whatever artifact is served.

    Where access is protected, it asks for a token for whatever may be refused with 401, but for
    routes that say themselves that they need none.
    """
    document: dict[str, Any] = _exact(app.openapi())
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"] |= {**schema.pop("$defs"), "Problem": schema}
    is_protected = app.state.access.mode is Mode.JWT
    if is_protected:
        document["components"]["securitySchemes"] = {"token": TOKEN}
    for path in document["paths"].values():
        for method, operation in path.items():
            _describe_answers(operation, reads=method == "get")
            if is_protected and "401" in operation["responses"]:
                operation.setdefault("security", [{"token": []}])
    return document


def _exact(part: Any) -> Any:
    """Return a part of a document with whole bounds as integers: FastAPI makes them floats."""
    if isinstance(part, dict):
        return {name: _exact(inner) for name, inner in part.items()}
    if isinstance(part, list):
        return [_exact(inner) for inner in part]
    if isinstance(part, float) and part.is_integer():
        return int(part)
    return part


def _describe_answers(operation: dict[str, Any], *, reads: bool) -> None:
    answers = operation["responses"]
    for answer in answers.values():
        if answer["description"] == "Successful Response":
            answer["description"] = "Sucesso."
    if reads:
        headers = HEADERS | (NEXT if "410" in answers else {})
        answers["200"]["headers"] = headers | answers["200"].get("headers", {})
        answers["304"] = UNCHANGED
        operation["responses"] = dict(sorted(answers.items()))


if __name__ == "__main__":
    from recommender.api import app as served

    print(json.dumps(make_document(served), ensure_ascii=False, indent=2))
