"""Models in the bucket: written once, whole, and read back."""

import zipfile
from pathlib import Path

from recommender.model.artifact import ARTIFACT_FILES, MANIFEST_FILE, read_manifest
from training.release.bucket import Bucket
from training.release.keys import LAYER_FILE, MODELS, layer_key

FOLDER = "artifact"  # in a layer, which Lambda unpacks to /opt


def store(bucket: Bucket, folder: Path) -> str:
    """Write an artifact folder to the bucket, and as a layer; return the key of its folder.

    An equal model may be there already, whole or in part, from a training that was killed: what is
    there stays. The layer comes last, so a model with a layer is whole.
    """
    place = f"{MODELS}{read_manifest(folder)['version']}/"
    if not bucket.create(place + MANIFEST_FILE, folder / MANIFEST_FILE):
        bucket.fetch(place + MANIFEST_FILE, folder / MANIFEST_FILE)
    for name in ARTIFACT_FILES:
        bucket.create(place + name, folder / name)
    packed = folder.parent / LAYER_FILE
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as layer:
        for name in (*ARTIFACT_FILES, MANIFEST_FILE):
            layer.write(folder / name, f"{FOLDER}/{name}")
    bucket.create(place + LAYER_FILE, packed)
    packed.unlink()
    return place


def is_whole(bucket: Bucket, version: str) -> bool:
    """Return whether the bucket has all of a model: it may have been deleted since."""
    key = layer_key(version)
    return key in bucket.keys(key)


def fetch(bucket: Bucket, version: str, folder: Path) -> None:
    """Download a model to a new artifact folder."""
    folder.mkdir()
    for name in (*ARTIFACT_FILES, MANIFEST_FILE):
        bucket.fetch(f"{MODELS}{version}/{name}", folder / name)
