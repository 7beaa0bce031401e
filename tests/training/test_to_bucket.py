"""An artifact that goes to a bucket as it is made."""

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from recommender.model.artifact import ARTIFACT_FILES, MANIFEST_FILE
from training.data.tables import DataError
from training.on_spark import to_bucket

NAME = "modelos"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        found = boto3.client("s3")
        found.create_bucket(Bucket=NAME)
        yield found
        found.close()


def test_all_files_are_written(client: Any, artifact_dir: Path) -> None:
    def train(folder: Path) -> dict[str, Any]:
        shutil.copytree(artifact_dir, folder)
        found: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        return found

    to_bucket(f"s3://{NAME}/candidatos/um", train)
    for name in (*ARTIFACT_FILES, MANIFEST_FILE):
        body = client.get_object(Bucket=NAME, Key=f"candidatos/um/{name}")["Body"].read()
        assert body == (artifact_dir / name).read_bytes()


def test_without_a_file_there_is_no_manifest(client: Any, artifact_dir: Path) -> None:
    """It is written last: an artifact that has one is whole."""

    def train(folder: Path) -> dict[str, Any]:
        shutil.copytree(artifact_dir, folder)
        (folder / ARTIFACT_FILES[-1]).unlink()
        return {"files": dict.fromkeys(ARTIFACT_FILES)}

    with pytest.raises(FileNotFoundError):
        to_bucket(f"s3://{NAME}/candidatos/um", train)
    listed = client.list_objects_v2(Bucket=NAME)["Contents"]
    assert len(listed) == len(ARTIFACT_FILES) - 1


def test_nothing_is_trained_for_a_place_that_does_not_do(client: Any) -> None:
    def train(_: Path) -> dict[str, Any]:
        raise AssertionError

    client.put_object(Bucket=NAME, Key="candidatos/um/manifest.json", Body=b"{}")
    with pytest.raises(DataError, match="where something is"):
        to_bucket(f"s3://{NAME}/candidatos/um/", train)
    for place in ("gs://a/b", f"s3://{NAME}", "s3:///x"):
        with pytest.raises(DataError, match="expected a folder or s3://bucket/folder"):
            to_bucket(place, train)
    for place in ("s3://nobodys/x", "s3://not a name/x"):
        with pytest.raises(DataError, match=f"--out is {place}: .*bucket"):
            to_bucket(place, train)
