"""A deployed stack, for a person's commands: its resources by name, and calls of its functions."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from training.release.api_function import ApiFunction, ReleaseError
from training.release.bucket import Bucket

LONGEST = Config(read_timeout=900, retries={"total_max_attempts": 1})  # a release may wait


def ask_release_function(name: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the release function answers to an event.

    Raises:
        ReleaseError: it fails; the message is its own.
    """
    answer = boto3.client("lambda", config=LONGEST).invoke(
        FunctionName=name, Payload=json.dumps(event).encode()
    )
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise ReleaseError(found.get("errorMessage", str(found)))
    return found


class Stack:
    """A stack of template.yaml."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def bucket(self) -> Bucket:
        """The bucket with data and models."""
        return Bucket(self._outputs["ModelBucketName"])

    @property
    def api(self) -> ApiFunction:
        """The function that serves."""
        return ApiFunction(self._outputs["ApiFunctionName"], f"{self.name}-modelo")

    @property
    def ratings_table(self) -> str:
        """The name of the table with what users have written."""
        return self._outputs["RatingsTableName"]

    def release(self, **event: Any) -> dict[str, Any]:
        """Return what the release function answers to an event; see ``ask_release_function``."""
        return ask_release_function(self._outputs["ReleaseFunctionName"], event)

    @property
    def status(self) -> str:
        """How its last deployment ended, as CloudFormation calls it, or that one runs."""
        return str(self._facts["StackStatus"])

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters with which it was deployed."""
        found = self._facts.get("Parameters", [])
        return {one["ParameterKey"]: one["ParameterValue"] for one in found}

    @cached_property
    def _facts(self) -> dict[str, Any]:
        client: Any = boto3.client("cloudformation")
        (found,) = client.describe_stacks(StackName=self.name)["Stacks"]
        return dict(found)

    @cached_property
    def _outputs(self) -> dict[str, str]:
        """Raises ``ReleaseError`` if the stack has no releases: it was deployed by older code."""
        found = self._facts.get("Outputs", [])
        outputs = {one["OutputKey"]: one["OutputValue"] for one in found}
        if "ReleaseFunctionName" not in outputs:
            raise ReleaseError(f"stack {self.name} has no release function: deploy it anew")
        return outputs
