"""Requests to moto's WSGI application, and answers that are its own or ours."""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import RLock
from typing import Any

Environ = dict[str, Any]
Start = Callable[..., Any]


@dataclass
class Answer:
    """What goes back to a client."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def data(self) -> Any:
        """The body, if it is JSON."""
        return json.loads(self.body)

    def send(self, start: Start) -> Iterable[bytes]:
        """Answer a WSGI request."""
        kept = [pair for pair in self.headers if pair[0].lower() != "content-length"]
        phrase = HTTPStatus(self.status).phrase
        told = dict(self.headers).get("Content-Length", "0")  # of what HEAD leaves out
        length = [str(len(self.body)) if self.body else told]
        if self.status == HTTPStatus.NO_CONTENT:
            length = []
        start(f"{self.status} {phrase}", kept + [("Content-Length", number) for number in length])
        return [self.body]


class Operations:
    """Answers some operations of a service whose requests are JSON, and name theirs in a header.

    ``target`` comes before the name. Who inherits has ``operations`` by name.
    """

    target: str
    operations: Mapping[str, Callable[[Environ, dict[str, Any], bytes], Answer]]

    def answer(self, environ: Environ) -> Answer | None:
        """The answer to one of these operations; None to any other request."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        operation = self.operations.get(target.removeprefix(self.target))
        if operation is None or not target.startswith(self.target):
            return None
        body = read(environ)
        return operation(environ, json.loads(body), body)


def error(status: int, code: str, message: str) -> Answer:
    """An error as Lambda reports it."""
    body = json.dumps({"Type": "User", "Message": message}).encode()
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
    return Answer(status, body, headers)


class Moto:
    """moto, one request at a time: what moto reads and then writes stays whole."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.lock = RLock()

    def pass_on(self, environ: Environ, body: bytes | None = None) -> Answer:
        """moto's answer to a request, whose body was read if it is given."""
        if body is not None:
            environ = environ | {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        started: list[Any] = []

        def start(status: str, headers: Any, _: Any = None) -> Callable[[bytes], Any]:
            started[:] = [int(status.split()[0]), list(headers)]
            return lambda _: None

        with self.lock:
            content = self.application(environ, start)
            try:
                return Answer(body=b"".join(content), status=started[0], headers=started[1])
            finally:
                getattr(content, "close", lambda: None)()

    def ask(self, environ: Environ, path: str, method: str = "GET", body: bytes = b"") -> Answer:
        """moto's answer to another request, signed as the request at hand is."""
        dropped = ("CONTENT_TYPE", "HTTP_TRANSFER_ENCODING")
        request = {name: value for name, value in environ.items() if name not in dropped}
        request |= {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": ""}
        request |= {"REQUEST_URI": path, "RAW_URI": path}
        return self.pass_on(request, body)


def read(environ: Environ) -> bytes:
    """The body of a request."""
    return bytes(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))


def without(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A copy of JSON data without some of its fields."""
    return {name: value for name, value in data.items() if name not in names}
