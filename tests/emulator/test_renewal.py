"""The life of a model: data arrives, it is trained, gated, published, refused, rolled back.

The functions as built run on small data, in AWS on this machine: see tests/aws.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.aws.server import Here
from tests.aws.stack import ALIAS, Stack
from tests.conftest import ROOT
from tests.emulator.test_invoke import http_event
from tests.expectations import read_event
from tests.training.small_data import as_document, as_json, block_ratings, from_json
from training.build import build
from training.profiles.export import export
from training.renewal.lineage import begin

KEY = "dados/dados.json"
OTHER_KEY = "outros-dados/dados.json"  # whose arrival starts nothing
BLOCKS, USERS = 4, 12
WRITER = 900  # who rated only through the API


@pytest.fixture(scope="module")
def small_built(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `sam build` left, with a small model bundled instead of that of mock_data.json."""
    folder = tmp_path_factory.mktemp("small") / "build"
    shutil.copytree(built, folder, copy_function=os.link)
    artifact = folder.parent / "artifact"
    data = from_json(document(0), "dados.json")
    build(data, artifact, seed=42, lineage=begin("dados"))
    for function in ("ApiFunction", "TrainingFunction"):
        shutil.rmtree(folder / function / "artifact")
        shutil.copytree(artifact, folder / function / "artifact")
    return folder


@pytest.fixture
def stack(here: Here, small_built: Path) -> Iterator[Stack]:
    stack = here.make_stack(built=small_built)
    yield stack
    here.forget(stack)


def document(more: int) -> bytes:
    """Users who like the films of one block of four, and some more of each kind."""
    ratings = block_ratings(BLOCKS, USERS, 10)
    again = [ratings[block * USERS + user] for user in range(more) for block in range(BLOCKS)]
    found = as_document(np.vstack([ratings, *again]))
    for place, rating in enumerate(found["avaliacoes"]):
        rating["momento"] = 1_700_000_000 + place
    return as_json(found)


def arrival_of(stack: Stack, version: str) -> dict[str, Any]:
    """What S3 says through EventBridge about a version of the data."""
    found = {
        "bucket": {"name": stack["ModelBucket"]},
        "object": {"key": KEY, "version-id": version},
    }
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": found}


def test_the_life_of_a_model(here: Here, stack: Stack, original_dir: Path) -> None:
    s3 = here.client("s3")
    bundled = served(stack)

    def arrive(body: bytes) -> None:
        s3.put_object(Bucket=stack["ModelBucket"], Key=KEY, Body=body)
        here.settle()

    # Data arrives: it is trained on, gated and published.
    older = s3.put_object(Bucket=stack["ModelBucket"], Key=KEY, Body=document(3))["VersionId"]
    time.sleep(1)  # the unit of S3's times
    here.watch(stack)
    arrive(document(1))
    first = served(stack)
    assert first != bundled
    assert state_of(stack, first) == "published"

    # What arrived before is no news, however late S3 tells of it.
    answer = stack.invoke("TrainingFunction", arrival_of(stack, older))
    assert answer["state"] == "older", answer

    # Ratings written through the API are trained on, and who wrote them becomes a user.
    films = [{"filme_id": film, "avaliacao": 5} for film in (1, 2, 3)]
    write_ratings(here, stack, {film["filme_id"]: film["avaliacao"] for film in films})
    s3.put_object(Bucket=stack["ModelBucket"], Key=OTHER_KEY, Body=document(2))
    answer = stack.invoke("TrainingFunction", {"data_key": OTHER_KEY})
    assert answer["state"] == "offered", answer
    here.settle()
    second = served(stack)
    assert second == answer["version"] != first
    assert ask(stack, f"/usuarios/{WRITER}/recomendacoes")["statusCode"] == 200

    # The schedule renews that model, whose input is known by now.
    assert stack.invoke("TrainingFunction", read_event("treino-agendado"))["state"] == "known"

    # A truncated data set and worse settings are refused.
    arrive(as_json(truncated(document(1))))
    worse = {"strength": 1000, "bandwidth": 1, "output_exponent": 1, "slope": 2}
    refused = stack.invoke("TrainingFunction", {"data_key": OTHER_KEY, "hyperparameters": worse})
    assert refused["state"] == "refused", refused
    assert "settings not worse" in refused["reason"]
    made = stored(stack) - {bundled}  # which is kept, should a package have another one
    assert len(made) < len(stored(stack))
    assert {state_of(stack, model) for model in made} == {"published", "refused"}
    assert served(stack) == second

    # A person sees the models, and brings the first one back in one command.
    shown = command(here, stack, "versions", "--json")
    assert [(row["version"], row["live"]) for row in json.loads(shown)] == [
        (second, True),
        (first, False),
        (bundled, False),
    ]
    assert stack.invoke("TrainingFunction", {"action": "versions"})["versions"] == json.loads(shown)
    refused = stack.invoke("TrainingFunction", {"action": "rollback", "version": "none"})
    assert "version is 'none', expected one that was live" in refused["errorMessage"]
    assert command(here, stack, "rollback").startswith(f"live: {first}")
    assert served(stack) == first
    assert state_of(stack, second) == "dismissed"
    assert command(here, stack, "rollback", bundled[:8]).startswith(f"live: {bundled}")
    assert command(here, stack, "publish", second, "--force").startswith(f"live: {second}")
    assert served(stack) == second

    # A folder of somebody's own has to pass the part of the gate that needs no ratings.
    told = command(here, stack, "publish", str(original_dir), fails=True)
    assert "usuarios not lost" in told
    assert "the gate did not let model" in told
    assert served(stack) == second


