"""A small world for releases: a bucket with models, and an API function that is quick to ask."""

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from recommender.settings import SettingError, read_settings
from training.release.api_function import LATEST, ApiFunction, ReleaseError
from training.release.bucket import Bucket
from training.release.canary import Canary
from training.release.keys import LAYER_FILE, MODELS, decision_key
from training.release.profile_tables import ProfileTables
from training.release.releases import Releases
from training.release.trainings import Trainings

BUNDLED = "bundled"
PATIENCE, PAUSE = 10.0, 0.01  # seconds: how long a release waits for an import, and the first time
USERS = b"".join(
    json.dumps({"Item": {"usuario_id": {"N": str(user)}, "avaliacoes": {"B": "AAAA"}}}).encode()
    + b"\n"
    for user in (1, 2)
)
BROKEN = "broken"  # begins the names of models that the API's code cannot load


class QuickApi(ApiFunction):
    """Answers as the API would, without running it: no process for each of hundreds of versions."""

    def ask(self, version: str, path: str, scope: str = "") -> tuple[int, dict[str, str], Any]:
        facts = self.client.get_function_configuration(FunctionName=self.name, Qualifier=version)
        try:
            read_settings(facts.get("Environment", {}).get("Variables", {}))
        except SettingError as error:
            raise ReleaseError(f"version {version} fails on GET {path}: {error}") from None
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
    tables: str  # what the names of its profile tables begin with
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
        self,
        model: str,
        after: int | None = 0,
        *,
        passed: bool = True,
        known: bool = True,
        profiles: int | None = None,
    ) -> str:
        """A model in the bucket, with what the gate decided against a release; its training.

        ``profiles`` is how many users its manifest promises for a profile table; two are there.
        """
        bucket = self.releases().bucket
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("artifact/manifest.json", json.dumps({"version": model}))
        place = f"{MODELS}{model}/"
        manifest: dict[str, Any] = {
            "version": model,
            "training": {"date": "2026-01-02T03:04:05+00:00"},
        }
        files = {LAYER_FILE: packed.getvalue()}
        if profiles is not None:
            manifest["perfis"] = {"tabela": f"perfis-{model}", "usuarios": profiles}
            files["perfis/parte-00000.json.gz"] = gzip.compress(USERS, mtime=0)
        for name, body in ({"manifest.json": json.dumps(manifest)} | files).items():
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

    def users(self, model: str) -> int | None:
        """How many users a model's profile table has; None: there is no such table."""
        client = self.releases().tables.client  # type: ignore[union-attr]
        try:
            return int(client.scan(TableName=self.table(model))["Count"])
        except client.exceptions.ResourceNotFoundException:
            return None

    def table(self, model: str) -> str:
        return f"{self.tables}perfis-{model}"

    def served(self) -> str:
        return self.releases().served()

    def layer_of_latest(self) -> str:
        api = self.releases().api
        facts = api.client.get_function_configuration(FunctionName=self.function, Qualifier=LATEST)
        return api.layer_of(facts)


def make_releases(world: World) -> Releases:
    """The releases of a world, with clients of their own."""
    api, bucket = QuickApi(world.function, world.layer), Bucket(world.bucket)
    canary = Canary(world.layer, world.group, world.function, api.alias) if world.group else None
    tables = ProfileTables(bucket, world.tables, PATIENCE, PAUSE)
    return Releases(bucket, api, canary, "filmes/usuarios", tables)


releases_of = cache(make_releases)  # clients take longer to make than a release takes


def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a test leave the worlds that it makes when it ends."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "")  # so that leaving puts back what was there
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def make_world(url: str, client: Callable[[str], Any], name: str, *, canary: bool = False) -> World:
    """A new world, in which the alias serves version 1 with the bundled model.

    Names are as CloudFormation would make them for a stack of this name.
    """
    ends = ("modelbucket-1a2b", "ApiFunction-1A2B", "modelo", "")
    bucket, function, layer, tables = (f"{name}-{end}" for end in ends)
    world = World(url, bucket, function, layer, tables, "grupo" if canary else "")
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
