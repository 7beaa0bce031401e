"""The OpenAPI document: what FastAPI derives from the routes, and what they have in common."""

import json
from functools import cache
from threading import Lock
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from recommender.api.schemas import MAX_ID, Problem

_TEXT = {"type": "string"}

HEADERS = {
    "X-Versao": {"description": "A versão do modelo em uso.", "schema": _TEXT},
    "ETag": {"description": "Forte; com `If-None-Match`, a resposta é 304.", "schema": _TEXT},
}
LIST_HEADERS = {
    "Link": {"description": 'A página seguinte, `rel="next"`, se houver.', "schema": _TEXT},
}
UNCHANGED = {"description": "O que o cliente já tem (`If-None-Match`) ainda vale."}


def install(app: FastAPI) -> None:
    """Make an app's OpenAPI document whole; it is made when it is first asked for."""
    derive, lock = app.openapi, Lock()

    @cache
    def make() -> dict[str, Any]:
        document: dict[str, Any] = _exact(derive())
        _add_problem(document)
        for route in app.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                for method in route.methods or ():
                    operation = document["paths"][route.path_format][method.lower()]
                    operation["operationId"] = route.name
                    _describe_answers(operation, reads=method == "GET")
        return document

    def openapi() -> dict[str, Any]:
        with lock:  # routes are analysed now, which is for one thread only
            return make()

    app.openapi = openapi  # type: ignore[method-assign]


def _exact(part: Any) -> Any:
    """Return a part of a document with whole bounds as integers; FastAPI makes all of them floats.

    The bounds of ids are no longer themselves as floats.
    """
    if isinstance(part, dict):
        return {name: _exact(inner) for name, inner in part.items()}
    if isinstance(part, list):
        return [_exact(inner) for inner in part]
    if isinstance(part, float) and part.is_integer():
        return max(-MAX_ID, min(int(part), MAX_ID))
    return part


def _add_problem(document: dict[str, Any]) -> None:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"] |= {**schema.pop("$defs"), "Problem": schema}


def _describe_answers(operation: dict[str, Any], *, reads: bool) -> None:
    answers = operation["responses"]
    for answer in answers.values():
        if answer["description"] == "Successful Response":
            answer["description"] = "Sucesso."
    if not reads:
        return
    headers = HEADERS | (LIST_HEADERS if "410" in answers else {})
    answers["200"]["headers"] = headers | answers["200"].get("headers", {})
    answers["304"] = UNCHANGED
    operation["responses"] = dict(sorted(answers.items()))


def main() -> None:
    """Print the document; it is the same whatever artifact is served."""
    from recommender.api import app

    print(json.dumps(app.openapi(), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
