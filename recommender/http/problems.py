"""Errors as RFC 9457 problem details, in Portuguese, with the message also under ``error``."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from recommender.data.store import StoreError

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 20  # fields that one answer names; a body may hold thousands of wrong ones
RETRY_SECONDS = 5  # after which a store that did not answer may be asked again

TITLES = {
    400: "Requisição inválida",
    401: "Não autenticado",
    403: "Proibido",
    404: "Não encontrado",
    405: "Método não permitido",
    410: "Cursor expirado",
    412: "Precondição não atendida",
    413: "Corpo grande demais",
    422: "Parâmetro inválido",
    500: "Erro interno",
    503: "Indisponível",
}

EXPIRED = "O cursor é de outra versão do modelo, ou as avaliações mudaram."
WHOLE_BODY = "um objeto JSON, com Content-Type: application/json"
UNKNOWN = "nenhum parâmetro com este nome"

# What is allowed, by pydantic's error type; the names in braces come from its context.
ALLOWED = {
    "bool_parsing": "true ou false",
    "bool_type": "true ou false",
    "enum": "{expected}",
    "extra_forbidden": UNKNOWN,
    "finite_number": "um número finito",
    "float_parsing": "um número",
    "float_type": "um número",
    "greater_than_equal": "no mínimo {ge}",
    "int_parsing": "um número inteiro",
    "int_type": "um número inteiro",
    "int_parsing_size": "um número inteiro de até 64 bits",
    "less_than_equal": "no máximo {le}",
    "list_type": "uma lista",
    "json_invalid": "JSON válido",
    "missing": "um valor é obrigatório",
    "model_attributes_type": "um objeto JSON",
    "model_type": "um objeto JSON",
    "string_type": "um texto",
    "string_too_long": "no máximo {max_length} caracteres",
    "string_too_short": "no mínimo {min_length} caractere",
    "too_long": "no máximo {max_length} valores",
    "too_short": "no mínimo {min_length} valor",
}

_log = logging.getLogger(__name__)


class ProblemError(Exception):
    """An error to answer with: HTTP status, message, and the fields at fault."""

    def __init__(
        self,
        status: int,
        detail: str,
        fields: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.fields = fields
        self.headers = headers


def invalid_field(name: str, value: object, allowed: str) -> ProblemError:
    """Return the 422 for one field: its name, the value that came, and what is allowed."""
    return invalid_fields([(name, value, allowed)])


def invalid_fields(fields: Iterable[tuple[str, object, str]]) -> ProblemError:
    """Return the 422 for some fields: name, value, and what is allowed of each."""
    return _invalid(
        [
            {"campo": name, "valor": _short(value), "permitido": allowed}
            for name, value, allowed in fields
        ]
    )


def responses(described: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses`` of a route for problems: statuses, and what each means there."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, text in described.items()
    }


COMMON = responses({422: "Um parâmetro não é aceito.", 503: "Não há modelo a servir."})
"""The problems that every route may answer with."""


def install(app: FastAPI) -> None:
    """Make every error of an app a problem; delivery.py does so with failures."""

    async def on_problem(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ProblemError)
        return answer(error)

    async def on_invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return answer(_invalid([_field(found) for found in error.errors()]))

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        detail = {
            404: f"O caminho {_short(request.url.path)} não existe.",
            405: f"O método {request.method} não é permitido em {_short(request.url.path)}.",
            413: "O corpo da requisição é grande demais.",
        }.get(error.status_code, "A requisição não pôde ser lida.")
        headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
        return answer(ProblemError(error.status_code, detail, headers=headers))

    async def on_unreachable(_: Request, error: Exception) -> JSONResponse:
        _log.error("ratings not reached: %s", error)
        detail = "As avaliações não puderam ser alcançadas; nada foi confirmado. Tente de novo."
        return answer(ProblemError(503, detail, headers={"Retry-After": str(RETRY_SECONDS)}))

    app.add_exception_handler(ProblemError, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(StoreError, on_unreachable)


def _allowed(request: Request) -> str:
    """Return the methods that the routes of a path take, as an Allow header."""
    methods: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))


def _invalid(fields: list[dict[str, Any]]) -> ProblemError:
    told = fields[:MOST_FAULTS]
    texts = [f"{f['campo']}: {f['valor']!r} não é aceito, {f['permitido']}" for f in told]
    if len(fields) > len(told):
        texts.append(f"e mais {len(fields) - len(told)}")
    return ProblemError(422, "Parâmetro inválido: " + "; ".join(texts) + ".", told)


def _field(error: Mapping[str, Any]) -> dict[str, Any]:
    place = [_short(part) for part in error["loc"] if part not in ("query", "path", "body")]
    context = {**error.get("ctx", {})}
    if "expected" in context:
        context["expected"] = "um de: " + str(context["expected"]).replace(" or ", ", ")
    template = ALLOWED.get(error["type"])
    allowed = template.format(**context) if template else error["msg"]
    value = None if error["type"] == "missing" else _short(error.get("input"))
    if not place:
        return {"campo": "corpo", "valor": value, "permitido": WHOLE_BODY}
    return {"campo": ".".join(place), "valor": value, "permitido": allowed}


def _short(value: object) -> str:
    # JSON can name half of a surrogate pair, which no encoding can write.
    text = str(value).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 100 else text[:99] + "…"


def answer(problem: ProblemError) -> JSONResponse:
    """Return a problem as the answer to a request."""
    status = problem.status
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": problem.detail,
        "error": problem.detail,
    }
    if problem.fields:
        body["erros"] = problem.fields
    return JSONResponse(body, status, headers=problem.headers, media_type=MEDIA_TYPE)
