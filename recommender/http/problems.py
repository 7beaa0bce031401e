"""Errors as RFC 9457 problem details, in Portuguese, with the message also under ``error``."""

import json
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

MEDIA_TYPE = "application/problem+json"
LARGEST_BODY = 300_000  # bytes: the longest body that a route can use, and room for blanks
MOST_FAULTS = 20  # fields that one answer names; a body may hold thousands of wrong ones
MOST_READ = 100  # faults of a request that are put into words, of which some may be alike
MOST_CHARACTERS = 100  # of a value that an answer repeats

# Titles, and what is said of an error for which a library gives a status alone.
KNOWN = {
    400: ("Requisição inválida", "A requisição não pôde ser lida."),
    401: ("Não autenticado", "Falta um token válido."),
    403: ("Proibido", "O acesso não é permitido."),
    404: ("Não encontrado", "O caminho {path} não existe."),
    405: ("Método não permitido", "O método {method} não é permitido em {path}."),
    406: ("Não aceitável", "Não há conteúdo em uma forma que a requisição aceite."),
    410: ("Cursor expirado", "O cursor expirou."),
    412: ("Precondição não atendida", "A condição não foi atendida."),
    413: ("Corpo grande demais", f"O corpo da requisição passa de {LARGEST_BODY} bytes."),
    422: ("Parâmetro inválido", "Um parâmetro não é aceito."),
    500: ("Erro interno", "Erro interno. Tente novamente mais tarde."),
    503: ("Indisponível", "O serviço está indisponível."),
}
UNKNOWN = "nenhum parâmetro com este nome"

# What is allowed, by pydantic's error type without its ending; names in braces are of its context.
ALLOWED = {
    "bool": "true ou false",
    "datetime": "data e hora em ISO 8601, com fuso: 2026-01-31T20:15:00Z",
    "enum": "um de: {expected}",
    "extra_forbidden": UNKNOWN,
    "finite_number": "um número finito",
    "float": "um número",
    "greater_than_equal": "no mínimo {ge}",
    "int": "um número inteiro",
    "int_parsing_size": "um número inteiro de até 16 algarismos",
    "less_than_equal": "no máximo {le}",
    "list": "uma lista",
    "missing": "um valor é obrigatório",
    "model": "um objeto JSON",
    "string": "um texto",
    "string_too_long": "no máximo {max_length} caracteres",
    "string_too_short": "no mínimo {min_length} caractere",
    "too_long": "no máximo {max_length} valores",
    "too_many_words": "no máximo {most} palavras diferentes",
    "too_short": "no mínimo {min_length} valor",
}

_log = logging.getLogger(__name__)


class FieldProblem(BaseModel):
    """A field at fault."""

    campo: str
    valor: str | None
    permitido: str


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    error: str = Field(description="O mesmo que `detail`.")
    erros: list[FieldProblem] | None = None


class ProblemError(HTTPException):
    """An error to answer with: HTTP status, message, headers, and the fields at fault."""

    fields: list[FieldProblem] | None = None


Fault = tuple[str, object, str]
"""A field at fault: its name, its value (None: there is none), and what is allowed."""


def invalid_field(name: str, value: object, allowed: str) -> ProblemError:
    """Return the 422 for one field: its name, the value that came, and what is allowed."""
    return invalid_fields([(name, value, allowed)])


def invalid_fields(fields: Iterable[Fault], more: int = 0) -> ProblemError:
    """Return the 422 for several fields. It names the first twenty and counts the rest.

    ``more`` are others that are only counted.
    """
    faults = list(
        dict.fromkeys((name, _written(value), allowed) for name, value, allowed in fields)
    )
    told = [
        FieldProblem(campo=name, valor=value, permitido=allowed)
        for name, value, allowed in faults[:MOST_FAULTS]
    ]
    texts = [
        f"{fault.campo}: {fault.permitido}"
        if fault.valor is None
        else f"{fault.campo}: {fault.valor!r} não é aceito, {fault.permitido}"
        for fault in told
    ]
    if rest := len(faults) - len(told) + more:
        texts.append(f"e mais {rest}")
    problem = ProblemError(422, f"Parâmetro inválido: {'; '.join(texts)}.")
    problem.fields = told
    return problem


