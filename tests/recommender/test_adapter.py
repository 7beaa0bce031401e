"""The adapter between events and the app: every event ends in an answer, or in one log line."""

import asyncio
import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import pytest
from hypothesis import example, given, note
from hypothesis import strategies as st

from recommender.api.application import create_app
from recommender.aws import telemetry
from recommender.aws.adapter import Adapter
from recommender.aws.telemetry import Telemetry, observed
from tests.fuzzing import fuzzed
from tests.recommender.test_handler import (
    CONTEXT,
    SENDERS,
    Event,
    header,
    http_api,
    load_balancer,
    load_balancer_single,
    rest_api,
)

LARGEST = 1_000_000  # bytes of an answer
ALL_SENDERS = [*SENDERS, load_balancer_single]
Serve = Callable[[Any], tuple[Event, list[dict[str, Any]]]]


def old_http_api(*arguments: Any) -> Event:
    """Return an event of an HTTP API, payload 1.0."""
    event = rest_api(*arguments)
    context = event["requestContext"] | {"path": event["path"], "stage": "$default"}
    return {"version": "1.0", **event, "requestContext": context}


@contextmanager
def logged_to(out: TextIO) -> Iterator[None]:
    """What the function logs goes to a stream meanwhile."""
    logs = {
        log
        for name in (telemetry.SERVICE, "recommender", "mangum")
        for log in logging.getLogger(name).handlers
        if type(log) is logging.StreamHandler  # and not of a subclass: those are pytest's
    }
    streams = [(log, log.setStream(out)) for log in logs]
    yield
    for log, stream in streams:
        log.setStream(stream)


@pytest.fixture(scope="module")
def serve(artifact_dir: Path) -> Iterator[Serve]:
    """The function as handler.py makes it: what it returns for an event, and what it logs."""
    handler = observed(Adapter(Telemetry(create_app(artifact_dir))))
    out = io.StringIO()

    def call(event: Any) -> tuple[Event, list[dict[str, Any]]]:
        out.seek(0)
        out.truncate()
        answer = handler(event, CONTEXT)
        json.dumps(answer)
        out.seek(0)
        return answer, [json.loads(line) for line in out]

    with logged_to(out):
        yield call


def check(found: tuple[Event, list[dict[str, Any]]]) -> None:
    """An answer in our form and one line about the request; or nothing, and one line about that."""
    answer, lines = found
    lines = [line for line in lines if "ColdStart" not in line]
    assert len(lines) == 1, lines
    if answer == {}:
        assert lines[0]["message"] == "an event that is not a request was ignored"
        return
    assert lines[0]["message"] == "request"
    assert lines[0]["status"] == answer["statusCode"]
    assert lines[0]["Latency"] >= 0
    assert isinstance(answer["statusCode"], int)
    assert answer["statusCode"] < 500
    assert len(json.dumps(answer)) < LARGEST
    assert header(answer, "x-versao")
    if answer["statusCode"] >= 400:
        assert header(answer, "content-type") == "application/problem+json"
        assert answer["isBase64Encoded"] is False
        if lines[0]["method"] == "HEAD":
            assert answer["body"] == ""
        else:
            assert json.loads(answer["body"])["status"] == answer["statusCode"]


# Events of all kinds

