"""What a call for a rollback asks for, and how it stops a model that is on its way to get live.

Before the alias moves, and after the import of a profile table, either the release goes on or a
rollback stops it: whoever writes whose turn it is comes first.
"""

import logging
from collections.abc import Callable, Collection

from training.release.api_function import ReleaseError
from training.release.bucket import Bucket, Record
from training.release.canary import stop
from training.release.history import line, models
from training.release.keys import deployment_key, turn_key

STOPPED = {"turn": "rollback"}
GOES_ON = {"turn": "release"}

_log = logging.getLogger(__name__)


def find_older(
    records: Collection[Record], present: str, model: str | None, is_there: Callable[[str], bool]
) -> str:
    """Return the model to roll back to: the one that is named, or the last before the present.

    Args:
        records: all records, the newest first.
        present: the model that is served.
        model: the one that is named.
        is_there: tells whether a model can be served again.

    Raises:
        ReleaseError: there is no such model.
    """
    history = models(records)
    if model is None:
        before = reversed(line(records))
        model = next((name for name in before if name != present and is_there(name)), None)
        if model is None:
            raise ReleaseError(f"no model was live before {present}")
    elif model == present or model not in history:
        others = ", ".join(name for name in history if name != present) or "no model"
        raise ReleaseError(f"version is {model!r}, expected one that was live: {others}")
    return model


def is_asked_again(record: Record, model: str | None, request: str) -> bool:
    """Return whether a call for a rollback, to a model or to the last, asks for this release."""
    if record.body["kind"] != "rollback":
        return False
    if request and record.body.get("request") == request:
        return True
    return record.end is None and model in (None, record.body["model"])


def stop_model(bucket: Bucket, record: Record | None) -> bool:
    """Stop a model that is on its way to get live; return whether there was one to stop."""
    if record is None or record.end or record.body["kind"] != "publish":
        return False
    if deployment := bucket.read(deployment_key(record.number)):
        stop(deployment["deployment"])
    else:
        bucket.create(turn_key(record.number), STOPPED)
        if not is_stopped(bucket, record):
            return False
    _log.info("release %d is stopped", record.number)
    return True


def is_stopped(bucket: Bucket, record: Record) -> bool:
    """Return whether a rollback came before the release's turn."""
    return bool(bucket.read(turn_key(record.number)) == STOPPED)


def take_turn(bucket: Bucket, record: Record) -> bool:
    """Have the release go on; return False if a rollback came first."""
    return bucket.create(turn_key(record.number), GOES_ON) or not is_stopped(bucket, record)
