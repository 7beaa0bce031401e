"""What a renewal works with, and how it ends: a model that the gate let pass is offered."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from training.release.api_function import ApiFunction
from training.release.bucket import Bucket
from training.release.keys import MODELS, decision_key
from training.release.trainings import REFUSED, Trainings
from training.renewal import models
from training.renewal.gate import Decision, Manifest
from training.renewal.incumbent import Incumbent

Answer = dict[str, Any]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What a renewal works with.

    ``api`` is the function whose model is renewed, ``release_function`` makes a model live;
    without them, models are only stored. ``function`` is the name of the training function itself.
    ``measure`` takes the name of a stage and its seconds. With ``profiles``, trained models leave
    their users' ratings to a profile table.
    """

    bucket: Bucket
    api: ApiFunction | None = None
    ratings_table: str = ""
    release_function: str = ""
    function: str = ""
    measure: Callable[[str, float], None] = lambda _name, _seconds: None
    profiles: bool = False


def conclude(
    around: Surroundings,
    training: str,
    manifest: Manifest,
    decision: Decision,
    incumbent: Incumbent | None,
    *,
    dry_run: bool,
) -> Answer:
    """Store what the gate decided, and offer the model if it may be released.

    ``training`` is the digest of its input. The model in use is stored, too, if it came with the
    code. Returns what ``training.renew`` does.
    """
    version = manifest["version"]
    answer = {
        "version": version,
        "artifact": f"s3://{around.bucket.name}/{MODELS}{version}/",
        "metrics": manifest["metrics"],
        "decision": decision.as_dict(),
    }
    if decision.passed:
        _log.info("gate: %s passed against %s", version[:12], decision.incumbent)
    else:
        _log.warning("gate: %s failed: %s", version[:12], decision.refusals())
    if dry_run:
        return {"state": "dry run", **answer}
    around.bucket.write(decision_key(version, decision.release), decision.as_dict())
    if incumbent and around.release_function:  # what was refused may be released by force
        models.keep(around.bucket, incumbent.catalog.parent)
    if not decision.released:
        Trainings(around.bucket).set_state(training, REFUSED)
        return {"state": "refused", "reason": decision.refusals(), **answer}
    if not around.release_function:
        return {"state": "stored", **answer}
    offer = {
        "action": "publish",
        "version": version,
        "after": decision.release,
        "training": training,
    }
    boto3.client("lambda").invoke(
        FunctionName=around.release_function,
        InvocationType="Event",
        Payload=json.dumps(offer).encode(),
    )
    return {"state": "offered", **answer}


@contextmanager
def stage(around: Surroundings, name: str) -> Iterator[None]:
    """Measure how long a block takes."""
    started = time.perf_counter()
    yield
    around.measure(name, time.perf_counter() - started)
