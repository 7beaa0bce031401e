"""The version of the API function that a release makes live, and its layer."""

from typing import Any

from training.release.api_function import ApiFunction, Live, ReleaseError
from training.release.bucket import Bucket, Ledger, Record
from training.release.keys import layer_key

# What Lambda tells of versions that are the same in all that counts; layers are compared apart.
NO_SETTINGS = (
    *("ConfigSha256", "Description", "FunctionArn", "LastModified", "Layers", "RevisionId"),
    *("LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode"),
    *("RuntimeVersionConfig", "State", "StateReason", "StateReasonCode", "Version"),
)


def find_layer(bucket: Bucket, api: ApiFunction, ledger: Ledger, model: str) -> str:
    """Return the layer with a model, "" for one that came bundled with the code.

    Raises:
        ReleaseError: the bucket does not have it.
    """
    key = layer_key(model)
    if key in bucket.keys(key):
        return api.publish_layer(model, bucket.name, key)
    bundled = {"model": model, "layer": ""}
    if any(record.body["replaces"] == bundled for record in ledger.records()):
        return ""
    raise ReleaseError(f"s3://{bucket.name}/{key} does not exist")


def find_version(api: ApiFunction, record: Record, live: Live, layer: str) -> str:
    """Return the version of the live code with a layer ("": none), for a release.

    A rollback takes one that is there, which needs no code in `$LATEST`.

    Raises:
        ReleaseError: it cannot be made.
    """
    if record.body["kind"] == "rollback" and (found := find_same(api, live, layer)):
        api.set_layer(layer)
        return found
    return api.publish_version(live, layer, f"{record.number:08d} {record.body['model']}")


def find_same(api: ApiFunction, live: Live, layer: str) -> str | None:
    """Return a version with the live code and settings and a layer ("": none), None if none has."""
    versions = {str(found["Version"]): found for found in api.versions()}
    wanted = _settings(api, versions[live.version])
    for number, found in versions.items():
        if api.layer_of(found) == layer and _settings(api, found) == wanted:
            return number
    return None


def _settings(api: ApiFunction, facts: Any) -> dict[str, Any]:
    """Return the code and all settings of a version, with the layers that hold no model."""
    model = api.layer_of(facts)
    layers = [layer["Arn"] for layer in facts.get("Layers") or [] if layer["Arn"] != model]
    settings = {name: value for name, value in facts.items() if name not in NO_SETTINGS}
    return {**settings, "Layers": layers}
