"""What starts a training: a schedule, new data in the bucket, or a direct call."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any
from urllib.parse import unquote_plus

from training.choice import limits
from training.choice.aim import Aim
from training.data.tables import DataError
from training.model.hyperparameters import Values
from training.release.events import is_text, listed, short

SEED = 42
TRAIN = "train"
DATA_FOLDER = "dados/"
CANDIDATES = "candidatos/"
CREATED = ("ObjectCreated:", "Object Created")  # S3's own notifications, and EventBridge's
SCHEDULES = ("aws.scheduler", "aws.events")
DIRECT = (
    *("action", "data_key", "dry_run", "force", "hyperparameters", "objetivo", "seed"),
    "version_id",
)
OF_CANDIDATES = ("action", "candidate", "dry_run", "force")


class IgnoredEventError(Exception):
    """An event that is not about data to train on."""


class Way(Enum):
    """How a training was started."""

    CALL = "call"
    OBJECT = "object"  # new data in the bucket
    SCHEDULE = "schedule"  # which may find no data yet


@dataclass(frozen=True)
class Start:
    """What a training was started with.

    ``version_id`` names a version of the object; None is the newest. With ``dry_run`` nothing is
    stored or released; with ``force`` the gate only records what it found, and an input that is
    known, or older than that of the live model, is released again.
    """

    key: str
    version_id: str | None = None
    seed: int = SEED
    aim: Aim | None = None  # what suits the data
    fixed: Values = field(default_factory=dict)
    dry_run: bool = False
    force: bool = False
    way: Way = Way.CALL

    def like(self, event: Mapping[str, Any]) -> "Start":
        """Return this start with what a call would name taken from the training of another event.

        A call names everything itself, so it stays as it is. New data are trained on with that
        training's seed, aim and fixed hyperparameters, and a schedule takes its key, too.
        """
        if self.way is Way.CALL:
            return self
        other = _read_direct(event, self.key)
        key = other.key if self.way is Way.SCHEDULE else self.key
        return replace(self, key=key, seed=other.seed, aim=other.aim, fixed=other.fixed)

    def as_event(self) -> dict[str, Any]:
        """Return the direct call that starts the same training."""
        return {
            "data_key": self.key,
            **({"version_id": self.version_id} if self.version_id else {}),
            "seed": self.seed,
            **({"objetivo": self.aim.value} if self.aim else {}),
            "hyperparameters": dict(self.fixed),
            "force": self.force,
        }


@dataclass(frozen=True)
class Candidate:
    """An artifact that was made elsewhere, to be judged and offered instead of a training.

    ``prefix`` is the key of its folder in the bucket, with a last slash. With ``dry_run`` nothing
    is stored or released; with ``force`` the gate only records what it found, and a candidate that
    is known is released again.
    """

    prefix: str
    dry_run: bool = False
    force: bool = False

    def as_event(self, bucket: str) -> dict[str, Any]:
        """Return the direct call that takes the same candidate."""
        return {"candidate": f"s3://{bucket}/{self.prefix}", "force": self.force}


def read_start(event: Any, bucket: str, default_key: str) -> Start | Candidate:
    """Return what an event starts.

    Events of S3 come from EventBridge or from the bucket itself, alone or wrapped by SNS or SQS. An
    object in a folder below ``dados/`` stands for that folder, a data set of several files.

    Raises:
        IgnoredEventError: a test event, a deletion or a change of tags, or no object of ``dados/``.
        DataError: the event is of no known kind, or names another bucket or several objects; or
            a direct call has an unknown field or a value that is not allowed.
    """
    if not isinstance(event, Mapping):
        raise DataError(f"event is {_short(event)}, expected an object")
    if event.get("source") in SCHEDULES:
        return Start(default_key, way=Way.SCHEDULE)
    if event.get("source") or event.keys() & {"Records", "Event", "Message"}:
        return _read_objects(event, bucket)
    if "candidate" in event:
        return _read_candidate(event, bucket)
    return _read_direct(event, default_key)


def _read_candidate(event: Mapping[str, Any], bucket: str) -> Candidate:
    _check_fields(event, OF_CANDIDATES)
    place, given = f"s3://{bucket}/{CANDIDATES}", event["candidate"]
    folder = given.removeprefix(place).rstrip("/") if is_text(given) else ""
    if not folder or not given.startswith(place):
        raise DataError(
            f"candidate is {_short(given)}, expected {place}FOLDER/, where an artifact is"
        )
    prefix = f"{CANDIDATES}{folder}/"
    return Candidate(prefix, event.get("dry_run", False), event.get("force", False))


def _read_direct(event: Mapping[str, Any], default_key: str) -> Start:
    _check_fields(event, DIRECT)
    for name in ("data_key", "version_id"):
        if not is_text(event.get(name, "")):
            raise DataError(f"{name} is {_short(event[name])}, expected a text")
    return Start(
        event.get("data_key") or default_key,
        event.get("version_id") or None,
        int(limits.check_number("seed", event.get("seed", SEED), limits.SEED)),
        limits.check_aim("objetivo", event["objetivo"]) if "objetivo" in event else None,
        limits.check_hyperparameters(event.get("hyperparameters") or {}),
        event.get("dry_run", False),
        event.get("force", False),
    )


def _check_fields(event: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise ``DataError`` for an unknown field, or one of all calls with a wrong value."""
    if unknown := event.keys() - set(known):
        raise DataError(f"{listed(unknown)} is unknown, expected some of {', '.join(known)}")
    if event.get("action", TRAIN) != TRAIN:
        raise DataError(f"action is {short(event['action'])}, expected {TRAIN}")
    for name in ("dry_run", "force"):
        if not isinstance(event.get(name, False), bool):
            raise DataError(f"{name} is {_short(event[name])}, expected true or false")


