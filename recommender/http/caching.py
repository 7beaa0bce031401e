"""Versions, caching and compression: what every answer has besides what its route put into it."""

import hashlib
import zlib

from starlette.types import Message, Scope

SMALLEST_ZIPPED = 1400  # bytes: what fits into one packet arrives no sooner when compressed
GZIP = 16 + zlib.MAX_WBITS  # the container that zlib shall make or open

# Headers of answers: the same for everybody until another artifact is served, or until a film is
# hidden; of a user, changing with each rating; never changing at their address; useful only if
# current.
PUBLIC = {"Cache-Control": "public, max-age=300"}
LISTED = {"Cache-Control": "public, max-age=30"}
PERSONAL = {"Cache-Control": "private, no-cache"}
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
FRESH = {"Cache-Control": "no-cache"}


def finish(scope: Scope, head: Message, body: bytes) -> bytes:
    """Complete the head of an answer, its status and headers; return the body to send.

    The ETag is the digest of the body that the route gave, with the encoding in which it is sent
    (RFC 9110 8.8.3.3), so a 304 costs no compression. A route may give a body in gzip, and then has
    made sure that the client accepts it. Without a Cache-Control the answer is ``no-store``.
    """
    headers = dict(head["headers"])  # no answer has two of a name
    headers.setdefault(b"cache-control", b"no-store")
    given_zipped = headers.pop(b"content-encoding", None) is not None
    zipped = given_zipped or len(body) >= SMALLEST_ZIPPED
    if zipped:
        headers[b"vary"] = b", ".join(filter(None, [headers.get(b"vary"), b"Accept-Encoding"]))
        # A REST API passes bytes on only if it is configured to.
        is_rest = "resource" in scope.get("aws.event", {})
        zipped = (given_zipped or accepts_gzip(scope)) and not is_rest
    if head["status"] == 200 and scope["method"] in ("GET", "HEAD"):
        tag = etag(body, zipped=zipped)
        headers[b"etag"] = tag.encode()
        if matches(_asked(scope, b"if-none-match"), tag):
            head["status"] = 304
            del headers[b"content-length"], headers[b"content-type"]
            body, given_zipped, zipped = b"", False, False
    if zipped:
        headers[b"content-encoding"] = b"gzip"
    if zipped != given_zipped:
        body = zlib.compress(body, wbits=GZIP) if zipped else zlib.decompress(body, wbits=GZIP)
        headers[b"content-length"] = b"%d" % len(body)
    head["headers"] = list(headers.items())
    return body if scope["method"] != "HEAD" else b""


def _asked(scope: Scope, name: bytes) -> str:
    """Return a header of a request, joined if it has several lines (RFC 9110 5.3)."""
    return b", ".join(value for key, value in scope["headers"] if key == name).decode("latin-1")


def accepts_gzip(scope: Scope, *, unsaid: bool = False) -> bool:
    """Return whether the Accept-Encoding of a request gives gzip a weight above 0.

    ``unsaid`` is the answer for a request without that header, which may get any coding (RFC 9110
    12.5.3), though clients such as curl show it as it is.
    """
    if not any(name == b"accept-encoding" for name, _ in scope["headers"]):
        return unsaid
    weights = {}
    for coding in _asked(scope, b"accept-encoding").replace(" ", "").lower().split(","):
        name, _, weight = coding.partition(";q=")
        weights[name] = weight.strip("0.") != "" or not weight
    return weights.get("gzip", weights.get("*", False))


def etag(body: bytes, *, zipped: bool = False) -> str:
    """Return the strong ETag of a content, as it is or compressed."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}{"-gzip" if zipped else ""}"'


def matches(condition: str, tag: str | None, *, strong: bool = False) -> bool:
    """Return whether an If-Match (strong) or If-None-Match header names an ETag (RFC 9110 13.1)."""
    if tag is None or not condition:
        return False
    tags = [given.strip() for given in condition.split(",")]
    return tags == ["*"] or tag in (
        tags if strong else [given.removeprefix("W/") for given in tags]
    )
