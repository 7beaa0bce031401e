"""Calls of DynamoDB without boto3, whose import takes half as long as that of the whole API.

They are for an environment that ``is_simple``, as that of a Lambda function mostly is.
"""

import hashlib
import hmac
import json
import re
import socket
import ssl
import time
import weakref
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from typing import Any, Protocol
from urllib.parse import urlsplit

from recommender.data.store import StoreError, check_time

ATTEMPTS, TIMEOUT = 2, 1.5  # seconds for an attempt: to connect, and to the last byte of an answer
LARGEST = 8_000_000  # bytes of an answer: a page of items has one megabyte before it becomes JSON
READ_SECONDS = 3.0  # after which a query asks for no further page
IDLE_SECONDS = 20.0  # after which a connection is not used again: the other end may have left it
# Refusals that pass: boto3, too, tries again after these.
PASSING = ("Throttling", "ProvisionedThroughputExceeded", "RequestLimitExceeded")
TARGET = "DynamoDB_20120810"
KIND = "application/x-amz-json-1.0"
CHECKSUM = "x-amz-crc32"
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")  # as Lambda gives them
REGION = re.compile("(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-[a-z]+-[0-9]")
ENDPOINT = re.compile("https?://[^/:?#@]+(:[0-9]{1,5})?/?")
# Settings of which boto3 knows more than this module.
INTRICATE = (
    *("AWS_CA_BUNDLE", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT"),
    *("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy"),
)


class RefusedError(StoreError):
    """DynamoDB refuses an operation: ``code`` says why, and ``answer`` is all that it said."""

    def __init__(self, code: str, answer: Mapping[str, Any]) -> None:
        super().__init__(code)
        self.code, self.answer = code, answer


class Calls(Protocol):
    """Calls of DynamoDB, from any thread."""

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return what DynamoDB answers to an operation such as ``GetItem``.

        Raises:
            RefusedError: it refuses.
            StoreError: it cannot be reached, or its answer is none.
        """

    def close(self) -> None:
        """Close what is open."""


def is_simple(environment: Mapping[str, str]) -> bool:
    """Return whether an environment is as simple as that of a Lambda function mostly is."""
    return (
        all(map(environment.get, CREDENTIALS))
        and REGION.fullmatch(_region(environment)) is not None
        and not any(map(environment.get, INTRICATE))
        and ENDPOINT.fullmatch(_endpoint(environment)) is not None
    )


class SignedCalls:
    """See ``Calls``; for an environment that ``is_simple``. Connections are used again."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Note where to ask; nothing is sent yet, and the credentials are read at each call."""
        self._url = urlsplit(_endpoint(environment))
        self._region, self._environment = _region(environment), environment
        self._idle: list[tuple[HTTPConnection, float]] = []  # and since when
        weakref.finalize(self, _close_all, self._idle)

    def close(self) -> None:
        """See ``Calls``."""
        _close_all(self._idle)

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """See ``Calls``. After at most one failed attempt."""
        body, fault = json.dumps(parameters).encode(), ""
        for attempt in range(ATTEMPTS):
            # One that was idle may be dead, so the last attempt has a connection of its own.
            connection = (self._resting() if attempt == 0 else None) or self._connect()
            try:
                status, answer = self._send(connection, operation, body)
            except (OSError, HTTPException) as error:
                fault = type(error).__name__
                continue
            if status == 200 and answer is not None and is_answer(answer):
                return answer
            fault = str((answer or {}).get("__type", status)).rpartition("#")[2]
            if status != 200 and status < 500 and not fault.startswith(PASSING):
                raise RefusedError(fault, answer or {})
        raise StoreError(fault)

    def _send(
        self, connection: HTTPConnection, operation: str, body: bytes
    ) -> tuple[int, dict[str, Any] | None]:
        """Return the status and the JSON object that is answered, None if it is none."""
        end = time.monotonic() + TIMEOUT

        def respond(sock: socket.socket, *args: Any, **named: Any) -> HTTPResponse:
            response = HTTPResponse(sock, *args, **named)
            response.fp = BufferedReader(_Until(end, sock, response.fp.detach()))
            return response

        connection.response_class = respond  # type: ignore[assignment]
        try:
            target = f"{TARGET}.{operation}"
            headers = sign(self._url.netloc, target, body, self._region, self._environment)
            check_time()
            if connection.sock is None:
                connection.sock = _open(connection, end)
                check_time()
            connection.request("POST", "/", body, headers)
            with connection.getresponse() as response:
                content = _whole(response)
                found = response.status, parsed(content, response.headers.get(CHECKSUM))
        except BaseException:
            connection.close()
            raise
        self._idle.append((connection, time.time()))
        return found

    def _resting(self) -> HTTPConnection | None:
        """Return a connection that has not been idle for long, None if there is none."""
        while True:
            try:
                connection, since = self._idle.pop()
            except IndexError:  # also if another thread took the last one
                return None
            # By the wall clock: others may not run while Lambda keeps the function frozen.
            if abs(time.time() - since) < IDLE_SECONDS:
                if connection.sock:  # else the other end has closed it, and it connects anew
                    connection.sock.settimeout(TIMEOUT)
                return connection
            connection.close()

    def _connect(self) -> HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "http":
            return HTTPConnection(host, port, timeout=TIMEOUT)
        return HTTPSConnection(host, port, timeout=TIMEOUT, context=_trusted())


def query_pages(calls: Calls, query: Mapping[str, Any], what: str) -> Iterator[dict[str, Any]]:
    """Yield the pages of a query, as long as that does not take too long.

    Raises:
        StoreError: it does, or a call fails.
    """
    end, query = time.monotonic() + READ_SECONDS, dict(query)
    while True:
        page = calls.call("Query", query)
        yield page
        if "LastEvaluatedKey" not in page:
            return
        if time.monotonic() > end:
            raise StoreError(f"{what} took too long")
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def sign(
    host: str, target: str, body: bytes, region: str, environment: Mapping[str, str]
) -> dict[str, str]:
    """Return the headers of a call, signed with the credentials of an environment.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    key_id, secret = (environment[name] for name in CREDENTIALS)
    now = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    headers = {"content-type": KIND, "host": host, "x-amz-date": now}
    if token := environment.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = token
    headers["x-amz-target"] = target
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    names, scope = ";".join(headers), f"{now[:8]}/{region}/dynamodb/aws4_request"
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"Credential={key_id}/{scope}"
    signed = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": signed}


def _open(connection: HTTPConnection, end: float) -> socket.socket:
    """Return a socket to where a connection leads, or fail by a moment of the monotonic clock.

    The connection itself would give each address of a host the whole timeout; here they share what
    is left.
    """

    def left() -> float:
        return max(end - time.monotonic(), 0.0)  # 0: what cannot be done at once fails

    host, port = connection.host, connection.port
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    fault = OSError()
    for number, address in enumerate(found):
        try:
            sock = socket.create_connection((address, port), left() / (len(found) - number))
        except OSError as error:
            fault = error
            continue
        sock.settimeout(left())
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        is_safe = isinstance(connection, HTTPSConnection)
        return _trusted().wrap_socket(sock, server_hostname=host) if is_safe else sock
    raise fault


class _Until(RawIOBase):
    """What a socket receives until a moment of the monotonic clock.

    The timeout of a socket is that of each receipt, and a single byte is one.
    """

    def __init__(self, end: float, sock: socket.socket, received: RawIOBase) -> None:
        self._end, self._sock, self._received = end, sock, received

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._received.readinto(buffer)

    def close(self) -> None:
        self._received.close()
        super().close()


def _whole(response: HTTPResponse) -> bytes:
    """Return the body of a response, or raise ``HTTPException`` if it is cut off or too long."""
    content = response.read(LARGEST)
    if response.read(1) or response.length:
        raise HTTPException
    return content


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


def _close_all(idle: list[tuple[HTTPConnection, float]]) -> None:
    while idle:
        idle.pop()[0].close()


def parsed(content: bytes, checksum: str | None) -> dict[str, Any] | None:
    """Return the JSON object that is answered; None for anything else, and for what was altered.

    ``checksum`` is what the header ``CHECKSUM`` says, if it came.
    """
    if checksum not in (None, str(zlib.crc32(content))):
        return None
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def is_answer(found: Mapping[str, Any]) -> bool:
    """Return whether a JSON object may be DynamoDB's: all members of its answers have a capital."""
    return all(name[:1].isupper() for name in found)


def _endpoint(environment: Mapping[str, str]) -> str:
    region = _region(environment)
    suffix = "amazonaws.com" + (".cn" if region.startswith("cn-") else "")
    named = (environment.get(f"AWS_ENDPOINT_URL{kind}") for kind in ("_DYNAMODB", ""))
    return next(filter(None, named), f"https://dynamodb.{region}.{suffix}")


def _region(environment: Mapping[str, str]) -> str:
    return environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or ""
