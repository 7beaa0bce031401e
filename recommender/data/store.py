"""Ratings that users write: what differs from the packaged ones, one entry a user and film.

An entry holds a rating, or says that it was deleted. Its version grows by one with each change and
never falls, because a deleted rating keeps its entry. Without an entry the packaged rating counts.

Whoever erases a user leaves one mark, which lies over all older ratings, packaged ones included. It
is an entry of the film ``MARK``, which cannot exist: it counts for every catalogue and scale, and
later entries go on from its version and its moment.

What a store keeps of another catalogue or scale (see ``recommender.data.origin``), and what nobody
can read, is as good as absent, except that the next version of such an entry grows on from it.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, Protocol, TypeVar

from recommender.data.catalog import MAX_ID, Rated

MOST = 100  # ratings that one write may set, as DynamoDB allows in a transaction

SECONDS = 4.0  # that a call may take; a request makes two in turn, and a function has ten seconds

# In the place of a user's id, and far above `MAX_ID`: of hidden films, and of an index of marks.
HIDDEN_KEY, ERASED_KEY = 10**20, 10**20 + 1
MARK = 10**18  # in the place of a film's id

MICROSECONDS = 1e6  # of a second: the steps in which stores keep moments

_end = ContextVar("_end", default=math.inf)  # when nobody waits any more, in seconds since 1970

P = ParamSpec("P")
T = TypeVar("T")


class StoreError(Exception):
    """The store cannot be reached, or does not answer in time."""


class ConflictError(Exception):
    """An entry does not have the version that a write expected."""


class Entry(NamedTuple):
    """A rating (None: deleted), its version, and when it was given, in seconds since 1970.

    A packaged rating has version 0, and no moment if the data has no times.
    """

    rating: float | None
    version: int = 0
    moment: float | None = None


Key = tuple[int, int]
"""Of an entry: the ids of a user and a film."""

Change = tuple[Entry | None, Entry | None]
"""An entry before and after a write."""


class HiddenSource(Protocol):
    """Where hidden films are read. Its methods raise ``StoreError`` if it cannot be reached."""

    async def hidden(self) -> frozenset[int]:
        """Return the ids of all films that are hidden."""

    def close(self) -> None:
        """Close what is open."""


class Store(HiddenSource, Protocol):
    """Where entries and hidden films are kept, as ``HiddenSource`` says."""

    async def read(self, user_id: int, film_id: int | None = None) -> dict[int, Entry]:
        """Return a user's entries by film id, for all films or for one; the mark always with them.

        For the film ``MARK`` that is the mark alone.
        """

    async def write(
        self,
        key: Key,
        rating: float | None,
        packaged: float | None,
        expected: int | None = None,
        mark: Entry | None = None,
    ) -> Change:
        """Set a rating (None: delete it); return the entry before and after, once it is durable.

        ``packaged`` is the rating that counts without an entry; written again it gets an entry,
        which outlasts the artifact. Writing what an entry holds, or deleting what does not exist,
        changes nothing. Concurrent writes take effect one after the other. ``mark`` is the user's,
        as it was read just before.

        Raises:
            ConflictError: the entry's version is not ``expected`` (0: there is no entry).
        """

    async def write_all(self, user_id: int, ratings: Mapping[int, float]) -> dict[int, Change]:
        """Set a user's ratings by film id, all or none; return each entry before and after.

        At most ``MOST`` ratings. They were given in their order. Writing what an entry holds
        changes nothing.
        """

    async def erase(self, user_id: int, trained: float) -> None:
        """Leave the mark of a user's erasure, so that it lasts, and remove what lies under it.

        ``trained`` is when the training of the model that is served began; see ``make_mark``.
        The mark alone is enough: a failure to remove entries only leaves a line in the log.
        """

    async def erased(self, users: Sequence[int]) -> tuple[dict[int, float], int]:
        """Return when those of some users (ids in order) were erased who were, by id.

        There may be others besides them. And up to which id that is all: there may be more marks
        than one answer holds.
        """

    async def hide(self, film_id: int, *, hidden: bool) -> None:
        """Hide a film, or show it again, so that it lasts; what holds already stays as it is."""


def in_thread(method: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return a method that blocks as one to await: it runs in a thread, ``in_time``."""

    @wraps(method)
    async def call(*args: P.args, **named: P.kwargs) -> T:
        end = time.time() + SECONDS

        def run() -> T:
            _end.set(end)
            return method(*args, **named)

        return await in_time(asyncio.to_thread(run))

    return call


