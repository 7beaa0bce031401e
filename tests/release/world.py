"""A small world for releases: a bucket with models, and an API function that is quick to ask."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from training.release.api_function import LATEST, ApiFunction
from training.release.bucket import Bucket
from training.release.canary import Canary
from training.release.releases import LAYER_FILE, MODELS, Releases, decision_key
from training.release.trainings import Trainings

BUNDLED = "bundled"
BROKEN = "broken"  # begins the names of models that the API's code cannot load


class QuickApi(ApiFunction):
    """Answers as the API would, without running it: no process for each of hundreds of versions."""

    def ask(self, version: str, path: str, scope: str = "") -> tuple[int, dict[str, str], Any]:
        facts = self.client.get_function_configuration(FunctionName=self.name, Qualifier=version)
        layer = self.layer_of(facts)
        model = self.model_of(layer) if layer else BUNDLED
        if model is None or model.startswith(BROKEN):
            return 503, {}, {}
        assert path == "/saude" or scope
        card = {"treino": {"date": "2026-01-02T03:04:05+00:00"}}
        return 200, {"x-versao": model}, card if path == "/modelo" else [path]


@dataclass(frozen=True)
class World:
    """Names of what a test works with; plain texts, so that other processes can work with it."""

    url: str
    bucket: str
    function: str
    layer: str
    group: str = ""

    def enter(self) -> None:
        """Have the clients that this process makes reach the world."""
        os.environ |= {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def releases(self) -> Releases:
        return releases_of(self)

    def put_model(
        self, model: str, after: int | None = 0, *, passed: bool = True, known: bool = True
    ) -> str:
        """A model in the bucket, with what the gate decided against a release; its training."""
        bucket = self.releases().bucket
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("artifact/manifest.json", json.dumps({"version": model}))
        place = f"{MODELS}{model}/"
        manifest = json.dumps({"version": model, "training": {"date": "2026-01-02T03:04:05+00:00"}})
        for name, body in (("manifest.json", manifest), (LAYER_FILE, packed.getvalue())):
            bucket.client.put_object(Bucket=self.bucket, Key=place + name, Body=body)
        if after is not None:
            self.decide(model, after, passed=passed)
        training = f"input-of-{model}"
        if known:
            Trainings(bucket).record(training, model, {"seed": 1}, "")
        return training

    def decide(self, model: str, after: int, *, passed: bool = True, forced: bool = False) -> None:
        decision = {"passed": passed, "forced": forced, "users": [1, 2]}
        self.releases().bucket.write(decision_key(model, after), decision)

    def state(self, training: str) -> str:
        return str(Trainings(self.releases().bucket).read(training)["state"])

    def served(self) -> str:
        return self.releases().served()

    def layer_of_latest(self) -> str:
        api = self.releases().api
        facts = api.client.get_function_configuration(FunctionName=self.function, Qualifier=LATEST)
        return api.layer_of(facts)


@cache  # clients take longer to make than a release takes
def releases_of(world: World) -> Releases:
    api = QuickApi(world.function, world.layer)
    canary = Canary(world.layer, world.group, world.function, api.alias) if world.group else None
    return Releases(Bucket(world.bucket), api, canary, "filmes/usuarios")


def make_world(url: str, client: Callable[[str], Any], name: str, *, canary: bool = False) -> World:
    """A new world, in which the alias serves version 1 with the bundled model."""
    world = World(url, f"{name}-bucket", f"{name}-api", f"{name}-modelo", "grupo" if canary else "")
    world.enter()
    client("s3").create_bucket(Bucket=world.bucket)
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    functions = client("lambda")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", f"# {name}")
    functions.create_function(
        FunctionName=world.function,
        Runtime="python3.13",
        Handler="handler.handler",
        Role=role,
        Code={"ZipFile": code.getvalue()},
        Publish=True,
    )
    functions.create_alias(FunctionName=world.function, Name="live", FunctionVersion="1")
    if canary:
        deployments = client("codedeploy")
        deployments.create_application(applicationName=world.layer, computePlatform="Lambda")
        deployments.create_deployment_group(
            applicationName=world.layer, deploymentGroupName=world.group, serviceRoleArn=role
        )
    return world


def deploy_code(client: Callable[[str], Any], world: World, text: str) -> None:
    """Give `$LATEST` other code."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", text)
    client("lambda").update_function_code(FunctionName=world.function, ZipFile=code.getvalue())
