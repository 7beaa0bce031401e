"""Profile tables: the ratings of a model's users in DynamoDB, a table for each model that has one.

DynamoDB makes such a table by importing the parts that lie beside the model. That takes minutes,
and nothing can stop it. What is known of an import lies beside the model, too: a token before it is
asked for, its ARN when it has begun, and the number of items once all of them are there.
"""

import logging
import time
import uuid
from collections.abc import Iterator
from typing import Any

import boto3

from training.release.api_function import ReleaseError
from training.release.bucket import Body, Bucket
from training.release.keys import IMPORT_FILE, MODELS, import_key

MANIFEST_FILE = "manifest.json"
PROFILES = "perfis"  # the manifest's word on them, and the folder of their parts
KEY = "usuario_id"
PAUSE = 1.0  # seconds before the first question how an import is; later ones wait longer ...
LONGEST_PAUSE = 10.0  # ... because DynamoDB refuses who asks too often
IMPORT = "the import of table"  # what a release says it waits for
RUNNING = ("IN_PROGRESS", "CANCELLING")

_log = logging.getLogger(__name__)


class ProfileTables:
    """The profile tables of a stack.

    Args:
        bucket: where models are.
        prefix: what the names of the stack's tables begin with.
        patience: seconds that ``prepare`` waits for an import.
        pause: seconds before the first look at it.
    """

    def __init__(
        self, bucket: Bucket, prefix: str, patience: float = 0.0, pause: float = PAUSE
    ) -> None:
        self.bucket, self.prefix = bucket, prefix
        self.patience, self.pause = patience, pause
        self.client: Any = boto3.client("dynamodb")

    def prepare(self, model: str) -> str:
        """Have a model's table imported unless it is there; return its name if that takes longer.

        Returns:
            "" when the table is there, or when the model needs none.

        Raises:
            ReleaseError: the import failed. Its table is deleted, so it may be tried again.
        """
        profiles = self._profiles(model)
        if profiles is None:
            return ""
        end, pause = time.monotonic() + self.patience, self.pause
        while not self._is_ready(model, profiles):
            if time.monotonic() + pause > end:
                return self._name(profiles)
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return ""

    def models(self) -> Iterator[str]:
        """Yield the models whose tables were imported, or are being imported."""
        for key in self.bucket.keys(MODELS):
            if key.endswith(f"/{IMPORT_FILE}"):
                yield key.removeprefix(MODELS).removesuffix(f"/{IMPORT_FILE}")

    def delete(self, model: str) -> bool:
        """Delete a model's table if it has one; return False while its import still runs."""
        profiles, known = self._profiles(model), self.bucket.read(import_key(model))
        if profiles is None or known is None:
            return True
        if "import" in known and "items" not in known:
            found = self._describe(known["import"])
            if found and found["ImportStatus"] in RUNNING:
                return False
        try:
            self.client.delete_table(TableName=self._name(profiles))
        except self.client.exceptions.ResourceNotFoundException:
            pass
        except self.client.exceptions.ResourceInUseException:  # it is being made
            return False
        self.bucket.remove(import_key(model))
        return True

    def _profiles(self, model: str) -> Any:
        """Return what a model's manifest says of its profile table, None if it has none."""
        manifest = self.bucket.read(f"{MODELS}{model}/{MANIFEST_FILE}") or {}
        return manifest.get(PROFILES)

    def _name(self, profiles: Body) -> str:
        return f"{self.prefix}{profiles['tabela']}"

    def _is_ready(self, model: str, profiles: Body) -> bool:
        """Take the next step towards a model's table; return whether it is there."""
        known = self.bucket.read(import_key(model))
        if known is None:
            self.bucket.create(import_key(model), {"token": uuid.uuid4().hex})
            known = self.bucket.read(import_key(model))
        if "import" not in known:
            return self._begin(model, profiles, known)
        name = self._name(profiles)
        if "items" not in known:
            found = self._describe(known["import"])
            if found is None:  # DynamoDB forgets imports after 90 days
                self.bucket.remove(import_key(model))
                return False
            if found["ImportStatus"] in RUNNING:
                return False
            if objection := _objection(found, profiles):
                self.delete(model)
                raise ReleaseError(f"the import of table {name} failed: {objection}")
            self.bucket.write(import_key(model), {**known, "items": found["ImportedItemCount"]})
            _log.info("table %s has %d users", name, found["ImportedItemCount"])
        if (table := self._table(name)) and table["TableStatus"] != "DELETING":
            return True
        _log.warning("table %s was deleted: it is imported again", name)
        self.bucket.remove(import_key(model))
        return False

    def _begin(self, model: str, profiles: Body, known: Body) -> bool:
        """Begin an import, or find the one that an attempt began which was killed then."""
        name = self._name(profiles)
        try:
            begun = self.client.import_table(
                ClientToken=known["token"],  # while it runs, the same token gives the same import
                S3BucketSource={
                    "S3Bucket": self.bucket.name,
                    "S3KeyPrefix": f"{MODELS}{model}/{PROFILES}/",
                },
                InputFormat="DYNAMODB_JSON",
                InputCompressionType="GZIP",
                TableCreationParameters={
                    "TableName": name,
                    "AttributeDefinitions": [{"AttributeName": KEY, "AttributeType": "N"}],
                    "KeySchema": [{"AttributeName": KEY, "KeyType": "HASH"}],
                    "BillingMode": "PAY_PER_REQUEST",
                },
            )["ImportTableDescription"]["ImportArn"]
        except self.client.exceptions.ResourceInUseException:  # the table is there
            begun = self._last_import(name)
        if begun:
            self.bucket.write(import_key(model), {**known, "import": begun})
            _log.info("table %s: import %s", name, begun)
        return False

    def _last_import(self, name: str) -> str:
        """Return the ARN of the import that made a table, "" if the table is on its way out.

        Raises:
            ReleaseError: no import did that DynamoDB remembers.
        """
        found = self._table(name)
        if found is None or found["TableStatus"] == "DELETING":
            return ""
        imports = self.client.list_imports(TableArn=found["TableArn"])["ImportSummaryList"]
        if not imports:
            raise ReleaseError(
                f"table {name} is there, but no import of the last 90 days made it: delete it"
            )
        return str(max(imports, key=lambda one: one["StartTime"])["ImportArn"])

    def _describe(self, arn: str) -> Any:
        try:
            found = self.client.describe_import(ImportArn=arn)
        except self.client.exceptions.ImportNotFoundException:
            return None
        return found["ImportTableDescription"]

    def _table(self, name: str) -> Any:
        try:
            return self.client.describe_table(TableName=name)["Table"]
        except self.client.exceptions.ResourceNotFoundException:
            return None


def _objection(found: Body, profiles: Body) -> str:
    """Return why the table of an import that has ended cannot be served, "" if it can."""
    errors, imported = found.get("ErrorCount", 0), found.get("ImportedItemCount", 0)
    if found["ImportStatus"] != "COMPLETED" or errors:
        told = f"{found.get('FailureCode')}: {found.get('FailureMessage')}"
        return f"{found['ImportStatus']}, {errors} errors, {told} (log group /aws-dynamodb/imports)"
    if imported != profiles["usuarios"]:
        return f"{imported} users instead of {profiles['usuarios']}"
    return ""
