"""Routes that are answered directly answer as FastAPI would."""

import asyncio
import json
import threading
from contextlib import closing
from enum import StrEnum
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message

from recommender.api.application import ROUTES
from recommender.api.routes import JSON, Route
from recommender.http.delivery import Direct


class Kind(StrEnum):
    ONE = "um"
    OTHER = "outro"


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limite: int = Field(5, ge=1, le=100)
    parte: float = Field(0, ge=0, le=1, allow_inf_nan=False)
    nome: Annotated[str | None, Field(max_length=3)] = None
    genero: list[Annotated[str, Field(min_length=1)]] = []
    excluir: Annotated[list[int] | None, Field(max_length=2)] = None
    sim: bool | None = None
    tipo: Kind = Kind.ONE


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    nota: float = Field(allow_inf_nan=False)
    partes: list[Asked] = []


def header(request: Request) -> str:
    return request.headers.get("x-nome", "ninguém")


def refuse(request: Request) -> None:
    if "recusar" in request.headers:
        raise RequestValidationError([{"type": "refused", "loc": ("header",), "msg": ""}])


def allowed(request: Request, numero: Annotated[int, Field(le=50)]) -> int:
    if "proibir" in request.headers:
        raise HTTPException(403)
    return -numero


def of_allowed(
    numero: Annotated[int, Depends(allowed)], query: Annotated[Asked, Query()]
) -> JSONResponse:
    return JSONResponse([numero, query.model_dump()])


def by_id(
    request: Request,
    numero: Annotated[int, Field(ge=1, le=99)],
    query: Annotated[Asked, Query()],
    name: Annotated[str, Depends(header)],
) -> JSONResponse:
    return JSONResponse([request.method, numero, query.model_dump(), name])


def by_body(asked: Asked) -> JSONResponse:
    return JSONResponse(asked.model_dump())


def by_all(
    numero: Annotated[int, Field(ge=1, le=99)],
    query: Annotated[Asked, Query()],
    asked: Annotated[Strict, Body()],
    name: Annotated[str, Depends(header)],
) -> JSONResponse:
    return JSONResponse([numero, query.model_dump(), asked.model_dump(), name])


