"""Who may do what: every route × every caller, through the handler and in the template."""

import base64
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from recommender.api.access import check, check_list
from recommender.api.application import ROUTES, create_app
from recommender.data.catalog import MAX_ID
from recommender.http.problems import ProblemError
from recommender.settings import Access, Mode, read_settings
from tests.conftest import ROOT, forget_app
from tests.expectations import FILMS, RATINGS
from tests.recommender.test_handler import CONTEXT, Event, http_api
from tests.stores import CREDENTIALS, nobody

USER, OTHER, NOBODY = 1, 2, 987_654_321
FILM = next(film for film in FILMS if film not in RATINGS[USER])
OPERATIONS = [
    (method, route.path)
    for route in ROUTES
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]
PERSONAL = [(method, path) for method, path in OPERATIONS if "{usuario_id}" in path]
FOR_SERVICES = [(method, path) for method, path in OPERATIONS if path.endswith("/oculto")]
USERS = ("GET", "/usuarios")
NAMING = [*PERSONAL, *FOR_SERVICES, USERS]
PUBLIC = [operation for operation in OPERATIONS if operation not in NAMING]
WRITES = [(method, path) for method, path in PERSONAL if method in ("PUT", "DELETE")]
READS = [operation for operation in PERSONAL if operation not in WRITES]
BODIES: dict[str, dict[str, Any]] = {
    "PUT": {"avaliacao": 4},
    "POST": {"avaliacoes": [{"filme_id": FILM, "avaliacao": 4}]},  # also a PUT of several
}

VARYING = (
    "timestamp",
    "milliseconds",
    "Init",
    "Latency",
    "_aws",
)  # numbers that may hold any digits
Ask = Callable[..., Event]


