"""Calls without boto3: signed as boto3 signs, and as patient with failures."""

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from recommender.data import dynamo_items
from recommender.data.signed_calls import ATTEMPTS, TIMEOUT, SignedCalls, sign
from recommender.data.store import HIDDEN_KEY, StoreError, _end
from tests.stores import (
    CREDENTIALS,
    create_table,
    delete_table,
    moto_server,
    nobody,
    signed,
    signed_store,
)

ONE = {"Items": [{"filme_id": {"N": "309"}}]}
THROTTLED = {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}
EXCEEDED = {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}
DENIED = {"__type": "com.amazon.coral.service#AccessDeniedException"}


@contextmanager
def answering(
    *answers: tuple[int, Any], keeps: bool = False, leaves: bool = False
) -> Iterator[tuple[str, list[Any]]]:
    """The URL of a server that gives these answers in turn, and what it was asked.

    It keeps connections for the next call or not, and leaves them without a word or not.
    """
    left, asked = list(answers), list[Any]()

    class Server(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if keeps else "HTTP/1.0"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            asked.append((dict(self.headers), json.loads(body), self.client_address))
            status, answer = left.pop(0)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = leaves or not keeps

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def read(url: str) -> frozenset[int]:
    return asyncio.run(signed_store(url, "t").hidden())


@pytest.mark.parametrize("token", ["", "IQoJb3JpZ2luX2VjE=="])
def test_a_query_is_signed_as_botocore_signs_it(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    environment = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalr/XUtn+FEMI"}
    if token:
        environment["AWS_SESSION_TOKEN"] = token
    host, body, region = "dynamodb.sa-east-1.amazonaws.com", b'{"TableName": "t"}', "sa-east-1"
    ours = sign(host, "DynamoDB_20120810.GetItem", body, region, environment)
    now = datetime.strptime(ours["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: now)
    sent = {name: ours[name] for name in ("content-type", "x-amz-target")}
    request = AWSRequest("POST", f"https://{host}/", headers=sent, data=body)
    credentials = Credentials(*environment.values())
    botocore.auth.SigV4Auth(credentials, "dynamodb", region).add_auth(request)
    assert request.headers["Authorization"] == ours["authorization"]


def test_the_endpoint_is_that_of_the_region() -> None:
    def host(**more: str) -> str | None:
        return SignedCalls(CREDENTIALS | more)._url.hostname

    assert host() == "dynamodb.us-east-1.amazonaws.com"
    assert host(AWS_REGION="cn-north-1") == "dynamodb.cn-north-1.amazonaws.com.cn"
    assert host(AWS_ENDPOINT_URL="http://a:1") == "a"
    assert host(AWS_ENDPOINT_URL="http://a:1", AWS_ENDPOINT_URL_DYNAMODB="https://b") == "b"


def test_a_table_is_asked_for_the_reserved_key_alone() -> None:
    with answering((200, ONE | {"LastEvaluatedKey": {"a": 1}}), (200, ONE)) as (url, asked):
        assert read(url) == {309}
    first, second = (body for _, body, _ in asked)
    assert first["ExpressionAttributeValues"] == {":ocultos": {"N": str(HIDDEN_KEY)}}
    assert first["ConsistentRead"] is True
    assert second == first | {"ExclusiveStartKey": {"a": 1}}


def test_films_without_an_id_are_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    strange: list[dict[str, Any]] = [
        {"filme_id": {"N": "1.5"}},
        {"filme_id": {"N": str(10**30)}},
        {"filme_id": {"N": "7"}, "linhagem": {"N": "7"}},
    ]
    log = logging.Logger("hidden")
    log.addHandler(caplog.handler)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dynamo_items, "_log", log)
        with answering((200, {"Items": [*strange, *ONE["Items"]]})) as (url, _):
            assert read(url) == {309}
    assert caplog.messages == ["hidden films passed over: malformed: 3"]


@pytest.mark.parametrize(
    "failed",
    [
        *((500, b"?"), (503, {}), (502, b"[]"), (200, b"[]"), (200, b"")),
        *((400, THROTTLED), (400, EXCEEDED)),
    ],
)
def test_what_may_pass_is_tried_once_more(failed: tuple[int, Any]) -> None:
    with answering(failed, (200, ONE)) as (url, asked):
        assert read(url) == {309}
        assert len(asked) == 2
    with answering(failed, failed, (200, ONE)) as (url, asked), pytest.raises(StoreError):
        read(url)
    assert len(asked) == 2


def test_what_is_refused_is_not_tried_again() -> None:
    with answering((400, DENIED), (200, ONE)) as (url, asked):
        with pytest.raises(StoreError, match="AccessDeniedException"):
            read(url)
        assert len(asked) == 1


def test_a_table_that_is_missing_or_nowhere_is_not_reached() -> None:
    with moto_server() as url:
        with pytest.raises(StoreError, match="ResourceNotFoundException"):
            read(url)
        create_table(url, "t")
        assert read(url) == frozenset()
        delete_table(url, "t")  # all of moto's servers in a process share their tables
    with pytest.raises(StoreError, match="ConnectionRefusedError"):
        read(nobody())


@contextmanager
def silent_host(monkeypatch: pytest.MonkeyPatch, addresses: int) -> Iterator[tuple[str, Any]]:
    """The URL of a host whose addresses answer nothing, and how often and long one waits for it.

    Nobody waits: a clock of its own goes on.
    """
    clock, waited = SimpleNamespace(now=0.0), list[float]()
    lookup = socket.getaddrinfo

    def look_up(host: str, *args: Any, **named: Any) -> list[Any]:
        several = [f"127.0.0.{number + 1}" for number in range(addresses)]
        names = several if host == "several.example" else [host]
        return [found for name in names for found in lookup(name, *args, **named)]

    def connect(sock: socket.socket, _: object) -> None:
        clock.now += sock.gettimeout() or 0.0
        waited.append(clock.now)
        raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(
            "recommender.data.signed_calls.time",
            SimpleNamespace(monotonic=lambda: clock.now, time=time.time),
        )
        yield "http://several.example:1", waited


@pytest.mark.parametrize("addresses", [1, 3])
def test_all_addresses_of_a_host_share_the_time_of_an_attempt(
    monkeypatch: pytest.MonkeyPatch, addresses: int
) -> None:
    with silent_host(monkeypatch, addresses) as (url, waited), closing(signed(url)) as table:
        with pytest.raises(StoreError, match="TimeoutError"):
            table.call("Query", {})
        assert len(waited) == ATTEMPTS * addresses
        assert waited[-1] == pytest.approx(ATTEMPTS * TIMEOUT)


def test_nobody_connects_when_nobody_waits_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent_host(monkeypatch, 1) as (url, waited), closing(signed(url)) as table:
        end = _end.set(time.time() - 1)
        try:
            with pytest.raises(StoreError, match="nobody waits"):
                table.call("Query", {})
        finally:
            _end.reset(end)
        assert waited == []


def test_an_address_that_answers_is_found_behind_one_that_does_not() -> None:
    with answering((200, ONE)) as (url, asked), pytest.MonkeyPatch.context() as patch:
        lookup = socket.getaddrinfo

        def look_up(host: str, *args: Any, **named: Any) -> list[Any]:
            names = ["127.0.0.2", "127.0.0.1"] if host == "several.example" else [host]
            return [found for name in names for found in lookup(name, *args, **named)]

        patch.setattr(socket, "getaddrinfo", look_up)
        assert read(url.replace("127.0.0.1", "several.example")) == {309}
        assert len(asked) == 1


def test_a_connection_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = 4 * [(200, ONE)]
    with answering(*answers, keeps=True) as (url, asked), closing(signed(url)) as table:
        for _ in range(3):
            assert table.call("Query", {}) == ONE
        monkeypatch.setattr("recommender.data.signed_calls.IDLE_SECONDS", 0.0)
        assert table.call("Query", {}) == ONE
    places = [place for _, _, place in asked]
    assert places[0] == places[1] == places[2] != places[3]


def test_a_connection_that_the_other_end_has_left_is_replaced() -> None:
    answers = 3 * [(200, ONE)]
    with (
        answering(*answers, keeps=True, leaves=True) as (url, asked),
        closing(signed(url)) as table,
    ):
        for _ in range(3):
            assert table.call("Query", {}) == ONE
    assert len({place for _, _, place in asked}) == 3


def test_calls_at_the_same_time_have_connections_of_their_own() -> None:
    with (
        answering(*(40 * [(200, ONE)]), keeps=True) as (url, asked),
        closing(signed(url)) as table,
        ThreadPoolExecutor(4) as threads,
    ):
        assert list(threads.map(lambda _: table.call("Query", {}), range(40))) == 40 * [ONE]
    assert len(asked) == 40
