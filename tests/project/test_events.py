"""Every file of events/: its shape, and what the functions make of it in this process."""

import importlib
import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    AlbModel,
    APIGatewayProxyEventModel,
    APIGatewayProxyEventV2Model,
    EventBridgeModel,
    S3EventNotificationEventBridgeModel,
    S3Model,
)

from benchmarks.bill import choose, limits
from tests.conftest import LambdaContext, forget_app
from tests.expectations import (
    ANSWERS,
    BUCKET,
    EVENTS,
    RELEASES,
    RELEASES_REFUSED,
    TRAININGS,
    WITH_TOKENS,
    Ignored,
    Refused,
    assert_answer,
    decoded,
    read_event,
)
from training.data.tables import DataError
from training.release.events import EventError, read_action
from training.renewal.events import Candidate, IgnoredEventError, Start, read_start

NETWORKS = [  # RFC 5737
    ipaddress.ip_network(block) for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
]
ACCOUNT = "123456789012"

ALL = [*ANSWERS, *WITH_TOKENS, *TRAININGS, *RELEASES, *RELEASES_REFUSED]
HTTP = [name for name in ANSWERS if read_event(name).get("version") == "2.0"]
REST = [name for name in ANSWERS if "resource" in read_event(name)]
ALB = [name for name in ANSWERS if "elb" in read_event(name)["requestContext"]]


def is_read(name: str) -> bool:
    """Whether an event of an HTTP API is answered with something to keep."""
    method = read_event(name)["requestContext"]["http"]["method"]
    return method == "GET" and ANSWERS[name].status == 200


Api = Callable[[dict[str, Any]], dict[str, Any]]