async def in_time(operation: Awaitable[T]) -> T:
    """Return what an operation returns, or raise ``StoreError`` if it takes too long.

    By then, a write may have been made or not.
    """
    try:
        async with asyncio.timeout(SECONDS):
            return await operation
    except TimeoutError:
        raise StoreError(f"no answer after {SECONDS:g} seconds") from None


def check_time() -> None:
    """Raise ``StoreError`` if nobody waits any more for what this thread does.

    Without this, a write that was delayed could come after one that was confirmed since. It goes by
    the wall clock, because others may stand still while Lambda keeps the function frozen.
    """
    if time.time() > _end.get():
        raise StoreError("nobody waits for it any more")


def overlay(
    packaged: Sequence[Rated] | None, written: Mapping[int, Entry]
) -> dict[int, Entry] | None:
    """Return the ratings of a user that count, by film id in ascending order; None for no user.

    A written one counts against a packaged one, whatever their moments: who reads and writes
    through the API finds what they wrote last, whichever model answers.

    ``packaged`` is None for a user whom the artifact does not know. Such a user exists from the
    first written rating on.
    """
    packed = {film_id: Entry(rating, 0, moment) for film_id, rating, moment in packaged or ()}
    entries = sorted((packed | dict(written)).items())
    counting = {film_id: entry for film_id, entry in entries if entry.rating is not None}
    return counting if counting or packaged is not None else None


def surviving(rated: list[Rated] | None, mark: Entry, trained: float) -> list[Rated] | None:
    """Return those of a user's packaged ratings that a mark does not lie over; None for no user.

    Those without a moment are as old as any, and none is later than the training of its model.
    """
    since = _since(mark)
    return [
        one for one in rated or () if one[2] is not None and min(one[2], trained) > since
    ] or None


def lies_under(mark: Entry | None, entry: Entry) -> bool:
    """Return whether an entry was erased: it is not later, or was written unaware of the mark."""
    return mark is not None and not (entry.version > mark.version and _since(entry) > _since(mark))


def next_version(version: int, mark: Entry | None) -> int:
    """Return the version of an entry that is written over one of a version (0: over none)."""
    return max(version, mark.version if mark else 0) + 1


def _since(entry: Entry) -> float:
    return -math.inf if entry.moment is None else entry.moment


def spell(moment: float) -> str:
    """Return a moment as stores and answers spell it: ISO 8601, UTC, with microseconds."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")


def moment(mark: Entry | None = None) -> float:
    """Return the current time as exactly as stores keep it, and later than a mark."""
    return read_moment(spell(max(time.time(), _free_from(mark) / MICROSECONDS)))


def _free_from(mark: Entry | None) -> int:
    """Return the first microsecond after a mark, whatever the clock that it was made by."""
    return round(_since(mark) * MICROSECONDS) + 1 if mark else 0


def changes(
    entries: Mapping[int, Entry], versions: Mapping[int, int], ratings: Mapping[int, float]
) -> dict[int, Change]:
    """Return what ratings, given just now in their order, make of a user's entries, by film id.

    ``versions`` are the last ones of all that is kept, also of what is as good as absent.
    """
    mark = entries.get(MARK)
    now = max(time.time_ns() // 1000, _free_from(mark))
    found: dict[int, Change] = {}
    for place, (film_id, rating) in enumerate(ratings.items()):
        before = entries.get(film_id)
        given = read_moment(spell((now + place) / MICROSECONDS))
        after = Entry(rating, next_version(versions.get(film_id, 0), mark), given)
        found[film_id] = before, before if before and before.rating == rating else after
    return found


def read_moment(text: str) -> float:
    """Return the moment that a text stands for, as ``spell`` writes it; without an offset, in UTC.

    Raises:
        TypeError, ValueError, OverflowError: it is none, or none that ``spell`` could write.
    """
    found = datetime.fromisoformat(text)
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    if not MINYEAR < found.year < MAXYEAR:
        raise OverflowError("a year in which no moment is safe from rounding")
    return found.timestamp()


def read_or_last(text: object) -> float:
    """Return a moment; the end of time if a text is none, so that what bears it still counts."""
    try:
        return read_moment(str(text))
    except (ValueError, OverflowError):
        return datetime.max.replace(tzinfo=UTC).timestamp()


def is_film(value: object) -> bool:
    """Return whether a value that was stored by others may be the id of a film, or ``MARK``."""
    return is_id(value) or (isinstance(value, int) and value == MARK)


def is_id(value: object) -> bool:
    """Return whether a value that was stored by others may be the id of a film or a user."""
    return isinstance(value, int) and -MAX_ID <= value <= MAX_ID
