"""What each role of the template may do and may not, and that none may more than it needs."""

from typing import Any

import pytest

from tests.aws.policies import HERE, Resolved, allows, listed

JWT = Resolved(parameters={"Access": "jwt", "Deployment": "Canary10Percent5Minutes"})
OPEN = Resolved()
API = f"arn:aws:lambda:{HERE}:function:filmes-ApiFunction"
TRAINING = f"arn:aws:lambda:{HERE}:function:filmes-TrainingFunction"
RELEASE = f"arn:aws:lambda:{HERE}:function:filmes-ReleaseFunction"
LAYER = f"arn:aws:lambda:{HERE}:layer:filmes-modelo"
TABLE = f"arn:aws:dynamodb:{HERE}:table/filmes-RatingsTable-1A2B"
RESTORED = f"arn:aws:dynamodb:{HERE}:table/restored"
PROFILES = f"arn:aws:dynamodb:{HERE}:table/filmes-perfis-0123"
BUCKET = "arn:aws:s3:::filmes-ModelBucket"
QUEUE = f"arn:aws:sqs:{HERE}:filmes-FailedTrainings"
DEPLOYMENTS = f"arn:aws:codedeploy:{HERE}:deploymentgroup:filmes-DeploymentApplication"
ROLES = [name for name, one in JWT.resources.items() if one["Type"] == "AWS::IAM::Role"]

MAY = {
    "ApiRole": [
        ("dynamodb:BatchGetItem", TABLE),
        ("dynamodb:Query", TABLE),
        ("dynamodb:UpdateItem", TABLE),
        ("dynamodb:GetItem", PROFILES),
        ("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:filmes-ApiLogs:log-stream:1"),
    ],
    "TrainingRole": [
        ("s3:GetObject", f"{BUCKET}/dados/dados.json"),
        ("s3:GetObjectVersion", f"{BUCKET}/dados/dados.json"),
        ("s3:ListBucket", BUCKET),
        ("s3:PutObject", f"{BUCKET}/modelos/1/manifest.json"),
        ("s3:PutObject", f"{BUCKET}/arrendamentos/00000001.json"),
        ("dynamodb:Scan", TABLE),
        ("lambda:GetAlias", API),
        ("lambda:GetFunctionConfiguration", f"{API}:7"),
        ("lambda:GetLayerVersion", f"{LAYER}:3"),
        ("lambda:InvokeFunction", RELEASE),
        ("sqs:SendMessage", QUEUE),
    ],
    "ReleaseRole": [
        ("s3:PutObject", f"{BUCKET}/publicacoes/00000001.json"),
        ("s3:DeleteObject", f"{BUCKET}/modelos/1/manifest.json"),
        ("lambda:UpdateAlias", API),
        ("lambda:DeleteFunction", f"{API}:3"),
        ("lambda:PublishLayerVersion", LAYER),
        ("lambda:DeleteLayerVersion", f"{LAYER}:3"),
        ("lambda:InvokeFunction", f"{API}:live"),
        ("lambda:InvokeFunction", TRAINING),
        ("dynamodb:ImportTable", PROFILES),
        ("codedeploy:CreateDeployment", f"{DEPLOYMENTS}/filmes-DeploymentGroup"),
        ("sqs:SendMessage", QUEUE),
    ],
    "ScheduleRole": [
        ("lambda:InvokeFunction", TRAINING),
        ("lambda:InvokeFunction", RELEASE),
        ("sqs:SendMessage", QUEUE),
    ],
}
MAY_NOT = {
    "ApiRole": [
        ("dynamodb:Scan", TABLE),
        ("dynamodb:DeleteTable", TABLE),
        ("dynamodb:PutItem", PROFILES),
        ("dynamodb:UpdateItem", PROFILES),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/others-perfis-0123"),
        ("s3:GetObject", f"{BUCKET}/dados/dados.json"),
        ("lambda:InvokeFunction", TRAINING),
        ("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:filmes-AccessLogs:log-stream:1"),
    ],
    "TrainingRole": [
        ("s3:PutObject", f"{BUCKET}/dados/dados.json"),  # which would start it again
        ("s3:PutObject", f"{BUCKET}/publicacoes/00000001.json"),
        ("s3:DeleteObject", f"{BUCKET}/modelos/1/manifest.json"),
        ("s3:GetObject", "arn:aws:s3:::others/dados/dados.json"),
        ("dynamodb:UpdateItem", TABLE),
        ("dynamodb:DeleteItem", TABLE),
        ("lambda:UpdateAlias", API),
        ("lambda:InvokeFunction", API),
        ("lambda:PublishLayerVersion", LAYER),
    ],
    "ReleaseRole": [
        ("s3:DeleteObject", f"{BUCKET}/dados/dados.json"),
        ("s3:DeleteObject", f"{BUCKET}/publicacoes/00000001.json"),
        ("s3:GetObject", f"{BUCKET}/dados/dados.json"),
        ("s3:DeleteObjectVersion", f"{BUCKET}/modelos/1/manifest.json"),
        ("dynamodb:Query", TABLE),
        ("dynamodb:DeleteTable", TABLE),
        ("dynamodb:Scan", PROFILES),
        ("lambda:DeleteFunction", API),  # without a version it would be the function itself
        ("lambda:UpdateFunctionCode", API),
        ("lambda:AddPermission", API),
        ("lambda:DeleteLayerVersion", f"arn:aws:lambda:{HERE}:layer:others:1"),
        ("iam:PassRole", f"arn:aws:iam::{HERE.split(':')[1]}:role/filmes-ApiRole"),
    ],
    "ScheduleRole": [("lambda:InvokeFunction", API), ("sqs:ReceiveMessage", QUEUE)],
}
# What AWS offers for all resources only, or, of tracing and of CodeDeploy, by policies of its own.
EVERYWHERE = {"dynamodb:ListImports", "lambda:ListLayerVersions", "logs:DescribeLogGroups"}
# The beginnings of names that a stack itself makes. Resources with a number at the end go by them.
OWN_BEGINNINGS = (
    f"{BUCKET}/",
    f"{API}:",
    f"{LAYER}:",
    f"arn:aws:dynamodb:{HERE}:table/filmes-perfis-",
    f"arn:aws:dynamodb:{HERE}:table/filmes-RatingsTable-",
    f"arn:aws:logs:{HERE}:log-group:filmes-",
    f"arn:aws:logs:{HERE}:log-group:/aws-dynamodb/",
)


