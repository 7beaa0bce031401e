"""Objects that arrive in a bucket start functions, as EventBridge does by the template's rules."""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from tests.aws.wsgi import Answer, Environ
from tests.emulator.rapid import REGION

ACCOUNT = "123456789012"  # moto's
RULE = "EventBridgeRule"


class Watch(NamedTuple):
    """A bucket, what its keys look like (EventBridge's pattern), and the function to start."""

    bucket: str
    keys: tuple[Any, ...]
    function: str

    def matches(self, bucket: str, key: str) -> bool:
        return bucket == self.bucket and any(
            key == wanted if isinstance(wanted, str) else key.startswith(wanted["prefix"])
            for wanted in self.keys
        )


class Arrivals:
    """Sends the events of objects that were written, once somebody watches."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self.client = client
        self.watches: list[Watch] = []

    def watch(
        self, functions: Mapping[str, Mapping[str, Any]], bucket: str, names: Mapping[str, str]
    ) -> None:
        """Watch a bucket for the functions (properties by logical id) whose rules want that."""
        for logical_id, properties in functions.items():
            for source in properties.get("Events", {}).values():
                pattern = source["Properties"].get("Pattern", {})
                if source["Type"] == RULE and "aws.s3" in pattern.get("source", []):
                    keys = tuple(pattern["detail"].get("object", {}).get("key", [{"prefix": ""}]))
                    self.watches.append(Watch(bucket, keys, names[logical_id]))

    def told(self, environ: Environ, answer: Answer) -> None:
        """Take note of a request to S3 and its answer."""
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        method = environ["REQUEST_METHOD"]
        written = (method == "PUT" and not query) or (method == "POST" and "uploadId" in query)
        if self.watches and written and answer.status == 200:
            bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
            for watch in self.watches:
                if key and watch.matches(bucket, key):
                    self.send(watch.function, bucket, key, answer.headers)

    def send(
        self, function: str, bucket: str, key: str, headers: Iterable[tuple[str, str]]
    ) -> None:
        found = {name.lower(): value for name, value in headers}
        there = {"key": key, "etag": found.get("etag", "").strip('"'), "sequencer": "00"}
        if version := found.get("x-amz-version-id"):
            there["version-id"] = version
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": ACCOUNT,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [f"arn:aws:s3:::{bucket}"],
            "detail": {"version": "0", "bucket": {"name": bucket}, "object": there},
        }
        self.client("lambda").invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps(event)
        )
