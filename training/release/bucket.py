"""Objects in the bucket that are written once, and numbered records that decide who goes first."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

Body = Mapping[str, Any]

EXISTS = ("PreconditionFailed", "ConditionalRequestConflict")
ABSENT = ("NoSuchKey", "404")


class Record(NamedTuple):
    """A numbered record, and how what it began ended (None: it has not ended)."""

    number: int
    body: Body
    end: Body | None


class Bucket:
    """A bucket whose objects are JSON or files."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.client: Any = boto3.client("s3")

    def read(self, key: str) -> Any:
        """Return the JSON under a key, None if there is none."""
        try:
            found = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ABSENT:
                return None
            raise
        return json.loads(found)

    def write(self, key: str, body: Body) -> None:
        """Write JSON under a key, whatever was there."""
        self.client.put_object(Bucket=self.name, Key=key, Body=_text(body), **_JSON)

    def create(self, key: str, body: Body | Path) -> bool:
        """Write JSON or a file under a key unless something is there; return whether it was."""
        opened = body.open("rb") if isinstance(body, Path) else None
        kind = {} if opened else _JSON
        try:
            self.client.put_object(
                Bucket=self.name, Key=key, Body=opened or _text(body), IfNoneMatch="*", **kind
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in EXISTS:
                return False
            raise
        finally:
            if opened:
                opened.close()
        return True

    def fetch(self, key: str, path: Path, version: str | None = None) -> None:
        """Download an object, or one version of it, to a file; raise ``ClientError`` if absent."""
        extra = {"VersionId": version} if version else None
        self.client.download_file(self.name, key, str(path), ExtraArgs=extra)

    def size(self, key: str) -> int:
        """Return the bytes of an object; raise ``ClientError`` if there is none."""
        return int(self.client.head_object(Bucket=self.name, Key=key)["ContentLength"])

    def open(self, key: str, etag: str | None = None) -> tuple[Any, str]:
        """Return the content of an object, to be read and closed, and its ETag.

        Raises:
            ClientError: there is none, or it has no longer the ETag that is given.
        """
        extra = {"IfMatch": etag} if etag else {}
        found = self.client.get_object(Bucket=self.name, Key=key, **extra)
        return found["Body"], found["ETag"]

    def copy(self, source: str, etag: str, key: str) -> None:
        """Copy an object to another key within S3, unless something is there.

        Raises:
            ClientError: the object has no longer this ETag.
        """
        if self.has(key):
            return
        self.client.copy_object(
            Bucket=self.name,
            Key=key,
            CopySource={"Bucket": self.name, "Key": source},
            CopySourceIfMatch=etag,
            TaggingDirective="REPLACE",  # to read tags would need a permission
        )

    def arrival(self, key: str, version: str | None = None) -> float:
        """Return when an object, or one version of it, was written, in seconds since 1970.

        Raises:
            ClientError: there is none.
        """
        extra = {"VersionId": version} if version else {}
        found = self.client.head_object(Bucket=self.name, Key=key, **extra)["LastModified"]
        return float(found.timestamp())

    def has(self, key: str) -> bool:
        """Return whether there is an object under a key."""
        return key in self.keys(key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with a prefix, in ascending order."""
        return (key for key, _ in self.dated(prefix))

    def dated(self, prefix: str) -> Iterator[tuple[str, float]]:
        """Yield the same keys with when each was written, in seconds since 1970."""
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.name, Prefix=prefix):
            for item in page.get("Contents", []):
                yield item["Key"], item["LastModified"].timestamp()

    def remove(self, prefix: str) -> None:
        """Delete all objects whose keys begin with a prefix."""
        for key in list(self.keys(prefix)):
            self.client.delete_object(Bucket=self.name, Key=key)


class Ledger:
    """Numbered records under a prefix. Of those who write the same number, one succeeds."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self.bucket, self.prefix = bucket, prefix

    def records(self) -> list[Record]:
        """Return all records, the newest first."""
        return [self._read(number) for number in self._numbers()]

    def latest(self) -> Record | None:
        """Return the record with the highest number, None if there is none."""
        numbers = self._numbers()
        return self._read(numbers[0]) if numbers else None

    def read(self, number: int) -> Record | None:
        """Return the record of a number, None if there is none."""
        found = self._read(number)
        return found if found.body else None

    def claim(self, number: int, body: Body) -> Record | None:
        """Write the record of a number; return None if somebody else wrote it."""
        created = self.bucket.create(f"{self.prefix}{number:08d}.json", body)
        return Record(number, body, None) if created else None

    def end(self, number: int, body: Body) -> Body:
        """Say how what a record began ended; return what was said first, if somebody else did."""
        key = f"{self.prefix}{number:08d}.fim.json"
        if self.bucket.create(key, body):
            return body
        found: Body = self.bucket.read(key)
        return found

    def _numbers(self) -> list[int]:
        names = (key.removeprefix(self.prefix) for key in self.bucket.keys(self.prefix))
        return sorted({int(name[:8]) for name in names if name[:8].isdigit()}, reverse=True)

    def _read(self, number: int) -> Record:
        key = f"{self.prefix}{number:08d}"
        return Record(number, self.bucket.read(f"{key}.json"), self.bucket.read(f"{key}.fim.json"))


_JSON = {"ContentType": "application/json"}


def _text(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True).encode()
