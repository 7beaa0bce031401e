"""Ratings written by users: what differs from the packaged ones, one entry a user and film.

An entry holds a rating, or that it was deleted; its version grows by one with each change and never
falls, for a deleted rating keeps its entry. Where no entry is, the packaged rating counts.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

BUSY_SECONDS = 3.0  # that a write waits for those of other processes

SCHEMA = """
CREATE TABLE IF NOT EXISTS avaliacoes (
    usuario_id INTEGER NOT NULL,
    filme_id INTEGER NOT NULL,
    avaliacao REAL, -- NULL: deleted
    versao INTEGER NOT NULL,
    momento TEXT NOT NULL,
    PRIMARY KEY (usuario_id, filme_id)
) WITHOUT ROWID
"""


class StoreError(Exception):
    """The store cannot be reached, or does not answer in time."""


class ConflictError(Exception):
    """An entry is not of the version that a write expected."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A rating (None: deleted), its version, and when it was written (ISO 8601, UTC).

    A packaged rating is of version 0 and of no moment.
    """

    rating: float | None
    version: int = 0
    moment: str | None = None


class Store(Protocol):
    """Where entries last. Both methods raise ``StoreError`` when the place cannot be reached."""

    def read(self, user_id: int, film_id: int | None = None) -> dict[int, Entry]:
        """Return a user's entries by film id, of all films or of one, as all writes left them."""

    def write(
        self,
        user_id: int,
        film_id: int,
        rating: float | None,
        packaged: float | None,
        expected: int | None = None,
    ) -> tuple[Entry | None, Entry | None]:
        """Set a rating (None: delete it); return the entry before and after, once it is durable.

        ``packaged`` counts where there is no entry; to confirm it makes one, which outlasts the
        artifact. A write of what an entry holds already is none, nor is it to delete what is not
        there: both entries are the same. Of writes at once each finds what another left.

        Raises:
            ConflictError: the entry's version is not ``expected`` (0: there is no entry).
        """

    def close(self) -> None:
        """Let go of the place."""


def open_store(environment: Mapping[str, str] = os.environ) -> Store | None:
    """Return the store that an environment names, by table or by file; None for none."""
    if table := environment.get("RATINGS_TABLE"):
        from recommender.data.dynamo import DynamoStore  # boto3 takes long to import

        return DynamoStore(table)
    if file := environment.get("RATINGS_FILE"):
        return SqliteStore(Path(file))
    return None


def overlay(
    packaged: Sequence[tuple[int, float]] | None, written: Mapping[int, Entry]
) -> dict[int, Entry] | None:
    """Return the ratings of a user that count, by film id in its order; None for no such user.

    ``packaged`` are (film id, rating) pairs, None for a user whom the artifact does not know: then
    the first rating written makes one.
    """
    packed = {film_id: Entry(rating) for film_id, rating in packaged or ()}
    entries = sorted((packed | dict(written)).items())
    counting = {film_id: entry for film_id, entry in entries if entry.rating is not None}
    return counting if counting or packaged is not None else None


def moment() -> str:
    """Return the time as entries tell it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class SqliteStore:
    """A store in a SQLite file, for the threads of several processes."""

    def __init__(self, path: Path) -> None:
        """Open the file, made if missing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # Transactions are begun by hand: the module's own begin only with the first write.
        self._db = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._lock = threading.Lock()  # a connection has but one transaction
        # Readers wait for no other process; FULL, or the last commits may not outlive a crash.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(SCHEMA)

    def close(self) -> None:
        """See ``Store``."""
        self._db.close()

    def read(self, user_id: int, film_id: int | None = None) -> dict[int, Entry]:
        """See ``Store``."""
        query = "SELECT filme_id, avaliacao, versao, momento FROM avaliacoes WHERE usuario_id = ?"
        values = [user_id]
        if film_id is not None:
            query, values = f"{query} AND filme_id = ?", [user_id, film_id]
        with self._reached():
            rows = self._db.execute(query, values).fetchall()
        return {film_id: Entry(*entry) for film_id, *entry in rows}

    def write(
        self,
        user_id: int,
        film_id: int,
        rating: float | None,
        packaged: float | None,
        expected: int | None = None,
    ) -> tuple[Entry | None, Entry | None]:
        """See ``Store``."""
        with self._reached(), self._transaction():
            query = """
                SELECT avaliacao, versao, momento FROM avaliacoes
                WHERE usuario_id = ? AND filme_id = ?
            """
            found = self._db.execute(query, (user_id, film_id)).fetchone()
            before = Entry(*found) if found else None
            version = before.version if before else 0
            if expected not in (None, version):
                raise ConflictError
            present = before.rating is not None if before else packaged is not None
            if (not present) if rating is None else (before and rating == before.rating):
                return before, before
            after = Entry(rating, version + 1, moment())
            self._db.execute(
                "REPLACE INTO avaliacoes VALUES (?, ?, ?, ?, ?)",
                (user_id, film_id, after.rating, after.version, after.moment),
            )
            return before, after

    @contextmanager
    def _reached(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise StoreError(str(error)) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
