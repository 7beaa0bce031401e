"""Models in the bucket: written once, whole, and read back."""

import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipInfo

from recommender.model.artifact import (
    ARTIFACT_FILES,
    MANIFEST_FILE,
    part_names,
    read_manifest,
)
from training.data.progress import progress
from training.release.bucket import Bucket
from training.release.keys import LAYER_FILE, MODELS, layer_key

FOLDER = "artifact"  # in a layer, which Lambda unpacks to /opt
READABLE = 0o100644  # mode of its files, whatever they are here: another user reads them there


class Stored(NamedTuple):
    """An object in the bucket, as it was when somebody read it."""

    key: str
    etag: str


def store(bucket: Bucket, folder: Path, parts: Mapping[str, Stored | Path] | None = None) -> str:
    """Write an artifact folder to the bucket, and as a layer; return the key of its folder.

    An equal model may be there already, whole or in part, from a training that was killed: what is
    there stays. The layer comes last, so a model with a layer is whole. ``parts`` are parts of
    profiles, by name, that are elsewhere than in the folder; the layer has none.
    """
    manifest, elsewhere = read_manifest(folder), parts or {}
    place = f"{MODELS}{manifest['version']}/"
    if not bucket.create(place + MANIFEST_FILE, folder / MANIFEST_FILE):
        bucket.fetch(place + MANIFEST_FILE, folder / MANIFEST_FILE)
    names = (*ARTIFACT_FILES, *part_names(manifest["files"]))
    with progress("storing", " files", len(names) + 1) as bar:
        for name in names:
            source = elsewhere.get(name, folder / name)
            if isinstance(source, Stored):
                bucket.copy(source.key, source.etag, place + name)
            else:
                bucket.create(place + name, source)
            bar.update()
        packed = folder.parent / LAYER_FILE
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as layer:
            for name in (*ARTIFACT_FILES, MANIFEST_FILE):
                entry = ZipInfo(f"{FOLDER}/{name}")
                entry.external_attr, entry.compress_type = READABLE << 16, zipfile.ZIP_DEFLATED
                with (folder / name).open("rb") as file, layer.open(entry, "w") as packing:
                    shutil.copyfileobj(file, packing)
        bucket.create(place + LAYER_FILE, packed)
    packed.unlink()
    return place


def keep(bucket: Bucket, folder: Path) -> None:
    """Store the model of a folder that cannot be written to, unless the bucket has it whole.

    So a model that came with the code can be served again when the package has another one.
    """
    manifest = read_manifest(folder)
    if is_whole(bucket, manifest["version"]) or part_names(manifest["files"]):
        return
    with tempfile.TemporaryDirectory() as scratch:
        store(bucket, Path(shutil.copytree(folder, Path(scratch, FOLDER))))


def is_whole(bucket: Bucket, version: str) -> bool:
    """Return whether the bucket has all of a model: it may have been deleted since."""
    return bucket.has(layer_key(version))


def fetch(bucket: Bucket, version: str, folder: Path) -> None:
    """Download what is served of a model to a new artifact folder."""
    folder.mkdir()
    for name in (*ARTIFACT_FILES, MANIFEST_FILE):
        bucket.fetch(f"{MODELS}{version}/{name}", folder / name)