def test_the_life_of_models_with_profile_tables(
    here: Here, small_built: Path, tmp_path: Path
) -> None:
    """Each has a table of its own: imported, found again by a rollback, deleted with the model."""
    parameters = {"Profiles": "table", "KeepVersions": "2"}
    stack = here.make_stack(parameters, small_built)
    s3 = here.client("s3")

    def renew(event: dict[str, Any]) -> str:
        answer = stack.invoke("TrainingFunction", event)
        assert answer["state"] == "offered", answer
        here.settle()
        assert served(stack) == answer["version"]
        return str(answer["version"])

    s3.put_object(Bucket=stack["ModelBucket"], Key=KEY, Body=document(1))
    first = renew({})
    assert count_users(stack, first) == BLOCKS * (USERS + 1)
    rated = ratings_of(stack, 1)
    assert rated  # from the table: the database has none
    s3.put_object(Bucket=stack["ModelBucket"], Key=KEY, Body=document(2))
    second = renew({})
    assert count_users(stack, second) == BLOCKS * (USERS + 2)
    assert ratings_of(stack, 1) == rated
    assert command(here, stack, "rollback").startswith(f"live: {first}")
    assert served(stack) == first
    assert ratings_of(stack, 1) == rated

    # One that was made elsewhere, on more data.
    whole, candidate = tmp_path / "whole", tmp_path / "candidate"
    build(from_json(document(4), "dados.json"), whole, seed=42, lineage=begin("dados"))
    export(whole, candidate)
    for path in (found for found in candidate.rglob("*") if found.is_file()):
        key = f"candidatos/spark/{path.relative_to(candidate).as_posix()}"
        s3.upload_file(str(path), stack["ModelBucket"], key)
    third = renew({"candidate": f"s3://{stack['ModelBucket']}/candidatos/spark/"})
    assert ratings_of(stack, 1) == rated
    told = stack.invoke("ReleaseFunction", read_event("publicacao-diaria"))
    assert told["deleted"] == [second], told
    tables = [count_users(stack, model) is not None for model in (first, second, third)]
    assert tables == [True, False, True]
    here.forget(stack)


