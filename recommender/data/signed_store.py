"""The store in a DynamoDB table, read without boto3, which is imported for the first write."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from recommender.data.dynamo_items import (
    entries_in,
    entries_query,
    entry_batch,
    erased_in,
    erased_query,
    films_in,
    hidden_query,
    items_of,
)
from recommender.data.origin import UNKNOWN, Origin
from recommender.data.signed_calls import SignedCalls, query_pages
from recommender.data.store import MARK, Change, Entry, Key, in_thread

if TYPE_CHECKING:
    from recommender.data.dynamo_store import DynamoStore


class SignedStore:
    """A store in a table, as ``DynamoStore``; for an environment that ``is_simple``."""

    def __init__(self, calls: SignedCalls, table: str, origin: Origin = UNKNOWN) -> None:
        """Note the table; nothing is sent yet. Ratings of another origin do not count."""
        self._calls, self._table, self._origin = calls, table, origin
        self._writer: DynamoStore | None = None
        self._making = threading.Lock()

    def close(self) -> None:
        """See ``Store``."""
        self._calls.close()
        if self._writer:
            self._writer.close()

    @in_thread
    def read(self, user_id: int, film_id: int | None = None) -> dict[int, Entry]:
        """See ``Store``."""
        if film_id not in (None, MARK):
            batch = self._calls.call("BatchGetItem", entry_batch(self._table, user_id, film_id))
            return entries_in(items_of(batch, self._table), self._origin)
        query = entries_query(self._table, user_id, film_id)
        pages = query_pages(self._calls, query, "a user's entries")
        return entries_in([raw for page in pages for raw in page["Items"]], self._origin)

    @in_thread
    def hidden(self) -> frozenset[int]:
        """See ``HiddenSource``."""
        pages = query_pages(self._calls, hidden_query(self._table), "the hidden films")
        return frozenset(film for page in pages for film in films_in(page, self._origin))

    @in_thread
    def erased(self, users: Sequence[int]) -> tuple[dict[int, float], int]:
        """See ``Store``. One page: what it does not hold is for the next answer."""
        page = self._calls.call("Query", erased_query(self._table, users))
        return erased_in(page, users[-1])

    async def write(
        self,
        key: Key,
        rating: float | None,
        packaged: float | None,
        expected: int | None = None,
        mark: Entry | None = None,
    ) -> Change:
        """See ``Store``."""
        writer = await asyncio.to_thread(self._make_writer)
        return await writer.write(key, rating, packaged, expected, mark)

    async def write_all(self, user_id: int, ratings: Mapping[int, float]) -> dict[int, Change]:
        """See ``Store``."""
        writer = await asyncio.to_thread(self._make_writer)
        return await writer.write_all(user_id, ratings)

    async def erase(self, user_id: int) -> None:
        """See ``Store``."""
        writer = await asyncio.to_thread(self._make_writer)
        await writer.erase(user_id)

    async def hide(self, film_id: int, *, hidden: bool) -> None:
        """See ``Store``."""
        writer = await asyncio.to_thread(self._make_writer)
        await writer.hide(film_id, hidden=hidden)

    def _make_writer(self) -> "DynamoStore":
        with self._making:
            if self._writer is None:
                from recommender.data.dynamo_store import DynamoStore

                self._writer = DynamoStore(self._table, self._origin)
        return self._writer
