"""A renewal from start to end: data, training, gate, and the offer of a release.

Each step leaves its result in the bucket, so a renewal that was killed goes on where it was when
the same training is started again.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3

from recommender.model.artifact import FORMAT, MANIFEST_FILE
from recommender.settings import BUNDLED
from training.build import build
from training.choice.aim import resolve
from training.data.dataset import Dataset
from training.data.read import read
from training.data.tables import DataError
from training.release.api_function import ApiFunction
from training.release.bucket import Bucket
from training.release.keys import MODELS, decision_key
from training.release.trainings import REFUSED, SETTLED, Trainings
from training.renewal import models
from training.renewal.download import NoDataError, download
from training.renewal.events import Start, Way
from training.renewal.gate import Decision, decide
from training.renewal.incumbent import Incumbent, find_incumbent
from training.renewal.lineage import Lineage, begin, lineage_of, name_of
from training.renewal.written import merge, read_written

Answer = dict[str, Any]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What a renewal works with.

    ``api`` is the function whose model is renewed, ``release_function`` makes a model live;
    without them, models are only stored. ``function`` is the name of the training function itself.
    ``measure`` takes the name of a stage and its seconds.
    """

    bucket: Bucket
    api: ApiFunction | None = None
    ratings_table: str = ""
    release_function: str = ""
    function: str = ""
    measure: Callable[[str, float], None] = lambda _name, _seconds: None


def renew(start: Start, around: Surroundings, scratch: Path, end: float) -> Answer:
    """Train on what a start names, and offer the model for release if the gate lets it pass.

    Args:
        start: what was asked for.
        around: bucket, functions and table.
        scratch: an empty folder.
        end: moment of the monotonic clock at which a search for settings fails.

    Returns:
        ``state`` (``no data``, ``older``, ``known``, ``dry run``, ``refused``, ``stored`` or
        ``offered``), and from a training on ``version``, ``artifact``, ``metrics`` and the gate's
        ``decision``.

    Raises:
        DataError: the data is wrong, or there was not enough time.
    """
    trainings = Trainings(around.bucket)
    incumbent, release = None, 0
    if around.api:
        incumbent, release = find_incumbent(around.bucket, around.api, BUNDLED, scratch)
    before = incumbent.training if incumbent else {}
    start = start.like(before.get("event", {}))
    try:
        with _stage(around, "Read"):
            path, arrived = download(around.bucket, start.key, start.version_id, scratch)
            if start.version_id and arrived < before.get("arrived", 0) and not start.force:
                return {"state": "older", "reason": f"model {before['model']} has newer data"}
            data, lineage = _read(path, start.key, around, incumbent, end)
    except NoDataError as error:
        if start.way is not Way.SCHEDULE:
            raise DataError(str(error)) from error
        return {"state": "no data", "reason": str(error)}
    start = replace(start, aim=resolve(start.aim, data))
    training = digest(data, start, lineage)
    known = trainings.read(training)
    if known and known["state"] in SETTLED and not start.force:
        return {"state": "known", "version": known["model"], "before": known["state"]}
    folder = scratch / "artifact"
    if known and models.is_whole(around.bucket, known["model"]):
        models.fetch(around.bucket, known["model"], folder)
    else:
        with _stage(around, "Train"):
            build(data, folder, start.seed, start.aim, start.fixed, end, lineage)
        if not start.dry_run:
            models.store(around.bucket, folder)
    manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    if not start.dry_run:
        event, version = start.as_event(), manifest["version"]
        trainings.record(training, version, event, around.function, arrived)
    with _stage(around, "Gate"):
        decision = decide(data, folder, manifest, incumbent, release, forced=start.force)
    return _conclude(start, around, training, manifest, decision)


def digest(data: Dataset, start: Start, lineage: Lineage) -> str:
    """Return the digest of a training's input: the data and the settings."""
    given = [data.digest, start.seed, start.aim, sorted(start.fixed.items()), FORMAT, lineage.id]
    return hashlib.sha256(json.dumps(given).encode()).hexdigest()


def _read(
    path: Path, key: str, around: Surroundings, incumbent: Incumbent | None, end: float
) -> tuple[Dataset, Lineage]:
    """Return a data set with the ratings written since, and its lineage.

    ``key`` is what messages call the data.
    """
    data, name = read(path, name=key.rstrip("/")), name_of(path)
    lineage = begin(name)
    if incumbent:
        lineage = lineage_of(incumbent.manifest["data"], incumbent.titles, data, name, time.time())
    written = read_written(around.ratings_table, lineage.origin(data), data, end)
    return merge(data, written), lineage


def _conclude(
    start: Start, around: Surroundings, training: str, manifest: Answer, decision: Decision
) -> Answer:
    """Store what the gate decided, and offer the model if it may be released."""
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
    if start.dry_run:
        return {"state": "dry run", **answer}
    around.bucket.write(decision_key(version, decision.release), decision.as_dict())
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
def _stage(around: Surroundings, name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    around.measure(name, time.perf_counter() - started)
