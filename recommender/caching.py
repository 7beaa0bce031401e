"""Versions, caching and compression: what every answer has besides what its route put into it."""

import hashlib
import zlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

VERSION_HEADER = "X-Versao"
SMALLEST_ZIPPED = 1400  # bytes: what fits into one packet arrives no sooner when compressed
GZIP = 16 + zlib.MAX_WBITS  # the container that zlib shall make

PUBLIC = {"Cache-Control": "public, max-age=300"}
"""Headers of what is the same for everybody until another artifact is served."""
PERSONAL = {"Cache-Control": "private, no-cache"}
"""Headers of what depends on a user, and changes with each of the user's ratings."""
FRESH = {"Cache-Control": "no-cache"}
"""Headers of what is the same for everybody, and of use only if it is so just then."""


class Conditional:
    """ASGI middleware: version, strong ETag and 304, HEAD, gzip; no storing unless a route says so.

    An ETag is the digest of the content, and names its encoding (RFC 9110 8.8.3.3), so a 304 costs
    no compression.
    """

    def __init__(self, app: ASGIApp, version: str) -> None:
        self.app = app
        self.headers = [
            (VERSION_HEADER.lower().encode(), version.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold an answer until its body is whole, then finish it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        start: Message = {}
        body = b""

        async def hold(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                scope["method"] = method
                content = self._finish(scope, start, body)
                await send(start)
                await send({"type": "http.response.body", "body": content})

        if method == "HEAD":  # until the answer is there: it is that to a GET
            scope["method"] = "GET"
        await self.app(scope, receive, hold)

    def _finish(self, scope: Scope, start: Message, body: bytes) -> bytes:
        """Complete status and headers of an answer; return what is sent of its body."""
        asked = Headers(scope=scope)
        headers = MutableHeaders(raw=[*start["headers"], *self.headers])
        headers.setdefault("Cache-Control", "no-store")
        zipped = len(body) >= SMALLEST_ZIPPED
        if zipped:
            headers.add_vary_header("Accept-Encoding")
            zipped = _decodes(scope) and _accepts_gzip(asked.get("accept-encoding", ""))
        start["headers"] = headers.raw
        if scope["method"] in ("GET", "HEAD") and start["status"] == 200:
            tag = etag(body, zipped=zipped)
            headers["ETag"] = tag
            if names(asked.get("if-none-match", ""), tag):
                start["status"] = 304
                del headers["content-length"]
                del headers["content-type"]
                return b""
        if zipped:
            body = zlib.compress(body, wbits=GZIP)
            headers["Content-Encoding"] = "gzip"
            headers["Content-Length"] = str(len(body))
        return body if scope["method"] != "HEAD" else b""


def _decodes(scope: Scope) -> bool:
    """Tell whether what is in front decodes the base64 that a function must send bytes in.

    A REST API does so only where its own settings name the media type.
    """
    return "resource" not in scope.get("aws.event", {})


def _accepts_gzip(accepted: str) -> bool:
    """Tell whether an Accept-Encoding header names gzip, and not with a weight of 0."""
    for coding in accepted.split(","):
        name, _, weight = coding.replace(" ", "").lower().partition(";q=")
        if name == "gzip":
            return weight.strip("0.") != "" or not weight
    return False


def etag(body: bytes, *, zipped: bool = False) -> str:
    """Return the strong ETag of a content, as it is or compressed."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}{"-gzip" if zipped else ""}"'


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
