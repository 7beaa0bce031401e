"""The model in use, as far as a training has to know it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from recommender.model.artifact import CATALOG_FILE, MANIFEST_FILE, verify_file
from training.data.tables import DataError
from training.release.api_function import ApiFunction
from training.release.bucket import Bucket, Ledger
from training.release.history import trainings_of
from training.release.keys import MODELS, RELEASES
from training.release.trainings import Trainings
from training.renewal import models
from training.renewal.lineage import titles_of


@dataclass(frozen=True)
class Incumbent:
    """The model that a candidate would replace.

    Args:
        manifest: its manifest.
        titles: titles of its films, by id.
        catalog: its database.
        training: what ``Trainings`` knows of the input that it was made from; empty if nothing.
    """

    manifest: Mapping[str, Any]
    titles: Mapping[int, str]
    catalog: Path
    training: Mapping[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Version of the model."""
        return str(self.manifest["version"])


def find_incumbent(
    bucket: Bucket, api: ApiFunction, bundled: Path | None, scratch: Path
) -> tuple[Incumbent | None, int]:
    """Return the model that is live or about to be, and the number of the last release.

    The model is in the bucket if it came by a release, else in ``bundled``, the folder of the one
    that came with the code; None if there is no such folder. The number is 0 if there was none.
    """
    records = Ledger(bucket, RELEASES).records()
    last = records[0] if records else None
    number = last.number if last else 0
    pending = last.body["model"] if last and not last.end else None
    layer = "" if pending else api.live().layer
    model = pending or (api.model_of(layer) if layer else None)
    folder = bundled
    if model and models.is_whole(bucket, model):
        folder = scratch / "incumbent"
        folder.mkdir()
        for name in (MANIFEST_FILE, CATALOG_FILE):
            bucket.fetch(f"{MODELS}{model}/{name}", folder / name)
    elif layer:
        raise DataError(f"model {model} of layer {layer} is live, but not in the bucket")
    if not folder or not folder.is_dir():
        return None, number
    found = read_incumbent(folder)
    trainings = trainings_of(records, found.version)
    known = Trainings(bucket).read(trainings[0]) if trainings else None
    return replace(found, training=known or {}), number


def read_incumbent(folder: Path) -> Incumbent:
    """Return what the manifest and the catalogue of an artifact folder say.

    Raises:
        ArtifactError: the catalogue is not the one that the manifest names.
    """
    manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    verify_file(folder / CATALOG_FILE, manifest["files"][CATALOG_FILE])
    return Incumbent(manifest, titles_of(folder / CATALOG_FILE), folder / CATALOG_FILE)
