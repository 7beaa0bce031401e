"""The routes of API Gateway in the template, held against the app's OpenAPI document."""

import json
import re
import tomllib
import warnings
from pathlib import Path
from typing import Any

import pytest
from samcli.lib.providers.api_provider import ApiProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
from samcli.local.apigw.route import Route
from samcli.yamlhelper import yaml_parse

from benchmarks.bill import Key, choose
from recommender.api.application import create_app
from recommender.api.openapi import make_document
from recommender.settings import UNMADE, Access, Mode
from tests.aws.policies import Resolved
from tests.conftest import ROOT
from tests.expectations import read_event

TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
RESOURCES = TEMPLATE["Resources"]
MODES = {access: Resolved(parameters={"Access": access}) for access in ("open", "jwt")}
DOCUMENT = make_document(create_app(Path("none"), Access(Mode.JWT)))
OPERATIONS = {
    (method.upper(), path): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
# Public, because nobody needs a token for ratings in a body. A user whom the body names besides is
# refused with 401: with a token, the same is asked under /usuarios.
ONLY_FOR_A_FIELD = {("POST", "/recomendacoes")}
PROTECTED = [operation for operation, told in OPERATIONS.items() if told.get("security")]
UNDOCUMENTED = [("GET", path) for path in ("/", "/docs", "/openapi.json", "/pagina/docs.js")]
PROFILE_TABLES = (
    "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
    "${AWS::StackName}-perfis-*"
)
RATINGS_TABLES = PROFILE_TABLES.replace("perfis", "RatingsTable")
EXISTING_TABLE = PROFILE_TABLES.replace("${AWS::StackName}-perfis-*", "${ExistingTable}")
NOTHING = {"Ref": "AWS::NoValue"}
LISTS = ("/usuarios/{usuario_id}/recomendacoes", "/filmes/{usuario_id}/recomendacoes")
COSTLY = {
    ("GET", "/filmes"),
    ("GET", "/grupos"),
    ("GET", "/mapa.json"),
    ("POST", "/recomendacoes"),
    ("POST", "/inicio"),
    ("GET", "/usuarios/{usuario_id}/inicio"),
    ("POST", "/usuarios/{usuario_id}/recomendacoes"),
}
LARGE = {("GET", "/usuarios"), ("GET", "/mapa.svg"), ("GET", "/pagina/swagger-ui-bundle.js")}
SAMPLE = re.compile(r"\{\w+\}")

Properties = dict[str, Any]


def routes(access: str) -> dict[Key, Properties]:
    """The routes that the template makes, by method and path."""
    found = [
        resource["Properties"]
        for resource in MODES[access].resources.values()
        if resource["Type"] == "AWS::ApiGatewayV2::Route"
    ]
    return {tuple(route["RouteKey"].split(" ")): route for route in found}


def chosen(access: str, method: str, path: str) -> Properties:
    table = routes(access)
    return table[choose(table, method, SAMPLE.sub("1", path))]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1"),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
        ("POST", "/pets/dog/2", "ANY /pets/{proxy+}"),
        ("PUT", "/pets/cat/name", "PUT /pets/{id}/name"),
        ("GET", "/birds", "ANY /{proxy+}"),
    ],
)
def test_the_rule_is_that_of_the_documentation(method: str, path: str, expected: str) -> None:
    keys = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}"]
    keys += ["ANY /pets/{proxy+}", "PUT /pets/{id}/name"]
    table: list[Key] = [(key.split()[0], key.split()[1]) for key in keys]
    assert " ".join(choose(table, method, path)) == expected


def test_protected_are_users_and_what_services_do() -> None:
    assert {path for _, path in PROTECTED} >= {"/usuarios/{usuario_id}/recomendacoes"}
    assert ("PUT", "/filmes/{filme_id}/oculto") in PROTECTED
    assert ("GET", "/usuarios") in PROTECTED
    assert all("usuario" in path or "oculto" in path for _, path in PROTECTED)
    refusing = {operation for operation, told in OPERATIONS.items() if "401" in told["responses"]}
    assert refusing == {*PROTECTED, *ONLY_FOR_A_FIELD}


