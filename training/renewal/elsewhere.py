"""What is noted of a model that was made elsewhere, as of one that was trained here."""

import hashlib
import json
from typing import Any

from training.choice import limits
from training.release.bucket import Body, Bucket
from training.release.trainings import Trainings
from training.renewal.gate import Manifest
from training.renewal.incumbent import Incumbent


def name_input(version: str) -> str:
    """Return what stands for the digest of its input, which nobody here knows."""
    return hashlib.sha256(json.dumps(["candidate", version]).encode()).hexdigest()


def settings_of(known: Body) -> Body:
    """Return the event with the settings of a training, by what ``Trainings`` knows of its input.

    Older records have only the event that offers the model again.
    """
    found: Body = known.get("like", known.get("event", {}))
    return {} if "candidate" in found else found


def note(
    bucket: Bucket,
    manifest: Manifest,
    incumbent: Incumbent | None,
    event: Body,
    function: str,
    arrived: float,
) -> None:
    """Note a model as made of data that arrived at a moment, in seconds since 1970.

    Data that arrives later is trained on with the model's seed and aim, under the key of the model
    in use. ``event`` and ``function`` offer the model again; without them, nobody does.

    Raises:
        DataError: the manifest has a seed or an aim with which nothing can be trained.
    """
    version, known = manifest["version"], manifest["training"]
    like: dict[str, Any] = {}
    if "seed" in known:
        like["seed"] = int(limits.check_number("training.seed", known["seed"], limits.SEED))
    if "objetivo" in known:
        like["objetivo"] = limits.check_aim("training.objetivo", known["objetivo"]).value
    before = settings_of(incumbent.training) if incumbent else {}
    if "data_key" in before:
        like["data_key"] = before["data_key"]
    Trainings(bucket).record(name_input(version), version, event, function, arrived, like)
