"""Mangum between Lambda's events and the app, without an event loop for what waits for nothing."""

import asyncio
import types
from collections.abc import Coroutine, Generator
from functools import cached_property
from typing import Any

from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES
from mangum.handlers import HTTPGateway
from mangum.types import ASGI, Message, Response, Scope

from recommender.http.problems import MEDIA_TYPE

LOOP = asyncio.new_event_loop()  # Mangum asks the thread for one, which need not have any
TEXT = [*DEFAULT_TEXT_MIME_TYPES, MEDIA_TYPE, "image/svg+xml"]  # all else goes out in base64


class HttpApi(HTTPGateway):
    """An HTTP API's event, whose scope is made once: Mangum asks for it before and after."""

    @cached_property
    def scope(self) -> Scope:
        """The ASGI scope."""
        return super().scope


class Adapter(Mangum):
    """A handler of events by an ASGI app."""

    def __init__(self, app: ASGI) -> None:
        asyncio.set_event_loop(LOOP)
        super().__init__(app, lifespan="off", custom_handlers=[HttpApi], text_mime_types=TEXT)

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer an event in the form that its sender expects."""
        handler = self.infer(event, context)
        request = {"type": "http.request", "body": handler.body, "more_body": False}
        response: Response = {"status": 500, "headers": [], "body": b""}

        async def receive() -> Message:
            return request

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                response["status"], response["headers"] = message["status"], message["headers"]
            else:
                response["body"] = message["body"]

        run(self.app(handler.scope, receive, send))
        return handler(response)


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end: by an event loop from where it first says ``asyncio.sleep(0)``.

    What needs an event loop must come after that.
    """
    try:
        coroutine.send(None)
    except StopIteration:
        return
    LOOP.run_until_complete(_go_on(coroutine))


@types.coroutine
def _go_on(coroutine: Coroutine[Any, Any, None]) -> Generator[Any, Any, None]:
    yield from coroutine
