"""The lineage of a model that was made elsewhere, where nobody knows that of the live model."""

import json
from collections.abc import Mapping
from pathlib import Path

from recommender.model.artifact import MANIFEST_FILE, read_manifest
from training.release.bucket import Bucket
from training.release.keys import MODELS
from training.renewal.incumbent import Incumbent
from training.renewal.lineage import lineage_of


def inherit(
    bucket: Bucket,
    folder: Path,
    titles: Mapping[int, str],
    incumbent: Incumbent | None,
) -> None:
    """Write the lineage by which a candidate follows the model in use into its manifest.

    As in a renewal, titles decide whether it is that model's. The version stays: a lineage is no
    part of it. A model that is stored in the bucket has the manifest that is there.

    Args:
        bucket: the bucket.
        folder: the candidate's artifact.
        titles: the titles of its films by id.
        incumbent: the model in use; without one the candidate keeps the lineage that it states.

    Raises:
        ArtifactError: the candidate's manifest is damaged.
    """
    path = folder / MANIFEST_FILE
    manifest = read_manifest(folder)
    version, data = manifest["version"], manifest["data"]
    key = f"{MODELS}{version}/{MANIFEST_FILE}"
    if bucket.has(key):
        bucket.fetch(key, path)
    elif incumbent:
        before, own = incumbent.manifest["data"], data["linhagem"]
        lineage = lineage_of(before, incumbent.titles, titles, own, version)
        text = json.dumps(
            {**manifest, "data": data | lineage.facts()}, ensure_ascii=False, indent=2
        )
        path.write_text(text + "\n", encoding="utf-8")
