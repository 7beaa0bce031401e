"""Artifacts that were made elsewhere, given to the training function on a fake S3."""

import json
import shutil
import zipfile
from contextlib import closing
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from recommender.data.dynamo_items import erasure
from recommender.data.store import Entry
from recommender.model.artifact import ARTIFACT_FILES, CATALOG_FILE, content_version, file_digest
from tests.conftest import LambdaContext
from tests.stores import create_by
from tests.training.conftest import BUCKET
from tests.training.small_data import CASE
from training.build import build
from training.data.read import read
from training.data.tables import DataError
from training.handler import handler
from training.profiles.export import export
from training.release.bucket import Bucket
from training.release.trainings import Trainings
from training.renewal.erasure import erase
from training.renewal.incumbent import Incumbent, read_incumbent
from training.renewal.received import Received

PLACE = "candidatos/spark/"
CANDIDATE = {"candidate": f"s3://{BUCKET}/{PLACE}"}
PART = "perfis/parte-00000.json.gz"

S3 = Any


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What S3 is asked to copy."""
    session, asked = boto3.Session(), list[Any]()
    event = "provide-client-params.s3.CopyObject"
    session.events.register(event, lambda params, **_: asked.append(params))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    return asked


@pytest.fixture(scope="module")
def exported(original_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of the original case without its ratings."""
    folder = tmp_path_factory.mktemp("exported") / "artifact"
    export(original_dir, folder)
    return folder


def put(s3: S3, folder: Path) -> str:
    """An artifact among the candidates; its version."""
    for path in folder.rglob("*"):
        if path.is_file():
            key = PLACE + path.relative_to(folder).as_posix()
            s3.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())
    return str(json.loads((folder / "manifest.json").read_text())["version"])


def objects(s3: S3, prefix: str = "") -> dict[str, bytes]:
    """What is in the bucket but the leases, by key."""
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return {
        item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
        for item in listed
        if not item["Key"].startswith("arrendamentos/")
    }


def call(**event: Any) -> dict[str, Any]:
    answer: dict[str, Any] = handler(CANDIDATE | event, LambdaContext("TrainingFunction"))
    return answer


def test_a_candidate_is_judged_and_stored_as_a_trained_model_is(s3: S3, original_dir: Path) -> None:
    version = put(s3, original_dir)
    answer = call()
    assert (answer["state"], answer["version"]) == ("stored", version)
    place = f"modelos/{version}/"
    assert answer["artifact"] == f"s3://{BUCKET}/{place}"
    found = objects(s3, place)
    names = (*ARTIFACT_FILES, "manifest.json")
    assert found.keys() == {
        *(place + name for name in (*names, "camada.zip", "decisoes/00000000.json"))
    }
    assert all(found[place + name] == (original_dir / name).read_bytes() for name in names)
    decision = json.loads(found[f"{place}decisoes/00000000.json"])
    assert decision == json.loads(json.dumps(answer["decision"]))
    assert [check["name"] for check in decision["checks"]] == [
        "artifact answers",
        "settings not worse",
    ]
    assert decision["checks"][0]["figures"] == {"users": 5, "shortest list": 5}
    assert decision["users"] == [1, 2, 3, 4, 5]
    (training,) = (key[8:-5] for key in objects(s3, "treinos/"))
    assert Trainings(Bucket(BUCKET)).read(training)["event"] == CANDIDATE | {"force": False}


