"""The store in a DynamoDB table, with the key usuario_id, filme_id and the store's attributes."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

from recommender.data.dynamo_items import (
    Raw,
    batch_in,
    by_film,
    counting,
    entries_in,
    entries_query,
    entry_batch,
    erased_in,
    erased_query,
    erasure,
    films_in,
    hidden_query,
    item_in,
    items_in,
    key_of,
    lying_under,
    read_id,
    read_item,
    removal,
    setting,
    unchanged,
)
from recommender.data.origin import UNKNOWN, Origin, make_mark
from recommender.data.signed_calls import Calls, RefusedError, query_pages
from recommender.data.store import (
    HIDDEN_KEY,
    MARK,
    MOST,
    Change,
    ConflictError,
    Entry,
    Key,
    StoreError,
    changes,
    in_thread,
    moment,
    next_version,
)

WRITE_SECONDS = 1.0  # after which a write that others came before is not tried again
ERASE_SECONDS = 1.0  # after which no further entries of a user who was erased are removed
OTHERS = {"None", "ConditionalCheckFailed", "TransactionConflict"}
UNMET = ("ConditionalCheckFailedException", "TransactionCanceledException")

_log = logging.getLogger(__name__)


class DynamoStore:
    """A store in a table. Calls block, so they are made in a thread."""

    def __init__(self, calls: Calls, table: str, origin: Origin = UNKNOWN) -> None:
        """Note the table; nothing is sent yet. Ratings of another origin do not count."""
        self._calls, self._table, self._origin = calls, table, origin

    def close(self) -> None:
        """See ``Store``."""
        self._calls.close()

    @in_thread
    def read(self, user_id: int, film_id: int | None = None) -> dict[int, Entry]:
        """See ``Store``."""
        if film_id in (None, MARK):
            return entries_in(self._read(user_id, film_id), self._origin)
        answer = self._calls.call("BatchGetItem", entry_batch(self._table, user_id, film_id))
        return entries_in(batch_in(answer, self._table), self._origin)

    def _read(self, user_id: int, film_id: int | None = None) -> list[Raw]:
        query = entries_query(self._table, user_id, film_id)
        pages = query_pages(self._calls, query, "a user's entries")
        return [raw for page in pages for raw in items_in(page)]

    @in_thread
    def write(
        self,
        key: Key,
        rating: float | None,
        packaged: float | None,
        expected: int | None = None,
        mark: Entry | None = None,
    ) -> Change:
        """See ``Store``. One conditional update, so that no writer waits for another.

        Over an item that does not count, and over none after a mark, it is two: the second replaces
        what the first one found.
        """
        end, now = time.monotonic() + WRITE_SECONDS, moment(mark)
        while True:
            done, raw = self._change(key, rating, packaged, expected, now, mark)
            item = read_item(raw) if raw else None
            found = self._origin.entry(key[1], item, mark)
            after = Entry(rating, next_version(item.version if item else 0, mark), now)
            if done:
                return found, after
            # The first attempt may have written this, and its answer came too late.
            own = found == Entry(rating, (expected or 0) + 1, now)
            if expected not in (None, found.version if found else 0) and not own:
                raise ConflictError
            if rating == (found.rating if found else packaged) and (found or rating is None):
                return found, found
            if time.monotonic() <= end and self._replace(key, raw, after):
                return found, after
            if time.monotonic() > end:
                raise StoreError("others kept writing the same entry")

    def _change(
        self,
        key: Key,
        rating: float | None,
        packaged: float | None,
        expected: int | None,
        now: float,
        mark: Entry | None,
    ) -> tuple[bool, Raw | None]:
        """Set or delete a rating that differs, unless the item there does not count.

        Return whether it was done so that it counts, and the item that was or is there.
        """
        title = self._origin.title(key[1])
        change, values = setting(self._origin, title, rating, now)
        condition = "attribute_exists(avaliacao)"
        if rating is not None:
            condition = "(attribute_not_exists(avaliacao) OR avaliacao <> :avaliacao)"
        counts, more = counting(self._origin, title, mark)
        values |= {":um": {"N": "1"}, **more}
        condition += f" AND {counts}"
        if expected is not None:
            condition += " AND versao = :esperada"
            values[":esperada"] = {"N": str(expected)}
        if not expected and not mark and (rating is not None or packaged is not None):
            condition = f"attribute_not_exists(versao) OR ({condition})"
        update = {
            "TableName": self._table,
            "Key": key_of(*key),
            "UpdateExpression": f"{change} ADD versao :um",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ReturnValues": "ALL_OLD",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            before = item_in(self._calls.call("UpdateItem", update), "Attributes")
        except RefusedError as refused:
            return False, _unmet_by(refused)
        if before and "versao" in before and read_id(before, "versao") is None:
            # It was a fraction, and still is one: what was written would not count.
            return False, {**before, "versao": {"N": str(Decimal(before["versao"]["N"]) + 1)}}
        return True, before

    def _replace(self, key: Key, raw: Raw | None, entry: Entry) -> bool:
        """Put an entry in the place of an item; return whether the item was still there."""
        update = self._update(key, raw, entry)
        try:
            self._calls.call(
                "UpdateItem", {**update, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
            )
        except RefusedError as refused:
            # As above: the first attempt may have written this.
            found = _unmet_by(refused)
            return found is not None and self._origin.entry(key[1], read_item(found)) == entry
        return True

    @in_thread
    def write_all(self, user_id: int, ratings: Mapping[int, float]) -> dict[int, Change]:
        """See ``Store``. A transaction, for which no entry may have changed since it was read."""
        end = time.monotonic() + WRITE_SECONDS
        while True:
            raw = by_film(self._read(user_id))
            items = {film_id: read_item(found) for film_id, found in raw.items()}
            versions = {film_id: item.version for film_id, item in items.items()}
            found = changes(self._origin.entries(items), versions, ratings)
            updates = [
                {"Update": self._update((user_id, film_id), raw.get(film_id), after)}
                for film_id, (before, after) in found.items()
                if after and after != before
            ]
            if not updates or self._transact(updates):
                return found
            if time.monotonic() > end:
                raise StoreError("others kept writing the same entries")

    async def erase(self, user_id: int, trained: float) -> None:
        """See ``Store``. Entries are removed only if nobody has written over them since."""
        mark = await self._mark(user_id, trained)
        try:
            async with asyncio.timeout(ERASE_SECONDS):
                await self._remove(user_id, mark)
        except (StoreError, TimeoutError) as error:
            told = str(error) or "it took too long"
            _log.warning("entries of a user who was erased are not removed: %s", told)

    @in_thread
    def _mark(self, user_id: int, trained: float) -> Entry:
        """Leave the mark of a user's erasure and return it."""
        end = time.monotonic() + WRITE_SECONDS
        while True:
            before = by_film(self._read(user_id, MARK)).get(MARK)
            mark = make_mark(read_item(before) if before else None, trained)
            if self._transact(erasure(self._table, user_id, mark, before)):
                return mark
            if time.monotonic() > end:
                raise StoreError("others kept erasing the same user")

    @in_thread
    def _remove(self, user_id: int, mark: Entry) -> None:
        """Remove what lies under a user's mark, as far as the time goes."""
        end, is_clean = time.monotonic() + ERASE_SECONDS, False
        query = entries_query(self._table, user_id) | {"Limit": MOST}
        while not is_clean:
            is_clean = True
            for page in query_pages(self._calls, query, "a user's entries"):
                found = lying_under(mark, items_in(page))
                if found and time.monotonic() > end:
                    return  # nobody waits any more
                parts = [removal(self._table, user_id, raw) for raw in found]
                is_clean &= not parts or self._transact(parts)

    def _transact(self, parts: Sequence[Mapping[str, Any]]) -> bool:
        """Return whether a transaction was made; if not, others came before."""
        # With a token, a second attempt does not write what the first one wrote.
        transaction = {"TransactItems": parts, "ClientRequestToken": str(uuid4())}
        try:
            self._calls.call("TransactWriteItems", transaction)
        except RefusedError as refused:
            _unmet_by(refused)
            return False
        return True

    @in_thread
    def erased(self, users: Sequence[int]) -> tuple[dict[int, float], int]:
        """See ``Store``. One page: what it does not hold is for the next answer."""
        return erased_in(self._calls.call("Query", erased_query(self._table, users)), users[-1])

    @in_thread
    def hidden(self) -> frozenset[int]:
        """See ``HiddenSource``."""
        pages = query_pages(self._calls, hidden_query(self._table), "the hidden films")
        return frozenset(film for page in pages for film in films_in(items_in(page), self._origin))

    @in_thread
    def hide(self, film_id: int, *, hidden: bool) -> None:
        """See ``Store``. The item of a film that is shown again is gone."""
        item = {"TableName": self._table, "Key": key_of(HIDDEN_KEY, film_id)}
        if hidden:
            change, values = setting(self._origin, None, None, moment())
            update = {"UpdateExpression": change, "ExpressionAttributeValues": values}
            self._calls.call("UpdateItem", item | update)
        else:
            self._calls.call("DeleteItem", item)

    def _update(self, key: Key, raw: Raw | None, entry: Entry) -> dict[str, Any]:
        """Return the update that sets an entry if nothing was written over the item there."""
        assert entry.moment is not None
        version = {"versao": {"N": str(entry.version)}}
        title = self._origin.title(key[1])
        change, values = setting(self._origin, title, entry.rating, entry.moment, version)
        condition, more = unchanged(raw)
        return {
            "TableName": self._table,
            "Key": key_of(*key),
            "UpdateExpression": change,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values | more,
        }


def _unmet_by(refused: RefusedError) -> Raw | None:
    """Return the item by which a condition is unmet, None if it is unmet as there is none.

    A transaction is cancelled for that, or because another writes the same entries; then it is None
    too. What is refused for other reasons is raised again.
    """
    try:
        reasons = {reason["Code"] for reason in refused.answer.get("CancellationReasons", ())}
    except (KeyError, TypeError):
        raise refused from None
    if refused.code not in UNMET or not reasons <= OTHERS:
        raise refused
    return item_in(refused.answer, "Item")
