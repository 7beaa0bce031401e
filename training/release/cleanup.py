"""What is kept of old releases: by reference, so that nothing in use is ever deleted."""

import logging
import time
from collections.abc import Container, Iterable

from training.release.bucket import Bucket, Record
from training.release.deployed import find_replaced
from training.release.history import LIVE
from training.release.keys import MODELS
from training.release.releases import Releases

OFFERED = 90 * 24 * 3600  # seconds in which a model that was never live can still become so

_log = logging.getLogger(__name__)


def clean_up(releases: Releases, keep: int) -> list[str]:
    """Delete what is left of all releases but the last ``keep`` models that were live.

    That is function versions, layers, profile tables and the models themselves; and versions of
    deployments that nobody needs (see ``find_replaced``). Never deleted: what the alias serves or
    shifts to, versions that neither a release nor a deployment published, and the models of the
    layers of any version that stays. Nothing is deleted while a release has not ended. Models that
    were never live, such as those that the gate refused or an alarm took back, are deleted
    ``OFFERED`` seconds after they came.

    Returns:
        the versions of the models that were deleted.
    """
    records = releases.ledger.records()
    if records and not records[0].end:
        return []
    api, tables = releases.api, releases.tables
    layers = {layer["LayerVersionArn"]: layer["Description"] for layer in api.layers()}
    kept = _last_live(records, keep)
    staying = _clean_versions(releases, records, kept)
    used = kept | {layers.get(layer, "") for layer in staying}
    held = {*layers.values(), *(tables.models() if tables else ())}
    old = _last_live(records, len(records) + 1) & held
    deleted = []
    for model in sorted((_forgotten(releases.bucket) | old) - used):
        if tables and not tables.delete(model):
            continue  # its import still runs
        releases.bucket.remove(f"{MODELS}{model}/")
        for layer in (arn for arn, found in layers.items() if found == model):
            api.delete_layer(layer)
        deleted.append(model)
    if deleted:
        _log.info("deleted %d old models", len(deleted))
    return deleted


def _last_live(records: Iterable[Record], keep: int) -> set[str]:
    """Return the last so many models that were live, by records of which the newest is first.

    The oldest is the one that came with the code, before there were releases.
    """
    found = list(records)
    live = [one.body["model"] for one in found if one.end and one.end["outcome"] == LIVE]
    first = [one.body["replaces"]["model"] for one in found[-1:]]
    return set(list(dict.fromkeys(live + first))[:keep])


def _clean_versions(
    releases: Releases, records: Iterable[Record], kept: Container[str]
) -> set[str]:
    """Delete the function versions of releases whose models are not kept, and of old deployments.

    Returns:
        the layers of those that stay.
    """
    api, live = releases.api, releases.api.live()
    versions = list(api.versions())
    outdated = {
        f"{one.number:08d} {one.body['model']}" for one in records if one.body["model"] not in kept
    }
    replaced = find_replaced(api, live, versions)
    staying = set()
    for version in versions:
        number = version["Version"]
        is_old = version["Description"] in outdated or number in replaced
        if is_old and number not in (live.version, *live.weighted):
            api.delete_version(number)
        else:
            staying.add(api.layer_of(version))
    return staying


def _forgotten(bucket: Bucket) -> set[str]:
    """Return the models in a bucket of which nothing is new."""
    newest: dict[str, float] = {}
    for key, written in bucket.dated(MODELS):
        model = key.removeprefix(MODELS).partition("/")[0]
        newest[model] = max(written, newest.get(model, 0.0))
    oldest = time.time() - OFFERED
    return {model for model, written in newest.items() if written < oldest}
