"""The store in a SQLite file, for a server on one's own machine."""

import asyncio
import json
import math
import sqlite3
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from recommender.data.origin import UNKNOWN, Item, Origin, make_mark
from recommender.data.store import (
    MARK,
    Change,
    ConflictError,
    Entry,
    Key,
    StoreError,
    changes,
    in_time,
    is_film,
    is_id,
    moment,
    next_version,
    read_moment,
    read_or_last,
    spell,
)

BUSY_SECONDS = 3.0  # that a write waits for others, of this process and of others
WAIT_SECONDS = 0.005  # between attempts where SQLite itself does not wait
FILES = ("", "-wal", "-shm")  # what SQLite keeps beside each other while a database is open

P = ParamSpec("P")
T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS avaliacoes (
    usuario_id INTEGER NOT NULL,
    filme_id INTEGER NOT NULL,
    avaliacao REAL, -- NULL: deleted
    versao INTEGER NOT NULL,
    momento TEXT NOT NULL,
    linhagem TEXT, -- NULL: that of the stack's first catalogue
    escala TEXT, -- such as 0:5; NULL: the catalogue's
    titulo TEXT, -- digest of the film's title; NULL: unknown
    PRIMARY KEY (usuario_id, filme_id)
) WITHOUT ROWID
"""
HIDDEN_SCHEMA = """
CREATE TABLE IF NOT EXISTS ocultos (filme_id INTEGER PRIMARY KEY, momento TEXT NOT NULL)
"""
ADDED = ("linhagem", "escala", "titulo")  # columns that a file of an earlier version lacks
WRITE = """
REPLACE INTO avaliacoes
    (usuario_id, filme_id, avaliacao, versao, momento, linhagem, escala, titulo)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
READ = """
SELECT filme_id, avaliacao, versao, momento, linhagem, escala, titulo FROM avaliacoes
WHERE usuario_id = ?
"""
READ_ONE = f"{READ} AND filme_id IN (?, {MARK})"
ERASE = """
DELETE FROM avaliacoes WHERE usuario_id = ?
RETURNING filme_id, avaliacao, versao, momento, linhagem, escala, titulo
"""
ERASED = "SELECT usuario_id, momento FROM json_each(?) JOIN avaliacoes"
ERASED += f" ON usuario_id = value AND filme_id = {MARK}"


def in_turn(
    method: Callable[Concatenate["SqliteStore", P], T],
) -> Callable[Concatenate["SqliteStore", P], Coroutine[Any, Any, T]]:
    """Return a method that writes as one to await: in a transaction, after those before it."""

    @wraps(method)
    async def call(store: "SqliteStore", /, *args: P.args, **named: P.kwargs) -> T:
        end = time.monotonic() + BUSY_SECONDS
        change = partial(method, store, *args, **named)
        loop = asyncio.get_running_loop()
        return await in_time(loop.run_in_executor(store._line, store._commit, change, end))

    return call


