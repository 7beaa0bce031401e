"""From a request to its answer: what all answers have in common, around the routes."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recommender.api.routes import Finder
from recommender.http.caching import finish
from recommender.http.limits import read_body
from recommender.http.problems import ProblemError, answer
from recommender.http.timing import STATE, Timing, start

VERSION_HEADER = "X-Versao"

_log = logging.getLogger(__name__)


class Direct:
    """ASGI middleware: answers requests to routes of ours; all others go on to FastAPI.

    ``handlers`` make answers of exceptions, by their class. What is left is a failure, answered
    here, for a handler of FastAPI's would be outside of all that every answer has.
    """

    def __init__(
        self, app: ASGIApp, routes: Sequence[BaseRoute], handlers: Mapping[Any, Any]
    ) -> None:
        self.app, self.finder, self.handlers = app, Finder(routes), handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        response = await self.answer(scope, receive)
        if response is None:
            await asyncio.sleep(0)  # what follows may wait, so it needs an event loop
            try:
                await self.app(scope, receive, send)
                return
            except Exception as error:
                response = _fail(error)
        await response(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive) -> Response | None:
        """Return the answer to a request; None where no route of ours gives one.

        In a function, where nobody else waits, it is made at once, else in a thread.
        """
        route = self.finder.find(scope)
        if route is None:
            return None
        request = Request(scope, receive)
        try:
            body = await read_body(scope, receive) if route.takes_body else b""
            if "aws.event" in scope:
                return route.respond(request, body)
            return await run_in_threadpool(route.respond, request, body)
        except Exception as error:
            try:
                return await self._handle(request, error)
            except Exception as failure:
                return _fail(failure)

    async def _handle(self, request: Request, error: Exception) -> Response:
        for kind in type(error).__mro__:
            if kind in self.handlers:
                response: Response = await self.handlers[kind](request, error)
                return response
        raise error


def _fail(error: Exception) -> Response:
    _log.error("a request was not answered", exc_info=error)
    return answer(ProblemError(500, "Erro interno. Tente novamente mais tarde."))


class Delivery:
    """ASGI middleware: version, ETag and 304, HEAD, gzip, Server-Timing."""

    def __init__(self, app: ASGIApp, version: str) -> None:
        self.app = app
        self.headers = [
            (VERSION_HEADER.lower().encode(), version.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold an answer until it is whole, of several the last; then complete and send it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        timing = scope[STATE] = Timing(start.cold)
        start.cold = False
        began = time.perf_counter()
        method = scope["method"]
        if method == "HEAD":  # until the answer is there: it is that to a GET
            scope["method"] = "GET"
        head, body = await self._get(scope, receive)
        scope["method"] = method
        head["headers"] = [*head["headers"], *self.headers]
        content = finish(scope, head, body)
        timing.status = head["status"]
        timing.milliseconds = 1000 * (time.perf_counter() - began)
        head["headers"].append((b"server-timing", timing.header.encode()))
        await send(head)
        await send({"type": "http.response.body", "body": content})

    async def _get(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        if isinstance(self.app, Direct) and (response := await self.app.answer(scope, receive)):
            head = {"type": "http.response.start", "status": response.status_code}
            return {**head, "headers": response.raw_headers}, bytes(response.body)
        messages: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                messages.clear()
            messages.append(message)

        await self.app(scope, receive, hold)
        return messages[0], b"".join(message.get("body", b"") for message in messages[1:])
