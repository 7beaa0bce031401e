"""DynamoDB's imports from S3: they take time, and keep rules that moto does not know."""

import json
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

from tests.aws.deployments import refusal
from tests.aws.wsgi import Answer, Environ, Moto, Operations

TARGET = "DynamoDB_20120810."
RUNNING, FAILED = "IN_PROGRESS", "FAILED"
LOOKS = 1  # at an import before it has ended


@dataclass
class Import:
    """An import, and what is told of it."""

    token: str
    table: str  # its ARN
    began: float
    looks: int  # that still find it at work; below 0 it does not end by itself
    failure: str = ""


class Imports(Operations):
    """Answers what moto does not: an import takes time, and a token gives one import only.

    The imports of tables whose names begin with one of ``held`` run until ``finish``.
    """

    target = TARGET

    def __init__(self, moto: Moto) -> None:
        self.moto = moto
        self.lock = Lock()
        self.held: set[str] = set()
        self.known: dict[str, Import] = {}
        self.operations = {
            "ImportTable": self.begin,
            "DescribeImport": self.describe,
            "ListImports": self.list,
            "DeleteTable": self.delete,
        }

    def begin(self, environ: Environ, given: dict[str, Any], body: bytes) -> Answer:
        name, token = given["TableCreationParameters"]["TableName"], given["ClientToken"]
        with self.lock:
            for arn, known in self.known.items():
                if known.token == token and (known.looks or not self.exists(environ, name)):
                    return told({"ImportArn": arn})
            if self.exists(environ, name):
                return refusal("ResourceInUseException", f"Table already exists: {name}")
            answer = self.moto.pass_on(environ, body)
            if answer.status >= 300:
                return answer
            made = answer.data["ImportTableDescription"]
            while self.look(environ, made["ImportArn"])["ImportStatus"] == RUNNING:
                time.sleep(0.001)  # a thread of moto's is at work
            looks = -1 if name.startswith(tuple(self.held)) else LOOKS
            self.known[made["ImportArn"]] = Import(token, made["TableArn"], time.time(), looks)
        return answer

    def describe(self, environ: Environ, given: dict[str, Any], _: bytes) -> Answer:
        known = self.known.get(given["ImportArn"])
        if known is None:
            return refusal("ImportNotFoundException", "Import not found")
        found = self.look(environ, given["ImportArn"])
        if known.looks:
            found["ImportStatus"] = RUNNING
            known.looks = max(known.looks - 1, -1)
        elif known.failure:
            found |= {"ImportStatus": FAILED, "FailureCode": known.failure, "ErrorCount": 1}
        return told(found)

    def list(self, _: Environ, given: dict[str, Any], __: bytes) -> Answer:
        found = [
            {"ImportArn": arn, "TableArn": known.table, "StartTime": known.began}
            for arn, known in self.known.items()
            if known.table == given["TableArn"]
        ]
        return Answer(200, json.dumps({"ImportSummaryList": found}).encode())

    def delete(self, environ: Environ, given: dict[str, Any], body: bytes) -> Answer:
        arns = (known.table for known in self.known.values() if known.looks)
        if any(arn.endswith(f":table/{given['TableName']}") for arn in arns):
            return refusal("ResourceInUseException", "Attempt to change a resource in use")
        return self.moto.pass_on(environ, body)

    def finish(self, table: str, failure: str = "") -> None:
        """End the import of a table (its name); ``failure`` is a code, empty for success."""
        (running,) = (
            known
            for known in self.known.values()
            if known.looks and known.table.endswith(f":table/{table}")
        )
        running.looks, running.failure = 0, failure

    def look(self, environ: Environ, arn: str) -> Any:
        """What moto knows of an import."""
        answer = self.ask(environ, "DescribeImport", {"ImportArn": arn})
        return answer.data["ImportTableDescription"]

    def exists(self, environ: Environ, table: str) -> bool:
        return self.ask(environ, "DescribeTable", {"TableName": table}).status == 200

    def ask(self, environ: Environ, operation: str, given: Any) -> Answer:
        """moto's answer to another operation."""
        asked = environ | {"HTTP_X_AMZ_TARGET": f"{TARGET}{operation}"}
        return self.moto.pass_on(asked, json.dumps(given).encode())


def told(description: Any) -> Answer:
    return Answer(200, json.dumps({"ImportTableDescription": description}).encode())
