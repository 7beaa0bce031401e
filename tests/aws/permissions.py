"""Which permissions the calls need that our code makes by boto3."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from tests.aws.policies import HERE, Resolved
from tests.conftest import ROOT

OURS = tuple(str(ROOT / room) for room in ("training/", "recommender/", ".ci/keep.py"))
LIBRARIES = ("/botocore/", "/boto3/", "/s3transfer/", "/concurrent/", "/threading.py")
# Actions that are not named like their operations.
ACTIONS = {
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "lambda:Invoke": "lambda:InvokeFunction",
}
UNQUALIFIED = ("GetAlias", "UpdateAlias")  # these name an alias, but are allowed for the function
Need = tuple[str, str]  # an action, and the ARN of its resource


def needs(service: str, operation: str, asked: Mapping[str, Any], group: str) -> Iterator[Need]:
    """Yield what a call needs. ``group`` is the ARN of the deployment group, which not all name."""
    action = ACTIONS.get(f"{service}:{operation}", f"{service}:{operation}")
    if service == "s3":
        bucket = f"arn:aws:s3:::{asked['Bucket']}"
        if operation == "CopyObject":
            source = asked["CopySource"]
            yield "s3:GetObject", f"arn:aws:s3:::{source['Bucket']}/{source['Key']}"
            action = "s3:PutObject"
        elif asked.get("VersionId"):
            action += "Version"
        yield action, f"{bucket}/{asked['Key']}" if "Key" in asked else bucket
    elif service == "dynamodb":
        if operation == "ListImports":
            yield action, "*"
        elif "ImportArn" in asked:
            yield action, asked["ImportArn"]
        else:
            made = asked.get("TableCreationParameters", asked)
            yield action, table_arn(made.get("TableName", ""))
    elif service == "cloudformation":
        yield action, f"arn:aws:cloudformation:{HERE}:stack/{asked['StackName']}/some-id"
    elif operation == "ListDeploymentGroups":
        yield action, f"arn:aws:codedeploy:{HERE}:application:{asked['applicationName']}"
    elif service == "codedeploy":
        yield action, group
    elif "LayerName" in asked:
        layer = f"arn:aws:lambda:{HERE}:layer:{asked['LayerName']}"
        if operation == "ListLayerVersions":
            layer = "*"
        elif "VersionNumber" in asked:
            layer = f"{layer}:{asked['VersionNumber']}"
        yield action, layer
        if content := asked.get("Content"):
            yield "s3:GetObject", f"arn:aws:s3:::{content['S3Bucket']}/{content['S3Key']}"
    else:
        name, qualifier = asked["FunctionName"], asked.get("Qualifier")
        if qualifier and operation not in UNQUALIFIED:
            name = f"{name}:{qualifier}"
        yield action, f"arn:aws:lambda:{HERE}:function:{name}"
        for layer in asked.get("Layers", ()):
            yield "lambda:GetLayerVersion", layer


def table_arn(name: str) -> str:
    return f"arn:aws:dynamodb:{HERE}:table/{name}"


def is_ours() -> bool:
    """Return whether our code makes the call that is being made, rather than a test itself."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        file = frame.f_code.co_filename
        if file != __file__ and not any(part in file for part in LIBRARIES):
            return file.startswith(OURS)
    return True  # a thread of a transfer, which tests do not begin


@contextmanager
def permitted(
    patch: pytest.MonkeyPatch, resolved: Resolved, role: str, group: str = ""
) -> Iterator[set[Need]]:
    """Hold the calls of a block against what a role may do; yield what they needed so far.

    Only clients that are made within count. ``group`` is ``APPLICATION/GROUP`` of deployments.
    """
    group = f"arn:aws:codedeploy:{HERE}:deploymentgroup:{group}"
    needed: set[Need] = set()

    def note(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        if is_ours():
            service = model.service_model.service_name
            needed.update(needs(service, model.name, params, group))

    session = boto3.Session()
    session.events.register("provide-client-params.*.*", note)
    patch.setattr(boto3, "DEFAULT_SESSION", session)
    yield needed
    refused = {need for need in needed if not resolved.allows(role, *need)}
    assert not refused, f"{role} may not: {sorted(refused)}"