def responses(described: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses`` of a route for problems: statuses, and what each means there."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, text in described.items()
    }


COMMON = responses({422: "Um parâmetro não é aceito.", 503: "Não há modelo a servir."})
"""The problems that every route may answer with."""

BODY = {400: "O corpo não é um texto em UTF-8.", 413: f"O corpo passa de {LARGEST_BODY} bytes."}
"""What routes that take a body may answer in addition."""


def answer(problem: ProblemError) -> JSONResponse:
    """Return a problem as the answer to a request."""
    status, detail = problem.status_code, problem.detail
    title, _ = KNOWN.get(status, KNOWN[400])
    body = Problem(title=title, status=status, detail=detail, error=detail, erros=problem.fields)
    content = body.model_dump(exclude=None if problem.fields else {"erros"})
    return JSONResponse(content, status, problem.headers, media_type=MEDIA_TYPE)


def of_status(status: int, scope: Scope) -> ProblemError:
    """Return the problem for an error that a library answers with a status alone."""
    _, detail = KNOWN.get(status, KNOWN[400])
    detail = detail.format(path=_written(scope.get("path")), method=scope.get("method"))
    return ProblemError(status, detail)


def install(app: FastAPI, *unreachable: type[Exception]) -> None:
    """Make every error of an app a problem; ``unreachable`` is what stores and databases raise."""

    async def on_error(request: Request, error: Exception) -> JSONResponse:
        if isinstance(error, RequestValidationError):
            faults = error.errors()
            read = [_field(fault, error.body) for fault in faults[:MOST_READ]]
            return answer(invalid_fields(read, len(faults) - len(read)))
        if isinstance(error, ProblemError):
            return answer(error)
        if isinstance(error, HTTPException):
            problem = of_status(error.status_code, request.scope)
            problem.headers = error.headers
            if error.status_code == 405:
                problem.headers = {"Allow": _allowed_methods(request)}
            return answer(problem)
        _log.error("store not reached: %s", error)  # what is left is ``unreachable``
        detail = "O que se guarda não pôde ser alcançado; nada foi confirmado. Tente de novo."
        return answer(ProblemError(503, detail, {"Retry-After": "5"}))

    for kind in (RequestValidationError, HTTPException, *unreachable):
        app.add_exception_handler(kind, on_error)


def _allowed_methods(request: Request) -> str:
    """Return the methods that all routes of a path take together, as an Allow header."""
    found = (r for r in request.app.routes if r.matches(request.scope)[0] is not Match.NONE)
    methods = set[str]().union(*(route.methods for route in found))
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods))


def _field(error: Mapping[str, Any], body: Any) -> Fault:
    """Return the name, value and what is allowed for an error of pydantic's."""
    place = [str(_written(part)) for part in error["loc"][1:]]  # the first is query, path or body
    if error["type"] == "json_invalid":
        position, text = error["loc"][1], str(body)
        line = text.count("\n", 0, position) + 1
        column = position - text.rfind("\n", 0, position)
        return "corpo", None, f"JSON válido (erro na linha {line}, coluna {column})"
    given, unread = error["input"], isinstance(error["input"], bytes)
    value = None if error["type"] == "missing" or unread else "null" if given is None else given
    if not place:
        return "corpo", value, "um objeto JSON, com Content-Type: application/json"
    context = dict(error.get("ctx", {}))
    if "expected" in context:
        context["expected"] = str(context["expected"]).replace(" or ", ", ")
    kind = re.sub("(_attributes)?_(parsing|type|unicode)$", "", error["type"])
    template = ALLOWED.get(error["type"], ALLOWED.get(kind))
    allowed = template.format(**context) if template else error["msg"]
    return ".".join(place), value, allowed


def _written(value: object) -> str | None:
    """Return a value as JSON spells it, texts as they are, shortened; None for None."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = text.encode("utf-8", "backslashreplace").decode()  # JSON can hold half of a surrogate
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
