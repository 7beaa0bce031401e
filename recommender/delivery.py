"""The layer around all others: what every answer gets, be it an answer to a failure."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recommender.caching import finish
from recommender.timing import STATE, Timing, start

VERSION_HEADER = "X-Versao"


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
        head: Message = {}
        body = b""

        async def hold(message: Message) -> None:
            nonlocal head, body
            if message["type"] == "http.response.start":
                head, body = message, b""
            else:
                body += message.get("body", b"")

        method = scope["method"]
        if method == "HEAD":  # until the answer is there: it is that to a GET
            scope["method"] = "GET"
        failure = None
        try:
            await self.app(scope, receive, hold)
        except Exception as error:
            failure = error
        scope["method"] = method
        head["headers"] = [*head["headers"], *self.headers]
        content = finish(scope, head, body)
        timing.status = head["status"]
        timing.milliseconds = 1000 * (time.perf_counter() - began)
        head["headers"].append((b"server-timing", timing.header.encode()))
        await send(head)
        await send({"type": "http.response.body", "body": content})
        if failure:
            raise failure