def count_users(stack: Stack, model: str) -> int | None:
    """How many users a model's profile table has; None: there is no such table."""
    client = stack.client("dynamodb")
    try:
        found = client.scan(TableName=f"{stack.name}-perfis-{model[:32]}", Select="COUNT")
    except client.exceptions.ResourceNotFoundException:
        return None
    return int(found["Count"])


def ratings_of(stack: Stack, user: int) -> list[dict[str, Any]]:
    answer = ask(stack, f"/usuarios/{user}/avaliacoes")
    assert answer["statusCode"] == 200, answer
    found: list[dict[str, Any]] = json.loads(answer["body"])
    return found


def test_a_training_that_is_killed_changes_nothing_and_is_completed(
    here: Here, stack: Stack
) -> None:
    functions = here.client("lambda")
    name = stack["TrainingFunction"]
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    bundled = served(stack)
    here.client("s3").put_object(Bucket=stack["ModelBucket"], Key=KEY, Body=document(2))
    stack.send("TrainingFunction", {})
    wait_for(lambda: keys(stack, "arrendamentos/"))
    assert here.kill(stack, "TrainingFunction")
    here.settle()
    assert served(stack) == bundled
    held = stack.invoke("TrainingFunction", {})
    assert held["errorType"] == "LeaseError"
    (lease,) = keys(stack, "arrendamentos/")
    ended = json.dumps({"holder": "killed", "until": time.time() - 1}).encode()
    here.client("s3").put_object(Bucket=stack["ModelBucket"], Key=lease, Body=ended)
    answer = stack.invoke("TrainingFunction", {})
    assert answer["state"] == "offered", answer
    here.settle()
    assert served(stack) == answer["version"]


def truncated(text: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    found["avaliacoes"] = found["avaliacoes"][: len(found["avaliacoes"]) // 2]
    return found


def ask(stack: Stack, path: str) -> Any:
    """What the API answers to a service, which may see users' data though it is real."""
    event = http_event("GET", path)
    event["requestContext"]["authorizer"] = {"jwt": {"claims": {"scope": "filmes/usuarios"}}}
    return stack.invoke("ApiFunction", event, ALIAS)


def served(stack: Stack) -> str:
    answer = ask(stack, "/saude")
    assert answer["statusCode"] == 200
    return str(answer["headers"]["x-versao"])


def keys(stack: Stack, prefix: str) -> list[str]:
    found = stack.client("s3").list_objects_v2(Bucket=stack["ModelBucket"], Prefix=prefix)
    return [item["Key"] for item in found.get("Contents", [])]


def stored(stack: Stack) -> set[str]:
    return {key.split("/")[1] for key in keys(stack, "modelos/")}


def state_of(stack: Stack, model: str) -> str:
    """The state of the training that made a model."""
    for key in keys(stack, "treinos/"):
        body = stack.client("s3").get_object(Bucket=stack["ModelBucket"], Key=key)["Body"]
        found = json.load(body)
        if found["model"] == model:
            return str(found["state"])
    raise AssertionError(f"no training made {model}")


def write_ratings(here: Here, stack: Stack, ratings: dict[int, float]) -> None:
    """Items as the API writes them with Access=jwt."""
    for film_id, rating in ratings.items():
        here.client("dynamodb").put_item(
            TableName=stack["RatingsTable"],
            Item={
                "usuario_id": {"N": str(WRITER)},
                "filme_id": {"N": str(film_id)},
                "avaliacao": {"N": str(rating)},
                "versao": {"N": "1"},
                "momento": {"S": "2026-01-02T03:04:05.000000+00:00"},
                "linhagem": {"S": "dados"},
                "escala": {"S": "0:5"},
            },
        )


def command(here: Here, stack: Stack, *words: str, fails: bool = False) -> str:
    """What `python -m training` prints, or says as it fails."""
    environment = {
        "AWS_ENDPOINT_URL": here.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        [sys.executable, "-m", "training", *words, "--stack", stack.name],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == (2 if fails else 0), done.stderr
    return done.stderr if fails else done.stdout


def wait_for(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