def test_parts_of_profiles_are_copied_within_s3(
    s3: S3, exported: Path, copies: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they were when they were checked, and never to the function's disk."""
    version = put(s3, exported)
    monkeypatch.setattr(Bucket, "fetch", without_parts(Bucket.fetch))
    answer = call()
    (copied,) = copies
    etag = s3.head_object(Bucket=BUCKET, Key=PLACE + PART)["ETag"]
    assert copied["CopySourceIfMatch"] == etag  # moto copies whatever it is
    assert answer["state"] == "stored"
    found = objects(s3, f"modelos/{version}/")
    assert found[f"modelos/{version}/{PART}"] == (exported / PART).read_bytes()
    with zipfile.ZipFile(BytesIO(found[f"modelos/{version}/camada.zip"])) as layer:
        assert not [name for name in layer.namelist() if "perfis" in name]
    assert answer["decision"]["users"] == [1, 2, 3, 4, 5]
    assert answer["decision"]["checks"][0]["figures"] == {"users": 5, "shortest list": 5}


def without_parts(fetch: Any) -> Any:
    def checked(self: Bucket, key: str, *others: Any) -> None:
        assert "perfis" not in key
        fetch(self, key, *others)

    return checked


def test_a_candidate_that_stands_in_its_place_is_not_taken_again(
    s3: S3, exported: Path, copies: list[Any]
) -> None:
    """Its parts are not copied while DynamoDB may import them."""
    version = put(s3, exported)
    call()
    before = objects(s3)
    assert call()["state"] == "stored"
    assert (objects(s3), len(copies)) == (before, 1)
    (training,) = (key[8:-5] for key in objects(s3, "treinos/"))
    Trainings(Bucket(BUCKET)).set_state(training, "dismissed")
    assert call() == {"state": "known", "version": version, "before": "dismissed"}
    assert call(force=True)["state"] == "stored"


def test_a_dry_run_stores_nothing(s3: S3, exported: Path) -> None:
    put(s3, exported)
    before = objects(s3)
    answer = call(dry_run=True)
    assert (answer["state"], answer["decision"]["passed"]) == ("dry run", True)
    assert objects(s3) == before


@pytest.mark.parametrize("name", [*ARTIFACT_FILES, PART])
@pytest.mark.parametrize("how", ["altered", "missing"])
def test_a_candidate_that_is_not_whole_changes_nothing(
    name: str, how: str, s3: S3, exported: Path
) -> None:
    put(s3, exported)
    if how == "altered":
        s3.put_object(Bucket=BUCKET, Key=PLACE + name, Body=b"other")
    else:
        s3.delete_object(Bucket=BUCKET, Key=PLACE + name)
    before = objects(s3)
    with pytest.raises(DataError) as refused:
        call()
    assert str(refused.value).startswith(f"s3://{BUCKET}/{PLACE}")
    assert ("was altered or truncated" if how == "altered" else "is not whole") in str(
        refused.value
    )
    assert objects(s3) == before


def follow(monkeypatch: pytest.MonkeyPatch, folder: Path, **facts: Any) -> None:
    """Have the model of a folder be live, with other facts about its data."""
    found = read_incumbent(folder)
    manifest = {**found.manifest, "data": found.manifest["data"] | facts}
    titles = {film: title.upper() for film, title in found.titles.items()}
    live = Incumbent(manifest, titles, found.catalog)
    monkeypatch.setenv("API_FUNCTION", "api")
    monkeypatch.setenv("LAYER_NAME", "camada")
    monkeypatch.setattr("training.candidate.find_incumbent", lambda *_: (live, 3))


LIVE = {
    "linhagem": "filmes-2",
    "primeira_linhagem": "filmes",
}


def test_a_candidate_gets_the_lineage_of_the_live_model(
    s3: S3, original_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was refused is not stored, so it gets that of the model that is live later."""
    version = put(s3, original_dir)
    follow(monkeypatch, original_dir, usuarios=100, linhagem="x")
    assert call()["state"] == "refused"
    assert [*objects(s3, "modelos/")] == [f"modelos/{version}/decisoes/00000003.json"]
    follow(monkeypatch, original_dir, **LIVE)
    answer = call(force=True)
    assert (answer["state"], answer["decision"]["passed"]) == ("stored", True), answer
    found = objects(s3, f"modelos/{version}/")
    stored = found[f"modelos/{version}/manifest.json"]
    facts = json.loads(stored)
    assert facts["data"].items() >= LIVE.items()
    assert facts["version"] == version
    with zipfile.ZipFile(BytesIO(found[f"modelos/{version}/camada.zip"])) as layer:
        assert layer.read("artifact/manifest.json") == stored
    (training,) = (key[8:-5] for key in objects(s3, "treinos/"))
    arrived = s3.head_object(Bucket=BUCKET, Key=f"{PLACE}manifest.json")["LastModified"]
    assert Trainings(Bucket(BUCKET)).read(training)["arrived"] == arrived.timestamp()


def test_what_was_erased_is_not_missed(
    s3: S3, original_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The candidate was made of data that one of five users was taken out of."""
    mark = Entry(None, 1, 1_800_000_000.0)
    build(erase(read(CASE), {3: mark}), tmp_path / "artifact", 42)
    put(s3, tmp_path / "artifact")
    follow(monkeypatch, original_dir)
    names = ("usuarios not lost", "avaliacoes not lost")
    assert not [found for found in map(checked(call(dry_run=True)).get, names) if found]
    table = "filmes-RatingsTable-1A2B"
    monkeypatch.setenv("RATINGS_TABLE", table)
    with closing(boto3.client("dynamodb")) as client:
        create_by(client, table)
        for part in erasure(table, 3, mark, None):
            client.update_item(**part["Update"])
    assert all(map(checked(call(dry_run=True)).get, names))


def checked(answer: dict[str, Any]) -> dict[str, bool]:
    """The gate's checks by name: whether each passed."""
    return {check["name"]: check["passed"] for check in answer["decision"]["checks"]}


def test_a_database_without_tables_is_refused(s3: S3, original_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "artifact"
    shutil.copytree(original_dir, folder)
    (folder / CATALOG_FILE).write_bytes(b"")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][CATALOG_FILE] = file_digest(folder / CATALOG_FILE)
    manifest["version"] = content_version(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    put(s3, folder)
    with pytest.raises(DataError, match=rf"s3://{BUCKET}/{PLACE}{CATALOG_FILE} cannot be read"):
        call()


def test_a_part_that_was_replaced_since_it_was_checked_is_refused(
    s3: S3, exported: Path, tmp_path: Path
) -> None:
    put(s3, exported)
    received = Received(Bucket(BUCKET), PLACE, tmp_path / "received")
    parts = received.check_parts()
    s3.put_object(Bucket=BUCKET, Key=PLACE + PART, Body=b"other")
    with (
        pytest.raises(DataError, match=r"is not whole: .*PreconditionFailed"),
        received.open(parts[PART]),
    ):
        pass


def test_what_is_no_artifact_is_refused(s3: S3) -> None:
    with pytest.raises(DataError, match=rf"s3://{BUCKET}/{PLACE} is not whole: .*404"):
        call()
    s3.put_object(Bucket=BUCKET, Key=f"{PLACE}manifest.json", Body=b'{"format": 1}')
    with pytest.raises(DataError, match=rf"s3://{BUCKET}/{PLACE}manifest.json is of format 1"):
        call()


def test_a_candidate_that_the_disk_does_not_hold_is_refused(
    s3: S3, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, exported)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000))
    with pytest.raises(DataError, match=r"has 0: raise TrainingDisk"):
        call()


def test_a_training_may_leave_the_ratings_to_a_profile_table(
    s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is another training than that of the same data with packaged ratings."""
    s3.put_object(Bucket=BUCKET, Key="dados/filmes.json", Body=CASE.read_bytes())
    packaged, table = (train(monkeypatch, mode) for mode in ("package", "table"))
    assert packaged["version"] != table["version"]
    assert table["metrics"] == packaged["metrics"]
    place = f"modelos/{table['version']}/"
    found = objects(s3, place)
    assert json.loads(found[f"{place}manifest.json"])["perfis"]["usuarios"] == 5
    assert {f"{place}{PART}", f"{place}camada.zip"} <= found.keys()
    assert train(monkeypatch, "table")["version"] == table["version"]


def train(monkeypatch: pytest.MonkeyPatch, mode: str) -> dict[str, Any]:
    monkeypatch.setenv("PROFILES", mode)
    answer: dict[str, Any] = handler({}, LambdaContext("TrainingFunction"))
    assert answer["state"] == "stored"
    return answer
