"""The API function: events of each sender, what it logs and measures, and tracing."""

import base64
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest
from aws_lambda_powertools.logging.filters import SuppressFilter

from recommender.aws import telemetry
from recommender.aws.adapter import Adapter
from recommender.data.origin import Item, Origin
from recommender.data.store import Entry
from recommender.model.artifact import load
from tests.conftest import ROOT, forget_app

Event = dict[str, Any]
Params = list[tuple[str, str]]

MOCK = json.loads((ROOT / "mock_data.json").read_text(encoding="utf-8"))
CONTEXT = SimpleNamespace(
    function_name="filmes-api",
    function_version="$LATEST",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:sa-east-1:123456789012:function:filmes-api",
    aws_request_id="11111111-2222-3333-4444-555555555555",
)
REQUEST_ID = "JKJaXmPLvHcESHA="
TRACE_ID = "Root=1-5759e988-bd862e3fe1be46a994272793"


def grouped(params: Params) -> dict[str, list[str]]:
    names = dict.fromkeys(name for name, _ in params)
    return {name: [value for key, value in params if key == name] for name in names}


def body_of(body: bytes | None) -> Event:
    encoded = None if body is None else base64.b64encode(body).decode()
    return {"body": encoded, "isBase64Encoded": body is not None}


def http_api(
    path: str, params: Params, headers: dict[str, str], method: str, body: bytes | None
) -> Event:
    """Return an event of an HTTP API, payload 2.0."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": urlencode(params),
        "headers": {"host": "abc.execute-api.sa-east-1.amazonaws.com", **headers},
        "queryStringParameters": {k: ",".join(v) for k, v in grouped(params).items()},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc",
            "domainName": "abc.execute-api.sa-east-1.amazonaws.com",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.9",
                "userAgent": "agent",
            },
            "requestId": REQUEST_ID,
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": 0,
        },
        **body_of(body),
    }


def rest_api(
    path: str, params: Params, headers: dict[str, str], method: str, body: bytes | None
) -> Event:
    """Return an event of a REST API, payload 1.0."""
    headers = {"Host": "abc.execute-api.sa-east-1.amazonaws.com", **headers}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": dict(params) or None,
        "multiValueQueryStringParameters": grouped(params) or None,
        "pathParameters": {"proxy": path.strip("/")},
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc",
            "httpMethod": method,
            "identity": {"sourceIp": "203.0.113.9", "userAgent": "agent"},
            "path": f"/prod{path}",
            "requestId": REQUEST_ID,
            "resourcePath": "/{proxy+}",
            "stage": "prod",
        },
        **body_of(body),
    }


def load_balancer(
    path: str, params: Params, headers: dict[str, str], method: str, body: bytes | None
) -> Event:
    """Return an event of an ALB, multi-value headers on; it decodes no parameter."""
    headers = {"host": "lb.elb.amazonaws.com", "x-amzn-trace-id": TRACE_ID, **headers}
    encoded = [(quote(name), quote(value)) for name, value in params]
    group = "arn:aws:elasticloadbalancing:sa-east-1:123456789012:targetgroup/filmes/1"
    return {
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": method,
        "path": path,
        "multiValueQueryStringParameters": grouped(encoded),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        **body_of(body),
        "body": base64.b64encode(body or b"").decode(),
    }


def load_balancer_single(
    path: str, params: Params, headers: dict[str, str], method: str, body: bytes | None
) -> Event:
    """Return an event of an ALB with multi-value headers off: of a parameter the last value."""
    event = load_balancer(path, params, headers, method, body)
    for kind in ("QueryStringParameters", "Headers"):
        several = event.pop(f"multiValue{kind}")
        event[kind[0].lower() + kind[1:]] = {name: values[-1] for name, values in several.items()}
    return event


SENDERS = [http_api, rest_api, load_balancer]


@pytest.fixture(scope="module")
def handler(artifact_dir: Path) -> Iterator[Callable[[Event, Any], Event]]:
    """The handler, imported as Lambda imports it: with the artifact already in its place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTIFACT_DIR", str(artifact_dir))
        forget_app(patch)
        import handler as module

        yield module.handler


