"""AWS on one's own machine: invocations of built functions, and what moto lacks of Lambda."""

import io
import json
import socket
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from recommender.model.artifact import load
from tests.aws.functions import store_code
from tests.aws.server import Here
from tests.aws.stack import ALIAS, Stack
from tests.conftest import ROOT
from tests.emulator.ports import free_port
from tests.emulator.test_invoke import http_event
from tests.expectations import read_event

HEALTH = http_event("GET", "/saude")
HANDLER = """
import os, time

def handler(event, context):
    if "raise" in event:
        raise ValueError(event["raise"])
    if "sleep" in event:
        time.sleep(event["sleep"])
    if "exit" in event:
        os._exit(1)
    if "append" in event:
        with open(event["append"], "a") as file:
            file.write(f"{os.environ['WORD']} {os.getpid()}\\n")
        raise ValueError("once more")
    return {"word": os.environ["WORD"], "pid": os.getpid(), "version": context.function_version}
"""


@pytest.fixture
def tiny(here: Here, stack: Stack, tmp_path: Path) -> str:
    """A function of four lines under the role of the stack's own functions."""
    code = tmp_path / "Tiny"
    code.mkdir()
    (code / "tiny.py").write_text(HANDLER)
    name = f"{stack.name}-tiny"
    role = here.client("iam").get_role(RoleName=stack["ApiRole"])["Role"]["Arn"]
    here.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="tiny.handler",
        Role=role,
        Timeout=2,
        Code=store_code(here.client("s3"), code),
        Environment={"Variables": {"WORD": "first"}},
    )
    return name


@pytest.fixture
def awslambda(here: Here) -> Any:
    return here.client("lambda")


def test_the_alias_answers_with_the_bundled_model(stack: Stack, built: Path) -> None:
    answer = stack.invoke("ApiFunction", HEALTH, ALIAS)
    assert answer["statusCode"] == 200
    bundled = load(built / "ApiFunction" / "artifact")
    assert answer["headers"]["x-versao"] == bundled.version


def test_a_version_with_a_layer_serves_the_layers_model(
    awslambda: Any, stack: Stack, original_dir: Path
) -> None:
    """Even after the layer version is deleted, as on AWS; the alias stays where it is."""
    name = stack["ApiFunction"]
    layer = publish_layer(stack, original_dir)
    awslambda.update_function_configuration(FunctionName=name, Layers=[layer["LayerVersionArn"]])
    version = awslambda.publish_version(FunctionName=name)["Version"]
    awslambda.delete_layer_version(
        LayerName=layer["LayerArn"].split(":")[-1], VersionNumber=layer["Version"]
    )
    new = load(original_dir).version
    assert stack.invoke("ApiFunction", HEALTH, version)["headers"]["x-versao"] == new
    assert stack.invoke("ApiFunction", HEALTH, ALIAS)["headers"]["x-versao"] != new
    awslambda.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=version)
    assert stack.invoke("ApiFunction", HEALTH, ALIAS)["headers"]["x-versao"] == new


def publish_layer(stack: Stack, artifact: Path) -> Any:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in artifact.iterdir():
            archive.write(file, f"artifact/{file.name}")
    bucket, key = stack["ModelBucket"], "modelos/x/camada.zip"
    stack.client("s3").put_object(Bucket=bucket, Key=key, Body=packed.getvalue())
    return stack.client("lambda").publish_layer_version(
        LayerName=f"{stack.name}-modelo", Content={"S3Bucket": bucket, "S3Key": key}
    )


def test_the_functions_know_the_names_of_the_stack(stack: Stack) -> None:
    """The training function fails for want of data in the stack's own bucket."""
    answer = stack.invoke("TrainingFunction", {"data_key": "dados/nada.json"})
    assert answer["errorType"] == "DataError"
    assert stack["ModelBucket"] in answer["errorMessage"]


def test_data_that_arrives_starts_the_training(here: Here, stack: Stack) -> None:
    """That data is refused, and costs no training."""
    bucket = stack["ModelBucket"]
    here.watch(stack)
    s3 = here.client("s3")
    s3.put_object(Bucket=bucket, Key="outros/dados.json", Body=b"{}")
    assert not here.server.invocations.running_now()
    s3.put_object(Bucket=bucket, Key="dados/dados.json", Body=b"{}")
    assert here.server.invocations.running_now()
    here.settle(120)


