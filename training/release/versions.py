"""The version of the API function that a release makes live, and its layer."""

from contextlib import suppress

from botocore.exceptions import WaiterError

from training.release.api_function import ApiFunction, Live, ReleaseError
from training.release.bucket import Bucket, Ledger, Record
from training.release.keys import layer_key


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
    """Return the version of the live code and settings with a layer ("": none), for a release.

    A rollback takes one that is there, which needs nothing of `$LATEST`.

    Raises:
        ReleaseError: it cannot be made.
    """
    if record.body["kind"] == "rollback":
        for found in reversed(api.find_like(live, layer)):
            with suppress(WaiterError):  # one that Lambda cannot wake is none
                version = api.wake(str(found["Version"]))
                api.set_layer(layer)
                return version
    return api.publish_version(live, layer, f"{record.number:08d} {record.body['model']}")