def unsigned(claims: dict[str, Any]) -> str:
    parts = [{"alg": "none", "typ": "JWT"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return "Bearer " + ".".join(part.rstrip("=") for part in encoded) + "."


def claimed(**claims: str) -> Event:
    """What API Gateway adds to an event when it has verified a token."""
    return {"authorizer": {"jwt": {"claims": claims, "scopes": None}}}


OWN = {"sub": str(USER), "scope": "openid filmes/usuarios"}
TOKEN = {"authorization": unsigned(OWN | {"exp": 1})}
FORGERY = TOKEN | {
    "x-amzn-oidc-data": unsigned(OWN),
    "x-amzn-oidc-identity": str(USER),
    "x-amzn-request-context": json.dumps(claimed(**OWN)),
    "x-user": str(USER),
    "x-usuario-id": str(USER),
    "x-forwarded-user": str(USER),
}

# Of each caller: the headers, and what API Gateway adds. A token that is expired or forged adds
# nothing: with the authorizer in front, the function is not even called.
CALLERS: dict[str, tuple[dict[str, str], Event]] = {
    "anonymous": ({}, {}),
    "user": (TOKEN, claimed(sub=str(USER), scope="openid email")),
    "other user": (TOKEN, claimed(sub=str(OTHER), scope="openid email")),
    "service": (TOKEN, claimed(sub="4f1c8a", scope="outro/escopo filmes/usuarios")),
    "service with a list": (TOKEN, claimed(sub="4f1c8a", scp="[outro/escopo filmes/usuarios]")),
    "expired": (TOKEN, {}),
    "forged": (FORGERY, {}),
    "of another authorizer": (TOKEN, {"authorizer": {"claims": OWN, "lambda": {"jwt": OWN}}}),
    "of no form": (TOKEN, {"authorizer": {"jwt": {"claims": [OWN]}}}),
    "almost a service": (TOKEN, claimed(sub="0", scope="filmes/usuarios.ler xfilmes/usuarios")),
    "almost the user": (TOKEN, claimed(sub=f"0{USER}", usuario=str(USER), scope="")),
}
ENTITLED = ("user", "service", "service with a list")
SERVICES = ENTITLED[1:]
UNKNOWN = ("anonymous", "expired", "forged", "of another authorizer", "of no form")
STATUS = {"PUT": 201, "DELETE": 204}
SEVERAL = "/usuarios/{usuario_id}/avaliacoes"  # a PUT here takes a list, and answers 200


@pytest.fixture(params=["jwt", "open", "open, real data", "local"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ask(mode: str, artifact_dir: Path, real_dir: Path, tmp_path: Path) -> Iterator[Ask]:
    """The handler as a cold start in a mode makes it, with an empty store."""
    access, _, is_real = mode.partition(", ")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTIFACT_DIR", str(real_dir if is_real else artifact_dir))
        patch.setenv("ACCESS", access)
        patch.setenv("RATINGS_DIR", str(tmp_path))
        forget_app(patch)
        handler = importlib.import_module("handler").handler

        def send(
            method: str, path: str, caller: str, user: int = USER, **more: int
        ) -> dict[str, Any]:
            headers, added = CALLERS[caller]
            path = path.replace("{digest}/{name:path}", "0123456789ab/start.js")
            path = path.format(usuario_id=user, filme_id=FILM, name="docs.js")
            kind = "POST" if path.endswith("/avaliacoes") else method
            kind = "" if path.endswith("/oculto") else kind
            body = json.dumps(BODIES[kind] | more).encode() if kind in BODIES else None
            headers = headers | ({"content-type": "application/json"} if body else {})
            event = http_api(path, [], headers, method, body)
            event["requestContext"] |= added
            response: Event = handler(json.loads(json.dumps(event)), CONTEXT)
            return response

        yield send


def test_the_matrix_has_every_kind_of_route() -> None:
    assert len(READS) >= 4
    assert {method for method, _ in WRITES} >= {"PUT", "DELETE"}
    assert ("GET", "/filmes") in PUBLIC
    assert {method for method, _ in FOR_SERVICES} == {"PUT", "DELETE"}


@pytest.mark.parametrize("caller", CALLERS)
def test_every_route_for_every_caller(ask: Ask, mode: str, caller: str) -> None:
    for method, path in OPERATIONS:
        response = ask(method, path, caller)
        found = response["statusCode"]
        problem = json.loads(response["body"]) if found >= 400 else {}
        case = (mode, caller, method, path, problem.get("detail"))
        success = 200 if path == SEVERAL else STATUS.get(method, 200)
        entitled: tuple[str, ...] = ENTITLED
        if (method, path) in FOR_SERVICES:
            success, entitled = 204, SERVICES
        if (method, path) in PUBLIC:
            assert found == ask(method, path, "anonymous")["statusCode"], case
            assert found not in (401, 403), case
        elif mode == "open, real data" and (method, path) in [*READS, USERS]:
            assert found in ((200, 404) if caller in SERVICES else (403,)), case
            assert caller in SERVICES or "usuários" in problem["detail"], case
        elif (method, path) == USERS and (mode != "jwt" or caller not in UNKNOWN):
            assert found == 200, case  # the data is for demonstration
        elif mode == "local" or (mode == "open" and (method, path) in READS):
            assert found in (success, 404), case  # no rating of this film yet
        elif mode.startswith("open"):
            assert found == 403, case
            assert "leitura" in problem["detail"], case
        elif caller in entitled:
            assert found in (success, 404), case
        elif caller in UNKNOWN:
            assert found == 401, case
            assert response["headers"]["www-authenticate"] == "Bearer", case
        else:
            assert found == 403, case
            assert response["headers"]["www-authenticate"].startswith("Bearer error="), case
        if problem and (method, path) not in PUBLIC:
            assert problem["status"] == found, case


@pytest.mark.parametrize(
    ("access", "claims", "status"),
    [
        (Access(Mode.LOCAL), None, 200),
        (Access(Mode.OPEN), None, 403),
        (Access(Mode.JWT), None, 401),
        (Access(Mode.JWT), {"sub": "1", "scope": "openid"}, 403),
        (Access(Mode.JWT), {"sub": "x", "scope": "filmes/usuarios"}, 200),
    ],
)
def test_who_the_users_of_real_data_are_is_for_services(
    access: Access, claims: dict[str, str] | None, status: int
) -> None:
    if status == 200:
        check_list(access, claims, is_demonstration=False)
        return
    with pytest.raises(ProblemError) as refused:
        check_list(access, claims, is_demonstration=False)
    assert refused.value.status_code == status


@pytest.mark.parametrize("caller", CALLERS)
def test_a_user_in_a_body_is_asked_for_like_one_in_a_path(ask: Ask, mode: str, caller: str) -> None:
    by_path = ask("POST", "/usuarios/{usuario_id}/recomendacoes", caller)
    by_body = ask("POST", "/recomendacoes", caller, usuario_id=USER)
    assert (by_body["statusCode"], by_body["body"]) == (by_path["statusCode"], by_path["body"])
    entitled = {"jwt": ENTITLED, "open, real data": SERVICES}.get(mode, tuple(CALLERS))
    assert (by_body["statusCode"] == 200) is (caller in entitled)
    assert ask("POST", "/recomendacoes", caller)["statusCode"] == 200


@pytest.mark.parametrize("mode", ["jwt"], indirect=True)
def test_a_refused_write_has_written_nothing(ask: Ask) -> None:
    path = "/usuarios/{usuario_id}/avaliacoes/{filme_id}"
    assert ask("PUT", path, "user")["statusCode"] == 201
    written = ask("GET", path, "user")["body"]
    for caller in CALLERS.keys() - set(ENTITLED):
        for method in ("PUT", "DELETE"):
            assert ask(method, path, caller)["statusCode"] in (401, 403)
    assert ask("GET", path, "service")["body"] == written


@pytest.mark.parametrize("mode", ["jwt"], indirect=True)
@pytest.mark.parametrize("caller", ["other user", "anonymous"])
def test_an_answer_does_not_tell_whether_a_user_exists(ask: Ask, caller: str) -> None:
    for method, path in PERSONAL:
        known, unknown = (ask(method, path, caller, user=user) for user in (USER, NOBODY))
        assert known["statusCode"] == unknown["statusCode"]
        assert known["body"] == unknown["body"].replace(str(NOBODY), str(USER))


@pytest.mark.parametrize("mode", ["jwt"], indirect=True)
def test_a_service_makes_users_and_learns_who_is_none(ask: Ask) -> None:
    path = "/usuarios/{usuario_id}/avaliacoes/{filme_id}"
    lists = "/usuarios/{usuario_id}/avaliacoes"
    assert ask("GET", lists, "service", user=NOBODY)["statusCode"] == 404
    assert ask("PUT", path, "service", user=NOBODY)["statusCode"] == 201
    assert ask("GET", lists, "service", user=NOBODY)["statusCode"] == 200


LOGGED = """
import json, sys
from types import SimpleNamespace
import handler

events, context = json.load(sys.stdin), SimpleNamespace(**json.loads(sys.argv[1]))
for event in events:
    print("status", handler.handler(event, context)["statusCode"], file=sys.stderr)
"""


def test_logs_name_neither_users_nor_tokens(artifact_dir: Path) -> None:
    """What one process prints of good and bad calls, while the table cannot be reached."""
    secret = "segredo-do-token"
    callers = [
        ({"authorization": f"Bearer {secret}"}, claimed(sub="137", jti=secret, email="a@b.example"))
    ]
    callers += [({"authorization": f"Bearer {secret}"}, {}), ({}, claimed(sub="138", jti=secret))]
    calls = [
        ("GET", "/usuarios/137/recomendacoes", None),
        ("GET", "/usuarios/137/avaliacoes", None),
        ("PUT", "/usuarios/137/avaliacoes/309", b'{"avaliacao": 4}'),
        ("DELETE", "/usuarios/137/avaliacoes/309", None),
    ]
    events = []
    for headers, added in callers:
        for method, path, body in calls:
            typed = headers | {"content-type": "application/json"}
            event = http_api(path, [], typed, method, body)
            event["requestContext"] |= added
            events.append(event)
    done = subprocess.run(
        [sys.executable, "-c", LOGGED, json.dumps(vars(CONTEXT))],
        input=json.dumps(events),
        cwd=ROOT,
        env=os.environ
        | CREDENTIALS
        | {
            "ARTIFACT_DIR": str(artifact_dir),
            "ACCESS": "jwt",
            "RATINGS_TABLE": "tabela",
            "AWS_ENDPOINT_URL_DYNAMODB": nobody(),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    statuses = [int(line.split()[1]) for line in done.stderr.splitlines()]
    assert statuses == [200, 503, 503, 503, *[401] * 4, *[403] * 4]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["level"] for line in lines if "_aws" not in line].count("ERROR") == 3
    assert [line["level"] for line in lines if "_aws" not in line].count("WARNING") == 2
    for line in lines:
        told = json.dumps({k: v for k, v in line.items() if k not in VARYING})
        for name in ("137", "138", secret, "example", "Bearer"):
            assert name not in told, line


@pytest.mark.parametrize(("access", "status"), [(Access(), 403), (Access(Mode.JWT), 401)])
def test_who_may_not_write_is_told_before_what_is_wrong_with_a_field(
    artifact_dir: Path, access: Access, status: int
) -> None:
    client = TestClient(create_app(artifact_dir, access))
    for user, body in ((USER, {"avaliacao": "x"}), (NOBODY, {"a": 1}), (USER, None)):
        answer = client.put(f"/usuarios/{user}/avaliacoes/{FILM}", json=body)
        assert answer.status_code == status
        assert "erros" not in answer.json()


def test_a_body_that_is_no_json_is_told_before_who_may_write(artifact_dir: Path) -> None:
    """FastAPI reads a body before it asks the dependencies of a route."""
    client = TestClient(create_app(artifact_dir))
    headers = {"content-type": "application/json"}
    answer = client.put(f"/usuarios/{USER}/avaliacoes/{FILM}", content="{bad", headers=headers)
    assert answer.status_code == 422


# The environment


def read_access(environment: dict[str, str]) -> Access:
    return read_settings(environment).access


def test_the_environment_sets_the_rules() -> None:
    assert read_access({}) == read_access({"ACCESS": ""}) == Access(Mode.OPEN)
    assert read_access({"ACCESS": "open", "USER_CLAIM": "", "SERVICE_SCOPE": ""}) == Access()
    named = {"ACCESS": "jwt", "USER_CLAIM": "custom:usuario", "SERVICE_SCOPE": "a/b"}
    assert read_access(named) == Access(Mode.JWT, "custom:usuario", "a/b")
    assert read_access({"ACCESS": "local"}).mode is Mode.LOCAL


@pytest.mark.parametrize("value", ["JWT", "none", " open", "true"])
def test_a_mode_that_is_none_stops_the_start(value: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{value!r}, allowed are open, jwt, local")):
        read_access({"ACCESS": value})


def test_no_lambda_function_is_open_to_everybody() -> None:
    with pytest.raises(ValueError, match="local"):
        read_access({"ACCESS": "local", "AWS_LAMBDA_FUNCTION_NAME": "f"})


def test_a_claim_of_another_name_tells_the_user() -> None:
    access = Access(Mode.JWT, user_claim="custom:usuario")
    check(access, {"sub": "4f1c8a", "custom:usuario": "7"}, 7, write=True)


@pytest.mark.parametrize("claim", [5, "5", 5.0, "5.0", "5E0", "0.5e1", "50e-1", "5.000"], ids=repr)
def test_a_claim_goes_by_value(claim: object) -> None:
    check(Access(Mode.JWT), {"sub": claim}, 5, write=True)


@pytest.mark.parametrize("claim", ["1.2E7", "12000000", 12000000.0, "1.2e+7", "120000000E-1"])
def test_a_large_claim_goes_by_value(claim: object) -> None:
    """API Gateway hands on a number in a token as Java spells it."""
    check(Access(Mode.JWT), {"sub": claim}, 12_000_000, write=True)


@pytest.mark.parametrize(
    "claim",
    [
        *("05", "+5", " 5", "5 ", "5.0.0", "5.1", "0x5", "\u0665", "5\n", "five", "", "NaN"),
        *("5e", "5e9999999999", "-5", True, None, [5], {"5": 5}, 5.000000000000001),
    ],
    ids=repr,
)
def test_another_claim_is_another_user(claim: object) -> None:
    with pytest.raises(ProblemError) as refused:
        check(Access(Mode.JWT), {"sub": claim}, 5, write=True)
    assert refused.value.status_code == 403


def test_a_claim_just_beside_the_largest_id_is_another_user() -> None:
    check(Access(Mode.JWT), {"sub": f"{MAX_ID}.0"}, MAX_ID, write=True)
    for claim in (f"{MAX_ID}.3", f"{MAX_ID + 1}", f"{MAX_ID - 1}.9999"):
        with pytest.raises(ProblemError):
            check(Access(Mode.JWT), {"sub": claim}, MAX_ID, write=True)


@pytest.mark.parametrize("spelled", ["5.0", "5e0", "05", "+5", "5%20", "%205", "1.2E7"])
def test_paths_and_queries_go_by_spelling(client: TestClient, spelled: str) -> None:
    for path in (f"/filmes/{spelled}/recomendacoes", f"/usuarios/{spelled}/avaliacoes"):
        answer = client.get(path)
        assert answer.status_code == 422
        assert answer.json()["erros"][0]["campo"] == "usuario_id"
    for name in ("excluir", "limite"):
        assert client.get("/filmes", params={name: spelled.replace("%20", " ")}).status_code == 422
