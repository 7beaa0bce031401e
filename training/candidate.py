"""A candidate from start to end: a model that was made elsewhere is checked, judged and offered.

It is stored only if it may be released: what is stored of a model never changes.
"""

from collections.abc import Mapping
from pathlib import Path

from recommender.model.artifact import CATALOG_FILE, MANIFEST_FILE, PROFILES
from recommender.settings import BUNDLED
from training.profiles.sample import Users, some_users, users_of
from training.release.trainings import SETTLED, Trainings
from training.renewal import models
from training.renewal.elsewhere import name_input, note
from training.renewal.events import Candidate
from training.renewal.gate import SAMPLE
from training.renewal.incumbent import find_incumbent
from training.renewal.inheritance import inherit
from training.renewal.judgement import judge
from training.renewal.lineage import titles_of
from training.renewal.models import Stored
from training.renewal.offer import Answer, Surroundings, conclude, stage
from training.renewal.received import Received
from training.renewal.table import read_erased


def take(candidate: Candidate, around: Surroundings, scratch: Path, end: float) -> Answer:
    """Judge an artifact in the bucket, and offer it for release if the gate lets it pass.

    Args:
        candidate: what was asked for.
        around: bucket and functions.
        scratch: an empty folder.
        end: moment of the monotonic clock by which the table's marks must be read.

    Returns:
        as ``training.renew.renew``.

    Raises:
        DataError: the artifact is not whole or too large for the disk, or the table cannot be read.
    """
    trainings, folder = Trainings(around.bucket), scratch / "artifact"
    received = Received(around.bucket, candidate.prefix, folder)
    version = received.manifest["version"]
    training = name_input(version)
    known = trainings.read(training)
    if known and known["state"] in SETTLED and not candidate.force:
        return {"state": "known", "version": version, "before": known["state"]}
    with stage(around, "Read"):
        received.fetch()
        parts = received.check_parts()
        with received.told():
            users, titles = _some_users(received, parts), titles_of(folder / CATALOG_FILE)
        erased = read_erased(around.ratings_table, end)
    with stage(around, "Gate"):
        incumbent, release = None, 0
        if around.api:
            incumbent, release = find_incumbent(around.bucket, around.api, BUNDLED, scratch)
        inherit(around.bucket, folder, titles, incumbent)
        decision = judge(folder, users, incumbent, release, erased, forced=candidate.force)
    if not candidate.dry_run:
        event = candidate.as_event(around.bucket.name)
        arrived = around.bucket.arrival(candidate.prefix + MANIFEST_FILE)
        note(around.bucket, received.manifest, incumbent, event, around.function, arrived)
        if decision.released:
            models.store(around.bucket, folder, parts)
    manifest, dry_run = received.manifest, candidate.dry_run
    return conclude(around, training, manifest, decision, incumbent, dry_run=dry_run)


def _some_users(received: Received, parts: Mapping[str, Stored]) -> Users:
    if PROFILES not in received.manifest:
        return some_users(received.folder, SAMPLE)
    with received.open(parts[min(parts)]) as part:
        return users_of(part, SAMPLE)