def outputs_of(here: Here, stack: Stack) -> dict[str, str]:
    stacks = here.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in stacks[0]["Outputs"]}


def test_parameters_of_the_template_are_those_of_the_stack(here: Here) -> None:
    jwt = {"Access": "jwt", "JwtIssuer": "https://a.example", "JwtAudience": "b"}
    stack = here.make_stack(jwt)
    found = here.client("lambda").get_function_configuration(FunctionName=stack["ApiFunction"])
    variables = found["Environment"]["Variables"]
    assert variables["ACCESS"] == "jwt"
    assert variables["RATINGS_TABLE"] == stack["RatingsTable"]
    table = here.client("dynamodb").describe_table(TableName=stack["RatingsTable"])["Table"]
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["usuario_id", "filme_id"]
    assert outputs_of(here, stack)["ModelBucketName"] == stack["ModelBucket"]


def test_a_new_stack_goes_on_with_the_data_of_an_old_one(here: Here) -> None:
    """What a user wrote through the old one is read through the new one, which makes neither."""
    jwt = {"Access": "jwt", "JwtIssuer": "https://a.example", "JwtAudience": "b"}
    old = here.make_stack(jwt)
    existing = {"ExistingTable": old["RatingsTable"], "ExistingBucket": old["ModelBucket"]}
    new = here.make_stack(jwt | existing)
    assert not {"RatingsTable", "ModelBucket"} & new.names.keys()
    written = read_event("avaliar")
    assert old.invoke("ApiFunction", written, ALIAS)["statusCode"] in (200, 201)
    path = written["rawPath"]
    asked = http_event("GET", path)
    asked["requestContext"]["authorizer"] = written["requestContext"]["authorizer"]
    answer = new.invoke("ApiFunction", asked, ALIAS)
    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])["avaliacao"] == json.loads(written["body"])["avaliacao"]
    outputs = outputs_of(here, new)
    assert outputs["RatingsTableName"] == old["RatingsTable"]
    assert outputs["ModelBucketName"] == old["ModelBucket"]
    here.forget(old)
    here.forget(new)


def test_a_process_serves_one_version_and_stays_warm(awslambda: Any, tiny: str) -> None:
    first, again = call(awslambda, tiny), call(awslambda, tiny)
    assert first == again == {"word": "first", "pid": first["pid"], "version": "$LATEST"}
    version = awslambda.publish_version(FunctionName=tiny)["Version"]
    changed = {"Variables": {"WORD": "second"}}
    awslambda.update_function_configuration(FunctionName=tiny, Environment=changed)
    assert call(awslambda, tiny)["word"] == "second"
    published = call(awslambda, f"{tiny}:{version}")
    assert (published["word"], published["version"]) == ("first", version)


