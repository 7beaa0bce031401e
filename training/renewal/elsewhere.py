"""What is noted of a model that was made elsewhere, as of one that was trained here."""

import hashlib
import json
from typing import Any

from training.release.bucket import Body, Bucket
from training.release.trainings import Trainings
from training.renewal.gate import Manifest
from training.renewal.incumbent import Incumbent


def name_input(version: str) -> str:
    """Return what stands for the digest of its input, which nobody here knows."""
    return hashlib.sha256(json.dumps(["candidate", version]).encode()).hexdigest()


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
    """
    version, known = manifest["version"], manifest["training"]
    like: dict[str, Any] = {name: known[name] for name in ("seed", "objetivo") if name in known}
    before = incumbent.training.get("like", {}) if incumbent else {}
    if "data_key" in before:
        like["data_key"] = before["data_key"]
    Trainings(bucket).record(name_input(version), version, event, function, arrived, like)
