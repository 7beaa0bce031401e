"""Routes that cost a cold start and a request little.

FastAPI analyses a route (its parameters, its models, its answers) when it is declared, and walks
that analysis on each request. Here it is analysed when the OpenAPI document is first asked for, and
requests go by the signature of its endpoint: a plain function that takes the request, parameters of
the path, models of the query and of the body, and what dependencies, plain functions likewise, make
of these. Values and errors are those that FastAPI finds.
"""

import inspect
import json
import re
from collections.abc import Callable, Container, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.params import Body, Depends, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_json
from starlette._utils import get_route_path
from starlette.convertors import StringConvertor
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, compile_path
from starlette.types import Scope


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
Reader = Callable[[Request, bytes, Errors], Any]
Endpoint = Callable[..., Response]


class Route(APIRoute):
    """A route of FastAPI, analysed when that is first needed.

    ``takes_none`` tells that it takes no parameters in its query; a page does, for links to it may
    have been tagged by others. ``takes_body`` tells that it takes a body.
    """

    takes_none: bool
    takes_body: bool
    methods: set[str]

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        self.path, self.endpoint = path, endpoint
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.methods = {method.upper() for method in options.get("methods") or ["GET"]}
        self.name = options.get("name") or endpoint.__name__
        documented = options.get("include_in_schema", True)
        kinds = list(map(_kind, endpoint.__annotations__.values()))
        self.takes_none = documented and Query not in kinds
        self.takes_body = Body in kinds
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
    def respond(self) -> Callable[[Request, bytes], Response]:
        """What answers a request and its body.

        It raises what the endpoint raises, and besides:
            RequestValidationError: for what the parameters may not be.
            HTTPException: 400 for a body that is no text.
        """
        called = [each.dependency for each in self._dependencies]
        first = [_call(function, self.param_convertors) for function in called]
        call = _call(self.endpoint, self.param_convertors)

        def respond(request: Request, body: bytes) -> Response:
            errors: Errors = []
            for dependency in first:
                dependency(request, body, errors)
            response: Response = call(request, body, errors)
            if errors:
                raise RequestValidationError(errors)
            return response

        return respond


class Finder:
    """Finds the route of a request among some."""

    def __init__(self, routes: Sequence[Any]) -> None:
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
            if not all(isinstance(each, StringConvertor) for each in convertors.values()):
                raise TypeError(f"{path}: only plain parameters can be found")
        self.pattern = re.compile("|".join(f"({pattern})" for pattern in patterns))

    def find(self, scope: Scope) -> Route | None:
        """Return the route, left in the scope with the parameters of its path; None for none."""
        found = self.pattern.fullmatch(get_route_path(scope))
        if found is None or found.lastindex is None:
            return None
        of_path, names = self.paths[found.lastindex]
        route = of_path.get(scope["method"])
        if route is not None:
            first = found.lastindex + 1
            scope["path_params"] = {name: found[place] for place, name in enumerate(names, first)}
            scope["route"] = route
        return route


def _call(function: Any, in_path: Container[str]) -> Reader:
    """Return what calls a function with arguments that are read from a request.

    As FastAPI does, it gets what its dependencies give, then reads the others; errors are added to
    those so far, and a function whose arguments have any is not called.
    """
    requests: list[str] = []
    given: dict[str, Reader] = {}
    read: dict[str, Reader] = {}
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        kind, annotation = _kind(parameter.annotation), parameter.annotation
        if annotation is Request:
            requests.append(name)
        elif kind is Depends:
            given[name] = _call(annotation.__metadata__[-1].dependency, in_path)
        elif name in in_path:
            read[name] = _path_reader(name, TypeAdapter(annotation))
        elif kind is Query:
            read[name] = _query_reader(get_args(annotation)[0])
        else:
            read[name] = _body_reader(TypeAdapter(annotation))
    if not given and not read:
        return lambda request, *_: function(**dict.fromkeys(requests, request))
    readers = [*given.items(), *read.items()]

    def call(request: Request, body: bytes, errors: Errors) -> Any:
        before = len(errors)
        values = dict.fromkeys(requests, request)
        for name, reader in readers:
            values[name] = reader(request, body, errors)
        return None if len(errors) > before else function(**values)

    return call


def _kind(annotation: Any) -> type | None:
    """Return what a parameter is: made by a dependency, of the query, a model of the body."""
    for fact in getattr(annotation, "__metadata__", ()):
        if isinstance(fact, Depends | Query | Body):
            return Body if isinstance(fact, Body) else type(fact)
    return Body if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _path_reader(name: str, adapter: TypeAdapter[Any]) -> Reader:
    def read(request: Request, _: bytes, errors: Errors) -> Any:
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

    def read(request: Request, _: bytes, errors: Errors) -> Any:
        if not request.scope["query_string"]:
            return defaults()
        try:
            return model.model_validate(values(request.query_params))
        except ValidationError as error:
            errors += _placed(error, "query")

    return read


def _body_reader(adapter: TypeAdapter[Any]) -> Reader:
    def read(request: Request, body: bytes, errors: Errors) -> Any:
        if not body:
            errors.append(
                {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}
            )
            return None
        try:
            content = json.loads(body) if _is_json(request) else body
        except json.JSONDecodeError as error:
            fault = {"type": "json_invalid", "loc": ("body", error.pos), "msg": "JSON decode error"}
            raise RequestValidationError(
                [{**fault, "input": {}, "ctx": {"error": error.msg}}]
            ) from None
        except (ValueError, RecursionError):
            raise HTTPException(400, "There was an error parsing the body") from None
        try:
            return adapter.validate_python(content, from_attributes=True)
        except ValidationError as error:
            errors += _placed(error, "body")

    return read


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    main, _, sub = kind.partition("/")
    return main == "application" and (sub == "json" or sub.endswith("+json")) and "/" not in sub


def _placed(error: ValidationError, *place: str) -> Errors:
    """Return the errors as FastAPI tells them: where in the request each was found."""
    found: Any = error.errors(include_url=False)
    return [{**each, "loc": (*place, *each["loc"])} for each in found]