@contextmanager
def cold_start(**environment: str) -> Iterator[Api]:
    """The API function as a cold start makes it in an environment.

    What is served, and to whom, is settled when the modules are imported, so this imports its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment.items():
            patch.setenv(variable, value)
        forget_app(patch)
        handler = importlib.import_module("handler").handler
        yield lambda event: handler(event, LambdaContext("ApiFunction"))


@pytest.fixture(scope="module")
def api(artifact_dir: Path) -> Iterator[Api]:
    with cold_start(ARTIFACT_DIR=str(artifact_dir)) as handler:
        yield handler


@pytest.fixture
def api_with_tokens(artifact_dir: Path, tmp_path: Path) -> Iterator[Api]:
    """The same asking for tokens, with no rating written."""
    place = str(tmp_path)
    with cold_start(ARTIFACT_DIR=str(artifact_dir), ACCESS="jwt", RATINGS_DIR=place) as handler:
        yield handler


def test_every_event_has_an_expectation_and_every_expectation_an_event() -> None:
    assert {path.name for path in EVENTS.iterdir()} == {f"{name}.json" for name in ALL}


def test_every_event_of_the_api_is_of_one_kind() -> None:
    assert sorted([*HTTP, *REST, *ALB]) == sorted(ANSWERS)


# What the API function answers


@pytest.mark.parametrize("name", ANSWERS)
def test_the_api_answers_as_expected(api: Api, name: str) -> None:
    assert_answer(ANSWERS[name], api(read_event(name)))


@pytest.mark.parametrize("name", WITH_TOKENS)
def test_with_tokens_the_api_answers_as_expected(api_with_tokens: Api, name: str) -> None:
    assert_answer(WITH_TOKENS[name], api_with_tokens(read_event(name)))


@pytest.mark.parametrize(
    "name",
    [name for name in HTTP if ANSWERS[name].headers.get("link") and not name.endswith("-head")],
)
def test_the_link_leads_on_to_other_films(api: Api, name: str) -> None:
    event = read_event(name)
    first = api(event)
    target, _, rest = first["headers"]["link"][1:].partition(">")
    assert rest == '; rel="next"'
    link = urlsplit(target)
    second = api(event | {"rawPath": link.path, "rawQueryString": link.query})
    assert second["statusCode"] == 200
    assert link.path == event["rawPath"]
    ids = [[film["id"] for film in body_of(page)] for page in (first, second)]
    assert ids[1]
    assert not set(ids[0]) & set(ids[1])
    kept = {key: values for key, values in parse_qs(link.query).items() if key != "cursor"}
    assert kept == parse_qs(event["rawQueryString"])


@pytest.mark.parametrize("name", [name for name in HTTP if is_read(name)])
def test_an_answer_is_not_sent_again_to_who_has_it(api: Api, name: str) -> None:
    event = read_event(name)
    first = api(event)
    headers = event["headers"] | {"if-none-match": f'"other", {first["headers"]["etag"]}'}
    again = api(event | {"headers": headers})
    assert again["statusCode"] == 304
    assert again["body"] == ""
    assert again["headers"]["etag"] == first["headers"]["etag"]
    headers = event["headers"] | {"if-none-match": '"other"'}
    once_more = api(event | {"headers": headers})
    for answer in (first, once_more):
        del answer["headers"]["server-timing"]
    assert once_more == first


def test_the_senders_give_the_same_answer(api: Api) -> None:
    rest, alb = (api(read_event(f"recomendacoes-{kind}")) for kind in ("rest", "alb-multivalor"))
    assert body_of(rest) == body_of(alb)
    assert "headers" not in alb  # a target group with multi-value headers reads no others
    http = read_event("recomendacoes") | {
        "rawQueryString": "genero=com%C3%A9dia&genero=drama&limite=3"
    }
    assert body_of(api(http)) == body_of(rest)


def test_every_answer_bears_the_version_in_use(api: Api, artifact_dir: Path) -> None:
    version = json.loads((artifact_dir / "manifest.json").read_text())["version"]
    for name in ("saude", "docs", "filmes-nao-modificado", "erro-caminho-desconhecido"):
        assert api(read_event(name))["headers"]["x-versao"] == version
    assert json.loads(api(read_event("saude"))["body"])["versao"] == version
    assert json.loads(api(read_event("modelo"))["body"])["versao"] == version


def body_of(response: dict[str, Any]) -> Any:
    headers = response.get("headers") or {
        name: values[-1] for name, values in response["multiValueHeaders"].items()
    }
    return json.loads(decoded(response, headers.get("content-encoding")))


# What the training function reads out of an event


@pytest.mark.parametrize("name", TRAININGS)
def test_the_training_reads_which_data_is_meant(name: str) -> None:
    expected, event = TRAININGS[name], read_event(name)
    if isinstance(expected, Ignored):
        with pytest.raises(IgnoredEventError, match=expected.text):
            read_start(event, BUCKET, "dados/dados.json")
    elif isinstance(expected, Refused) and expected.data_key is None:
        with pytest.raises(DataError) as refused:
            read_start(event, BUCKET, "dados/dados.json")
        assert all(text in str(refused.value) for text in expected.texts)
    elif isinstance(expected, Candidate):
        assert read_start(event, BUCKET, "dados/dados.json") == expected
    else:
        start = read_start(event, BUCKET, "dados/dados.json")
        assert isinstance(start, Start)
        assert start.key == expected.data_key
        if not isinstance(expected, Refused):
            assert (start.seed, start.version_id) == (expected.seed, expected.version_id)


@pytest.mark.parametrize("name", RELEASES)
def test_the_release_function_reads_what_is_asked_for(name: str) -> None:
    assert read_action(read_event(name)) == RELEASES[name]


@pytest.mark.parametrize("name", RELEASES_REFUSED)
def test_the_release_function_refuses(name: str) -> None:
    with pytest.raises(EventError, match=RELEASES_REFUSED[name]):
        read_action(read_event(name))


# Shapes: what API Gateway, load balancers, EventBridge and S3 really send


@pytest.mark.parametrize("name", [*HTTP, *WITH_TOKENS])
def test_an_http_api_event_is_whole(name: str) -> None:
    event = read_event(name)
    APIGatewayProxyEventV2Model.model_validate(event)
    context, headers = event["requestContext"], event["headers"]
    assert event.keys() - {"body", "queryStringParameters", "pathParameters"} == {
        "version",
        "routeKey",
        "rawPath",
        "rawQueryString",
        "headers",
        "requestContext",
        "isBase64Encoded",
    }
    assert context.keys() - {"authorizer"} == {
        "accountId",
        "apiId",
        "domainName",
        "domainPrefix",
        "http",
        "requestId",
        "routeKey",
        "stage",
        "time",
        "timeEpoch",
    }
    http = context["http"]
    assert event["routeKey"] == context["routeKey"]
    method, route = event["routeKey"].split()
    assert (method, route) == choose(limits(), http["method"], event["rawPath"])
    parameters = event.get("pathParameters", {})
    assert parameters.keys() == set(re.findall(r"\{(\w+)\+?\}", route))
    called = route.replace("{proxy+}", "{proxy}").format(**parameters)
    assert event["rawPath"] == http["path"] == called
    assert context["accountId"] == ACCOUNT
    assert context["stage"] == "$default"
    assert context["domainName"] == headers["host"]
    assert context["domainName"].startswith(f"{context['domainPrefix']}.execute-api.")
    assert context["domainPrefix"] == context["apiId"]
    assert http["userAgent"] == headers["user-agent"]
    assert http["sourceIp"] == headers["x-forwarded-for"]
    assert int(headers["content-length"]) == len(event.get("body", "").encode())
    moment = datetime.fromtimestamp(context["timeEpoch"] // 1000, UTC)
    assert_traced(headers["x-amzn-trace-id"], moment)
    assert context["time"] == moment.strftime("%d/%b/%Y:%H:%M:%S +0000")
    assert [*headers] == sorted(headers)
    assert all(header == header.lower() for header in headers)


@pytest.mark.parametrize("name", HTTP)
def test_an_http_api_event_has_its_query_twice(name: str) -> None:
    """As the client sent it, and decoded with repeated values joined by commas."""
    event = read_event(name)
    raw = event["rawQueryString"]
    assert raw.isascii()
    assert " " not in raw
    joined: dict[str, str] = {}
    for key, value in parse_qsl(raw, keep_blank_values=True, strict_parsing=bool(raw)):
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    assert event.get("queryStringParameters", {}) == joined
    assert ("queryStringParameters" in event) is bool(raw)


@pytest.mark.parametrize("name", REST)
def test_a_rest_api_event_is_whole(name: str) -> None:
    event = read_event(name)
    APIGatewayProxyEventModel.model_validate(event)
    context, headers = event["requestContext"], event["headers"]
    assert event["resource"] == context["resourcePath"] == "/{proxy+}"
    assert event["path"] == f"/{event['pathParameters']['proxy']}"
    assert context["path"] == f"/{context['stage']}{event['path']}"
    assert event["httpMethod"] == context["httpMethod"]
    assert context["accountId"] == ACCOUNT
    assert context["domainName"] == headers["Host"]
    assert context["identity"]["userAgent"] == headers["User-Agent"]
    assert context["identity"]["sourceIp"] == headers["X-Forwarded-For"]
    assert event["multiValueHeaders"] == {header: [value] for header, value in headers.items()}
    several = event["multiValueQueryStringParameters"] or {}
    single = {parameter: values[-1] for parameter, values in several.items()}
    assert (event["queryStringParameters"] or {}) == single
    moment = datetime.fromtimestamp(context["requestTimeEpoch"] // 1000, UTC)
    assert_traced(headers["X-Amzn-Trace-Id"], moment)
    assert context["requestTime"] == moment.strftime("%d/%b/%Y:%H:%M:%S +0000")


@pytest.mark.parametrize("name", ALB)
def test_a_load_balancer_event_is_whole(name: str) -> None:
    event = read_event(name)
    arn = event["requestContext"]["elb"]["targetGroupArn"]
    assert arn.startswith(f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:targetgroup/")
    assert event.keys() - {"requestContext", "httpMethod", "path", "body", "isBase64Encoded"} in (
        {"headers", "queryStringParameters"},
        {"multiValueHeaders", "multiValueQueryStringParameters"},
    )
    if "headers" in event:
        AlbModel.model_validate(event)
    headers = event.get("headers") or {
        header: value for header, (value,) in event["multiValueHeaders"].items()
    }
    assert headers["host"].endswith(".us-east-1.elb.amazonaws.com")
    assert {"user-agent", "x-amzn-trace-id", "x-forwarded-for"} <= headers.keys()
    parameters = event.get("queryStringParameters", event.get("multiValueQueryStringParameters"))
    assert json.dumps(parameters, ensure_ascii=False).isascii()  # a load balancer decodes nothing


def test_the_schedule_sends_what_a_scheduler_sends_without_input() -> None:
    event = read_event("treino-agendado")
    EventBridgeModel.model_validate(event | {"detail": json.loads(event["detail"])})
    assert (event["source"], event["detail-type"]) == ("aws.scheduler", "Scheduled Event")
    assert event["detail"] == "{}"
    assert event["resources"] == [
        f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/filmes-TrainingFunctionWeekly-1DQ7ZB0YXW3K"
    ]
    assert datetime.fromisoformat(event["time"]).strftime("%a %H:%M") == "Mon 06:00"


@pytest.mark.parametrize(
    "name", ["treino-dados-novos", "treino-erro-dados", "treino-ignorado-etiquetas"]
)
def test_an_object_created_event_is_whole(name: str) -> None:
    event = read_event(name)
    S3EventNotificationEventBridgeModel.model_validate(event)
    detail = event["detail"]
    assert detail["bucket"]["name"] == BUCKET
    assert event["resources"] == [f"arn:aws:s3:::{BUCKET}"]
    assert event["account"] == detail["requester"] == ACCOUNT
    assert detail["object"]["key"].startswith("dados/")  # the only ones that the rule passes on


@pytest.mark.parametrize("name", ["treino-notificacao-s3", "treino-erro-bucket"])
def test_a_bucket_notification_is_whole(name: str) -> None:
    event = read_event(name)
    S3Model.model_validate(event)
    (record,) = event["Records"]
    s3 = record["s3"]
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Put")
    assert s3["bucket"]["arn"] == f"arn:aws:s3:::{s3['bucket']['name']}"
    assert (s3["bucket"]["name"] == BUCKET) is not isinstance(TRAININGS[name], Refused)
    assert s3["object"]["key"].isascii()  # URL-encoded
    assert unquote_plus(s3["object"]["key"]).startswith("dados/")


@pytest.mark.parametrize("name", ALL)
def test_addresses_are_of_nobody(name: str) -> None:
    def strings(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for inner in value.values():
                yield from strings(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from strings(inner)
        elif isinstance(value, str):
            yield value

    for text in strings(read_event(name)):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        assert any(address in network for network in NETWORKS), text


@pytest.mark.parametrize("name", ALL)
def test_files_are_laid_out_alike(name: str) -> None:
    text = (EVENTS / f"{name}.json").read_text(encoding="utf-8")
    assert text == json.dumps(read_event(name), ensure_ascii=False, indent=2) + "\n"


def assert_traced(trace: str, moment: datetime) -> None:
    """An X-Ray trace id begins with the second in which it was given."""
    root, seconds, rest = trace.split("-")
    assert root == "Root=1"
    assert int(seconds, 16) == int(moment.timestamp())
    assert len(rest) == 24
