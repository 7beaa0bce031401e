"""How much a request may bring along."""

from fastapi.exceptions import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recommender.problems import ProblemError, answer

LARGEST_BODY = 150_000  # bytes: the longest body that a route takes, and room for blanks

BODY = {
    400: "O corpo não é um texto em UTF-8.",
    413: f"O corpo passa de {LARGEST_BODY} bytes.",
}
"""What the routes that take a body may answer besides."""


class BodyLimit:
    """ASGI middleware: 413 for a body that is too large, announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse by the length that is announced, else as soon as more has come."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length) > LARGEST_BODY:
            refusal = ProblemError(413, f"O corpo da requisição passa de {LARGEST_BODY} bytes.")
            await answer(refusal)(scope, receive, send)
            return
        received = 0

        async def count() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                raise HTTPException(413)
            return message

        await self.app(scope, count, send)
