"""The API function on Lambda: its versions, the layers that hold models, and its alias."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

from training.release.facts import arns, read_code_and_settings
from training.release.request import get_request

RUNTIMES = ["python3.13"]
LATEST = "$LATEST"
# Errors of AWS that another attempt would meet again.
HOPELESS = (
    *("AccessDeniedException", "CodeStorageExceededException", "InvalidParameterValueException"),
    *("RequestEntityTooLargeException", "ResourceNotFoundException", "ValidationException"),
)


class ReleaseError(Exception):
    """A release cannot be made; what is served stays as it was."""


class Live(NamedTuple):
    """What an alias serves: a version of the function, its code, and its layer ("": none)."""

    version: str
    code: str
    layer: str
    weighted: tuple[str, ...]  # further versions that get a part of the requests
    revision: str


class ApiFunction:
    """The API function, one alias of it, and the layer whose versions hold models.

    Each change is asynchronous on AWS: the methods wait until it is in force.
    """

    def __init__(self, name: str, layer_name: str, alias: str = "live") -> None:
        self.name, self.layer_name, self.alias = name, layer_name, alias
        self.client: Any = boto3.client("lambda")

    def live(self) -> Live:
        """Return what the alias serves."""
        found = self.client.get_alias(FunctionName=self.name, Name=self.alias)
        version = found["FunctionVersion"]
        facts = self._facts(version)
        weights = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        return Live(
            version,
            facts["CodeSha256"],
            self.layer_of(facts),
            tuple(weights),
            found.get("RevisionId", ""),
        )

    def publish_layer(self, model: str, bucket: str, key: str) -> str:
        """Return the ARN of the layer version with a model; make it of a zip if there is none."""
        for layer in self.layers():
            if layer["Description"] == model:
                return str(layer["LayerVersionArn"])
        made = self.client.publish_layer_version(
            LayerName=self.layer_name,
            Description=model,
            Content={"S3Bucket": bucket, "S3Key": key},
            CompatibleRuntimes=RUNTIMES,
        )
        return str(made["LayerVersionArn"])

    def model_of(self, layer: str) -> str | None:
        """Return the version of the model in a layer version, None if it is no longer there."""
        name, number = layer.rsplit(":", 2)[1:]
        try:
            found = self.client.get_layer_version(LayerName=name, VersionNumber=int(number))
        except self.client.exceptions.ResourceNotFoundException:
            return None
        return str(found.get("Description", ""))

    def publish_version(self, live: Live, layer: str, description: str) -> str:
        """Return the function version of the live code and settings with a layer ("": none).

        A version like that which bears the description is the one, if an earlier attempt made it.
        While it is made, `$LATEST` has the layer.

        Raises:
            ReleaseError: `$LATEST` has other code or settings than the live version.
        """
        for found in self.find_like(live, layer):
            if found["Description"] == description:
                return self.wake(str(found["Version"]))
        if differing := self.find_differences(live):
            raise ReleaseError(
                f"$LATEST of {self.name} has code or settings that version {live.version}, which "
                f"is live, does not have ({', '.join(differing)}): deploy them, or bring the "
                "others back, first"
            )
        self.set_layer(layer)
        made = self.client.publish_version(
            FunctionName=self.name,
            CodeSha256=live.code,
            Description=description,
            RevisionId=self._facts(LATEST)["RevisionId"],
        )
        return self._wait_until_active(str(made["Version"]))

    def wake(self, version: str) -> str:
        """Return a version when it is active: Lambda puts those to rest that nobody has asked."""
        if self._facts(version)["State"] == "Active":
            return version
        with suppress(ClientError, ReleaseError):  # a request wakes it, and is refused meanwhile
            self.ask(version, "/saude")
        return self._wait_until_active(version)

    def find_differences(self, live: Live) -> list[str]:
        """Return what of its code and settings `$LATEST` has otherwise than what is live.

        There is something after a canary of code failed. Until the next deployment, no version can
        then be made that is like the live one.
        """
        latest = self._all_but_model(self._facts(LATEST))
        served = self._all_but_model(self._facts(live.version))
        return sorted(name for name in {*latest, *served} if latest.get(name) != served.get(name))

    def find_like(self, live: Live, layer: str) -> list[Any]:
        """Return the versions with the live code and settings and a layer ("": none)."""
        versions = list(self.versions())
        served = [one for one in versions if one["Version"] == live.version]
        wanted = self._all_but_model(served[0]) if served else {}
        with_layer = [one for one in versions if self.layer_of(one) == layer]
        return [one for one in with_layer if self._all_but_model(one) == wanted]

    def set_layer(self, layer: str) -> None:
        """Give `$LATEST` a layer, or none (""), unless it is so."""
        latest = self._facts(LATEST)
        if self.layer_of(latest) == layer:
            return
        others = self._other_layers(latest)
        self.client.update_function_configuration(
            FunctionName=self.name,
            Layers=[*others, layer] if layer else others,
            RevisionId=latest["RevisionId"],
        )
        self.client.get_waiter("function_updated_v2").wait(FunctionName=self.name)

    def move_alias(self, live: Live, version: str) -> None:
        """Have the alias serve a version, if it still serves what was read before.

        Raises:
            ReleaseError: somebody else had it serve another version.
        """
        try:
            self.client.update_alias(
                FunctionName=self.name,
                Name=self.alias,
                FunctionVersion=version,
                RoutingConfig={"AdditionalVersionWeights": {}},
                RevisionId=live.revision,
            )
        except self.client.exceptions.PreconditionFailedException:
            if self.live().version != version:
                raise ReleaseError(f"alias {self.alias} was moved by somebody else") from None

    def ask(self, version: str, path: str, scope: str = "") -> tuple[int, dict[str, str], Any]:
        """Return status, headers and JSON with which a function version answers a GET request.

        ``scope`` is that of the token which the request seems to bear.

        Raises:
            ReleaseError: the function fails.
        """
        event = get_request(path, scope)
        answer = self.client.invoke(
            FunctionName=self.name, Qualifier=version, Payload=json.dumps(event).encode()
        )
        told = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer or not isinstance(told, dict) or "statusCode" not in told:
            raise ReleaseError(f"version {version} fails on GET {route(path)}: {str(told)[:300]}")
        headers = {name.lower(): value for name, value in told.get("headers", {}).items()}
        return told["statusCode"], headers, json.loads(told.get("body") or "null")

    def description(self) -> str:
        """Return how the function is described."""
        return str(self._facts(LATEST).get("Description", ""))

    def versions(self) -> Iterator[Any]:
        """Yield the published versions, oldest first."""
        pages = self.client.get_paginator("list_versions_by_function")
        for page in pages.paginate(FunctionName=self.name):
            yield from (found for found in page["Versions"] if found["Version"] != LATEST)

    def layers(self) -> Iterator[Any]:
        """Yield the versions of the layer that holds models."""
        pages = self.client.get_paginator("list_layer_versions")
        for page in pages.paginate(LayerName=self.layer_name):
            yield from page["LayerVersions"]

    def delete_version(self, version: str) -> None:
        """Delete a published version, unless an alias names it or it is gone."""
        try:
            self.client.delete_function(FunctionName=self.name, Qualifier=version)
        except ClientError as error:
            if error.response["Error"]["Code"] not in (
                "ResourceConflictException",
                "ResourceNotFoundException",
            ):
                raise

    def delete_layer(self, layer: str) -> None:
        """Delete a layer version."""
        number = int(layer.rsplit(":", 1)[1])
        self.client.delete_layer_version(LayerName=self.layer_name, VersionNumber=number)

    def _wait_until_active(self, version: str) -> str:
        waiter = self.client.get_waiter("published_version_active")
        waiter.wait(FunctionName=self.name, Qualifier=version)
        return version

    def _facts(self, version: str) -> Any:
        found = self.client.get_function_configuration(FunctionName=self.name, Qualifier=version)
        return {"RevisionId": "", **found}

    def layer_of(self, facts: Any) -> str:
        """Return the layer that holds the model of a version that ``versions`` yields, or ""."""
        return next(filter(self._holds_model, arns(facts)), "")

    def _other_layers(self, facts: Any) -> list[str]:
        return [arn for arn in arns(facts) if not self._holds_model(arn)]

    def _all_but_model(self, facts: Any) -> dict[str, Any]:
        return {**read_code_and_settings(facts), "Layers": self._other_layers(facts)}

    def _holds_model(self, arn: str) -> bool:
        return arn.rsplit(":", 2)[1] == self.layer_name


def route(path: str) -> str:
    """Return a path without ids, for logs."""
    return re.sub(r"/[0-9]+", "/{id}", path)
