"""Mangum between Lambda's events and the app, and around it what Mangum cannot take."""

import asyncio
import base64
import logging
import re
import threading
from typing import Any
from urllib.parse import quote, unquote

from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES
from starlette.types import ASGIApp, Receive, Scope, Send

from recommender.http.problems import MEDIA_TYPE

LOOP = asyncio.new_event_loop()  # Mangum asks the thread for one, which need not have any
LOCK = threading.Lock()  # a loop runs in one thread at a time
TEXT = [*DEFAULT_TEXT_MIME_TYPES, MEDIA_TYPE, "image/svg+xml"]  # all else goes out in base64
# Mangum parses these headers, and raises on values of other forms.
FORMS = {"host": re.compile("[^:]+(:[0-9]{1,5})?"), "x-forwarded-port": re.compile("[0-9]{1,5}")}

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
        with LOCK:
            asyncio.set_event_loop(LOOP)
            return self.mangum(_mended(event), context)


def _is_request(event: Any) -> bool:
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(context, dict):
        return False
    if event.get("version") == "2.0" and "elb" not in context:
        http = _typed(context.get("http"), {})
        return isinstance(http.get("method"), str) and isinstance(http.get("path"), str)
    known = "elb" in context or "resource" in event or "version" in event
    return known and isinstance(event.get("httpMethod"), str) and isinstance(event.get("path"), str)


def _mended(event: dict[str, Any]) -> dict[str, Any]:
    """Return a request without what Mangum fails on: null, and values of other types and forms."""
    event = dict(event)
    context = event["requestContext"] = dict(event["requestContext"])
    context["identity"] = _typed(context.get("identity"), {})
    http = context["http"] = {"sourceIp": None, **_typed(context.get("http"), {})}
    for owner, name in ((event, "path"), (event, "httpMethod"), (http, "path"), (http, "method")):
        owner[name] = _text(owner.get(name))
    # An HTTP API has chosen its route, with its limit, by this path, and Mangum decodes it again.
    http["path"] = quote(http["path"])
    event["rawQueryString"] = _text(event.get("rawQueryString"))
    event["cookies"] = [_text(cookie) for cookie in _typed(event.get("cookies"), [])]
    for name in ("headers", "queryStringParameters"):
        forms = FORMS if name == "headers" else {}
        several = f"multiValue{name[0].upper()}{name[1:]}"
        event[name] = {key: texts[-1] for key, texts in _texts(event.get(name), forms).items()}
        if isinstance(found := event.pop(several, None), dict):
            event[several] = _texts(found, forms)
    event["body"] = _body(event.get("body"), encoded=event.get("isBase64Encoded") is True)
    event["isBase64Encoded"] = False
    return event


def _typed(value: Any, default: Any) -> Any:
    return value if isinstance(value, type(default)) else default


def _text(value: Any) -> str:
    """Return a text that can be encoded: JSON may hold halves of characters."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _texts(values: Any, forms: dict[str, re.Pattern[str]]) -> dict[str, list[str]]:
    """Return the texts by name; where a name has a form, the last one that has it."""
    found = {}
    for name, value in _typed(values, {}).items():
        several = value if isinstance(value, list) else [value]
        texts = [_text(text) for text in several if isinstance(text, str)]
        if form := forms.get(name.lower()):
            texts = [text for text in texts if form.fullmatch(text)][-1:]
        if texts:
            found[_text(name)] = texts
    return found


def _body(body: Any, *, encoded: bool) -> bytes:
    try:
        return base64.b64decode(body or "") if encoded else (body or "").encode()
    except (AttributeError, TypeError, ValueError):
        return b"\xff"  # not UTF-8, so routes that take a body answer 400


def _with_stage(app: ASGIApp) -> ASGIApp:
    """Return an app to which a REST API's stage is the root.

    Such an API hands the function a path without its stage, and the whole one beside it.
    """

    async def staged(scope: Scope, receive: Receive, send: Send) -> None:
        context = scope["aws.event"]["requestContext"]
        whole, path = unquote(_text(context.get("path"))), scope["path"]
        full = f"{whole}/" if path == "/" and whole not in ("", "/") else whole
        if full != path and path.startswith("/") and full.endswith(path):
            scope["path"], scope["root_path"] = whole, full.removesuffix(path)
        await app(scope, receive, send)

    return staged
