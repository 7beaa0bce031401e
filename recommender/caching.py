"""Versions and conditional requests: what every answer says about its age."""

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

VERSION_HEADER = "X-Versao"


class Conditional:
    """ASGI middleware: the artifact's version on every answer; strong ETags and 304 on reads."""

    def __init__(self, app: ASGIApp, version: str) -> None:
        self.app = app
        self.version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold an answer until its body is whole, then name it by its digest."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def hold(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                await finish()

        async def finish() -> None:
            headers = MutableHeaders(raw=start["headers"])
            headers[VERSION_HEADER] = self.version
            content = body
            if scope["method"] in ("GET", "HEAD") and start["status"] == 200:
                headers["ETag"] = etag(body)
                if names(Headers(scope=scope).get("if-none-match", ""), etag(body)):
                    start["status"], content = 304, b""
                    del headers["content-length"]
                    del headers["content-type"]
            start["headers"] = headers.raw
            await send(start)
            await send({"type": "http.response.body", "body": content})

        await self.app(scope, receive, hold)


def etag(body: bytes) -> str:
    """Return the strong ETag of a content."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def names(condition: str, tag: str | None, *, strong: bool = False) -> bool:
    """Tell whether an If-Match or If-None-Match header names an ETag; None is what is not there.

    If-None-Match compares weakly, If-Match strongly (RFC 9110 13.1).
    """
    if tag is None:
        return False
    tags = [given.strip() for given in condition.split(",")]
    return tags == ["*"] or tag in (
        tags if strong else [given.removeprefix("W/") for given in tags]
    )
