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
                etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
                headers["ETag"] = etag
                if _matches(Headers(scope=scope).get("if-none-match", ""), etag):
                    start["status"], content = 304, b""
                    del headers["content-length"]
                    del headers["content-type"]
            start["headers"] = headers.raw
            await send(start)
            await send({"type": "http.response.body", "body": content})

        await self.app(scope, receive, hold)


def _matches(condition: str, etag: str) -> bool:
    """Tell whether an If-None-Match header names an ETag (weak comparison, RFC 9110 13.1.2)."""
    tags = [tag.strip().removeprefix("W/") for tag in condition.split(",")]
    return etag in tags or tags == ["*"]
