"""The training function on a fake S3: every event that starts it, and every failure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from recommender.model.artifact import ARTIFACT_FILES, file_digest, load
from tests.training.small_data import CASE, as_document, as_json, block_ratings, random_ratings
from training.data.tables import DataError
from training.handler import data_key, handler

BUCKET = "filmes-modelos"
POINTER = "modelos/atual.json"
GOOD = CASE.read_bytes()


@dataclass
class Context:
    """The context that the Lambda runtime passes to a function."""

    function_name: str = "TrainingFunction"
    memory_limit_in_mb: int = 2048
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:TrainingFunction"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a fake S3 that has the bucket; the function's environment is set."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "MODEL_BUCKET": BUCKET,
        "DATA_KEY": "dados/filmes.json",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("ARTIFACT_PREFIX", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


def objects(s3: Any) -> dict[str, bytes]:
    """Everything in the bucket."""
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {
        item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in listed
    }


def put(s3: Any, key: str, body: bytes = GOOD) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)


def call(event: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = handler(event, Context())
    return answer


def notification(key: str, bucket: str = BUCKET) -> dict[str, Any]:
    """The event that S3 sends: the key is URL-encoded."""
    s3 = {"bucket": {"name": bucket}, "object": {"key": key, "size": 1}}
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}]}


def object_created(key: str, bucket: str = BUCKET) -> dict[str, Any]:
    """The event that EventBridge sends for S3: the key is not encoded."""
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1}},
    }


SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
EVENTS: dict[str, tuple[dict[str, Any], str]] = {
    "direct": ({"data_key": "outros/a b.json"}, "outros/a b.json"),
    "direct, default": ({}, "dados/filmes.json"),
    "schedule": (SCHEDULED, "dados/filmes.json"),
    "notification": (notification("dados/a+b%2Bc%C3%A9.json"), "dados/a b+cé.json"),
    "EventBridge": (object_created("dados/a b+c%20é.json"), "dados/a b+c%20é.json"),
    "folder": ({"data_key": "dados/ml/"}, "dados/ml/"),
}


@pytest.mark.parametrize("name", EVENTS)
def test_the_key_that_an_event_names(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_KEY", "dados/filmes.json")
    event, key = EVENTS[name]
    assert data_key(event, BUCKET) == key


@pytest.mark.parametrize("name", ["direct, default", "schedule", "notification", "EventBridge"])
def test_every_event_trains(name: str, s3: Any, tmp_path: Path) -> None:
    event, key = EVENTS[name]
    put(s3, key)
    answer = call(event)
    found = objects(s3)
    place = f"modelos/{answer['version']}/"
    assert answer["artifact"] == f"s3://{BUCKET}/{place}"
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    names = [*ARTIFACT_FILES, "manifest.json"]
    assert set(found) == {key, POINTER, *(place + name for name in names)}
    assert json.loads(found[POINTER]) == {
        "version": answer["version"],
        "prefix": place,
        "data_key": key,
    }
    assert found[key] == GOOD
    for name in names:
        (tmp_path / name).write_bytes(found[place + name])
    artifact = load(tmp_path)
    assert artifact.version == answer["version"]
    assert artifact.manifest["metrics"] == answer["metrics"]
    assert all(file_digest(tmp_path / n) == d for n, d in artifact.manifest["files"].items())


def test_a_movielens_folder(s3: Any) -> None:
    put(s3, "dados/ml/", b"")  # the console creates this object for a folder
    put(s3, "dados/ml/movies.csv", b"movieId,title,genres\n1,A,Drama\n2,B,Drama\n")
    put(s3, "dados/ml/ratings.csv", b"userId,movieId,rating,timestamp\n1,1,4,9\n2,2,5,9\n")
    put(s3, "dados/ml/older/ratings.csv", b"not of this folder")
    put(s3, "dados/ml-other/u.data", b"nor this")
    answer = call({"data_key": "dados/ml/"})
    manifest = json.loads(objects(s3)[f"modelos/{answer['version']}/manifest.json"])
    assert (manifest["data"]["filmes"], manifest["data"]["avaliacoes"]) == (2, 2)
    assert manifest["data"]["linhagem"] == "ml"


@pytest.mark.parametrize("key", ["artifact", "data", "dados/data", "dados/artifact/"])
def test_any_key_can_be_read(key: str, s3: Any) -> None:
    if key.endswith("/"):
        put(s3, key + "u.item", b"1|A|1995||" + b"|0" * 19 + b"\n")
        put(s3, key + "u.data", b"1\t1\t3\t9\n")
    else:
        put(s3, key)
    assert call({"data_key": key})["version"]


def test_seed_hyperparameters_and_prefix_can_be_set(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTIFACT_PREFIX", "outros/modelos/")
    put(s3, "dados/filmes.json")
    answer = call({"seed": 7, "hyperparameters": {"groups": 2, "bandwidth": 8}})
    found = objects(s3)
    assert f"outros/modelos/{answer['version']}/kmeans.joblib" in found
    assert json.loads(found["outros/modelos/atual.json"])["version"] == answer["version"]
    manifest = json.loads(found[f"outros/modelos/{answer['version']}/manifest.json"])
    assert manifest["training"]["seed"] == 7
    assert manifest["hyperparameters"]["groups"] == 2
    assert manifest["hyperparameters"]["bandwidth"] == 8


def test_a_training_that_would_outlast_the_function_fails(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, "dados/filmes.json", as_json(as_document(block_ratings(3, 10, 10))))
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _: 0)
    with pytest.raises(DataError, match="did not end in time"):
        call({})
    assert [*objects(s3)] == ["dados/filmes.json"]


def test_the_aim_can_be_set(s3: Any) -> None:
    put(s3, "dados/filmes.json")
    manifests = []
    for aim in ("gostar", "ver"):
        version = call({"objetivo": aim})["version"]
        manifests.append(json.loads(objects(s3)[f"modelos/{version}/manifest.json"]))
    assert [manifest["training"]["objetivo"] for manifest in manifests] == ["gostar", "ver"]
    assert manifests[0]["hyperparameters"]["aversion"] > 0
    assert manifests[1]["hyperparameters"]["aversion"] == 0
    with pytest.raises(DataError, match="objetivo is 'amar', expected gostar or ver"):
        call({"objetivo": "amar"})


def test_the_same_data_gives_the_same_version(s3: Any) -> None:
    put(s3, "dados/filmes.json")
    put(s3, "dados/copia.json")
    first = call({})
    again = call({"data_key": "dados/copia.json"})
    assert (again["version"], again["metrics"]) == (first["version"], first["metrics"])


def bad_document() -> bytes:
    document = as_document(random_ratings(5, 5))
    document["avaliacoes"][3]["filme_id"] = 99
    return as_json(document)


ORPHAN = r"filmes\.json: avaliacoes\[3\]: filme_id is 99, expected the id of a film in the data"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "bad data": ({}, ORPHAN),
    "missing": ({"data_key": "no.json"}, rf"s3://{BUCKET}/no\.json cannot be read: .*404"),
    "missing folder": ({"data_key": "no/"}, rf"s3://{BUCKET}/no/ is empty"),
    "no layout": ({"data_key": "dados/"}, "dados has none of the known layouts"),
    "other bucket": (notification("a.json", "other"), f"bucket is 'other', expected '{BUCKET}'"),
    "other bucket, EventBridge": (object_created("a.json", "other"), "bucket is 'other'"),
    "seed": ({"seed": "x"}, "seed is 'x', expected a whole number from 0 to 2147483648"),
    "hyperparameter": (
        {"hyperparameters": {"cells": 0}},
        "cells is 0, expected a whole number from 1 to 100000",
    ),
    "no hyperparameters": ({"hyperparameters": ["cells"]}, r"hyperparameters is \['cells'\]"),
    "no such hyperparameter": ({"hyperparameters": {"depth": 1}}, "hyperparameter is 'depth'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_event_changes_nothing(name: str, s3: Any) -> None:
    put(s3, "dados/filmes.json", bad_document())
    put(s3, POINTER, b'{"version": "before"}')
    put(s3, "modelos/before/manifest.json", b"{}")
    before = objects(s3)
    event, message = REFUSED[name]
    with pytest.raises(DataError, match=message):
        call(event)
    assert objects(s3) == before


@dataclass
class Writes:
    """Records the keys written, in order; after ``most`` of them, writing fails."""

    keys: list[str]
    most: int = 1000

    def __call__(self, params: dict[str, Any], **_: Any) -> None:
        if len(self.keys) >= self.most:
            raise ConnectionError("the network is gone")
        self.keys.append(params["url_path"].lstrip("/"))


@pytest.fixture
def writes(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Writes:
    """The writes of the function, recorded by its client."""
    found = Writes([])
    client = boto3.client("s3")
    client.meta.events.register("before-call.s3.PutObject", found)
    monkeypatch.setattr("training.handler.boto3.client", lambda _: client)
    put(s3, "dados/filmes.json")
    return found


def test_the_pointer_is_written_last(writes: Writes) -> None:
    version = call({})["version"]
    assert len(writes.keys) == 6
    assert writes.keys[-1].endswith(POINTER)
    assert all(f"modelos/{version}/" in key for key in writes.keys[:-1])


@pytest.mark.parametrize("most", [0, 3, 5])
def test_a_failed_upload_leaves_the_pointer_unchanged(most: int, writes: Writes, s3: Any) -> None:
    put(s3, POINTER, b'{"version": "before"}')
    put(s3, "modelos/before/manifest.json", b"{}")
    before = objects(s3)
    writes.most = most
    with pytest.raises(Exception, match="the network is gone"):
        call({})
    found = objects(s3)
    assert {key: found[key] for key in before} == before
    assert len(found) == len(before) + most
    writes.most = 1000
    answer = call({})  # the next call succeeds
    assert json.loads(objects(s3)[POINTER])["version"] == answer["version"]


def test_nothing_stays_on_the_disk(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls of a warm function share one small disk."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    put(s3, "dados/filmes.json")
    call({})
    put(s3, "dados/filmes.json", bad_document())
    with pytest.raises(DataError):
        call({})
    assert list(tmp_path.iterdir()) == []