ODD: Any = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["\ud800", "a\udfff/", "2.0", [], {}, ["\ud800"], {"\ud800": "\ud800"}]),
    st.lists(st.one_of(st.none(), st.text(max_size=3), st.integers()), max_size=2),
    st.dictionaries(st.text(max_size=3), st.one_of(st.none(), st.text(max_size=3)), max_size=2),
)
NAMES = st.sampled_from(
    [
        *("host", "Host", "X-Forwarded-Port", "x-forwarded-port", "x-forwarded-proto"),
        *("content-type", "content-length", "accept-encoding", "if-none-match", "origin"),
        *("x-amzn-trace-id", "authorization", "transfer-encoding", "Cookie", "É", "", "a:b"),
    ]
)
VALUES = st.sampled_from(
    [
        *("443,80", "", "443", "[::1]", "[::1]:80", "a:b", "a:80:90", "a:99999999", "::", "x"),
        *(
            "application/json",
            "5",
            "-1",
            "gzip;q=x",
            "*",
            "é",
            "\n",
            "a, b",
            "Root=1-a-b",
            "\ud800",
            "x" * 20_000,
        ),
    ]
)
TEXTS = st.dictionaries(NAMES, VALUES | ODD, max_size=4)
LISTS = st.dictionaries(NAMES, st.lists(VALUES, max_size=3) | ODD, max_size=4)
PARAMETERS = st.sampled_from(["limite", "genero", "q", "cursor", "é", "%zz", "", "a b"])
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "", "get"])
PATHS = st.sampled_from(
    [
        *("/filmes", "/", "", "filmes", "//filmes", "/usuarios/1/recomendacoes", "/recomendacoes"),
        *("/usuarios/1/avaliacoes/309", "/%", "/%FF", "/filmes/%0A1", "/nada?a=b", "/é", "/a b"),
        *("/filmes/\ud800", "/v1/filmes", "/filmes/populares", "/saude", "/prod/filmes"),
    ]
)
BODIES = st.sampled_from(
    [
        *(None, "", "{}", "é", "\ud800", "e30=", "e30", "=", "/w==", '{"avaliacoes": []}', 5),
        *({"a": 1}, "//79/A==", "AAAA" * 200_000, "[" * 50_000),
    ]
)
FIELDS: dict[str, Any] = {
    "version": st.sampled_from(["1.0", "2.0", "3.0", 2.0, None]),
    "resource": ODD,
    "httpMethod": METHODS,
    "path": PATHS,
    "rawPath": PATHS,
    "rawQueryString": st.sampled_from(["", "limite=1", "%", "a=%FF&é", "\ud800"]),
    "headers": TEXTS,
    "multiValueHeaders": LISTS,
    "queryStringParameters": st.dictionaries(PARAMETERS, VALUES | ODD, max_size=3),
    "multiValueQueryStringParameters": st.dictionaries(
        PARAMETERS, st.lists(VALUES, max_size=3) | ODD, max_size=3
    ),
    "body": BODIES,
    "isBase64Encoded": st.booleans() | st.sampled_from(["true", 1, None]),
    "cookies": st.lists(VALUES | ODD, max_size=2),
}
CONTEXTS: dict[str, Any] = {
    "http": st.fixed_dictionaries({"method": METHODS, "path": PATHS}, optional={"sourceIp": ODD}),
    "elb": ODD,
    "identity": st.fixed_dictionaries({}, optional={"sourceIp": ODD}),
    "path": PATHS,
    "requestId": ODD,
    "authorizer": st.sampled_from([{"jwt": {"claims": {"sub": "1"}}}, {"jwt": None}, None, 5]),
}
GONE = object()


@st.composite
def altered(draw: Any, fields: dict[str, Any]) -> Event:
    """Some fields and what they become: another value of their kind, an odd one, or none at all."""
    names = draw(st.lists(st.sampled_from([*fields]), max_size=4, unique=True))
    return {name: draw(fields[name] | fields[name] | ODD | st.just(GONE)) for name in names}


def put(whole: Event, changes: Event) -> Event:
    return {key: value for key, value in (whole | changes).items() if value is not GONE}


@st.composite
def events(draw: Any) -> Any:
    """What a sender would send, in which any part may be missing, null, or of another type."""
    sender = draw(st.sampled_from([*ALL_SENDERS, old_http_api]))
    event = sender(draw(PATHS), [("limite", "1")], {}, draw(METHODS), b'{"avaliacoes": []}')
    event = put(event, draw(altered(FIELDS)))
    if "requestContext" in event:
        event["requestContext"] = put(event["requestContext"], draw(altered(CONTEXTS)))
    if draw(st.integers(0, 19)) == 0:
        event = put(event, {"requestContext": draw(ODD | st.just(GONE))})
    return event


@fuzzed("events of the API function", 1000, event=events())
def test_every_event_ends_in_an_answer_or_in_one_line(serve: Serve, event: Any) -> None:
    note(ascii(event))
    check(serve(event))


@given(event=ODD)
@example(event={})
def test_what_is_no_request_is_ignored(serve: Serve, event: Any) -> None:
    assert serve(event)[0] == {}
    check(serve(event))


@pytest.mark.parametrize(
    "event",
    [
        {"version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events"},
        {"key1": "value1", "key2": "value2", "key3": "value3"},
        {"Records": [{"eventSource": "aws:sqs", "body": "{}"}]},
        {"Records": [{"cf": {"request": {"uri": "/filmes", "method": "GET", "headers": {}}}}]},
        {"requestContext": {"connectionId": "a", "routeKey": "$connect", "eventType": "CONNECT"}},
        {"source": "aquecer"},
    ],
)
def test_an_event_of_another_kind_is_ignored(serve: Serve, event: Event) -> None:
    assert serve(event)[0] == {}
    check(serve(event))


