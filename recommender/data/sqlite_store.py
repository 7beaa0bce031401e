"""The store in a SQLite file, for a server on one's own machine."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from recommender.data.store import (
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
HIDDEN_SCHEMA = """
CREATE TABLE IF NOT EXISTS ocultos (filme_id INTEGER PRIMARY KEY, momento TEXT NOT NULL)
"""
WRITE = "REPLACE INTO avaliacoes VALUES (?, ?, ?, ?, ?)"
READ = "SELECT filme_id, avaliacao, versao, momento FROM avaliacoes WHERE usuario_id = ?"


class SqliteStore:
    """A store in a SQLite file that several processes may share.

    Reads take microseconds and are made at once, on a connection of their own, so that they never
    wait for a write. Writes wait for the disk and for each other, so they are made in a thread.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or create it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._reader, self._writer = (
            # Transactions are begun by hand: the module itself begins one only at the first write.
            sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            for _ in range(2)
        )
        self._writing = threading.Lock()  # a connection has only one transaction
        # In WAL mode readers wait for nobody. FULL keeps the last commits through a power failure.
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = FULL")
        self._writer.execute(SCHEMA)
        self._writer.execute(HIDDEN_SCHEMA)

    def close(self) -> None:
        """See ``Store``."""
        self._reader.close()
        self._writer.close()

    async def read(self, user_id: int, film_id: int | None = None) -> dict[int, Entry]:
        """See ``Store``."""
        query, values = READ, [user_id]
        if film_id is not None:
            query, values = f"{READ} AND filme_id = ?", [user_id, film_id]
        with _reached():
            rows = self._reader.execute(query, values).fetchall()
        return {row[0]: _entry(row) for row in rows}

    @in_thread
    def write(
        self, key: Key, rating: float | None, packaged: float | None, expected: int | None = None
    ) -> Change:
        """See ``Store``."""
        with self._writing, _reached(), self._writer as database:
            database.execute("BEGIN IMMEDIATE")
            found = database.execute(f"{READ} AND filme_id = ?", key).fetchone()
            before = _entry(found) if found else None
            version = before.version if before else 0
            if expected not in (None, version):
                raise ConflictError
            present = before.rating is not None if before else packaged is not None
            if (not present) if rating is None else (before and rating == before.rating):
                return before, before
            after = Entry(rating, version + 1, now := moment())
            database.execute(WRITE, (*key, rating, after.version, spell(now)))
            return before, after

    @in_thread
    def write_all(self, user_id: int, ratings: Mapping[int, float]) -> dict[int, Change]:
        """See ``Store``."""
        with self._writing, _reached(), self._writer as database:
            database.execute("BEGIN IMMEDIATE")
            rows = database.execute(READ, [user_id]).fetchall()
            found = changes({row[0]: _entry(row) for row in rows}, ratings)
            for film_id, (before, after) in found.items():
                if after and after != before:
                    assert after.moment is not None
                    moment = spell(after.moment)
                    database.execute(WRITE, (user_id, film_id, after.rating, after.version, moment))
        return found

    async def hidden(self) -> frozenset[int]:
        """See ``HiddenSource``."""
        with _reached():
            rows = self._reader.execute("SELECT filme_id FROM ocultos").fetchall()
        return frozenset(film_id for (film_id,) in rows)

    @in_thread
    def hide(self, film_id: int, *, hidden: bool) -> None:
        """See ``Store``."""
        with self._writing, _reached():
            if hidden:
                query = "INSERT OR IGNORE INTO ocultos VALUES (?, ?)"
                self._writer.execute(query, (film_id, spell(moment())))
            else:
                self._writer.execute("DELETE FROM ocultos WHERE filme_id = ?", [film_id])


def _entry(row: tuple[int, float | None, int, str]) -> Entry:
    _, rating, version, written = row
    return Entry(rating, version, read_moment(written))


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(str(error)) from error
