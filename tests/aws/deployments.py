"""CodeDeploy's deployments of functions: moto records them, here they move an alias, too."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.aws.wsgi import Answer, Environ, Moto, Operations
from tests.emulator.rapid import REGION

RUNNING, SUCCEEDED, FAILED, STOPPED = "InProgress", "Succeeded", "Failed", "Stopped"
STATES = {SUCCEEDED: "SUCCESS", FAILED: "FAILURE", STOPPED: "STOP"}  # as events name them
ALL_AT_ONCE = "AllAtOnce"
SHARE = 0.1  # of the requests, while a deployment runs


@dataclass
class Deployment:
    """A deployment of one function by its alias."""

    group: tuple[str, str]  # the application's name, and the group's
    function: str
    alias: str
    old: str
    new: str
    status: str = RUNNING


class Deployments(Operations):
    """Answers what moto cannot of CodeDeploy. A gradual deployment runs until `finish`."""

    target = "CodeDeploy_20141006."

    def __init__(self, moto: Moto, client: Callable[[str], Any]) -> None:
        self.moto = moto
        self.client = client
        self.known: dict[str, Deployment] = {}
        self.operations = {
            "CreateDeployment": self.create,
            "GetDeployment": self.get,
            "ListDeployments": self.list,
            "StopDeployment": self.stop,
        }

    def create(self, environ: Environ, given: dict[str, Any], body: bytes) -> Answer:
        group = (given["applicationName"], given.get("deploymentGroupName", ""))
        for name, other in self.known.items():
            if other.group == group and other.status == RUNNING:
                message = f"The Deployment Group already has an active Deployment '{name}'"
                return refusal("DeploymentLimitExceededException", message)
        try:
            started = self.read(group, given)
        except (ClientError, KeyError, ValueError) as failed:
            return refusal("InvalidRevisionException", f"{type(failed).__name__}: {failed}")
        answer = self.moto.pass_on(environ, body)
        if answer.status >= 300:
            return answer
        name = json.loads(answer.body)["deploymentId"]
        self.known[name] = started
        if self.configuration(group, given).endswith(ALL_AT_ONCE):
            self.finish(name)
        else:
            self.point(started, started.old, {started.new: SHARE})
        return answer

    def read(self, group: tuple[str, str], given: dict[str, Any]) -> Deployment:
        """The deployment that a request describes.

        Raises:
            ClientError, KeyError, ValueError: its AppSpec is not right for the alias.
        """
        content = json.loads(given["revision"]["appSpecContent"]["content"])
        ((resource,),) = [list(one.values()) for one in content["Resources"]]
        asked = resource["Properties"]
        names = ("Name", "Alias", "CurrentVersion", "TargetVersion")
        function, alias, old, new = (str(asked[name]) for name in names)
        awslambda = self.client("lambda")
        at = awslambda.get_alias(FunctionName=function, Name=alias)["FunctionVersion"]
        if at != old:
            raise ValueError(f"CurrentVersion is {old}, but the alias points to {at}")
        awslambda.get_function_configuration(FunctionName=function, Qualifier=new)
        return Deployment(group, function, alias, old, new)

    def configuration(self, group: tuple[str, str], given: dict[str, Any]) -> str:
        """The name of the configuration that a deployment goes by."""
        if name := given.get("deploymentConfigName"):
            return str(name)
        found = self.client("codedeploy").get_deployment_group(
            applicationName=group[0], deploymentGroupName=group[1]
        )
        return str(found["deploymentGroupInfo"]["deploymentConfigName"])

    def get(self, environ: Environ, given: dict[str, Any], body: bytes) -> Answer:
        answer = self.moto.pass_on(environ, body)
        if known := self.known.get(given["deploymentId"]):
            data = answer.data
            data["deploymentInfo"]["status"] = known.status
            answer = Answer(answer.status, json.dumps(data).encode(), answer.headers)
        return answer

    def list(self, environ: Environ, given: dict[str, Any], _: bytes) -> Answer:
        statuses = given.pop("includeOnlyStatuses", [])
        answer = self.moto.pass_on(environ, json.dumps(given).encode())
        if answer.status >= 300 or not statuses:
            return answer
        found = answer.data["deployments"]
        kept = [
            name for name in found if name in self.known and self.known[name].status in statuses
        ]
        return Answer(200, json.dumps({"deployments": kept}).encode(), answer.headers)

    def stop(self, _: Environ, given: dict[str, Any], __: bytes) -> Answer:
        name = given["deploymentId"]
        if name not in self.known:
            return refusal("DeploymentDoesNotExistException", f"There is no deployment {name}")
        if self.known[name].status != RUNNING:
            return refusal("DeploymentAlreadyCompletedException", f"{name} has ended")
        self.finish(name, STOPPED)
        return Answer(200, json.dumps({"status": SUCCEEDED}).encode())

    def finish(self, name: str, status: str = SUCCEEDED) -> dict[str, Any]:
        """End a deployment, and return the event that CodeDeploy sends of it.

        The alias points at the new version if it succeeded, else again at the old one alone.
        """
        ended = self.known[name]
        if ended.status == RUNNING:
            ended.status = status
            self.point(ended, ended.new if status == SUCCEEDED else ended.old, {})
        return {
            "version": "0",
            "id": name,
            "source": "aws.codedeploy",
            "detail-type": "CodeDeploy Deployment State-change Notification",
            "region": REGION,
            "detail": {
                "application": ended.group[0],
                "deploymentGroup": ended.group[1],
                "deploymentId": name,
                "region": REGION,
                "state": STATES[ended.status],
            },
        }

    def point(self, deployment: Deployment, version: str, weights: dict[str, float]) -> None:
        self.client("lambda").update_alias(
            FunctionName=deployment.function,
            Name=deployment.alias,
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": weights},
        )


def refusal(code: str, message: str) -> Answer:
    """An error as CodeDeploy reports it."""
    return Answer(400, json.dumps({"__type": code, "message": message}).encode())