class SqliteStore:
    """A store in a SQLite file that several processes may share.

    Reads take microseconds and are made at once, on a connection of their own, so that they never
    wait for a write. Writes wait for the disk and for each other, so they are made in one thread.
    All of them fail once the file was deleted or replaced.
    """

    def __init__(self, path: Path, origin: Origin = UNKNOWN) -> None:
        """Open the file, or create it. Its ratings of another origin do not count.

        Raises:
            StoreError: it cannot be made, or it is no database of ratings.
        """
        path = path.resolve()  # beside which SQLite puts its files
        self._origin, self._path = origin, path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with ExitStack() as opened:
                self._reader, self._writer = (
                    opened.enter_context(closing(_connect(path))) for _ in range(2)
                )
                self._prepare()
                self._line = ThreadPoolExecutor(1, "writes")
                opened.callback(self._line.shutdown, cancel_futures=True)
                self._close = opened.pop_all().close
        except OSError as error:
            raise StoreError(f"{path.parent}: {error.strerror}") from error
        except sqlite3.Error as error:
            raise StoreError(f"{path.name}: {error}") from error

    def _prepare(self) -> None:
        _use_wal(self._writer)  # in which readers wait for nobody
        # FULL keeps the last commits through a power failure.
        self._writer.execute("PRAGMA synchronous = FULL")
        self._writer.execute("PRAGMA secure_delete = ON")  # what was erased leaves the file
        if self._lacking():
            with self._writer as database:
                database.execute("BEGIN IMMEDIATE")
                database.execute(SCHEMA)
                for column in self._lacking():
                    database.execute(f"ALTER TABLE avaliacoes ADD COLUMN {column} TEXT")
        self._writer.execute(HIDDEN_SCHEMA)
        self._reader.execute(READ, [0])  # fails if another program's table has this name
        self._opened = self._in_place()

    def _lacking(self) -> list[str]:
        """Return the columns to add to the table, all of them if there is no table."""
        present = self._writer.execute("SELECT name FROM pragma_table_info ('avaliacoes')")
        return sorted(set(ADDED) - {name for (name,) in present})

    def close(self) -> None:
        """See ``Store``. What is being written is written; what waits for that is not."""
        self._close()

    def _in_place(self) -> list[tuple[int, int]]:
        """Return what identifies the files that are in the store's place."""
        found = (Path(f"{self._path}{end}").stat() for end in FILES)
        return [(file.st_dev, file.st_ino) for file in found]

    def _check(self) -> None:
        """Raise ``StoreError`` if others than those that were opened are, or none.

        SQLite would go on to read and write what has no name any more.
        """
        try:
            if self._in_place() == self._opened:
                return
        except OSError:
            pass
        raise StoreError(f"{self._path.name} was deleted or replaced: start the server again")

    def _commit(self, change: Callable[[], T], end: float) -> T:
        """Make a change in a transaction that begins by a moment of the monotonic clock."""
        left = end - time.monotonic()
        if left <= 0:
            raise StoreError("other writes took too long")
        with _reached():
            self._writer.execute(f"PRAGMA busy_timeout = {math.ceil(1000 * left)}")
            with self._writer as database:
                database.execute("BEGIN IMMEDIATE")
                self._check()
                found = change()
        self._check()
        return found

    async def read(self, user_id: int, film_id: int | None = None) -> dict[int, Entry]:
        """See ``Store``."""
        query, values = READ, [user_id]
        if film_id is not None:
            query, values = READ_ONE, [user_id, film_id]
        with _reached():
            rows = self._reader.execute(query, values).fetchall()
        self._check()
        items = _items(rows)
        return self._origin.entries(items, len(rows) - len(items))

    @in_turn
    def write(
        self,
        key: Key,
        rating: float | None,
        packaged: float | None,
        expected: int | None = None,
        mark: Entry | None = None,
    ) -> Change:
        """See ``Store``. The mark is read anew, with the entry."""
        items = _items(self._writer.execute(READ_ONE, key).fetchall())
        item, mark = items.get(key[1]), self._origin.entry(MARK, items.get(MARK))
        before = self._origin.entry(key[1], item, mark)
        if expected not in (None, before.version if before else 0):
            raise ConflictError
        present = before.rating is not None if before else packaged is not None
        if (not present) if rating is None else (before and rating == before.rating):
            return before, before
        after = Entry(rating, next_version(item.version if item else 0, mark), moment(mark))
        self._put(*key, after)
        return before, after

    @in_turn
    def write_all(self, user_id: int, ratings: Mapping[int, float]) -> dict[int, Change]:
        """See ``Store``."""
        items = _items(self._writer.execute(READ, [user_id]).fetchall())
        versions = {film_id: item.version for film_id, item in items.items()}
        found = changes(self._origin.entries(items), versions, ratings)
        for film_id, (before, after) in found.items():
            if after and after != before:
                self._put(user_id, film_id, after)
        return found

    @in_turn
    def erase(self, user_id: int, trained: float) -> None:
        """See ``Store``. All in one transaction."""
        items = _items(self._writer.execute(ERASE, [user_id]).fetchall())
        self._put(user_id, MARK, make_mark(items.get(MARK), trained))

    async def erased(self, users: Sequence[int]) -> tuple[dict[int, float], int]:
        """See ``Store``."""
        with _reached():
            rows = self._reader.execute(ERASED, [json.dumps(users)]).fetchall()
        self._check()
        return {user_id: read_or_last(text) for user_id, text in rows}, users[-1]

    async def hidden(self) -> frozenset[int]:
        """See ``HiddenSource``."""
        with _reached():
            rows = self._reader.execute("SELECT filme_id FROM ocultos").fetchall()
        self._check()
        return frozenset(film_id for (film_id,) in rows)

    @in_turn
    def hide(self, film_id: int, *, hidden: bool) -> None:
        """See ``Store``."""
        if hidden:
            query = "INSERT OR IGNORE INTO ocultos VALUES (?, ?)"
            self._writer.execute(query, (film_id, spell(moment())))
        else:
            self._writer.execute("DELETE FROM ocultos WHERE filme_id = ?", [film_id])

    def _put(self, user_id: int, film_id: int, entry: Entry) -> None:
        assert entry.moment is not None
        kept = (entry.rating, entry.version, spell(entry.moment))
        origin = (self._origin.lineage or None, self._origin.scale or None)
        title = self._origin.title(film_id)
        self._writer.execute(WRITE, (user_id, film_id, *kept, *origin, title))


def _connect(path: Path) -> sqlite3.Connection:
    # Transactions are begun by hand: the module itself begins one only at the first write.
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = _decoded  # SQLite keeps any bytes as a text
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Set WAL mode. SQLite fails at once if another program holds a lock, so this tries again."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorname.startswith("SQLITE_BUSY")
            if not is_busy or time.monotonic() >= end:
                raise
            time.sleep(WAIT_SECONDS)


def _items(rows: list[Any]) -> dict[int, Item]:
    """Return what rows of ``READ`` hold, by film id, without those whose films have no id.

    SQLite keeps any type in any column.
    """
    items = {}
    for film_id, rating, version, written, *origin in rows:
        if not is_film(film_id):
            continue
        whole = max(version, 0) if is_id(version) else 0
        try:
            entry = Entry(rating, whole, read_moment(written))
        except (TypeError, ValueError, OverflowError):
            entry = None
        is_rating = rating is None or (isinstance(rating, float) and math.isfinite(rating))
        items[film_id] = Item(entry if whole and is_rating else None, whole, *origin)
    return items


def _decoded(text: bytes) -> str:
    return text.decode(errors="replace")


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(str(error)) from error
