"""Routes that are answered directly answer as FastAPI would."""

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
from starlette.types import ASGIApp

from recommender.api import ROUTES
from recommender.routes import JSON, Direct, Route


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


async def header(request: Request) -> str:
    return request.headers.get("x-nome", "ninguém")


async def refuse(request: Request) -> None:
    if "recusar" in request.headers:
        raise RequestValidationError([{"type": "refused", "loc": ("header",), "msg": ""}])


async def allowed(request: Request, numero: Annotated[int, Field(le=50)]) -> int:
    if "proibir" in request.headers:
        raise HTTPException(403)
    return -numero


async def of_allowed(
    numero: Annotated[int, Depends(allowed)], query: Annotated[Asked, Query()]
) -> JSONResponse:
    return JSONResponse([numero, query.model_dump()])


async def by_id(
    request: Request,
    numero: Annotated[int, Field(ge=1, le=99)],
    query: Annotated[Asked, Query()],
    name: Annotated[str, Depends(header)],
) -> JSONResponse:
    return JSONResponse([request.method, numero, query.model_dump(), name])


async def by_body(asked: Annotated[Asked, Body()], teste: str = "") -> JSONResponse:
    return JSONResponse([asked.model_dump(), teste])


class DirectAPI(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        return Direct(super().build_middleware_stack(), self.routes, self.exception_handlers)


async def named(nome: str) -> JSONResponse:
    return JSONResponse(nome)


async def fixed() -> JSONResponse:
    return JSONResponse("fixed")


def client(app_class: type[FastAPI], route_class: type[APIRoute]) -> TestClient:
    router = APIRouter(route_class=route_class, dependencies=[Depends(refuse)])
    router.get("/{numero}/coisas", response_model=list[Asked])(by_id)
    router.get("/{numero}/outras")(of_allowed)
    router.post("/coisas", response_model=list[Asked])(by_body)
    router.get("/a.b/{nome}")(named)
    router.get("/a.b/fixo/coisas")(fixed)
    app = app_class(routes=router.routes)

    async def tell(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return JSON(list(error.errors()), 422)

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


@pytest.mark.parametrize("body", [{}, {"limite": 0}, {"limite": 7, "genero": ["a"]}, [], None])
def test_what_takes_more_than_reading_is_left_to_fastapi(body: Any) -> None:
    direct, full = (each.post("/coisas?teste=x", json=body) for each in (DIRECT, FULL))
    assert (direct.status_code, direct.json()) == (full.status_code, full.json())


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


def test_what_reads_is_answered_directly() -> None:
    taking_more = [
        (route.name, method)
        for route in ROUTES
        if isinstance(route, Route) and not route.direct
        for method in route.methods
    ]
    assert sorted(taking_more) == [
        ("rate", "PUT"),
        ("recommend_if", "POST"),
        ("recommend_to_anybody", "POST"),
    ]
