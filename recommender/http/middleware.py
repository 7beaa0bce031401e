"""ASGI middleware: what all answers share, whatever their route."""

import logging
import time

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recommender.http.caching import finish
from recommender.http.problems import MEDIA_TYPE, answer, of_status
from recommender.http.timing import STATE, Timing, server_timing, start

# For a year, browsers ask by HTTPS only. Nothing is said of subdomains, which may be others'.
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")

_log = logging.getLogger(__name__)


class BasePath:
    """Sets ``root_path`` to a base path, such as /v1; that path alone is redirected to /v1/."""

    def __init__(self, app: ASGIApp, base_path: str) -> None:
        self.app, self.base_path = app, base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        root, path = scope.get("root_path", "") + self.base_path, scope.get("path", "")
        if f"{path}/".startswith(f"{root}/"):
            scope["root_path"] = root
        bare = root and path == root
        await (RedirectResponse(f"{root}/", 308) if bare else self.app)(scope, receive, send)


class WholePaths:
    """Answers 404 to a path with a line feed at its end, which patterns of Starlette's leave out.

    API Gateway's do not: such a request came by another route, with another limit.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope.get("path", "").endswith("\n"):
            await answer(of_status(404, scope))(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class NoCookies:
    """Drops cookies, of which the API has none.

    Because of any cookie, ``CORSMiddleware`` would repeat the Origin of a request in its answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if "headers" in scope:
            scope["headers"] = [item for item in scope["headers"] if item[0] != b"cookie"]
        await self.app(scope, receive, send)


class Delivery:
    """Holds an answer until it is whole, then completes it.

    It adds the version, Server-Timing, ETag (and 304) and compression, answers HEAD, and makes a
    problem of an error that a library answered in plain text. Unless it is ``local``, it tells who
    asks by HTTPS to keep to it (RFC 6797 7.2: by HTTP nobody is told).
    """

    def __init__(self, app: ASGIApp, version: str, local: bool) -> None:
        self.app, self.local = app, local
        self.headers = [(b"x-versao", version.encode()), (b"x-content-type-options", b"nosniff")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        timing = scope[STATE] = Timing(start.cold, time.perf_counter())
        start.cold = False
        method = scope["method"]
        if method == "HEAD":
            scope["method"] = "GET"  # the answer to HEAD is that to GET without its body
        head, body = await self._get(scope, receive)
        scope["method"] = method
        head["headers"] = [*head["headers"], *self.headers]
        if scope["scheme"] == "https" and not self.local:
            head["headers"].append(HTTPS_ONLY)
        content = finish(scope, head, body)
        timing.status = head["status"]
        timing.done()
        head["headers"].append((b"server-timing", server_timing(timing).encode()))
        await send(head)
        await send({"type": "http.response.body", "body": content})

    async def _get(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """Return the head and the body of an answer."""
        messages: list[Message] = []

        async def hold(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, hold)
        head = messages[0]
        is_problem = (b"content-type", MEDIA_TYPE.encode()) in head["headers"]
        if head["status"] >= 400 and not is_problem:
            problem = answer(of_status(head["status"], scope))
            kept = [item for item in head["headers"] if not item[0].startswith(b"content-")]
            head["headers"], messages[1:] = kept + problem.raw_headers, [{"body": problem.body}]
        return head, b"".join(message.get("body", b"") for message in messages[1:])


class Failures:
    """Answers 500 where nothing else answers, and logs why."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        try:
            await self.app(scope, receive, send)
        except Exception:
            if scope["type"] != "http":
                raise
            _log.exception("unhandled error, answered with 500")
            await answer(of_status(500, scope))(scope, receive, send)
