"""A deployed stack, for a person's commands: its resources by name, and calls of its functions."""

import json
from typing import Any

import boto3
from botocore.config import Config

from training.release.api_function import ApiFunction, ReleaseError
from training.release.bucket import Bucket

LONGEST = Config(read_timeout=900, retries={"total_max_attempts": 1})  # a release may wait


class Stack:
    """A stack of template.yaml."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._resources: Any = boto3.client("cloudformation")

    @property
    def bucket(self) -> Bucket:
        """The bucket with data and models."""
        return Bucket(self._name_of("ModelBucket"))

    @property
    def api(self) -> ApiFunction:
        """The function that serves."""
        return ApiFunction(self._name_of("ApiFunction"), f"{self.name}-modelo")

    def release(self, **event: Any) -> dict[str, Any]:
        """Return what the release function answers to an event.

        Raises:
            ReleaseError: it fails; the message is its own.
        """
        answer = boto3.client("lambda", config=LONGEST).invoke(
            FunctionName=self._name_of("ReleaseFunction"), Payload=json.dumps(event).encode()
        )
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise ReleaseError(found.get("errorMessage", str(found)))
        return found

    def _name_of(self, resource: str) -> str:
        found = self._resources.describe_stack_resource(
            StackName=self.name, LogicalResourceId=resource
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])