def test_an_alias_goes_by_its_weights(awslambda: Any, tiny: str) -> None:
    awslambda.publish_version(FunctionName=tiny)
    changed = {"Variables": {"WORD": "second"}}
    awslambda.update_function_configuration(FunctionName=tiny, Environment=changed)
    awslambda.publish_version(FunctionName=tiny)
    awslambda.create_alias(
        FunctionName=tiny,
        Name=ALIAS,
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    answers = [awslambda.invoke(FunctionName=tiny, Qualifier=ALIAS) for _ in range(30)]
    assert {answer["ExecutedVersion"] for answer in answers} == {"1", "2"}


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [
        ({"raise": "as asked"}, "ValueError", "as asked"),
        ({"exit": 1}, "Runtime.ExitError", "exit status 1"),
        ({"sleep": 5}, "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
    ],
    ids=["raises", "exits", "takes too long"],
)
def test_a_function_that_fails_is_reported_as_lambda_does(
    awslambda: Any, tiny: str, event: Any, kind: str, message: str
) -> None:
    answer = awslambda.invoke(FunctionName=tiny, Payload=json.dumps(event), LogType="Tail")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert answer["LogResult"]
    said = json.load(answer["Payload"])
    assert said["errorType"] == kind
    assert message in said["errorMessage"]
    assert call(awslambda, tiny)["word"] == "first"  # the next one has a process


def test_a_killed_function_is_reported_too(here: Here, awslambda: Any, tiny: str) -> None:
    awslambda.put_function_event_invoke_config(FunctionName=tiny, MaximumRetryAttempts=0)
    awslambda.invoke(FunctionName=tiny, InvocationType="Event", Payload=b'{"sleep": 1.5}')
    while not here.server.functions.kill(tiny):
        pass
    here.settle(10)
    assert call(awslambda, tiny)["word"] == "first"


@pytest.mark.parametrize(("retries", "runs"), [(None, 3), (1, 2)])
def test_events_run_on_and_are_tried_again(
    here: Here, awslambda: Any, tiny: str, tmp_path: Path, retries: int | None, runs: int
) -> None:
    if retries is not None:
        awslambda.put_function_event_invoke_config(FunctionName=tiny, MaximumRetryAttempts=retries)
    event = json.dumps({"append": str(tmp_path / "runs")})
    answer = awslambda.invoke(FunctionName=tiny, InvocationType="Event", Payload=event)
    assert answer["StatusCode"] == 202
    here.settle()
    assert len((tmp_path / "runs").read_text().splitlines()) == runs


def test_what_lambda_refuses(awslambda: Any, stack: Stack, tiny: str) -> None:
    awslambda.publish_version(FunctionName=tiny)
    alias = awslambda.create_alias(FunctionName=tiny, Name=ALIAS, FunctionVersion="1")
    moved = awslambda.update_alias(
        FunctionName=tiny, Name=ALIAS, FunctionVersion="1", RevisionId=alias["RevisionId"]
    )
    assert moved["RevisionId"] != alias["RevisionId"]
    assert moved["RevisionId"] == awslambda.get_alias(FunctionName=tiny, Name=ALIAS)["RevisionId"]
    layer = {"LayerName": "x", "Content": {"S3Bucket": stack["ModelBucket"], "S3Key": "nada"}}
    weights = {"AdditionalVersionWeights": {"9": 0.1}}
    old = alias["RevisionId"]
    refused: dict[Callable[..., Any], list[tuple[dict[str, Any], str]]] = {
        awslambda.update_alias: [
            ({"Name": ALIAS, "RevisionId": old}, "PreconditionFailedException"),
            ({"Name": ALIAS, "RoutingConfig": weights}, "ResourceNotFoundException"),
        ],
        awslambda.publish_version: [
            ({"CodeSha256": "other"}, "InvalidParameterValueException"),
            ({"RevisionId": old}, "PreconditionFailedException"),
        ],
        awslambda.update_function_configuration: [
            ({"RevisionId": old}, "PreconditionFailedException")
        ],
        awslambda.delete_function: [({"Qualifier": "1"}, "ResourceConflictException")],
        awslambda.invoke: [({"Qualifier": "9"}, "ResourceNotFoundException")],
    }
    for operation, cases in refused.items():
        for arguments, code in cases:
            assert refusal(operation, FunctionName=tiny, **arguments) == code
    assert refusal(awslambda.publish_layer_version, **layer) == "InvalidParameterValueException"


def test_the_number_of_a_deleted_version_is_not_given_again(awslambda: Any, tiny: str) -> None:
    for word in ("second", "third"):
        awslambda.publish_version(FunctionName=tiny)
        changed = {"Variables": {"WORD": word}}
        awslambda.update_function_configuration(FunctionName=tiny, Environment=changed)
    awslambda.delete_function(FunctionName=tiny, Qualifier="1")
    assert awslambda.publish_version(FunctionName=tiny)["Version"] == "3"
    assert awslambda.publish_version(FunctionName=tiny)["Version"] == "3"  # nothing has changed
    found = awslambda.list_versions_by_function(FunctionName=tiny)["Versions"]
    assert [version["Version"] for version in found] == ["$LATEST", "2", "3"]
    gone = refusal(awslambda.get_function_configuration, FunctionName=tiny, Qualifier="1")
    assert gone == "ResourceNotFoundException"


@pytest.fixture
def group(here: Here, awslambda: Any, tiny: str) -> dict[str, str]:
    """A deployment group of a function with two versions, of which `live` is the first."""
    awslambda.publish_version(FunctionName=tiny)
    changed = {"Variables": {"WORD": "second"}}
    awslambda.update_function_configuration(FunctionName=tiny, Environment=changed)
    awslambda.publish_version(FunctionName=tiny)
    awslambda.create_alias(FunctionName=tiny, Name=ALIAS, FunctionVersion="1")
    codedeploy = here.client("codedeploy")
    codedeploy.create_application(applicationName=tiny, computePlatform="Lambda")
    group = {"applicationName": tiny, "deploymentGroupName": "group"}
    codedeploy.create_deployment_group(
        **group,
        serviceRoleArn="arn:aws:iam::123456789012:role/none",
        deploymentConfigName="CodeDeployDefault.LambdaCanary10Percent5Minutes",
    )
    return group


def revision(function: str, current: str) -> dict[str, Any]:
    properties = {"Name": function, "Alias": ALIAS, "CurrentVersion": current}
    resource = {"Type": "AWS::Lambda::Function", "Properties": properties | {"TargetVersion": "2"}}
    content = json.dumps({"version": 0.0, "Resources": [{"api": resource}]})
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}


