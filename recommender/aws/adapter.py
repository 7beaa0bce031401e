"""Mangum between Lambda's events and the app, and around it what Mangum cannot take."""

import asyncio
import logging
import re
from typing import Any

from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES
from starlette.types import ASGIApp, Receive, Scope, Send

from recommender.http.problems import MEDIA_TYPE, answer, general

LOOP = asyncio.new_event_loop()  # Mangum asks the thread for one, which need not have any
TEXT = [*DEFAULT_TEXT_MIME_TYPES, MEDIA_TYPE, "image/svg+xml"]  # all else goes out in base64
HOST = re.compile(r"[^:]+(:[0-9]{1,5})?")
PORT = re.compile("[0-9]{1,5}")

_log = logging.getLogger(__name__)


class Adapter:
    """A handler of events by an ASGI app.

    HTTP API (both payload formats), REST API and ALB events are requests. Anything else, such as a
    scheduled event that keeps the function warm, is logged and otherwise ignored.
    """

    def __init__(self, app: ASGIApp) -> None:
        asyncio.set_event_loop(LOOP)
        self.mangum = Mangum(_with_stage(app), lifespan="off", text_mime_types=TEXT)  # type: ignore[arg-type]

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Return the answer to an event in the form that its sender expects."""
        if not _is_request(event):
            _log.warning("an event that is not a request was ignored")
            return {}
        asyncio.set_event_loop(LOOP)
        try:
            return self.mangum(_mended(event), context)
        except Exception:
            _log.exception("a request could not be read")
            return _unreadable()


def _is_request(event: Any) -> bool:
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(context, dict):
        return False
    if event.get("version") == "2.0":
        http = context.get("http")
        return isinstance(http, dict) and {"method", "path", "sourceIp"} <= http.keys()
    known = "elb" in context or "resource" in event or event.get("version") == "1.0"
    return known and isinstance(event.get("httpMethod"), str) and isinstance(event.get("path"), str)


def _mended(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event without what Mangum fails on: null for no headers, hosts, ports."""
    event = dict(event)
    for name in ("headers", "multiValueHeaders"):
        if name in event:
            event[name] = {
                key: value
                for key, value in (event[name] or {}).items()
                if value is not None and _readable(key.lower(), value)
            }
    if "elb" in event["requestContext"] and "multiValueHeaders" not in event:
        event.setdefault("headers", {})
    return event


def _readable(name: str, value: Any) -> bool:
    """Return whether Mangum can read a header: from these two it makes a host and a port."""
    pattern = {"host": HOST, "x-forwarded-port": PORT}.get(name)
    texts = value if isinstance(value, list) else [value]
    return pattern is None or all(pattern.fullmatch(text) for text in texts)


def _with_stage(app: ASGIApp) -> ASGIApp:
    """Return an app to which a REST API's stage is the root.

    Such an API hands the function a path without its stage, and the whole one beside it.
    """

    async def staged(scope: Scope, receive: Receive, send: Send) -> None:
        context = scope["aws.event"]["requestContext"]
        whole, path = context.get("path"), scope["path"]
        if isinstance(whole, str) and whole != path and whole.endswith(path):
            scope["path"], scope["root_path"] = whole, whole.removesuffix(path)
        await app(scope, receive, send)

    return staged


def _unreadable() -> dict[str, Any]:
    problem = answer(general(400, {}))
    return {
        "statusCode": 400,
        "headers": {"content-type": MEDIA_TYPE},
        "body": bytes(problem.body).decode(),
        "isBase64Encoded": False,
    }
