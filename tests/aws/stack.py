"""The stack of template.yaml in moto's CloudFormation, as far as moto has such resources."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse

from tests.aws.functions import store_code
from tests.aws.invocations import payload_of

ALIAS = "live"
FUNCTION = "AWS::Serverless::Function"
ROLE = "AWS::IAM::Role"
# Of the resources that are plain CloudFormation: the properties to keep, None for all.
KINDS: dict[str, tuple[str, ...] | None] = {
    "AWS::S3::Bucket": (),
    "AWS::DynamoDB::Table": None,
    "AWS::SQS::Queue": None,
    "AWS::SNS::Topic": None,
    ROLE: ("AssumeRolePolicyDocument",),
}
OF_FUNCTIONS = ("Handler", "Runtime", "MemorySize", "Timeout", "Environment")
PSEUDO = "AWS::"
SUBSTITUTED = re.compile(r"\$\{([^!.}]+)[^}]*\}")
APPLICATION = "ServerlessDeploymentApplication"  # SAM's name, as is that of a function's group
GROUP = "DeploymentGroup"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@dataclass(frozen=True)
class Stack:
    """A stack: `names` has the physical name of each resource under its logical id."""

    name: str
    names: Mapping[str, str]
    client: Callable[[str], Any]

    def __getitem__(self, logical_id: str) -> str:
        return self.names[logical_id]

    def invoke(self, function: str, event: Any, qualifier: str | None = None) -> Any:
        """The answer of a function (logical id). One that fails answers with Lambda's error."""
        more = {"Qualifier": qualifier} if qualifier else {}
        answer = self.client("lambda").invoke(
            FunctionName=self[function], Payload=json.dumps(event).encode(), **more
        )
        return payload_of(answer)

    def send(self, function: str, event: Any) -> None:
        """Invoke a function without waiting for it."""
        self.client("lambda").invoke(
            FunctionName=self[function],
            InvocationType="Event",
            Payload=json.dumps(event).encode(),
        )


def make_stack(
    client: Callable[[str], Any],
    built: Path,
    name: str = "filmes",
    parameters: Mapping[str, str] | None = None,
) -> Stack:
    """Create a stack of what `sam build` left, with version 1 behind each alias.

    `client` makes clients of a service; `parameters` are those of the template.
    """
    template = read_template(built)
    s3 = client("s3")
    functions = functions_of(template)
    codes = {logical_id: store_code(s3, built / logical_id) for logical_id in functions}
    cloudformation = client("cloudformation")
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(plain(template, codes)),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in (parameters or {}).items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    names = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in resources
        if "LogicalResourceId" in one  # else its condition does not hold
    }
    for logical_id, resource in template["Resources"].items():
        versioning = resource.get("Properties", {}).get("VersioningConfiguration")
        if versioning and logical_id in names:
            s3.put_bucket_versioning(
                Bucket=names[logical_id], VersioningConfiguration=versioning
            )  # moto's CloudFormation does not
    awslambda = client("lambda")
    for logical_id, properties in functions.items():
        if "DeploymentPreference" in properties:
            make_deployment_group(client("codedeploy"), name, logical_id)
        if alias := properties.get("AutoPublishAlias"):
            version = awslambda.publish_version(FunctionName=names[logical_id])["Version"]
            awslambda.create_alias(
                FunctionName=names[logical_id], Name=alias, FunctionVersion=version
            )
        if retries := properties.get("EventInvokeConfig", {}).get("MaximumRetryAttempts"):
            awslambda.put_function_event_invoke_config(
                FunctionName=names[logical_id], MaximumRetryAttempts=retries
            )
    return Stack(name, names, client)


def make_deployment_group(codedeploy: Any, stack: str, function: str) -> None:
    """Create what SAM makes of a function's `DeploymentPreference`."""
    application = f"{stack}-{APPLICATION}"
    if application not in codedeploy.list_applications()["applications"]:
        codedeploy.create_application(applicationName=application, computePlatform="Lambda")
    codedeploy.create_deployment_group(
        applicationName=application,
        deploymentGroupName=f"{stack}-{function}{GROUP}",
        serviceRoleArn="arn:aws:iam::123456789012:role/none",
        deploymentConfigName="CodeDeployDefault.LambdaAllAtOnce",
    )


@cache
def read_template(built: Path) -> dict[str, Any]:
    """The template that `sam build` left."""
    found: dict[str, Any] = yaml_parse((built / "template.yaml").read_text(encoding="utf-8"))
    return found


def functions_of(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The functions' properties by logical id, those that all share included."""
    shared = template["Globals"]["Function"]
    common = shared.get("Environment", {}).get("Variables", {})
    found = {}
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == FUNCTION:
            own = resource["Properties"]
            variables = common | own.get("Environment", {}).get("Variables", {})
            found[logical_id] = shared | own | {"Environment": {"Variables": variables}}
    return found


def plain(template: Mapping[str, Any], codes: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    """A template of what moto can create. References to anything else become empty texts."""
    resources: dict[str, Any] = {}
    for logical_id, resource in template["Resources"].items():
        if (kind := resource["Type"]) in KINDS:
            kept = KINDS[kind]
            properties = {
                name: value
                for name, value in resource.get("Properties", {}).items()
                if kept is None or name in kept
            }
            condition = {"Condition": resource["Condition"]} if "Condition" in resource else {}
            resources[logical_id] = {"Type": kind, "Properties": properties, **condition}
    for logical_id, function in functions_of(template).items():
        properties = {name: function[name] for name in OF_FUNCTIONS if name in function}
        role = function.get("Role")
        if role is None:  # SAM would make one
            resources[f"{logical_id}Role"] = {
                "Type": ROLE,
                "Properties": {"AssumeRolePolicyDocument": TRUST},
            }
            role = {"Fn::GetAtt": [f"{logical_id}Role", "Arn"]}
        resources[logical_id] = {
            "Type": "AWS::Lambda::Function",
            "Properties": properties | {"Role": role, "Code": codes[logical_id]},
        }
    known = {*resources, *template.get("Parameters", {})}
    outputs = {
        name: output
        for name, output in template.get("Outputs", {}).items()
        if resolved(output["Value"], known) == output["Value"]
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        **{
            part: template[part]
            for part in ("Parameters", "Conditions", "Mappings")
            if part in template
        },
        "Resources": resolved(resources, known),
        "Outputs": outputs,
    }


def resolved(value: Any, known: set[str]) -> Any:
    """A part of a template in which what refers to unknown resources is an empty text.

    What SAM makes of a `DeploymentPreference` has names that begin with that of the stack.
    """
    if isinstance(value, list):
        return [resolved(inner, known) for inner in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref" and (argument == APPLICATION or argument.removesuffix(GROUP) in known):
            return value if argument in known else {"Fn::Sub": f"${{AWS::StackName}}-{argument}"}
        if name == "Ref":
            return value if argument in known or argument.startswith(PSEUDO) else ""
        if name == "Fn::Sub" and isinstance(argument, str):
            return {name: SUBSTITUTED.sub(lambda found: substituted(found, known), argument)}
        if name == "Fn::GetAtt":
            target = argument.split(".") if isinstance(argument, str) else argument
            return value if target[0] in known else ""
    return {name: resolved(inner, known) for name, inner in value.items()}


def substituted(found: re.Match[str], known: set[str]) -> str:
    """A `${reference}` of Fn::Sub, or an empty text if it refers to something unknown."""
    target = found[1]
    return found[0] if target in known or target.startswith(PSEUDO) else ""
