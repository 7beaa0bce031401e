"""How much a request may bring along; where no body is taken, none is read."""

from fastapi.exceptions import HTTPException
from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from recommender.http.problems import ProblemError

LARGEST_BODY = 150_000  # bytes: the longest body that a route takes, and room for blanks

BODY = {
    400: "O corpo não é um texto em UTF-8.",
    413: f"O corpo passa de {LARGEST_BODY} bytes.",
}
"""What the routes that take a body may answer besides."""


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Return the body of a request.

    Raises:
        ProblemError: 413 for one that is too large, by the length that is announced, else as soon
            as more has come.
        HTTPException: 400 for one that ends before it is whole.
    """
    length = Headers(scope=scope).get("content-length", "")
    body, more = b"", True
    while more:
        if len(body) > LARGEST_BODY or (length.isdecimal() and int(length) > LARGEST_BODY):
            raise ProblemError(413, f"O corpo da requisição passa de {LARGEST_BODY} bytes.")
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HTTPException(400)
        body += message.get("body", b"")
        more = message.get("more_body", False) or len(body) > LARGEST_BODY
    return body