@pytest.mark.parametrize("sender", [*ALL_SENDERS, old_http_api])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("X-Forwarded-Port", port) for port in ("443,80", "443, 80", "", "https", "4" * 5000)),
        *(("Host", host) for host in ("[::1]", "[::1]:3000", "a:b", "a:", "a:1:2", ":", "")),
    ],
)
def test_a_host_or_a_port_of_any_form_changes_nothing(
    serve: Serve, sender: Any, name: str, value: str
) -> None:
    event = sender("/filmes", [("limite", "1")], {name: value}, "GET", None)
    if "multiValueHeaders" in event:
        event["multiValueHeaders"][name] = [value, value]
    found = serve(event)
    check(found)
    assert found[0]["statusCode"] == 200
    assert len(json.loads(found[0]["body"])) == 1


@pytest.mark.parametrize("sender", [*ALL_SENDERS, old_http_api])
def test_no_headers_and_no_parameters_may_be_null(serve: Serve, sender: Any) -> None:
    event = sender("/saude", [], {}, "GET", None)
    for name in list(event):
        if name.endswith(("eaders", "ueryStringParameters")):
            event[name] = None
    found = serve(event)
    check(found)
    assert found[0]["statusCode"] == 200


@pytest.mark.parametrize("sender", [*ALL_SENDERS, old_http_api])
@pytest.mark.parametrize("body", ["e30", "é", 5, {"avaliacoes": []}])
def test_a_body_that_cannot_be_decoded_is_a_problem(serve: Serve, sender: Any, body: Any) -> None:
    event = sender("/recomendacoes", [], {"content-type": "application/json"}, "POST", b"{}")
    found = serve(event | {"body": body, "isBase64Encoded": True})
    check(found)
    assert found[0]["statusCode"] == 400


# Threads


@pytest.mark.parametrize("sender", [*ALL_SENDERS, old_http_api])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/filmes", 200),
        ("GET", "/nada", 404),
        ("POST", "/filmes", 405),
        ("OPTIONS", "/filmes", 405),
        ("HEAD", "/filmes", 200),
        ("GET", "/%66ilmes", 200),
        ("GET", "/%2566ilmes", 404),  # API Gateway holds it for no search, which has a limit
        ("POST", "/recomendacoes", 422),
    ],
)
def test_other_threads_get_the_same_answers(
    serve: Serve, sender: Any, method: str, path: str, status: int
) -> None:
    """As every thread but the main one, and the main one from Python 3.14 on, they have no loop."""
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(serve, sender(path, [], {}, method, None)).result()
    check(found)
    assert found[0]["statusCode"] == status


def test_threads_at_once_each_get_their_answer() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.sleep(0.001)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    adapter, barrier = Adapter(app), threading.Barrier(8)

    def call(number: int) -> str:
        barrier.wait()
        answer = adapter(
            http_api(f"/{number}", [], {"content-type": "text/plain"}, "GET", None), CONTEXT
        )
        return str(answer["statusCode"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(8))) == ["200"] * 8


# Forms of answers


@pytest.mark.parametrize("sender", [*ALL_SENDERS, old_http_api])
@pytest.mark.parametrize("waits", [False, True])
def test_an_answer_has_the_form_that_its_sender_expects(sender: Any, waits: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if waits:
            await asyncio.sleep(0.001)
        assert scope["path"].removeprefix(scope["root_path"]) == "/um caminho"
        assert (await receive())["body"] == "ação".encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-outro", b"1")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": "não".encode()})

    event = sender("/um%20caminho", [], {}, "POST", "ação".encode())
    answer = Adapter(app)(event, CONTEXT)
    assert (answer["statusCode"], answer["body"], answer["isBase64Encoded"]) == (201, "não", False)
    several = sender is load_balancer
    assert ("multiValueHeaders" in answer) == (several or sender in (rest_api, old_http_api))
    assert (answer["multiValueHeaders"] if several else answer["headers"])["x-outro"] in (
        "1",
        ["1"],
    )


def test_bytes_go_out_in_base64() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/octet-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"\xff\x00"})

    answer = Adapter(app)(http_api("/", [], {}, "GET", None), CONTEXT)
    assert (answer["body"], answer["isBase64Encoded"]) == ("/wA=", True)


def test_a_failure_of_all_is_a_server_error() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        raise RuntimeError

    for _ in range(2):
        assert Adapter(app)(http_api("/", [], {}, "GET", None), CONTEXT)["statusCode"] == 500
