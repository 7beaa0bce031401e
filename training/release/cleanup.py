"""What is kept of old releases: by reference, so that nothing in use is ever deleted."""

import logging
import time
from collections.abc import Container, Iterator

from training.release.bucket import Bucket
from training.release.history import LIVE
from training.release.keys import MODELS
from training.release.releases import Releases

OFFERED = 90 * 24 * 3600  # seconds in which a model that was not released can still be

_log = logging.getLogger(__name__)


def clean_up(releases: Releases, keep: int) -> list[str]:
    """Delete what is left of all releases but the last ``keep`` models that were live.

    That is function versions, layers, profile tables and the models themselves. Never deleted: what
    the alias serves or shifts to, versions that this code did not publish (a stack's own resources
    name those), and the models of the layers of any version that stays. Nothing is deleted while a
    release has not ended. Models that were never released, such as those that the gate refused, are
    deleted ``OFFERED`` seconds after they came.

    Returns:
        the versions of the models that were deleted.
    """
    records = releases.ledger.records()
    if records and not records[0].end:
        return []
    api = releases.api
    live = api.live()
    kept: dict[str, None] = {}
    for record in records:
        if record.end and record.end["outcome"] == LIVE and len(kept) < keep:
            kept.setdefault(record.body["model"])
    named = {live.version, *live.weighted}
    ours = {f"{record.number:08d} {record.body['model']}": record for record in records}
    described = {layer["LayerVersionArn"]: layer["Description"] for layer in api.layers()}
    used = set(kept)
    for version in list(api.versions()):
        own = ours.get(version["Description"])
        if own is None or version["Version"] in named or own.body["model"] in kept:
            used.add(described.get(api.layer_of(version), ""))
        else:
            api.delete_version(version["Version"])
    tables = releases.tables
    held = {*described.values(), *(tables.models() if tables else ())}
    deleted = []
    released = {record.body["model"] for record in records}
    for model in sorted(_forgotten(releases.bucket, released | used)):
        releases.bucket.remove(f"{MODELS}{model}/")
        deleted.append(model)
    for model in sorted(held & released - used):
        if tables and not tables.delete(model):
            continue  # its import still runs
        releases.bucket.remove(f"{MODELS}{model}/")
        for layer in (arn for arn, found in described.items() if found == model):
            api.delete_layer(layer)
        deleted.append(model)
    if deleted:
        _log.info("deleted %d old models", len(deleted))
    return deleted


def _forgotten(bucket: Bucket, kept: Container[str]) -> Iterator[str]:
    """Yield the models in a bucket of which nothing is new, but those that are kept."""
    newest: dict[str, float] = {}
    for key, written in bucket.dated(MODELS):
        model = key.removeprefix(MODELS).partition("/")[0]
        newest[model] = max(written, newest.get(model, 0.0))
    oldest = time.time() - OFFERED
    for model, written in newest.items():
        if model not in kept and written < oldest:
            yield model
