"""What is kept of old releases: by reference, so that nothing in use is ever deleted."""

import logging

from training.release.history import LIVE
from training.release.releases import MODELS, Releases

_log = logging.getLogger(__name__)


def clean_up(releases: Releases, keep: int) -> list[str]:
    """Delete function versions, layers and models of releases but the last ``keep`` that were live.

    Never deleted: what the alias serves or shifts to, versions that this code did not publish (a
    stack's own resources name those), the layers of any version that stays, and the models of those
    layers. Nothing is deleted while a release has not ended.

    Returns:
        the versions of the models that were deleted.
    """
    records = releases.ledger.records()
    if not records or not records[0].end:
        return []
    api = releases.api
    live = api.live()
    kept: dict[str, None] = {}
    for record in records:
        if record.end and record.end["outcome"] == LIVE and len(kept) < keep:
            kept.setdefault(record.body["model"])
    named = {live.version, *live.weighted}
    ours = {f"{record.number:08d} {record.body['model']}": record for record in records}
    layers = set()
    for version in list(api.versions()):
        own = ours.get(version["Description"])
        if own is None or version["Version"] in named or own.body["model"] in kept:
            layers.add(api.layer_of(version))
        else:
            api.delete_version(version["Version"])
    released = {record.body["model"] for record in records}
    deleted = []
    for layer in list(api.layers()):
        arn, model = layer["LayerVersionArn"], layer["Description"]
        if arn not in layers and model not in kept and model in released:
            releases.bucket.remove(f"{MODELS}{model}/")
            api.delete_layer(arn)
            deleted.append(model)
    if deleted:
        _log.info("deleted %d old models", len(deleted))
    return deleted