class DirectAPI(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        return Direct(super().build_middleware_stack(), self.routes, self.exception_handlers)


def named(nome: str) -> JSONResponse:
    return JSONResponse(nome)


def fixed() -> JSONResponse:
    return JSONResponse("fixed")


def client(app_class: type[FastAPI], route_class: type[APIRoute]) -> TestClient:
    router = APIRouter(route_class=route_class, dependencies=[Depends(refuse)])
    router.get("/{numero}/coisas", response_model=list[Asked])(by_id)
    router.get("/{numero}/outras")(of_allowed)
    router.post("/coisas", response_model=list[Asked])(by_body)
    router.put("/{numero}/tudo", response_model=list[Asked])(by_all)
    router.get("/a.b/{nome}")(named)
    router.get("/a.b/fixo/coisas")(fixed)
    app = app_class(routes=router.routes)

    async def tell(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        found = [{**each, "input": repr(each.get("input"))} for each in error.errors()]
        return JSON(found, 422)

    app.add_exception_handler(RequestValidationError, tell)
    return TestClient(app)


DIRECT, FULL = client(DirectAPI, Route), client(FastAPI, APIRoute)

names = st.sampled_from([*Asked.model_fields, "limit", "outro"])
values = st.sampled_from(
    ["", "0", "1", "7", "101", "0.5", "nan", "abc", "abcd", "true", "um", "outro", "ã&=", "1e2"]
)


@pytest.mark.parametrize("path", ["coisas", "outras"])
@given(
    number=st.sampled_from(["1", "99", "0", "51", "100", "x", "1.0", "%20", "9" * 40]),
    query=st.lists(st.tuples(names, values), max_size=6),
    headers=st.sampled_from([{}, {"x-nome": "ana"}, {"recusar": "1"}, {"proibir": "1"}]),
)
def test_answers_and_errors_are_those_of_fastapi(
    path: str, number: str, query: Any, headers: dict[str, str]
) -> None:
    direct, full = (
        each.get(f"/{number}/{path}", params=query, headers=headers) for each in (DIRECT, FULL)
    )
    assert (direct.status_code, direct.json()) == (full.status_code, full.json())


bodies = st.one_of(
    st.sampled_from(
        [
            *(b"", b"{}", b"[]", b"null", b"3", b'"a"', b'{"nota": 4}', b'{"nota": NaN}', b"{,}"),
            *(
                b'{"nota": "4"}',
                b'{"nota": 1e999}',
                b'{"nota": 4, "mais": 1}',
                b"\xff",
                b'{"a',
                b"[" * 100_000,
            ),
            *(b'{"nota": 4, "partes": [{"limite": 0}, {}]}', b'{"limite": 7}', b"\xef\xbb\xbf{}"),
            *(b' {"nota": 4} ', b'{"nota": 4}{', b'{"nota": 4, "nota": 5}', '{"ç": 1}'.encode()),
        ]
    ),
    st.binary(max_size=8),
)
kinds = st.sampled_from(
    [
        *("application/json", "Application/JSON; charset=utf-8", "application/problem+json"),
        *("text/plain", "application/xml", "application/json/x", "json", "", None),
    ]
)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/coisas"), ("PUT", "/7/tudo"), ("PUT", "/x/tudo?limite=0")]
)
@given(body=bodies, kind=kinds)
def test_bodies_are_read_as_fastapi_reads_them(
    method: str, path: str, body: bytes, kind: str | None
) -> None:
    headers = {} if kind is None else {"content-type": kind}
    direct, full = (
        each.request(method, path, content=body, headers=headers) for each in (DIRECT, FULL)
    )
    assert (direct.status_code, direct.json()) == (full.status_code, full.json())


def test_who_may_not_write_is_told_before_what_is_wrong_with_the_body() -> None:
    answer = DIRECT.post("/coisas", content=b"{", headers={"recusar": "1"})
    assert [error["type"] for error in answer.json()] == ["refused"]


def test_the_document_is_that_of_fastapi() -> None:
    direct, full = (each.get("/openapi.json").json() for each in (DIRECT, FULL))
    assert direct == full
    after = DIRECT.get("/7/coisas")
    assert after.json() == FULL.get("/7/coisas").json()


def test_unknown_attributes_are_missing() -> None:
    route = Route("/", by_body)
    with pytest.raises(AttributeError):
        _ = route.nothing
    with pytest.raises(AttributeError):
        _ = route.nothing


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD"])
@pytest.mark.parametrize(
    "path",
    [
        *("/a.b/x", "/acb/x", "/a.b/", "/a.b", "/a.b/x/", "/a.b/fixo", "/a.b/fixo/coisas"),
        *("/5/coisas", "/coisas", "/a.b/coisas", "/{numero}/coisas", "/5/coisas/", "/a.b/x%2Fy"),
        *("/a.b/x%0A", "/5/outras%0A", "/a.b/%F0%9F%8E%AC", "//coisas", "/"),
    ],
)
def test_paths_lead_where_fastapi_leads(method: str, path: str) -> None:
    direct, full = (each.request(method, path, follow_redirects=False) for each in (DIRECT, FULL))
    assert (direct.status_code, direct.content) == (full.status_code, full.content)
    for name in ("allow", "location"):
        assert direct.headers.get(name) == full.headers.get(name)


def test_all_routes_are_answered_directly() -> None:
    routes = [route for route in ROUTES if isinstance(route, Route)]
    assert len(routes) == len(ROUTES) > 0
    taking_bodies = [route.name for route in routes if route.takes_body]
    assert sorted(taking_bodies) == ["rate", "recommend_if", "recommend_to_anybody"]


def test_answers_are_made_in_threads_unless_nobody_else_waits() -> None:
    """A slow answer holds up no other of a server; a function has but one request at a time."""

    def tell_thread() -> JSONResponse:
        return JSONResponse(threading.get_ident())

    direct = Direct(FastAPI(), [Route("/", tell_thread)], {})
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}

    async def thread(**more: Any) -> Any:
        response = await direct.answer({**scope, **more}, nothing)
        assert response
        return json.loads(bytes(response.body))

    async def nothing() -> Message:
        raise AssertionError("no body is taken")

    here = threading.get_ident()
    with closing(asyncio.new_event_loop()) as loop:  # asyncio.run would drop that of an adapter
        assert loop.run_until_complete(thread()) != here
        assert loop.run_until_complete(thread(**{"aws.event": {}})) == here