class Stdout:
    """Whatever the standard output is just then: pytest has one for each phase of a test."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


@pytest.fixture
def call(
    handler: Callable[[Event, Any], Event], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Event, Any]]:
    """Send a request as one of the senders; return the response and its decoded body."""
    for log in logging.getLogger(telemetry.SERVICE).handlers:
        monkeypatch.setattr(log, "stream", Stdout())

    def send(
        sender: Callable[..., Event],
        path: str,
        params: Params | None = None,
        *,
        headers: dict[str, str] | None = None,
        method: str = "GET",
        body: bytes | None = None,
    ) -> tuple[Event, Any]:
        event = json.loads(json.dumps(sender(path, params or [], headers or {}, method, body)))
        response = handler(event, CONTEXT)
        json.dumps(response)
        assert response["isBase64Encoded"] is False
        return response, json.loads(response["body"]) if response["body"] else None

    return send


def header(response: Event, name: str) -> str:
    headers = {**response.get("headers", {})}
    headers |= {key: value[-1] for key, value in response.get("multiValueHeaders", {}).items()}
    return str({key.lower(): value for key, value in headers.items()}[name])


@pytest.mark.parametrize("sender", [*SENDERS, load_balancer_single])
def test_a_recommendation(
    call: Callable[..., tuple[Event, Any]], artifact_dir: Path, sender: Callable[..., Event]
) -> None:
    response, films = call(sender, "/filmes/1/recomendacoes", [("limite", "3")])
    assert response["statusCode"] == 200
    assert len(films) == 3
    assert header(response, "content-type") == "application/json"
    assert header(response, "x-versao") == load(artifact_dir).version
    assert header(response, "x-estrategia") == "padrao"
    etag = header(response, "etag")
    response, body = call(
        sender, "/filmes/1/recomendacoes", [("limite", "3")], headers={"if-none-match": etag}
    )
    assert (response["statusCode"], body) == (304, None)


@pytest.mark.parametrize("sender", SENDERS)
def test_a_repeated_parameter_and_an_encoded_one(
    call: Callable[..., tuple[Event, Any]], sender: Callable[..., Event]
) -> None:
    wanted = [("genero", "comédia"), ("genero", "terror"), ("limite", "1000")]
    _, films = call(sender, "/filmes", wanted)
    assert {film["genero"] for film in films} == {"comédia", "terror"}
    _, films = call(sender, "/filmes", [("diretor", "Christopher Nolan"), ("q", "100% & incep")])
    assert films == []
    _, films = call(sender, "/filmes", [("diretor", "Christopher Nolan"), ("q", "& incep")])
    assert [film["titulo"] for film in films] == ["Inception"]


@pytest.mark.parametrize("sender", SENDERS)
def test_the_link_leads_on(
    call: Callable[..., tuple[Event, Any]], sender: Callable[..., Event]
) -> None:
    response, first = call(sender, "/filmes", [("genero", "comédia"), ("limite", "2")])
    path, _, query = header(response, "link").partition(">")[0].lstrip("<").partition("?")
    params = [tuple(map(unquote, pair.split("="))) for pair in query.split("&")]
    if sender is rest_api:
        assert path == "/prod/filmes"  # as the client sees it; the function gets it without stage
        path = "/filmes"
    _, second = call(sender, path, params)
    assert len(second) == 2
    assert first[-1]["id"] < second[0]["id"]


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/nada", [], 404),
        ("/filmes/999/recomendacoes", [], 404),
        ("/filmes", [("limite", "0")], 422),
    ],
)
def test_errors_are_text(
    call: Callable[..., tuple[Event, Any]],
    sender: Callable[..., Event],
    path: str,
    params: Params,
    status: int,
) -> None:
    response, body = call(sender, path, params)
    assert response["statusCode"] == body["status"] == status
    assert header(response, "content-type") == "application/problem+json"


@pytest.mark.parametrize("sender", SENDERS)
def test_a_body_in_base64(
    call: Callable[..., tuple[Event, Any]], sender: Callable[..., Event]
) -> None:
    response, _ = call(sender, "/filmes", method="POST", body=b'{"a": "\xc3\xa7"}')
    assert response["statusCode"] == 405


@pytest.mark.parametrize("sender", SENDERS)
def test_a_body_in_base64_reaches_the_app_decoded(sender: Callable[..., Event]) -> None:
    received = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["method"] == "POST"
        received.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    Adapter(app)(sender("/recomendacoes", [], {}, "POST", b"\xff\x00"), CONTEXT)
    assert received == [b"\xff\x00"]


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("sender", [*SENDERS, load_balancer_single])
def test_one_log_line_and_the_metrics(
    call: Callable[..., tuple[Event, Any]],
    capsys: pytest.CaptureFixture[str],
    sender: Callable[..., Event],
) -> None:
    expected = [
        ("/usuarios/7/recomendacoes", "/usuarios/{usuario_id}/recomendacoes", 200),
        ("/filmes/7/recomendacoes", "/filmes/{usuario_id}/recomendacoes", 200),
        ("/filmes/999/recomendacoes", "/filmes/{usuario_id}/recomendacoes", 404),
        ("/filmes", "/filmes", 200),
        ("/nada", "", 404),
    ]
    for path, route, status in expected:
        call(sender, path)
        [line] = [line for line in lines(capsys.readouterr().out) if "ColdStart" not in line]
        assert (line["level"], line["message"]) == ("INFO", "request")
        assert (line["route"], line["status"]) == (route, status)
        assert line["method"] == "GET"
        assert line["function_request_id"] == CONTEXT.aws_request_id
        by_balancer = sender in (load_balancer, load_balancer_single)
        assert line["correlation_id"] == (TRACE_ID if by_balancer else REQUEST_ID)
        written = datetime.fromtimestamp(line["_aws"]["Timestamp"] / 1000, UTC)
        assert timedelta(0) <= datetime.now(UTC) - written < timedelta(minutes=1)
        assert line["service"] == "filmes"
        assert line["Latency"] >= 0
        assert (line["ClientErrors"], line["ServerErrors"]) == (status >= 400, 0)
        [description] = line["_aws"]["CloudWatchMetrics"]
        assert description["Namespace"] == "Filmes"
        assert description["Dimensions"] == [["service"]]
        units = {metric["Name"]: metric["Unit"] for metric in description["Metrics"]}
        assert units.pop("Init", "Milliseconds") == "Milliseconds"
        assert units == {
            "Latency": "Milliseconds",
            "ClientErrors": "Count",
            "ServerErrors": "Count",
        }


@pytest.mark.parametrize("sender", SENDERS)
def test_nobody_is_named_in_the_logs(
    call: Callable[..., tuple[Event, Any]],
    capsys: pytest.CaptureFixture[str],
    sender: Callable[..., Event],
) -> None:
    root = logging.getLogger()
    stdout = logging.StreamHandler(Stdout())  # as Lambda's runtime with JSON logs
    stdout.addFilter(SuppressFilter(telemetry.SERVICE))  # as Powertools to that
    level = root.level
    root.addHandler(stdout)
    root.setLevel(logging.INFO)
    try:
        for path in ("/usuarios/137/recomendacoes", "/filmes/137/recomendacoes", "/137"):
            call(sender, path, [("genero", "segredo")])
            call(sender, path, [("cursor", "segredo")])
        call(sender, "/filmes", [("q", "segredo@example.com")])
    finally:
        root.setLevel(level)
        root.removeHandler(stdout)
    captured = capsys.readouterr()
    assert [line["message"] for line in lines(captured.out)] == 7 * ["request"]
    for line in lines(captured.out):
        told = json.dumps({k: v for k, v in line.items() if k in {"route", "method", "message"}})
        assert "137" not in told
        assert "segredo" not in json.dumps(line)
        assert "@" not in json.dumps(line)
        assert "137/" not in json.dumps(line)
    assert captured.err == ""


@pytest.mark.usefixtures("call")
def test_ratings_of_another_lineage_are_counted_in_the_logs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    foreign = Item(Entry(4.0, 1, 9.0), 1, "outra", "0:5")
    assert Origin("filmes", "filmes", "0:5").entries({137: foreign}) == {}
    [line] = lines(capsys.readouterr().out)
    assert (line["level"], line["service"]) == ("INFO", "filmes")
    assert line["message"] == "a user's written ratings passed over: other_lineage: 1"


def test_a_failure_is_logged_once_and_answered(
    call: Callable[..., tuple[Event, Any]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("disk on fire")

    monkeypatch.setattr("recommender.api.serving.make_profile", fail)
    response, body = call(http_api, "/usuarios/137/recomendacoes")
    assert response["statusCode"] == body["status"] == 500
    assert "disk" not in response["body"]
    assert header(response, "x-versao")
    told = lines(capsys.readouterr().out)
    failures = [line for line in told if line.get("level") == "ERROR"]
    assert len(failures) == 1
    assert "disk on fire" in failures[0]["exception"]
    assert failures[0]["correlation_id"] == REQUEST_ID
    assert failures[0]["function_request_id"] == CONTEXT.aws_request_id
    assert failures[0]["cold_start"] is False
    requests = [line for line in told if line["message"] == "request"]
    assert [(line["status"], line["ServerErrors"]) for line in requests] == [(500, 1)]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({}, None),
        ({"requestContext": None, "headers": None, "multiValueHeaders": None}, None),
        ({"requestContext": {"requestId": "a"}, "headers": {"x-amzn-trace-id": "b"}}, "a"),
        ({"requestContext": {"elb": {}}, "headers": {"x-amzn-trace-id": "b"}}, "b"),
        ({"requestContext": {"elb": {}}, "multiValueHeaders": {"x-amzn-trace-id": ["b"]}}, "b"),
    ],
)
def test_correlation_id(event: Event, expected: str | None) -> None:
    assert telemetry.correlation_id(event) == expected


# What a first recommendation does without: packages, and heavy modules of those that are there.
NEEDLESS = [
    *("aws_xray_sdk", "boto3", "joblib", "multiprocessing", "pandas", "scipy", "sklearn"),
    *("training", "uvicorn", "numpy.ma", "numpy.random", "numpy.testing"),
    *("snapshot_restore_py",),
]

COLD_CALLS = """
import json, sys
from types import SimpleNamespace
import handler