def _read_objects(event: Mapping[str, Any], bucket: str) -> Start:
    try:
        found = list(_objects(event))
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise DataError(f"event is none that starts a training: {_short(event)}") from error
    for named, key, version in found:
        if named != bucket:
            raise DataError(f"bucket is {short(named)}, expected {bucket!r}")
        if not is_text(key) or not is_text("" if version is None else version):
            raise DataError(f"object is {_short([key, version])}, expected a key and a version")
        if not key.startswith(DATA_FOLDER) or key.endswith("/"):
            raise IgnoredEventError(f"{_short(key)} is no object in {DATA_FOLDER}")
    if len(set(found)) > 1:
        keys = listed({f"{key} {version or ''}".strip() for _, key, version in found})
        raise DataError(f"the event names several objects: {keys}")
    _, key, version = found[0]
    folder = key.rpartition("/")[0] + "/"
    if folder == DATA_FOLDER:
        return Start(key, version, way=Way.OBJECT)
    return Start(folder, way=Way.OBJECT)


def _objects(event: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """Yield bucket, key and version of each object that an event says was created.

    Raises:
        IgnoredEventError: it says something else about objects.
        LookupError, TypeError, ValueError: it has another form.
    """
    if event.get("Event") == "s3:TestEvent":
        raise IgnoredEventError("a test event of S3")
    if event.get("source") == "aws.s3":
        _check_kind(event["detail-type"])
        found = event["detail"]["object"]
        yield event["detail"]["bucket"]["name"], found["key"], found.get("version-id") or None
    elif "Records" in event:
        if not event["Records"]:
            raise ValueError("no records")
        for record in event["Records"]:
            yield from _objects_of_record(record)
    else:  # SNS, inside SQS
        yield from _objects(json.loads(event["Message"]))


def _objects_of_record(record: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    source = record.get("eventSource") or record.get("EventSource")
    if source == "aws:sns":
        yield from _objects(json.loads(record["Sns"]["Message"]))
    elif source == "aws:sqs":
        yield from _objects(json.loads(record["body"]))
    elif source == "aws:s3":
        _check_kind(record["eventName"])
        found = record["s3"]["object"]
        yield record["s3"]["bucket"]["name"], unquote_plus(found["key"]), found.get("versionId")
    else:
        raise ValueError("a record of another service")


def _check_kind(kind: str) -> None:
    if not kind.startswith(CREATED):
        raise IgnoredEventError(f"{short(kind)}: nothing new to train on")


def _short(value: Any) -> str:
    return json.dumps(value, default=str)[:200]
