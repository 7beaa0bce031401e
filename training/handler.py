"""The training function: reads data from S3 and writes the artifact to S3, whole or not at all."""

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

os.environ.setdefault("MPLCONFIGDIR", tempfile.gettempdir())  # Lambda can write only there

import boto3
from aws_lambda_powertools import Logger

from training.choice import limits
from training.choice.aim import Aim
from training.data.read import read
from training.data.tables import DataError
from training.renewal.lineage import begin, name_of

SEED = 42
POINTER = "atual.json"
SEARCH_SHARE = 0.8  # of the function's time; a search that takes longer fails

logger = Logger(service="filmes-treino")


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Train on data in the bucket and write the artifact there.

    An S3 event names the object to train on. A direct call names it as ``data_key``, which may also
    be a MovieLens folder if it ends with a slash. A schedule trains on the key in ``DATA_KEY``.
    A direct call may also set a ``seed``, an ``objetivo`` (``gostar`` or ``ver``) and
    ``hyperparameters``, which are then not chosen.

    Files go to ``modelos/<version>/``. Only then does ``modelos/atual.json`` name that version, so
    a training that fails leaves the version in use as it was.

    Returns:
        ``version``, ``artifact`` (its S3 URI) and ``metrics``.

    Raises:
        DataError: the data or a parameter is wrong; the message names the record and the value.
            Or a search for settings was not done before the function's time ran out.
    """
    from training.build import build  # its imports take longer than Lambda's init may

    end = time.monotonic() + SEARCH_SHARE * context.get_remaining_time_in_millis() / 1000
    bucket = os.environ["MODEL_BUCKET"]
    key = data_key(event, bucket)
    seed = int(limits.check_number("seed", event.get("seed", SEED), limits.SEED))
    aim = limits.check_aim("objetivo", event.get("objetivo", Aim.LIKED))
    given = limits.check_hyperparameters(event.get("hyperparameters") or {})
    s3 = boto3.client("s3")
    with tempfile.TemporaryDirectory() as scratch:
        path = _download(s3, bucket, key, Path(scratch))
        folder = Path(scratch, "artifact")
        manifest = build(read(path), folder, seed, aim, given, end, begin(name_of(path)))
        prefix = os.environ.get("ARTIFACT_PREFIX", "modelos/")
        place = f"{prefix}{manifest['version']}/"
        for path in sorted(folder.iterdir()):
            s3.upload_file(str(path), bucket, place + path.name)
    pointer = {"version": manifest["version"], "prefix": place, "data_key": key}
    s3.put_object(
        Bucket=bucket,
        Key=prefix + POINTER,
        Body=json.dumps(pointer).encode(),
        ContentType="application/json",
    )
    logger.info("trained", version=manifest["version"], data_key=key)
    return {
        "version": manifest["version"],
        "artifact": f"s3://{bucket}/{place}",
        "metrics": manifest["metrics"],
    }


def data_key(event: dict[str, Any], bucket: str) -> str:
    """Return the key of the data to train on.

    Raises:
        DataError: the event names another bucket.
    """
    if event.get("Records"):
        s3 = event["Records"][0]["s3"]
        named, key = s3["bucket"]["name"], unquote_plus(s3["object"]["key"])
    elif event.get("source") == "aws.s3":
        named, key = event["detail"]["bucket"]["name"], event["detail"]["object"]["key"]
    else:
        named, key = bucket, event.get("data_key") or os.environ["DATA_KEY"]
    if named != bucket:
        raise DataError(f"bucket is {named!r}, expected {bucket!r}")
    return str(key)


def _download(s3: Any, bucket: str, key: str, scratch: Path) -> Path:
    """Download one object, or the objects directly under a key that ends with a slash."""
    target = scratch / "data" / Path(key).name
    if not key.endswith("/"):
        target.parent.mkdir()
        _fetch(s3, bucket, key, target)
        return target
    target.mkdir(parents=True)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key, Delimiter="/")
    for page in pages:
        for item in page.get("Contents", []):
            if item["Key"] != key:
                _fetch(s3, bucket, item["Key"], target / Path(item["Key"]).name)
    if not any(target.iterdir()):
        raise DataError(f"s3://{bucket}/{key} is empty")
    return target


def _fetch(s3: Any, bucket: str, key: str, path: Path) -> None:
    try:
        s3.download_file(bucket, key, str(path))
    except s3.exceptions.ClientError as error:
        raise DataError(f"s3://{bucket}/{key} cannot be read: {error}") from error
