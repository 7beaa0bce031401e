"""A file of ratings that fails: locked, deleted, replaced, read-only, full or damaged.

What was not confirmed is a 503, and nobody waits for ever.
"""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app
from recommender.data import sqlite_store
from recommender.data.sqlite_store import FILES, SqliteStore
from recommender.data.store import StoreError
from tests.conftest import ROOT
from tests.expectations import FILMS, RATINGS
from tests.recommender.conftest import LOCAL
from tests.recommender.test_api import check_problem
from tests.recommender.test_store import read, write

USER, WRITERS = 1, 45
FREE = [film for film in FILMS if film not in RATINGS[USER]]
FILM, OTHER = FREE[:2]
PATH = f"/usuarios/{USER}/avaliacoes"

Fault = Callable[[Path], None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "filmes.sqlite3"


@pytest.fixture
def store(file: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(file)) as made:
        write(made, USER, FILM, 4.0, None)
        yield made


@pytest.fixture
def api(artifact_dir: Path, store: SqliteStore) -> TestClient:
    return TestClient(create_app(artifact_dir, LOCAL, store), raise_server_exceptions=False)


def check_writes(api: TestClient) -> None:
    """All writes fail."""
    many = {"avaliacoes": [{"filme_id": film, "avaliacao": 2} for film in FREE[:50]]}
    for method, path, body in (
        ("PUT", f"{PATH}/{OTHER}", {"avaliacao": 2}),
        ("PUT", f"{PATH}/{FILM}", {"avaliacao": 2}),
        ("PUT", PATH, many),
        ("DELETE", f"{PATH}/{FILM}", None),
        ("PUT", f"/filmes/{FILM}/oculto", None),
        ("DELETE", f"/filmes/{FILM}/oculto", None),
    ):
        answer = api.request(method, path, json=body)
        check_problem(answer, 503)
        assert answer.headers["retry-after"]


def check_reads(api: TestClient) -> None:
    """Reads fail as well; lists go by the ratings that came with the model, and say so."""
    check_problem(api.get(PATH), 503)
    check_problem(api.get(f"{PATH}/{FILM}"), 503)
    answer = api.get(f"/usuarios/{USER}/recomendacoes")
    assert answer.status_code == 200
    assert answer.headers["x-avaliacoes"] == "empacotadas"
    assert answer.headers["x-ocultos"] == "desconhecidos"
    assert api.get("/saude").status_code == 200


def test_those_who_wait_for_a_locked_file_all_wait_at_the_same_time(
    store: SqliteStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "BUSY_SECONDS", 1.0)
    asked = []
    store._writer.set_trace_callback(lambda query: asked.append("BEGIN" in query))

    async def write_all_at_once() -> list[Any]:
        writes = (store.write((user, FILM), 3.0, None) for user in range(WRITERS))
        return [*await asyncio.gather(*writes, return_exceptions=True)]

    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        outcomes = asyncio.run(write_all_at_once())
    assert {type(outcome) for outcome in outcomes} == {StoreError}
    assert sum(asked) < WRITERS / 3  # the others' time was over when their turn came
    assert write(store, USER, FILM, 5.0, None)[1] == read(store, USER)[FILM]


def delete(file: Path) -> None:
    file.unlink()


def delete_all(file: Path) -> None:
    for end in FILES:
        Path(f"{file}{end}").unlink()


def delete_log(file: Path) -> None:
    Path(f"{file}-wal").unlink()


def move(file: Path) -> None:
    file.rename(file.with_name("antigo.sqlite3"))


def delete_folder(file: Path) -> None:
    shutil.rmtree(file.parent)


def replace(file: Path) -> None:
    """As who restores a backup."""
    backup = file.with_name("backup.sqlite3")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
    backup.replace(file)


@pytest.mark.parametrize("fault", [delete, delete_all, delete_log, move, delete_folder, replace])
def test_a_file_that_is_not_the_one_that_was_opened_is_noticed(
    api: TestClient, file: Path, fault: Fault
) -> None:
    fault(file)
    check_writes(api)
    check_reads(api)


def test_a_file_that_is_back_in_its_place_holds_all_that_was_confirmed(
    api: TestClient, file: Path
) -> None:
    move(file)
    check_writes(api)
    file.with_name("antigo.sqlite3").rename(file)
    assert [r["avaliacao"] for r in api.get(PATH).json() if r["filme_id"] in FREE] == [4]
    assert api.put(f"{PATH}/{FILM}", json={"avaliacao": 2}).status_code == 200


def test_a_file_that_goes_while_it_is_written_confirms_nothing(
    store: SqliteStore, file: Path
) -> None:
    def go(query: str) -> None:
        if query == "COMMIT":
            file.unlink()

    store._writer.set_trace_callback(go)
    with pytest.raises(StoreError, match=r"filmes\.sqlite3 was deleted or replaced"):
        write(store, USER, FILM, 2.0, None)


READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
from recommender.data.sqlite_store import SqliteStore
from recommender.data.store import StoreError

if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
store = SqliteStore(Path(sys.argv[1]))
found = asyncio.run(store.read(1))
for change in (store.write((1, 2), 5.0, None), store.hide(2, hidden=True)):
    try:
        asyncio.run(change)
    except StoreError as error:
        print(len(found), error)
"""


def test_a_file_that_may_only_be_read_confirms_nothing() -> None:
    with tempfile.TemporaryDirectory() as folder:  # whose parents anybody may enter
        file = Path(folder, "filmes.sqlite3")
        with closing(SqliteStore(file)) as store:
            write(store, 1, 2, 4.0, None)
        Path(folder).chmod(0o777)
        file.chmod(0o444)
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(file)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.splitlines() == 2 * ["1 attempt to write a readonly database"]


def test_a_full_disk_confirms_nothing_and_stores_nothing(
    api: TestClient, store: SqliteStore
) -> None:
    (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
    store._writer.execute(f"PRAGMA max_page_count = {pages + 8}")
    many = {"avaliacoes": [{"filme_id": film, "avaliacao": 2} for film in FREE[:100]]}
    statuses = []
    for user in range(2, 12):
        answer = api.put(f"/usuarios/{user}/avaliacoes", json=many)
        statuses.append(answer.status_code)
        assert len(read(store, user)) == (100 if answer.status_code == 200 else 0)
    assert set(statuses) == {200, 503}
    check_problem(answer, 503)
    store._writer.execute("PRAGMA max_page_count = 1000000")
    assert api.put("/usuarios/11/avaliacoes", json=many).status_code == 200


def test_where_a_file_is_damaged_nothing_is_confirmed(artifact_dir: Path, file: Path) -> None:
    users, page = range(1, 21), 4096
    with closing(SqliteStore(file)) as store:
        for user in users:
            asyncio.run(store.write_all(user, dict.fromkeys(FREE[:100], 1.0)))
    content = file.read_bytes()
    whole = len(content) // page // 2 * page
    file.write_bytes(content[:whole] + b"\xff" * (len(content) - whole))
    with closing(SqliteStore(file)) as store:
        api = TestClient(create_app(artifact_dir, LOCAL, store), raise_server_exceptions=False)
        first, last = (f"/usuarios/{user}/avaliacoes" for user in (users[0], users[-1]))
        assert api.put(f"{first}/{FILM}", json={"avaliacao": 2}).status_code == 200
        check_problem(api.get(last), 503)
        check_problem(api.put(f"{last}/{FILM}", json={"avaliacao": 2}), 503)


def test_a_start_waits_for_who_is_making_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(sqlite_store, "BUSY_SECONDS", 0.1)
        with pytest.raises(StoreError, match=r"filmes\.sqlite3: database is locked"):
            SqliteStore(file)
        monkeypatch.setattr(sqlite_store, "BUSY_SECONDS", 60.0)
        monkeypatch.setattr("time.sleep", lambda _: other.rollback())
        SqliteStore(file).close()


@pytest.mark.parametrize("content", [b"no database, but a text" * 500, b"SQLite format 3\0"])
def test_what_is_no_database_is_refused_at_the_start(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"filmes\.sqlite3: "):
        SqliteStore(file)
    assert file.read_bytes() == content
