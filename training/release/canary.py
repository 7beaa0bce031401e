"""Deployments by CodeDeploy, which shifts an alias step by step and back if an alarm goes off."""

import json
from contextlib import suppress
from enum import Enum
from typing import Any

import boto3

from training.release.bucket import Body


class Progress(Enum):
    """How a deployment stands."""

    RUNS = "runs"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # requests go to the old version again


ENDED = {
    "Succeeded": Progress.SUCCEEDED,
    "Failed": Progress.FAILED,
    "Stopped": Progress.FAILED,
}


class Canary:
    """Deployments of versions of a function, in a deployment group of a CodeDeploy application."""

    def __init__(self, application: str, group: str, function: str, alias: str) -> None:
        self.application, self.group = application, group
        self.function, self.alias = function, alias
        self.client: Any = boto3.client("codedeploy")

    def begin(self, current: str, target: str) -> Body | None:
        """Begin to shift the alias from one version to another; return the deployment's id.

        If that very deployment runs already, it is the one. None: another one runs in the group.
        """
        shift = {"from": current, "to": target}
        description = f"from version {current} to {target}"
        if running := self.find_running():
            found = self.client.get_deployment(deploymentId=running)["deploymentInfo"]
            is_this = found.get("description") == description
            return {"deployment": running, **shift} if is_this else None
        names = {"Name": self.function, "Alias": self.alias}
        versions = {"CurrentVersion": current, "TargetVersion": target}
        target_function = {"Type": "AWS::Lambda::Function", "Properties": {**names, **versions}}
        content = json.dumps({"version": 0.0, "Resources": [{"ApiFunction": target_function}]})
        try:
            made = self.client.create_deployment(
                applicationName=self.application,
                deploymentGroupName=self.group,
                revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
                description=description,
            )
        except self.client.exceptions.DeploymentLimitExceededException:  # it began just now
            return None
        return {"deployment": made["deploymentId"], **shift}

    def find_running(self) -> str | None:
        """Return the id of the deployment that runs in the group, None if none does."""
        found = self.client.list_deployments(
            applicationName=self.application,
            deploymentGroupName=self.group,
            includeOnlyStatuses=["Created", "Queued", "InProgress", "Ready"],
        )["deployments"]
        return str(found[0]) if found else None


def stop(deployment: str) -> None:
    """Have all requests go to the old version again, unless the deployment has ended."""
    client: Any = boto3.client("codedeploy")
    gone = client.exceptions.DeploymentDoesNotExistException  # its stack was deleted
    with suppress(client.exceptions.DeploymentAlreadyCompletedException, gone):
        client.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)


def find_progress(deployment: str) -> Progress:
    """Return how a deployment stands."""
    client: Any = boto3.client("codedeploy")
    try:
        found = client.get_deployment(deploymentId=deployment)["deploymentInfo"]["status"]
    except client.exceptions.DeploymentDoesNotExistException:  # its stack was deleted
        return Progress.FAILED
    return ENDED.get(found, Progress.RUNS)