def test_a_token_is_asked_for_where_access_is_protected_alone() -> None:
    assert DOCUMENT["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for mode in (Mode.OPEN, Mode.LOCAL):
        document = make_document(create_app(Path("none"), Access(mode)))
        assert "securitySchemes" not in document["components"]
        told = [operation for path in document["paths"].values() for operation in path.values()]
        assert not any(operation.get("security") for operation in told)


@pytest.mark.parametrize(("method", "path"), [*OPERATIONS, *UNDOCUMENTED])
def test_the_authorizer_is_on_whatever_may_answer_401(method: str, path: str) -> None:
    for verb in {method, "HEAD"} if method == "GET" else {method}:
        route = chosen("jwt", verb, path)
        if (method, path) in PROTECTED:
            assert route["AuthorizationType"] == "JWT"
            assert route["AuthorizerId"] == "filmes-JwtAuthorizer"
        else:
            assert "AuthorizationType" not in route
            assert "AuthorizerId" not in route


def test_both_modes_have_the_same_routes_with_the_same_limits() -> None:
    """So that a change of mode leaves nothing behind: no route, no setting and no authorizer."""
    opened, protected = routes("open"), routes("jwt")
    assert opened.keys() == protected.keys()
    for key, route in opened.items():
        assert "AuthorizerId" not in route
        # CloudFormation takes an authorizer away only where the template says NONE.
        assert route.get("AuthorizationType") == (
            "NONE" if "AuthorizerId" in protected[key] else None
        )
    stages = [stack.resources["HttpApiStage"] for stack in MODES.values()]
    assert stages[0] == stages[1]


@pytest.mark.parametrize("access", MODES)
def test_sams_emulator_reads_the_routes(access: str) -> None:
    """With the settings that `sam local start-api` finds here."""
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    told = settings["default"]["local_start_api"]["parameters"]
    with warnings.catch_warnings(action="ignore"):  # of SAM's own deprecations
        stacks, _ = SamLocalStackProvider.get_stacks(
            str(ROOT / "template.yaml"), parameter_overrides={"Access": access}
        )
        api = ApiProvider(stacks, disable_authorizer=told["disable_authorizer"]).api
    found = {(route.path, method) for route in api.routes for method in route.methods}
    anything = set(Route.ANY_HTTP_METHODS)
    assert found == {
        (path, verb)
        for method, path in routes(access)
        for verb in (anything if method == "ANY" else {method})
    }


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_preflights_pass_without_a_token(path: str) -> None:
    for access in MODES:
        assert "AuthorizationType" not in chosen(access, "OPTIONS", path)


@pytest.mark.parametrize(
    ("method", "path"), [key for key, route in routes("jwt").items() if "AuthorizerId" in route]
)
def test_every_route_with_an_authorizer_protects_something(method: str, path: str) -> None:
    table = routes("jwt")
    assert any(
        choose(table, verb, SAMPLE.sub("1", called)) == (method, path) for verb, called in PROTECTED
    )


def test_whatever_comes_below_a_user_passes_the_authorizer() -> None:
    for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
        assert chosen("jwt", method, "/usuarios/1/que/ainda/vem")["AuthorizationType"] == "JWT"


def test_the_authorizer_asks_the_issuer_of_the_parameters() -> None:
    authorizer = RESOURCES["JwtAuthorizer"]
    assert authorizer["Condition"] == "Jwt"
    assert authorizer["Properties"]["AuthorizerType"] == "JWT"
    assert authorizer["Properties"]["IdentitySource"] == ["$request.header.Authorization"]
    assert authorizer["Properties"]["JwtConfiguration"] == {
        "Issuer": {"Ref": "JwtIssuer"},
        "Audience": {"Ref": "JwtAudience"},
    }


def test_writes_and_costly_routes_are_throttled_by_themselves() -> None:
    """Whatever the method is by which they are asked: HEAD costs as much as GET."""
    stage = RESOURCES["HttpApiStage"]["Properties"]
    settings, usual = stage["RouteSettings"], stage["DefaultRouteSettings"]
    throttled = {operation for operation in PROTECTED if operation[0] in ("PUT", "DELETE")}
    throttled |= COSTLY | LARGE
    throttled |= {("HEAD", path) for method, path in COSTLY | LARGE if method == "GET"}
    table = routes("jwt")
    keys = {choose(table, method, SAMPLE.sub("1", path)) for method, path in throttled}
    assert settings.keys() == {" ".join(key) for key in keys}
    stack = MODES["open"]
    for found in settings.values():
        for limit in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
            assert 0 < stack.resolve(found[limit]) < stack.resolve(usual[limit])


def test_the_stage_waits_for_the_routes_that_are_throttled_by_themselves() -> None:
    """Or their throttling cannot be set."""
    stage = RESOURCES["HttpApiStage"]
    waited_for = {RESOURCES[name]["Properties"]["RouteKey"] for name in stage["DependsOn"]}
    assert stage["Properties"]["RouteSettings"].keys() == waited_for


def test_costly_routes_are_those_that_were_measured_to_be() -> None:
    """By how often their worst request takes as long as a user's list, which all ask for."""
    found = json.loads((ROOT / "benchmarks" / "results" / "worst.json").read_text())
    worst: dict[Key, float] = {}
    for row in found["rows"]:
        method, path = row["route"].split(" ", 1)
        worst[method, path] = max(row["ratio"], worst.get((method, path), 0))
    lists = {("GET", path) for path in LISTS}
    assert {route for route, ratio in worst.items() if ratio > 50} - lists <= COSTLY
    assert all(worst[route] > 20 for route in COSTLY)


def test_the_function_writes_to_the_table_with_jwt_only() -> None:
    variables = RESOURCES["ApiFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["RATINGS_TABLE"] == {
        "Fn::If": ["OwnTable", {"Ref": UNMADE}, {"Ref": "ExistingTable"}]
    }
    policies = RESOURCES["ApiRole"]["Properties"]["Policies"]
    [granted] = [policy["Fn::If"] for policy in policies if "Fn::If" in policy]
    assert (granted[0], granted[2]) == ("Jwt", NOTHING)
    [statement] = granted[1]["PolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": ["dynamodb:UpdateItem", "dynamodb:DeleteItem"],
        "Resource": [
            {"Fn::Sub": RATINGS_TABLES},
            {"Fn::If": ["OwnTable", NOTHING, {"Fn::Sub": EXISTING_TABLE}]},
        ],
    }
    always = [
        policy["PolicyDocument"]["Statement"] for policy in policies if "Fn::If" not in policy
    ]
    reads = [part for parts in always for part in parts if "dynamodb" in str(part)]
    assert reads == [
        statement | {"Action": ["dynamodb:BatchGetItem", "dynamodb:Query"]},
        statement | {"Action": "dynamodb:GetItem", "Resource": {"Fn::Sub": PROFILE_TABLES}},
    ]


def test_a_release_may_import_and_delete_profile_tables_and_no_others() -> None:
    policies = RESOURCES["ReleaseRole"]["Properties"]["Policies"]
    statements = [
        part
        for policy in policies
        if "Fn::If" not in policy
        for part in policy["PolicyDocument"]["Statement"]
    ]
    granted = {
        action: statement["Resource"]
        for statement in statements
        for action in listed(statement["Action"])
        if action.startswith("dynamodb:")
    }
    tables = {"Fn::Sub": PROFILE_TABLES}
    assert granted == {
        "dynamodb:DeleteTable": tables,
        "dynamodb:DescribeImport": tables,
        "dynamodb:DescribeTable": tables,
        "dynamodb:ImportTable": tables,
        "dynamodb:ListImports": "*",
    }
    for name in ("ApiFunction", "ReleaseFunction"):
        variables = RESOURCES[name]["Properties"]["Environment"]["Variables"]
        assert variables["PROFILE_TABLES"] == {"Fn::Sub": "${AWS::StackName}-"}


def listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions


def test_imports_are_looked_at_where_trainings_make_profile_tables() -> None:
    schedule = RESOURCES["ReleaseFunction"]["Properties"]["Events"]["Import"]["Properties"]
    assert schedule["State"] == {"Fn::If": ["ProfileTables", "ENABLED", "DISABLED"]}
    assert json.loads(schedule["Input"]) == read_event("publicacao-continuar")
    assert schedule["Input"].endswith(f"{RESOURCES['ReleaseFunction']['Properties']['Timeout']}}}")
    variables = RESOURCES["TrainingFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["PROFILES"] == {"Ref": "Profiles"}
    assert TEMPLATE["Parameters"]["Profiles"]["Default"] == "package"


def test_the_template_offers_no_mode_but_these() -> None:
    assert TEMPLATE["Parameters"]["Access"]["AllowedValues"] == ["open", "jwt"]
    assert TEMPLATE["Parameters"]["Access"]["Default"] == "open"
