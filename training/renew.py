"""A renewal from start to end: data, training, gate, and the offer of a release.

Each step leaves its result in the bucket, so a renewal that was killed goes on where it was when
the same training is started again.
"""

import hashlib
import json
import tempfile
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from recommender.model.artifact import FORMAT, MANIFEST_FILE
from recommender.settings import BUNDLED
from training.build import build
from training.choice.aim import resolve
from training.data.dataset import Dataset
from training.data.read import read
from training.data.tables import DataError
from training.profiles.export import export
from training.release.trainings import SETTLED, Trainings
from training.renewal import models
from training.renewal.download import NoDataError, download
from training.renewal.elsewhere import settings_of
from training.renewal.events import Start, Way
from training.renewal.gate import decide
from training.renewal.incumbent import Incumbent, find_incumbent
from training.renewal.lineage import Lineage, begin, lineage_of, name_of
from training.renewal.offer import Answer, Surroundings, conclude, stage
from training.renewal.written import merge, read_written


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
    trainings, began = Trainings(around.bucket), datetime.now(UTC)
    incumbent, release = None, 0
    if around.api:
        incumbent, release = find_incumbent(around.bucket, around.api, BUNDLED, scratch)
    before = incumbent.training if incumbent else {}
    start = start.like(settings_of(before))
    try:
        with stage(around, "Read"):
            path, arrived = download(around.bucket, start.key, start.version_id, scratch)
            is_new = arrived >= before.get("arrived", 0)
            if is_automatic(start) and not is_new and not start.force:
                return {"state": "older", "reason": f"model {before['model']} has newer data"}
            data, lineage, marked = _read(path, start.key, arrived, around, incumbent, end)
    except NoDataError as error:
        if start.way is not Way.SCHEDULE:
            raise DataError(str(error)) from error
        return {"state": "no data", "reason": str(error)}
    start = replace(start, aim=resolve(start.aim, data))
    training = digest(data, start, lineage, around.profiles)
    known = trainings.read(training)
    if known and known["state"] in SETTLED and not start.force:
        return {"state": "known", "version": known["model"], "before": known["state"]}
    folder = scratch / "artifact"
    if known and models.is_whole(around.bucket, known["model"]):
        models.fetch(around.bucket, known["model"], folder)
    else:
        with stage(around, "Train"):
            _train(data, folder, start, lineage, end, began, around.profiles)
        if not start.dry_run:
            models.store(around.bucket, folder)
    manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    if not start.dry_run:
        event, version = start.as_event(), manifest["version"]
        trainings.record(training, version, event, around.function, arrived)
    with stage(around, "Gate"):
        decision = decide(data, folder, manifest, incumbent, release, marked, forced=start.force)
    return conclude(around, training, manifest, decision, incumbent, dry_run=start.dry_run)


def is_automatic(start: Start) -> bool:
    """Return whether nobody chose the data: a schedule did, or its arrival in the bucket."""
    return start.way is not Way.CALL or start.version_id is not None


def digest(data: Dataset, start: Start, lineage: Lineage, profiles: bool) -> str:
    """Return the digest of a training's input: the data, the settings, and where ratings go."""
    settings = [start.seed, start.aim, sorted(start.fixed.items())]
    given = [data.digest, *settings, FORMAT, lineage.id, profiles]
    return hashlib.sha256(json.dumps(given).encode()).hexdigest()


def _train(
    data: Dataset,
    folder: Path,
    start: Start,
    lineage: Lineage,
    end: float,
    began: datetime,
    profiles: bool,
) -> None:
    """Write the artifact of a data set, with ``profiles`` one without its ratings."""
    if not profiles:
        build(data, folder, start.seed, start.aim, start.fixed, end, lineage, began)
        return
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        whole = Path(scratch, "artifact")
        build(data, whole, start.seed, start.aim, start.fixed, end, lineage, began)
        export(whole, folder)


def _read(
    path: Path,
    key: str,
    arrived: float,
    around: Surroundings,
    incumbent: Incumbent | None,
    end: float,
) -> tuple[Dataset, Lineage, Collection[int]]:
    """Return a data set with the ratings written since, its lineage, and the ids of the erased.

    ``key`` is what messages call the data, and ``arrived`` is when it came into the bucket.
    """
    data, name = read(path, name=key.rstrip("/")), name_of(path)
    lineage = begin(name)
    if incumbent:
        facts, titles = incumbent.manifest["data"], incumbent.titles
        lineage = lineage_of(facts, titles, data.titles(), name, data.digest)
    written = read_written(around.ratings_table, lineage.origin(data), data, end)
    return merge(data, written, arrived), lineage, written.marks.keys()