def rows(table: dict[str, list[tuple[str, str]]]) -> list[tuple[str, str, str]]:
    return [(role, *right) for role, rights in table.items() for right in rights]


@pytest.mark.parametrize(("role", "action", "resource"), rows(MAY))
def test_a_role_may(role: str, action: str, resource: str) -> None:
    assert JWT.allows(role, action, resource)


@pytest.mark.parametrize(("role", "action", "resource"), rows(MAY_NOT))
def test_a_role_may_not(role: str, action: str, resource: str) -> None:
    assert not JWT.allows(role, action, resource)


def test_every_role_is_looked_at() -> None:
    assert set(ROLES) == {*MAY, "DeploymentRole"}  # the last is CodeDeploy's, with a policy of AWS
    (managed,) = JWT.resources["DeploymentRole"]["Properties"]["ManagedPolicyArns"]
    assert managed.endswith(":aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited")


def test_nobody_writes_where_nobody_may_write() -> None:
    """With Access=open, and where deployments are not step by step."""
    for action in ("dynamodb:UpdateItem", "dynamodb:DeleteItem"):
        assert not OPEN.allows("ApiRole", action, TABLE)
    assert not OPEN.allows("ReleaseRole", "codedeploy:CreateDeployment", f"{DEPLOYMENTS}/any")


@pytest.mark.parametrize(
    ("role", "action"),
    [right[:2] for right in rows(MAY) if right[2] == TABLE],
)
def test_the_stacks_own_table_may_be_used_beside_an_existing_one(role: str, action: str) -> None:
    """Until the alias moves, the live version uses the table of before."""
    parameters = {"Access": "jwt", "ExistingTable": "restored"}
    for stack, tables in ((JWT, {TABLE}), (Resolved(parameters=parameters), {TABLE, RESTORED})):
        others = {f"{TABLE}-copy".replace("filmes-", "others-"), PROFILES}
        allowed = {one for one in {TABLE, RESTORED, *others} if stack.allows(role, action, one)}
        assert allowed == tables


@pytest.mark.parametrize("role", list(MAY))
def test_no_role_has_wildcards_that_it_does_not_need(role: str) -> None:
    for statement in JWT.statements(role):
        actions, resources = listed(statement["Action"]), listed(statement["Resource"])
        assert statement["Effect"] == "Allow"
        assert not any("*" in action or "?" in action for action in actions), statement
        for resource in resources:
            if resource == "*":
                assert set(actions) <= EVERYWHERE, statement
            elif "*" in resource:
                assert resource.startswith(OWN_BEGINNINGS), statement
                assert resource.index("*") == len(resource) - 1, statement


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_of_one_service(role: str) -> None:
    (trust,) = JWT.resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    services = {"Schedule": "scheduler", "Deployment": "codedeploy"}
    service = services.get(role.removesuffix("Role"), "lambda")
    assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert trust["Action"] == "sts:AssumeRole"


def policy(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = JWT.resources[name]["Properties"]["PolicyDocument"]["Statement"]
    return found


def test_rules_of_this_stack_send_to_the_queue_and_nobody_else_does() -> None:
    rule = f"arn:aws:events:{HERE}:rule/filmes-"
    (statement,) = [one for one in policy("FailedTrainingsPolicy") if one["Effect"] == "Allow"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    for name, may in {
        "TrainingFunctionNewData": True,
        "ReleaseFunctionDeploymentEnded": True,
        "Other": False,
    }.items():
        context = {"aws_SourceArn": f"{rule}{name}", "aws_SecureTransport": "true"}
        found = allows(policy("FailedTrainingsPolicy"), "sqs:SendMessage", QUEUE, context)
        assert found is may
    assert not allows(policy("FailedTrainingsPolicy"), "sqs:SendMessage", QUEUE)


@pytest.mark.parametrize(
    ("name", "action", "resource"),
    [
        ("FailedTrainingsPolicy", "sqs:ReceiveMessage", QUEUE),
        ("ModelBucketPolicy", "s3:GetObject", f"{BUCKET}/dados/dados.json"),
        ("ModelBucketPolicy", "s3:ListBucket", BUCKET),
    ],
)
def test_nobody_gets_in_without_tls(name: str, action: str, resource: str) -> None:
    """Not even who may do everything."""
    statements = [*policy(name), {"Effect": "Allow", "Action": "*", "Resource": "*"}]
    assert allows(statements, action, resource, {"aws_SecureTransport": "true"})
    assert not allows(statements, action, resource, {"aws_SecureTransport": "false"})
