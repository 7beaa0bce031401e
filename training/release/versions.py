"""The version of the API function that a release makes live, and its layer."""

from collections.abc import Iterable
from contextlib import suppress

from botocore.exceptions import WaiterError

from training.release.api_function import ApiFunction, Live, ReleaseError
from training.release.bucket import Bucket, Ledger, Record
from training.release.keys import layer_key
from training.release.proof import Proof


def find_layer(
    bucket: Bucket, api: ApiFunction, ledger: Ledger, proof: Proof, live: Live, model: str
) -> str:
    """Return the layer with a model, "" for one that came bundled with the code and still does.

    Raises:
        ReleaseError: neither the bucket nor the package has it.
    """
    key = layer_key(model)
    is_stored = bucket.has(key)
    if _came_with_code(ledger.records(), model):
        without = [str(one["Version"]) for one in api.find_like(live, "")]
        if not is_stored or (without and proof.find_model(without[-1]) == model):
            return ""
    if is_stored:
        return api.publish_layer(model, bucket.name, key)
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


def is_there(bucket: Bucket, records: Iterable[Record], model: str) -> bool:
    """Return whether a model that was live can be served again, as far as the bucket tells."""
    return bucket.has(layer_key(model)) or _came_with_code(records, model)


def _came_with_code(records: Iterable[Record], model: str) -> bool:
    bundled = {"model": model, "layer": ""}
    return any(record.body["replaces"] == bundled for record in records)
