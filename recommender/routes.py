"""Routes that cost a cold start and a request little.

FastAPI analyses a route (its parameters, its models, its answers) when it is declared, and walks
that analysis on each request. Here it is analysed when the OpenAPI document is first asked for. A
route that only reads its path and query models, and what it depends on likewise, is answered
directly; any other is analysed by its first request, and FastAPI answers it.
"""

import inspect
from collections.abc import Awaitable, Callable, Container
from typing import Annotated, Any, get_args, get_origin

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.params import Depends, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_json
from starlette._utils import get_route_path
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, compile_path, request_response
from starlette.types import ASGIApp, Scope


class JSON(JSONResponse):
    """A JSON answer, written by pydantic in a third of the time."""

    def render(self, content: Any) -> bytes:
        """Return compact JSON in UTF-8; what is no number becomes null."""
        return to_json(content, inf_nan_mode="null")


Errors = list[dict[str, Any]]
Reader = Callable[[Request, Errors], Any]
Call = Callable[[Request, Errors], Awaitable[Any]]
Endpoint = Callable[..., Awaitable[Response]]


class _NeedsFastAPI(Exception):  # noqa: N818 no error
    """A route takes more than reading."""


class Route(APIRoute):
    """A route of FastAPI, analysed when that is first needed.

    ``takes_none`` tells that it takes no parameters in its query; a page does, for links to it may
    have been tagged by others.
    """

    takes_none: bool

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        self.path, self.endpoint = path, endpoint
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.methods = {method.upper() for method in options.get("methods") or ["GET"]}
        self.name = options.get("name") or endpoint.__name__
        documented = options.get("include_in_schema", True)
        self.takes_none = documented and "query" not in endpoint.__annotations__
        self._options = options

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell at the least cost of the paths of other routes that they are not this one's."""
        if scope["type"] != "http" or not self.path_regex.match(get_route_path(scope)):
            return Match.NONE, {}
        return super().matches(scope)

    def __getattr__(self, name: str) -> Any:
        """Analyse the route when an attribute is missing; `app` is what answers a request."""
        if name.startswith("__") or "_options" not in vars(self):
            raise AttributeError(name)
        direct = vars(self).get("app") or _direct(self)
        if direct:
            self.app = direct
            if name == "app":
                return direct
        super().__init__(self.path, self.endpoint, **vars(self).pop("_options"))
        self.app = direct or self.app
        return getattr(self, name)


def _direct(route: Route) -> ASGIApp | None:
    """Return the app that answers a route's requests, None where that takes more than reading."""
    try:
        first = [
            _make_call(each.dependency, route.param_convertors)
            for each in vars(route)["_options"].get("dependencies") or ()
        ]
        call = _make_call(route.endpoint, route.param_convertors)
    except _NeedsFastAPI:
        return None

    async def answer(request: Request) -> Response:
        errors: Errors = []
        for dependency in first:
            await dependency(request, errors)
        response: Response = await call(request, errors)
        if errors:
            raise RequestValidationError(errors)
        return response

    return request_response(answer)


def _make_call(function: Any, in_path: Container[str]) -> Call:
    """Return what calls a function with arguments that are read from a request.

    As FastAPI does, it gets what its dependencies give, then reads the others; errors are added to
    those so far, and a function whose arguments have any is not called.
    """
    if not inspect.iscoroutinefunction(function):
        raise _NeedsFastAPI
    given: dict[str, Call] = {}
    readers: dict[str, Reader] = {}
    requests = []
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        annotation = parameter.annotation
        kind, *facts = get_args(annotation) if get_origin(annotation) is Annotated else [annotation]
        if kind is Request:
            requests.append(name)
        elif facts and isinstance(facts[-1], Depends):
            given[name] = _make_call(facts[-1].dependency, in_path)
        elif name in in_path:
            readers[name] = _path_reader(name, TypeAdapter(annotation))
        elif facts and isinstance(facts[-1], Query) and issubclass(kind, BaseModel):
            readers[name] = _query_reader(kind)
        else:
            raise _NeedsFastAPI

    async def call(request: Request, errors: Errors) -> Any:
        before = len(errors)
        values = {name: await give(request, errors) for name, give in given.items()}
        for name, reader in readers.items():
            values[name] = reader(request, errors)
        if len(errors) > before:
            return None
        for name in requests:
            values[name] = request
        return await function(**values)

    return call


def _path_reader(name: str, adapter: TypeAdapter[Any]) -> Reader:
    def read(request: Request, errors: Errors) -> Any:
        try:
            return adapter.validate_python(request.path_params[name])
        except ValidationError as error:
            errors += _placed(error, "path", name)

    return read


def _query_reader(model: type[BaseModel]) -> Reader:
    several = {
        name
        for name, field in model.model_fields.items()
        if any(get_origin(kind) is list for kind in (field.annotation, *get_args(field.annotation)))
    }

    def values(query: QueryParams) -> dict[str, Any]:
        """Of what is no list, the last value counts; what the model lacks, it will refuse."""
        found: dict[str, Any] = {}
        for name in query:
            given = query.getlist(name)
            listed = name in several or (name not in model.model_fields and len(given) > 1)
            found[name] = given if listed else given[-1]
        return found

    def read(request: Request, errors: Errors) -> Any:
        try:
            return model.model_validate(values(request.query_params))
        except ValidationError as error:
            errors += _placed(error, "query")

    return read


def _placed(error: ValidationError, *place: str) -> Errors:
    """Return the errors as FastAPI tells them: where in the request each was found."""
    found: Any = error.errors(include_url=False)
    return [{**each, "loc": (*place, *each["loc"])} for each in found]
