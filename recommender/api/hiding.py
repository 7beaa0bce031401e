"""The films that are hidden: known anew every 25 seconds, and asked for by every list.

A film so leaves every list within a minute: 25 seconds, the four that a slow read may take, and the
30 for which others may keep a list (``LISTED``).
"""

import asyncio
import json
import logging
import math
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import NamedTuple

import numpy as np

from recommender.data.store import HiddenSource, Store, StoreError
from recommender.model.artifact import Model
from recommender.model.index import Marks
from recommender.model.ranking import known_rows

READ_EVERY = 25.0  # seconds

_log = logging.getLogger(__name__)


class Hidden(NamedTuple):
    """Hidden films of the catalogue: which rows they are, and their ids as a JSON array.

    Without any, these are None and an empty text. ``is_known`` is False if nobody could say.
    """

    marks: Marks | None = None
    text: str = ""
    is_known: bool = True

    @property
    def basis(self) -> bytes:
        """What identifies the films for cursors, empty if there are none."""
        return self.text.encode()


NONE, UNKNOWN = Hidden(), Hidden(is_known=False)


class HiddenFilms:
    """What a source says is hidden, remembered; without a source, nothing ever is.

    At most one request at a time reads the source. Meanwhile others go by what is known, and wait
    only if nothing is. If the source fails, what is known stays until the next read.
    """

    def __init__(
        self,
        model: Model,
        source: HiddenSource | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model, self._source, self._clock = model, source, clock
        self._films: frozenset[int] | None = None  # None: never read
        self._shown = UNKNOWN if source else NONE
        self._due = -math.inf if source else math.inf  # when to read
        self._reading: Future[None] | None = None
        self._writes = 0
        self._fails = False

    @property
    def may_be(self) -> bool:
        """Whether films can be hidden at all."""
        return self._source is not None

    async def current(self) -> Hidden:
        """Return what is hidden, as the source said less than half a minute ago if it answers."""
        while self._clock() >= self._due:
            reading = self._reading
            if reading is None:
                await self._read()
            elif self._films is None:
                # Of another loop, maybe: asyncio's own locks are of one loop only.
                await asyncio.shield(asyncio.wrap_future(reading))
            else:
                break
        return self._shown

    async def change(self, store: Store, film_id: int, *, hidden: bool) -> None:
        """Hide a film, or show it again, for good; here at once, elsewhere within half a minute.

        Raises:
            StoreError: the store cannot be reached.
        """
        await store.hide(film_id, hidden=hidden)
        self._writes += 1
        self._due = -math.inf  # the source knows which of several writes came last
        if self._films is not None:
            self._set(self._films | {film_id} if hidden else self._films - {film_id})

    def pause(self) -> None:
        """Read nothing until ``forget`` is called."""
        self._due = math.inf

    def forget(self) -> None:
        """Forget what is known, which may be of another time or machine."""
        if self._source:
            self._films, self._shown, self._due = None, UNKNOWN, -math.inf

    async def _read(self) -> None:
        assert self._source is not None
        reading: Future[None] = Future()
        self._reading = reading
        writes, began = self._writes, self._clock()
        try:
            films = await self._source.hidden()
        except StoreError as error:
            if not self._fails:
                known = "none" if self._films is None else "those last known"
                _log.warning("hidden films not read, %s left out of lists: %s", known, error)
            self._fails, self._due = True, began + READ_EVERY
        else:
            self._fails = False
            if writes == self._writes:  # else the answer may be older than a write
                self._set(films)
                self._due = began + READ_EVERY  # last: another thread's loop may look
        finally:
            self._reading = None
            reading.set_result(None)

    def _set(self, films: Iterable[int]) -> None:
        films = frozenset(films)
        if films == self._films:
            return
        rows = known_rows(self._model, sorted(films))
        ids = sorted(self._model.film_ids.take(rows).tolist())
        marks = np.zeros(len(self._model.film_ids), np.bool_)
        marks[rows] = True
        self._shown = Hidden(marks, json.dumps(ids)) if ids else NONE
        self._films = films
