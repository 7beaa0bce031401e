"""The store in a DynamoDB table, with the key usuario_id, filme_id and the store's attributes."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from recommender.data.hidden_table import films_in, hidden_query
from recommender.data.store import (
    HIDDEN_KEY,
    Change,
    ConflictError,
    Entry,
    Key,
    StoreError,
    changes,
    in_thread,
    moment,
    read_moment,
    spell,
)

READ_TIMEOUT = 1.0  # seconds
# A call without an answer fails within 4 seconds: two attempts, and a pause of up to one second.
# A conditional write, which reads first, so stays within the function's 10 seconds.
CONFIG = Config(
    connect_timeout=0.5,
    read_timeout=READ_TIMEOUT,
    retries={"mode": "standard", "total_max_attempts": 2},
    tcp_keepalive=True,
)
READ_SECONDS = 3.0  # after which a read asks for no further page of a user's entries
WRITE_SECONDS = 1.0  # after which a transaction that others came before is not tried again
OTHERS = {"None", "ConditionalCheckFailed", "TransactionConflict"}
UNMET = ("ConditionalCheckFailedException", "TransactionCanceledException")


class DynamoStore:
    """A store in a table. boto3 blocks, so each call is made in a thread."""

    def __init__(self, table: str) -> None:
        """Make the client; nothing is sent yet."""
        self._table = table
        self._client: Any = boto3.Session().client("dynamodb", config=CONFIG)

    def close(self) -> None:
        """See ``Store``."""
        self._client.close()

    @in_thread
    def read(self, user_id: int, film_id: int | None = None) -> dict[int, Entry]:
        """See ``Store``."""
        return self._read(user_id, film_id)

    def _read(self, user_id: int, film_id: int | None = None) -> dict[int, Entry]:
        condition = "usuario_id = :usuario"
        values = {":usuario": {"N": str(user_id)}}
        if film_id is not None:
            condition += " AND filme_id = :filme"
            values[":filme"] = {"N": str(film_id)}
        end = time.monotonic() + READ_SECONDS
        entries = {}
        with _reached():
            for page in self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                ConsistentRead=True,
            ):
                for item in page["Items"]:
                    entries[int(item["filme_id"]["N"])] = _entry(item)
                if "LastEvaluatedKey" in page and time.monotonic() > end:
                    raise StoreError("a user's entries took too long")
        return entries

    @in_thread
    def write(
        self, key: Key, rating: float | None, packaged: float | None, expected: int | None = None
    ) -> Change:
        """See ``Store``. One conditional update, so that no writer waits for another."""
        (user_id, film_id), now = key, moment()
        values = {":momento": {"S": spell(now)}, ":um": {"N": "1"}}
        if rating is None:
            change = "SET momento = :momento REMOVE avaliacao ADD versao :um"
            condition = "attribute_exists(avaliacao)"
            if packaged is not None:
                condition = f"(attribute_not_exists(versao) OR {condition})"
        else:
            change = "SET momento = :momento, avaliacao = :avaliacao ADD versao :um"
            condition = "(attribute_not_exists(avaliacao) OR avaliacao <> :avaliacao)"
            values[":avaliacao"] = {"N": repr(rating)}
        if expected == 0:
            condition += " AND attribute_not_exists(versao)"
        elif expected is not None:
            condition += " AND versao = :esperada"
            values[":esperada"] = {"N": str(expected)}
        try:
            with _reached():
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_key(user_id, film_id),
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_OLD",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as unmet:
            item: Any = unmet.response.get("Item")
            found = _entry(item) if item else None
            # The first attempt may have written this, and its answer came too late.
            own = found == Entry(rating, (expected or 0) + 1, now)
            if expected not in (None, found.version if found else 0) and not own:
                raise ConflictError from None
            return found, found
        before = _entry(answer["Attributes"]) if "Attributes" in answer else None
        return before, Entry(rating, before.version + 1 if before else 1, now)

    @in_thread
    def write_all(self, user_id: int, ratings: Mapping[int, float]) -> dict[int, Change]:
        """See ``Store``. A transaction, for which no entry may have changed since it was read."""
        end = time.monotonic() + WRITE_SECONDS
        while True:
            found = changes(self._read(user_id), ratings)
            updates = [
                self._update(user_id, film_id, before, after)
                for film_id, (before, after) in found.items()
                if after and after != before
            ]
            try:
                with _reached():
                    if updates:
                        self._client.transact_write_items(TransactItems=updates)
                return found
            except ClientError:
                if time.monotonic() > end:
                    raise StoreError("others kept writing the same entries") from None

    @in_thread
    def hidden(self) -> frozenset[int]:
        """See ``HiddenSource``."""
        end, films = time.monotonic() + READ_SECONDS, set[int]()
        with _reached():
            for page in self._client.get_paginator("query").paginate(**hidden_query(self._table)):
                films.update(films_in(page))
                if "LastEvaluatedKey" in page and time.monotonic() > end:
                    raise StoreError("the hidden films took too long")
        return frozenset(films)

    @in_thread
    def hide(self, film_id: int, *, hidden: bool) -> None:
        """See ``Store``. The item of a film that is shown again is gone."""
        key = _key(HIDDEN_KEY, film_id)
        with _reached():
            if hidden:
                self._client.update_item(
                    TableName=self._table,
                    Key=key,
                    UpdateExpression="SET momento = if_not_exists(momento, :momento)",
                    ExpressionAttributeValues={":momento": {"S": spell(moment())}},
                )
            else:
                self._client.delete_item(TableName=self._table, Key=key)

    def _update(
        self, user_id: int, film_id: int, before: Entry | None, after: Entry
    ) -> dict[str, Any]:
        """Return the part of a transaction that sets an entry."""
        assert after.moment is not None
        values = {
            ":avaliacao": {"N": repr(after.rating)},
            ":versao": {"N": str(after.version)},
            ":momento": {"S": spell(after.moment)},
        }
        condition = "attribute_not_exists(versao)"
        if before:
            condition, values[":anterior"] = "versao = :anterior", {"N": str(before.version)}
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key(user_id, film_id),
                "UpdateExpression": "SET avaliacao = :avaliacao, versao = :versao, "
                "momento = :momento",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": values,
            }
        }


def _key(user_id: int, film_id: int) -> dict[str, Any]:
    return {"usuario_id": {"N": str(user_id)}, "filme_id": {"N": str(film_id)}}


def _entry(item: dict[str, Any]) -> Entry:
    rating = item.get("avaliacao")
    return Entry(
        None if rating is None else float(rating["N"]),
        int(item["versao"]["N"]),
        read_moment(item["momento"]["S"]),
    )


@contextmanager
def _reached() -> Iterator[None]:
    """Turn every failure of a call into a ``StoreError``, except for an unmet condition.

    A transaction is cancelled for that, or because another writes the same entries.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        reasons = {reason["Code"] for reason in error.response.get("CancellationReasons", [])}
        if code in UNMET and reasons <= OTHERS:
            raise
        raise StoreError(code) from error
    except BotoCoreError as error:
        raise StoreError(type(error).__name__) from error
