"""The training function on a fake S3: every event that starts it, and every failure."""

import io
import json
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.data.catalog import Catalog
from recommender.data.store import Entry, read_moment
from recommender.model.artifact import ARTIFACT_FILES, CATALOG_FILE, file_digest, load
from tests.conftest import LambdaContext
from tests.training.conftest import BUCKET
from tests.training.small_data import CASE, as_document, as_json, block_ratings, random_ratings
from training.build import build
from training.data.tables import DataError
from training.handler import handler
from training.release.bucket import Bucket, Ledger
from training.release.lease import LeaseError, lease
from training.release.trainings import Trainings
from training.renewal.incumbent import read_incumbent
from training.renewal.written import Written

GOOD = CASE.read_bytes()


def objects(s3: Any) -> dict[str, bytes]:
    """Everything in the bucket but the leases."""
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {
        item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
        for item in listed
        if not item["Key"].startswith("arrendamentos/")
    }


def put(s3: Any, key: str, body: bytes = GOOD) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)


def call(event: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = handler(event, LambdaContext("TrainingFunction"))
    return answer


SCHEDULED = {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}"}
KEY = "dados/filmes.json"


def test_a_model_is_stored_whole_with_its_layer_and_what_was_decided(
    s3: Any, tmp_path: Path
) -> None:
    put(s3, KEY)
    answer = call({})
    found = objects(s3)
    place = f"modelos/{answer['version']}/"
    assert answer["state"] == "stored"
    assert answer["artifact"] == f"s3://{BUCKET}/{place}"
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    names = [*ARTIFACT_FILES, "manifest.json"]
    (training,) = (key for key in found if key.startswith("treinos/"))
    decision = place + "decisoes/00000000.json"
    layer = place + "camada.zip"
    assert set(found) == {KEY, training, decision, layer, *(place + name for name in names)}
    assert json.loads(found[decision]) == answer["decision"]
    for name in names:
        (tmp_path / name).write_bytes(found[place + name])
    artifact = load(tmp_path)
    assert artifact.version == answer["version"]
    assert artifact.manifest["metrics"] == answer["metrics"]
    assert all(file_digest(tmp_path / n) == d for n, d in artifact.manifest["files"].items())
    with zipfile.ZipFile(io.BytesIO(found[layer])) as packed:
        assert {name: packed.read(f"artifact/{name}") for name in names} == {
            name: found[place + name] for name in names
        }
        assert len(packed.namelist()) == len(names)


def test_a_schedule_leaves_data_alone_that_is_older_than_the_live_model(
    s3: Any, original_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a candidate that arrived since."""
    put(s3, KEY)
    arrived = s3.head_object(Bucket=BUCKET, Key=KEY)["LastModified"].timestamp()
    event = {"candidate": f"s3://{BUCKET}/candidatos/spark/"}
    made_by = {"model": "a", "event": event, "arrived": arrived + 1}
    live = replace(read_incumbent(original_dir), training=made_by)
    monkeypatch.setenv("API_FUNCTION", "api")
    monkeypatch.setenv("LAYER_NAME", "camada")
    monkeypatch.setattr("training.renew.find_incumbent", lambda *_: (live, 1))
    told = {"state": "older", "reason": "model a has newer data"}
    assert call(SCHEDULED) == told
    made_by["arrived"] = arrived
    assert call(SCHEDULED)["state"] != "older"


def test_times_that_are_yet_to_come_keep_nobody_in_who_was_erased(
    s3: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The user is erased after the data has arrived, and while the table is read."""
    document = as_document(block_ratings(3, 10, 10))
    for rating in document["avaliacoes"]:
        rating["momento"] = 10 * (1_700_000_000 + rating["filme_id"])
    put(s3, KEY, as_json(document))
    marks: dict[int, Entry] = {}
    began: list[float] = []

    def read(*_: object) -> Written:
        marks[1] = Entry(None, 1, time.time() + 1)
        none, nothing = np.array([], np.int64), np.array([], np.float64)
        return Written(none, none.astype(np.int32), nothing, nothing, {}, marks)

    def make(*given: Any) -> dict[str, Any]:
        began.append(given[-1].timestamp())
        return build(*given)

    monkeypatch.setattr("training.renew.read_written", read)
    monkeypatch.setattr("training.renew.build", make)
    answer = call({})
    place = f"modelos/{answer['version']}/"
    (tmp_path / CATALOG_FILE).write_bytes(objects(s3)[place + CATALOG_FILE])
    catalog = Catalog(tmp_path / CATALOG_FILE)
    assert catalog.ratings(1) is None
    assert catalog.ratings(2)
    date = json.loads(objects(s3)[place + "manifest.json"])["training"]["date"]
    assert read_moment(date) <= began[0] < (marks[1].moment or 0) - 1


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


def test_the_version_of_the_object_that_is_named_is_trained_on(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=BUCKET, Key=KEY, Body=GOOD)["VersionId"]
    put(s3, KEY, b"{}")
    answer = call({"data_key": KEY, "version_id": first})
    assert answer["state"] == "stored"
    with pytest.raises(DataError, match=r"cannot be read: .*"):
        call({"data_key": KEY, "version_id": "00000000-0000-0000-0000-000000000000"})


def test_seed_aim_and_hyperparameters_can_be_set(s3: Any) -> None:
    put(s3, KEY)
    event = {"seed": 7, "objetivo": "ver", "hyperparameters": {"groups": 2, "bandwidth": 8}}
    answer = call(event)
    manifest = json.loads(objects(s3)[f"modelos/{answer['version']}/manifest.json"])
    assert (manifest["training"]["seed"], manifest["training"]["objetivo"]) == (7, "ver")
    assert manifest["hyperparameters"]["groups"] == 2
    assert manifest["hyperparameters"]["bandwidth"] == 8
    assert manifest["hyperparameters"]["aversion"] == 0


def test_a_training_that_would_outlast_the_function_fails(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, KEY, as_json(as_document(block_ratings(3, 10, 10))))
    monkeypatch.setattr(LambdaContext, "get_remaining_time_in_millis", lambda _: 0)
    with pytest.raises(DataError, match="did not end in time"):
        call({})
    assert [*objects(s3)] == [KEY]


def test_whatever_takes_longer_than_the_function_may_fails_in_words(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, KEY)
    monkeypatch.setattr(LambdaContext, "get_remaining_time_in_millis", lambda _: 10_200)
    monkeypatch.setattr("training.renew.build", lambda *_: time.sleep(60))
    with pytest.raises(TimeoutError, match="did not end in the function's time"):
        call({})
    assert [*objects(s3)] == [KEY]


def test_the_same_input_is_not_trained_twice(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even under another key. What the gate has not decided yet goes on from the stored model."""
    put(s3, KEY)
    put(s3, "dados/copia/filmes.json")
    first = call({})
    trainings = Trainings(Bucket(BUCKET))
    (training,) = (key[8:-5] for key in objects(s3) if key.startswith("treinos/"))
    with monkeypatch.context() as patch:
        patch.setattr("training.renew.build", None)  # is not called
        for state in ("published", "refused", "dismissed"):
            trainings.set_state(training, state)
            again = call({"data_key": "dados/copia/filmes.json"})
            expected = {"state": "known", "version": first["version"], "before": state}
            assert again == expected
        assert call({"force": True})["state"] == "stored"
        trainings.set_state(training, "trained")
        assert call({})["state"] == "stored"
    assert call({"seed": 8})["state"] == "stored"


def test_a_dry_run_stores_nothing(s3: Any) -> None:
    put(s3, KEY)
    answer = call({"dry_run": True})
    assert (answer["state"], answer["decision"]["passed"]) == ("dry run", True)
    assert [*objects(s3)] == [KEY]


def test_one_training_at_a_time(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put(s3, KEY)
    now = time.time()
    held = {"holder": "another", "until": now + 60}
    ledger = Ledger(Bucket(BUCKET), "arrendamentos/")
    assert ledger.claim(1, held)
    with pytest.raises(LeaseError, match=r"another training runs \(another\)"):
        call({})
    assert [*objects(s3)] == [KEY]
    with lease(Bucket(BUCKET), "another", 60):  # Lambda tries it again under the same id
        pass
    assert ledger.claim(3, held)
    monkeypatch.setattr(time, "time", lambda: now + 61)  # its holder was killed
    assert call({})["state"] == "stored"
    records = ledger.records()
    assert [record.number for record in records if record.end is None] == [3, 1]
    assert len(records) == 4


def test_a_stack_without_data_is_not_in_trouble(s3: Any) -> None:
    answer = call(SCHEDULED)
    assert answer["state"] == "no data"
    assert f"s3://{BUCKET}/{KEY}" in answer["reason"]
    assert not objects(s3)


def test_events_about_something_else_are_ignored(s3: Any) -> None:
    put(s3, KEY)
    answer = call({"Service": "Amazon S3", "Event": "s3:TestEvent"})
    assert answer == {"state": "ignored", "reason": "a test event of S3"}
    assert [*objects(s3)] == [KEY]


def bad_document() -> bytes:
    document = as_document(random_ratings(5, 5))
    document["avaliacoes"][3]["filme_id"] = 99
    return as_json(document)


ORPHAN = r"filmes\.json: avaliacoes\[3\]: filme_id is 99, expected the id of a film in the data"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "bad data": ({}, ORPHAN),
    "missing": ({"data_key": "no.json"}, rf"s3://{BUCKET}/no\.json cannot be read: .*404"),
    "missing folder": ({"data_key": "no/"}, rf"s3://{BUCKET}/no/ is empty"),
    "long name": ({"data_key": "a" * 300}, "a{300} has a name that no file can have"),
    "a dot": ({"data_key": "."}, r"/\. has a name that no file can have"),
    "no name": ({"data_key": "dados/.."}, r"dados/\.\. has a name that no file can have"),
    "no layout": ({"data_key": "outros/"}, "^outros has none of the known layouts: a JSON file; "),
    "unknown field": ({"sed": 7}, "sed is unknown"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_event_changes_nothing(name: str, s3: Any) -> None:
    put(s3, KEY, bad_document())
    put(s3, "outros/leia-me.txt", b"nada")
    before = objects(s3)
    event, message = REFUSED[name]
    with pytest.raises(DataError, match=message):
        call(event)
    assert objects(s3) == before


@pytest.mark.parametrize("most", [0, 3, 5])
def test_a_training_whose_writes_fail_is_completed_by_the_next(
    most: int, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, KEY)
    written: list[str] = []
    create = Bucket.create

    def fail(self: Bucket, key: str, body: Any) -> bool:
        if key.startswith("modelos/"):
            if len(written) == most:
                raise ConnectionError("the network is gone")
            written.append(key)
        return create(self, key, body)

    monkeypatch.setattr(Bucket, "create", fail)
    with pytest.raises(ConnectionError, match="the network is gone"):
        call({})
    assert not any(key.endswith("camada.zip") for key in objects(s3))
    monkeypatch.setattr(Bucket, "create", create)
    answer = call({})
    assert answer["state"] == "stored"
    found = objects(s3)
    manifest = json.loads(found[f"modelos/{answer['version']}/manifest.json"])
    with zipfile.ZipFile(io.BytesIO(found[f"modelos/{answer['version']}/camada.zip"])) as packed:
        assert json.loads(packed.read("artifact/manifest.json")) == manifest


def test_nothing_stays_on_the_disk(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls of a warm function share one small disk."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    put(s3, KEY)
    call({})
    put(s3, KEY, bad_document())
    with pytest.raises(DataError):
        call({})
    assert list(tmp_path.iterdir()) == []
