"""The model in use, as far as a training has to know it."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recommender.model.artifact import CATALOG_FILE, MANIFEST_FILE, file_digest
from training.data.tables import DataError
from training.release.api_function import ApiFunction
from training.release.bucket import Bucket, Ledger
from training.release.releases import MODELS, PREFIX


@dataclass(frozen=True)
class Incumbent:
    """The model that a candidate would replace: its manifest, and titles by film id."""

    manifest: Mapping[str, Any]
    titles: Mapping[int, str]

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
    last = Ledger(bucket, PREFIX).latest()
    number = last.number if last else 0
    layer = ""
    if last and not last.end:
        model: str | None = last.body["model"]
    else:
        layer = api.live().layer
        model = api.model_of(layer) if layer else None
    folder = bundled
    if layer and not (model and bucket.read(f"{MODELS}{model}/{MANIFEST_FILE}")):
        raise DataError(f"model {model} of layer {layer} is live, but not in the bucket")
    if model and bucket.read(f"{MODELS}{model}/{MANIFEST_FILE}"):
        folder = scratch / "incumbent"
        folder.mkdir()
        for name in (MANIFEST_FILE, CATALOG_FILE):
            bucket.fetch(f"{MODELS}{model}/{name}", folder / name)
    return read_incumbent(folder) if folder and folder.is_dir() else None, number


def read_incumbent(folder: Path) -> Incumbent:
    """Return what the manifest and the catalogue of an artifact folder say.

    Raises:
        DataError: the catalogue is not the one that the manifest names.
    """
    manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    catalog = folder / CATALOG_FILE
    if file_digest(catalog) != manifest["files"][CATALOG_FILE]:
        raise DataError(f"{catalog.name} of the model in use was altered")
    uri = f"{catalog.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        titles = dict(database.execute("SELECT id, titulo FROM filmes"))
    return Incumbent(manifest, titles)