event, context = json.loads(sys.argv[1]), SimpleNamespace(**json.loads(sys.argv[2]))
statuses = [handler.handler(event, context)["statusCode"] for _ in range(2)]
print(json.dumps({"statuses": statuses, "modules": sorted(sys.modules)}))
"""


def run_cold(folder: Path, **environment: str) -> list[dict[str, Any]]:
    """What a new process prints for two requests, with its modules in the last line."""
    event = json.dumps(http_api("/filmes/1/recomendacoes", [], {}, "GET", None))
    inherited = {k: v for k, v in os.environ.items() if k != "TRACING"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", COLD_CALLS, event, json.dumps(vars(CONTEXT))],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=inherited | {"ARTIFACT_DIR": str(folder), **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return lines(done.stdout)


def test_a_cold_start_is_told_once_and_nothing_needless_is_imported(artifact_dir: Path) -> None:
    *told, end = run_cold(artifact_dir)
    assert end["statuses"] == [200, 200]
    requests = [line for line in told if "Latency" in line]
    assert [line["cold_start"] for line in requests] == [True, False]
    assert [line["ColdStart"] for line in told if "ColdStart" in line] == [[1]]
    packages = {name.split(".")[0] for name in end["modules"]}
    assert [name for name in NEEDLESS if name in {*packages, *end["modules"]}] == []
    assert len(end["modules"]) < 720
    assert ["Init" in line for line in requests] == [True, False]
    assert requests[0]["Init"] > 0
    [description] = requests[0]["_aws"]["CloudWatchMetrics"]
    assert {"Name": "Init", "Unit": "Milliseconds"} in description["Metrics"]


def test_logs_and_metrics_bear_the_name_of_the_stack(artifact_dir: Path) -> None:
    *told, end = run_cold(artifact_dir, POWERTOOLS_SERVICE_NAME="other-api")
    assert end["statuses"] == [200, 200]
    assert {line["service"] for line in told} == {"other-api"}


@pytest.mark.parametrize("context_missing", ["LOG_ERROR", "RUNTIME_ERROR", "IGNORE_ERROR"])
def test_with_tracing_the_handler_answers(artifact_dir: Path, context_missing: str) -> None:
    """As on Lambda: the runtime names the trace; no daemon listens, and none is waited for."""
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    *told, end = run_cold(
        artifact_dir,
        TRACING="Active",
        LAMBDA_TASK_ROOT=str(ROOT),
        _X_AMZN_TRACE_ID=trace,
        AWS_XRAY_DAEMON_ADDRESS="127.0.0.1:9",
        AWS_XRAY_CONTEXT_MISSING=context_missing,
    )
    assert end["statuses"] == [200, 200]
    assert "aws_xray_sdk.core" in end["modules"]
    traces = [line["xray_trace_id"] for line in told if line.get("message") == "request"]
    assert traces == ["1-5759e988-bd862e3fe1be46a994272793"] * 2


def test_with_tracing_outside_of_lambda_the_handler_answers(artifact_dir: Path) -> None:
    *_, end = run_cold(artifact_dir, TRACING="Active")
    assert end["statuses"] == [200, 200]


def test_tracing_wraps_only_when_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped: list[Any] = []

    class Tracer:
        def __init__(self, service: str) -> None:
            assert service == telemetry.SERVICE

        def capture_lambda_handler(self, handle: Any, capture_response: bool) -> Any:
            assert not capture_response
            wrapped.append(handle)
            return handle

    monkeypatch.setattr("aws_lambda_powertools.Tracer", Tracer)
    for value in ("", "PassThrough"):
        monkeypatch.setenv("TRACING", value)
        telemetry.observed(lambda _event, _context: {})
    assert wrapped == []
    monkeypatch.setenv("TRACING", "Active")
    telemetry.observed(lambda _event, _context: {})
    assert len(wrapped) == 1
