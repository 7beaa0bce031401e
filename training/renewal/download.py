"""Data in the bucket: one object, or the objects right in a folder."""

from pathlib import Path

from botocore.exceptions import ClientError

from training.data.tables import DataError, one_line
from training.release.bucket import ABSENT, Bucket

LONGEST = 240  # bytes of a file's name: a download adds some until it has ended


class NoDataError(DataError):
    """There is no data under the key."""


def download(bucket: Bucket, key: str, version: str | None, scratch: Path) -> tuple[Path, float]:
    """Download an object (a version of it), or the objects right under a key with a last slash.

    Returns:
        where they are, and when the last of them came into the bucket, in seconds since 1970.

    Raises:
        NoDataError: nothing is there.
        DataError: it cannot be read.
    """
    _check_name(bucket, key.removesuffix("/"))
    target = scratch / "dados" / Path(key).name
    if not key.endswith("/"):
        target.parent.mkdir()
        return target, _fetch(bucket, key, version, target)
    target.mkdir(parents=True)
    arrivals = []
    for found in bucket.keys(key):
        name = found.removeprefix(key)
        if name and "/" not in name:
            _check_name(bucket, found)
            arrivals.append(_fetch(bucket, found, None, target / name))
    if not arrivals:
        raise NoDataError(f"s3://{bucket.name}/{one_line(key)} is empty")
    return target, max(arrivals)


def _check_name(bucket: Bucket, key: str) -> None:
    name = key.rpartition("/")[2]
    if name in ("", ".", "..") or "\0" in name or len(name.encode()) > LONGEST:
        raise DataError(f"s3://{bucket.name}/{one_line(key)} has a name that no file can have")


def _fetch(bucket: Bucket, key: str, version: str | None, path: Path) -> float:
    try:
        arrived = bucket.arrival(key, version)
        bucket.fetch(key, path, version)
    except ClientError as error:
        kind = NoDataError if error.response["Error"]["Code"] in ABSENT else DataError
        raise kind(f"s3://{bucket.name}/{one_line(key)} cannot be read: {error}") from error
    return arrived