@pytest.mark.parametrize(
    ("status", "state", "version"), [("Succeeded", "SUCCESS", "2"), ("Failed", "FAILURE", "1")]
)
def test_a_gradual_deployment_ends_when_told(
    here: Here,
    awslambda: Any,
    tiny: str,
    group: dict[str, str],
    status: str,
    state: str,
    version: str,
) -> None:
    codedeploy = here.client("codedeploy")
    asked = group | {"revision": revision(tiny, "1")}
    deployment = codedeploy.create_deployment(**asked)["deploymentId"]
    alias = awslambda.get_alias(FunctionName=tiny, Name=ALIAS)
    assert alias["FunctionVersion"] == "1"
    assert alias["RoutingConfig"]["AdditionalVersionWeights"] == {"2": 0.1}
    assert refusal(codedeploy.create_deployment, **asked) == "DeploymentLimitExceededException"
    running = codedeploy.list_deployments(**group, includeOnlyStatuses=["InProgress"])
    assert running["deployments"] == [deployment]

    event = here.server.deployments.finish(deployment, status)

    assert (event["detail"]["deploymentId"], event["detail"]["state"]) == (deployment, state)
    alias = awslambda.get_alias(FunctionName=tiny, Name=ALIAS)
    assert alias["FunctionVersion"] == version
    assert not alias["RoutingConfig"]["AdditionalVersionWeights"]
    found = codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
    assert found["status"] == status


def test_a_deployment_at_once_has_ended(
    here: Here, awslambda: Any, tiny: str, group: dict[str, str]
) -> None:
    codedeploy = here.client("codedeploy")
    wrong = {"revision": revision(tiny, "9")}
    assert refusal(codedeploy.create_deployment, **group, **wrong) == "InvalidRevisionException"
    codedeploy.create_deployment(
        **group,
        revision=revision(tiny, "1"),
        deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce",
    )
    assert awslambda.get_alias(FunctionName=tiny, Name=ALIAS)["FunctionVersion"] == "2"


@pytest.mark.usefixtures("built")
def test_a_person_starts_and_stops_it(tmp_path: Path) -> None:
    port = free_port()

    def run(verb: str) -> subprocess.CompletedProcess[str]:
        options = ("--port", str(port), "--files", str(tmp_path))
        command = [sys.executable, "-m", "tests.aws", verb, *options]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)

    first = run("start")
    try:
        assert first.returncode == 0, first.stdout + first.stderr
        assert run("start").stdout == first.stdout
        variables = (tmp_path / "aws-here.env").read_text()
        assert f"export AWS_ENDPOINT_URL=http://127.0.0.1:{port}\n" in variables
        assert (
            "MODEL_BUCKET"
            in json.loads((tmp_path / "aws-here.json").read_text())["TrainingFunction"]
        )
        with urllib.request.urlopen(f"http://127.0.0.1:{port + 1}/saude") as answer:
            assert answer.status == 200
    finally:
        stopped = run("stop")
    assert stopped.returncode == 0, stopped.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["aws-here.log"]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.aws", "start", "--files", str(tmp_path)]
    with socket.create_server(("127.0.0.1", port + 1)):
        done = subprocess.run(
            [*command, "--port", str(port)], cwd=ROOT, capture_output=True, text=True
        )
    assert (done.returncode, done.stderr) == (
        1,
        f"port {port + 1} is taken by another program: see PORT_AWS=\n",
    )


def call(awslambda: Any, name: str) -> Any:
    answer = awslambda.invoke(FunctionName=name)
    assert "FunctionError" not in answer
    return json.load(answer["Payload"])


def refusal(operation: Callable[..., Any], **arguments: Any) -> str:
    """The code of the error that an operation answers with."""
    with pytest.raises(ClientError) as refused:
        operation(**arguments)
    return str(refused.value.response["Error"]["Code"])
