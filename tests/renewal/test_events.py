"""What starts a training, and what is refused or ignored with one clear line."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from training.choice.aim import Aim
from training.data.tables import DataError
from training.renewal.elsewhere import settings_of
from training.renewal.events import Candidate, IgnoredEventError, Start, Way, read_start

BUCKET = "filmes-modelos"
DEFAULT = "dados/filmes.json"


def by_eventbridge(
    key: Any = "dados/a b+cé.json", kind: str = "Object Created", bucket: str = BUCKET
) -> dict[str, Any]:
    """EventBridge does not encode keys."""
    found = {"bucket": {"name": bucket}, "object": {"key": key, "version-id": "v1"}}
    return {"source": "aws.s3", "detail-type": kind, "detail": found}


def record(
    key: str = "dados/a+b%2Bc%C3%A9.json",
    kind: str = "ObjectCreated:Put",
    bucket: str = BUCKET,
    version: Any = "v1",
) -> dict[str, Any]:
    """S3 encodes keys as a form does."""
    found = {"bucket": {"name": bucket}, "object": {"key": key, "versionId": version}}
    return {"eventSource": "aws:s3", "eventName": kind, "s3": found}


def by_s3(*records: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(records)}


def by_sns(inner: dict[str, Any]) -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(inner)}}]}


def by_sqs(*inner: dict[str, Any]) -> dict[str, Any]:
    return {"Records": [{"eventSource": "aws:sqs", "body": json.dumps(each)} for each in inner]}


def by_sns_and_sqs(inner: dict[str, Any]) -> dict[str, Any]:
    return by_sqs({"Type": "Notification", "Message": json.dumps(inner)})


WAYS: dict[str, dict[str, Any]] = {
    "EventBridge": by_eventbridge(),
    "S3": by_s3(record()),
    "S3, twice the same": by_s3(record(), record()),
    "S3, SNS": by_sns(by_s3(record())),
    "S3, SQS": by_sqs(by_s3(record())),
    "S3, SNS, SQS": by_sns_and_sqs(by_s3(record())),
    "EventBridge, SQS": by_sqs(by_eventbridge()),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_new_object_starts_a_training_on_its_version(name: str) -> None:
    expected = Start("dados/a b+cé.json", "v1", way=Way.OBJECT)
    assert read_start(WAYS[name], BUCKET, DEFAULT) == expected


@pytest.mark.parametrize("source", ["aws.scheduler", "aws.events"])
def test_a_schedule_trains_on_the_default(source: str) -> None:
    event = {"source": source, "detail-type": "Scheduled Event", "detail": "{}"}
    assert read_start(event, BUCKET, DEFAULT) == Start(DEFAULT, way=Way.SCHEDULE)


def test_an_object_in_a_folder_stands_for_the_folder() -> None:
    event = by_eventbridge("dados/ml/ratings.csv")
    assert read_start(event, BUCKET, DEFAULT) == Start("dados/ml/", way=Way.OBJECT)


def test_a_direct_call_sets_what_it_names() -> None:
    assert read_start({}, BUCKET, DEFAULT) == Start(DEFAULT)
    event = {
        "action": "train",
        "data_key": "x.json",
        "version_id": "v2",
        "seed": 7,
        "objetivo": "ver",
        "hyperparameters": {"groups": 2},
        "dry_run": True,
        "force": True,
    }
    expected = Start("x.json", "v2", 7, Aim.SEEN, {"groups": 2}, dry_run=True, force=True)
    assert read_start(event, BUCKET, DEFAULT) == expected


def test_what_starts_a_training_again_starts_the_same() -> None:
    start = Start("x.json", "v2", 7, Aim.SEEN, {"groups": 2}, force=True)
    assert read_start(start.as_event(), BUCKET, DEFAULT) == start


def test_what_starts_by_itself_keeps_the_settings_of_the_live_model() -> None:
    made_by = Start("dados/x.json", "v2", 7, Aim.SEEN, {"groups": 2}, force=True).as_event()
    arrival = Start("dados/y.json", "v3", way=Way.OBJECT)
    schedule = Start(DEFAULT, way=Way.SCHEDULE)
    settings: dict[str, Any] = {"seed": 7, "aim": Aim.SEEN, "fixed": {"groups": 2}}
    assert arrival.like(made_by) == replace(arrival, **settings)
    assert schedule.like(made_by) == replace(schedule, key="dados/x.json", **settings)
    call = Start("dados/y.json")
    assert call.like(made_by) == call
    assert [start.like({}) for start in (arrival, schedule)] == [arrival, schedule]


def test_a_candidate_is_a_folder_of_artifacts_made_elsewhere() -> None:
    event = {"candidate": f"s3://{BUCKET}/candidatos/spark/março", "dry_run": True, "force": True}
    found = Candidate("candidatos/spark/março/", dry_run=True, force=True)
    assert read_start(event, BUCKET, DEFAULT) == found
    again = Candidate("candidatos/spark/março/", force=True)
    assert read_start(found.as_event(BUCKET), BUCKET, DEFAULT) == again


def test_what_starts_by_itself_takes_no_settings_from_a_candidate() -> None:
    arrival = Start("dados/y.json", "v3", way=Way.OBJECT)
    known = {"event": Candidate("candidatos/x/").as_event(BUCKET)}  # as older records have it
    assert arrival.like(settings_of(known)) == arrival


IGNORED: dict[str, dict[str, Any]] = {
    "test event": {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET},
    "test event, SQS": by_sqs({"Service": "Amazon S3", "Event": "s3:TestEvent"}),
    "deletion": by_s3(record(kind="ObjectRemoved:Delete")),
    "deletion, EventBridge": by_eventbridge(kind="Object Deleted"),
    "tags": by_s3(record(kind="ObjectTagging:Put")),
    "tags, EventBridge": by_eventbridge(kind="Object Tags Added"),
    "other folder": by_eventbridge("modelos/x/manifest.json"),
    "a folder's own object": by_eventbridge("dados/ml/"),
}


@pytest.mark.parametrize("name", IGNORED)
def test_events_about_something_else_are_ignored(name: str) -> None:
    with pytest.raises(IgnoredEventError, match=r"."):
        read_start(IGNORED[name], BUCKET, DEFAULT)


two_versions = by_s3(record(), record(version="v2"))
REFUSED: dict[str, tuple[Any, str]] = {
    "no object": ([1], r"event is \[1\], expected an object"),
    "unknown field": ({"sed": 7}, "sed is unknown, expected some of action, data_key"),
    "data_key": ({"data_key": 7}, "data_key is 7, expected a text"),
    "seed": ({"seed": "x"}, "seed is 'x', expected a whole number from 0 to 2147483648"),
    "objetivo": ({"objetivo": "amar"}, "objetivo is 'amar', expected gostar or ver"),
    "action": ({"action": "rollbak"}, "action is 'rollbak', expected train"),
    "force": ({"force": "no"}, 'force is "no", expected true or false'),
    "hyperparameter": ({"hyperparameters": {"depth": 1}}, "hyperparameter is 'depth'"),
    "other bucket": (by_s3(record(bucket="other")), f"bucket is 'other', expected '{BUCKET}'"),
    "other bucket, EventBridge": (by_eventbridge(bucket="other"), "bucket is 'other'"),
    "other bucket, SNS": (by_sns(by_s3(record(bucket="other"))), "bucket is 'other'"),
    "two objects": (by_s3(record(), record("dados/b.json")), "names several objects: dados/a b"),
    "two objects, SQS": (by_sqs(by_s3(record()), by_eventbridge("dados/b.json")), "several"),
    "two versions": (two_versions, "several objects: .* v1, .* v2"),
    "candidate": ({"candidate": 7}, "candidate is 7, expected s3://filmes-modelos/candidatos/FOLD"),
    "candidate elsewhere": (
        {"candidate": "s3://other/candidatos/x/"},
        'candidate is "s3://other/candidatos/x/", expected s3://filmes-modelos/candidatos/FOLDER/',
    ),
    "candidate of no folder": (
        {"candidate": f"s3://{BUCKET}/modelos/x/"},
        "expected s3://filmes-modelos/candidatos/FOLDER/, where an artifact is",
    ),
    "all candidates": ({"candidate": f"s3://{BUCKET}/candidatos/"}, "candidatos/FOLDER/"),
    "candidate with a seed": (
        {"candidate": f"s3://{BUCKET}/candidatos/x/", "seed": 7},
        "seed is unknown, expected some of action, candidate, dry_run, force",
    ),
    "candidate, force": (
        {"candidate": f"s3://{BUCKET}/candidatos/x/", "force": 1},
        "force is 1, expected true or false",
    ),
    "no records": ({"Records": []}, "none that starts a training"),
    "another service": (
        {"Records": [{"eventSource": "aws:kinesis", "kinesis": {}}]},
        "none that starts a training",
    ),
    "another source": ({"source": "aws.ec2", "detail": {}}, "none that starts a training"),
    "no JSON": ({"Records": [{"eventSource": "aws:sqs", "body": "}"}]}, "none that starts"),
    "half a record": ({"Records": [{"eventSource": "aws:s3"}]}, "none that starts a training"),
    "a text": ({"Records": "dados/x.json"}, "none that starts a training"),
    "deep JSON": ({"Records": [{"eventSource": "aws:sqs", "body": "[" * 99_999}]}, "none that"),
    "a key that is no text": (by_eventbridge(5), "object is .*, expected a key and a version"),
    "half a character": (by_eventbridge("dados/\ud800"), "object is .*, expected a key"),
    "a version that is no text": (by_s3(record(version=["v"])), "object is .*, expected a key"),
    "an empty version": (by_s3(record(version={})), "object is .*, expected a key"),
    "half a character in a call": ({"data_key": "\ud800"}, "data_key is .*, expected a text"),
    "an endless name": ({"x" * 10**6: 1}, "^.{,300}$"),
    "an endless value": ({"seed": "9" * 10**6}, "^seed is .{,200}$"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_why(name: str) -> None:
    event, message = REFUSED[name]
    before = copy.deepcopy(event)
    with pytest.raises(DataError, match=message):
        read_start(event, BUCKET, DEFAULT)
    assert event == before
