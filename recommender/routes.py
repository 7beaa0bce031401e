"""Routes that cost a cold start and a request little.

FastAPI analyses a route (its parameters, its models, its answers) when it is declared, and walks
that analysis on each request. Here it is analysed when the OpenAPI document is first asked for. A
route that only reads its path and query models, and what it depends on likewise, is answered
directly; any other is analysed by its first request, and FastAPI answers it.
"""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from functools import cache, cached_property
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
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from recommender.problems import ProblemError, answer


class JSON(JSONResponse):
    """A JSON answer, written by pydantic in a third of the time."""

    body: bytes

    def __init__(
        self, content: Any, status_code: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """Write it; a header's name and value are plain texts."""
        self.status_code, self.background = status_code, None
        self.body = self.render(content)
        self.raw_headers = [
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", b"application/json"),
        ]
        if headers:
            self.raw_headers += [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in headers.items()
            ]

    def render(self, content: Any) -> bytes:
        """Return compact JSON in UTF-8, bytes as they are; what is no number becomes null."""
        return content if isinstance(content, bytes) else to_json(content, inf_nan_mode="null")


Errors = list[dict[str, Any]]
Reader = Callable[[Request, Errors], Any]
Call = Callable[[Request, Errors], Awaitable[Any]]
Endpoint = Callable[..., Awaitable[Response]]
Answer = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, Any], Any]  # of an exception


class _NeedsFastAPI(Exception):  # noqa: N818 no error
    """A route takes more than reading."""


class Route(APIRoute):
    """A route of FastAPI, analysed when that is first needed.

    ``takes_none`` tells that it takes no parameters in its query; a page does, for links to it may
    have been tagged by others.
    """

    takes_none: bool
    methods: set[str]

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        self.path, self.endpoint = path, endpoint
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.methods = {method.upper() for method in options.get("methods") or ["GET"]}
        self.name = options.get("name") or endpoint.__name__
        documented = options.get("include_in_schema", True)
        self.takes_none = documented and "query" not in endpoint.__annotations__
        self._options = options
        self._dependencies = options.get("dependencies") or ()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell at the least cost of the paths of other routes that they are not this one's."""
        if scope["type"] != "http" or not self.path_regex.match(get_route_path(scope)):
            return Match.NONE, {}
        return super().matches(scope)

    def __getattr__(self, name: str) -> Any:
        """Analyse the route when an attribute is missing."""
        if name.startswith("__") or "_options" not in vars(self):
            raise AttributeError(name)
        super().__init__(self.path, self.endpoint, **vars(self).pop("_options"))
        return getattr(self, name)

    @cached_property
    def direct(self) -> Answer | None:
        """What answers a request directly; None where that takes more than reading."""
        try:
            first = [
                _make_call(each.dependency, self.param_convertors) for each in self._dependencies
            ]
            call = _make_call(self.endpoint, self.param_convertors)
        except _NeedsFastAPI:
            return None

        async def answer_directly(request: Request) -> Response:
            errors: Errors = []
            for dependency in first:
                await dependency(request, errors)
            response: Response = await call(request, errors)
            if errors:
                raise RequestValidationError(errors)
            return response

        return answer_directly


class Direct:
    """ASGI middleware: answers requests to direct routes; all others go on to FastAPI.

    ``handlers`` make answers of exceptions, by their class. What is left is a failure. It is
    answered here, for a handler of FastAPI's would be outside of all that every answer has.
    """

    def __init__(
        self, app: ASGIApp, routes: Sequence[BaseRoute], handlers: Mapping[Any, Handler]
    ) -> None:
        self.app, self.handlers = app, handlers
        by_path: dict[str, dict[str, Route]] = {}
        for route in routes:
            if isinstance(route, Route):
                of_path = by_path.setdefault(route.path, {})
                of_path.update(dict.fromkeys(route.methods, route))
        # One expression of all paths: of the group that matched last, the number tells the path.
        self.paths: dict[int, tuple[dict[str, Route], list[str]]] = {}
        patterns, group = [], 1
        for path, of_path in by_path.items():
            _, pattern, convertors = compile_path(path)
            patterns.append(re.sub(r"\\{\w+\\}", "([^/]+)", re.escape(pattern)))
            self.paths[group] = of_path, list(convertors)
            group += 1 + len(convertors)
        self.pattern = re.compile("|".join(f"({pattern})" for pattern in patterns))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on; a failure goes on to where it is logged."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            route = self._find(scope)
            if route is None or route.direct is None:
                await asyncio.sleep(0)  # what follows may wait, so it needs an event loop
                await self.app(scope, receive, send)
                return
            scope["route"] = route
            request = Request(scope, receive, send)
            try:
                response = await route.direct(request)
            except Exception as error:
                handlers = filter(None, map(self.handlers.get, type(error).__mro__))
                handler = next(handlers, None)
                if handler is None:
                    raise
                response = await handler(request, error)
            await response(scope, receive, send)
        except Exception:
            failure = ProblemError(500, "Erro interno. Tente novamente mais tarde.")
            await answer(failure)(scope, receive, send)
            raise

    def _find(self, scope: Scope) -> Route | None:
        """Return the route that answers, and leave the path's parameters in the scope."""
        found = self.pattern.fullmatch(get_route_path(scope))
        if found is None or found.lastindex is None:
            return None
        of_path, names = self.paths[found.lastindex]
        first = found.lastindex + 1
        scope["path_params"] = {name: found[place] for place, name in enumerate(names, first)}
        return of_path.get(scope["method"])


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

    if not given and not readers:
        return lambda request, _: function(**dict.fromkeys(requests, request))

    async def call(request: Request, errors: Errors) -> Any:
        before = len(errors)
        values = {}
        for name, give in given.items():
            values[name] = await give(request, errors)
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
            return adapter.validator.validate_python(request.path_params[name])
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

    defaults = cache(model)

    def read(request: Request, errors: Errors) -> Any:
        if not request.scope["query_string"]:
            return defaults()
        try:
            return model.model_validate(values(request.query_params))
        except ValidationError as error:
            errors += _placed(error, "query")

    return read


def _placed(error: ValidationError, *place: str) -> Errors:
    """Return the errors as FastAPI tells them: where in the request each was found."""
    found: Any = error.errors(include_url=False)
    return [{**each, "loc": (*place, *each["loc"])} for each in found]
