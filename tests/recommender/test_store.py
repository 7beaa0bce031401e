"""Ratings that last: both stores against a model in memory, many writers at once, and failures."""

import asyncio
import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from botocore.stub import Stubber
from fastapi.testclient import TestClient
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from recommender.api.application import create_app, open_store
from recommender.data.boto_calls import CONFIG, READ_TIMEOUT, BotoCalls
from recommender.data.catalog import MAX_ID
from recommender.data.dynamo_store import DynamoStore
from recommender.data.origin import Origin
from recommender.data.sqlite_store import SqliteStore
from recommender.data.store import ConflictError, Entry, Store, StoreError, overlay, spell
from recommender.settings import Access, Mode, read_settings
from tests.conftest import ROOT
from tests.expectations import FILMS, RATINGS
from tests.stores import (
    CREDENTIALS,
    client_of,
    create_table,
    dynamo_store,
    make_stores,
    moto_server,
    nobody,
    run_machine,
    signed_store,
)

WRITERS = 50
LOCAL = Access(Mode.LOCAL)
FREE_FILMS = [film for film in FILMS if film not in RATINGS[1]]
IDS = st.sampled_from([1, 2, -5, MAX_ID])
VALUES = st.one_of(st.none(), st.sampled_from([0.0, 0.5, 0.1, 4.0, 5.0]))
EXPECTED = st.one_of(st.none(), st.integers(0, 4))

Make = Callable[[], Store]


def read(store: Store, user: int, film: int | None = None) -> dict[int, Entry]:
    return asyncio.run(store.read(user, film))


def write(
    store: Store,
    user: int,
    film: int,
    rating: float | None,
    packaged: float | None,
    expected: int | None = None,
) -> tuple[Entry | None, Entry | None]:
    return asyncio.run(store.write((user, film), rating, packaged, expected))


def write_all(
    store: Store, user: int, ratings: dict[int, float]
) -> dict[int, tuple[Entry | None, Entry | None]]:
    return asyncio.run(store.write_all(user, ratings))


@pytest.fixture(params=["sqlite", "signed", "boto"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """What makes an empty store."""
    return make_stores(request, tmp_path)


@pytest.fixture
def store(make: Make) -> Iterator[Store]:
    with closing(make()) as made:
        yield made


class Ratings(RuleBasedStateMachine):
    """A store beside a dictionary that does what a store should."""

    make: Make

    def __init__(self) -> None:
        super().__init__()
        self.store = self.make()
        self.entries: dict[tuple[int, int], Entry] = {}

    @rule(user=IDS, film=IDS, rating=VALUES, packaged=VALUES, expected=EXPECTED)
    def write(
        self,
        user: int,
        film: int,
        rating: float | None,
        packaged: float | None,
        expected: int | None,
    ) -> None:
        before = self.entries.get((user, film))
        version = before.version if before else 0
        if expected not in (None, version):
            with pytest.raises(ConflictError):
                write(self.store, user, film, rating, packaged, expected)
            self.check(user)
            return
        found = write(self.store, user, film, rating, packaged, expected)
        if rating is None:
            unchanged = (before.rating if before else packaged) is None
        else:
            unchanged = before is not None and rating == before.rating
        if unchanged:
            assert found == (before, before)
            self.check(user)
            return
        assert found[0] == before
        assert found[1] is not None
        assert (found[1].rating, found[1].version) == (rating, version + 1)
        assert found[1].moment is not None
        assert before is None or before.moment is None or found[1].moment >= before.moment
        self.entries[user, film] = found[1]
        self.check(user)

    @rule(user=IDS, ratings=st.dictionaries(IDS, VALUES.filter(lambda value: value is not None)))
    def write_all(self, user: int, ratings: dict[int, float]) -> None:
        found = write_all(self.store, user, ratings)
        assert list(found) == list(ratings)
        moments = []
        for film, rating in ratings.items():
            before, after = found[film]
            assert before == self.entries.get((user, film))
            assert after is not None
            version = before.version if before else 0
            if before and before.rating == rating:
                assert after == before
            else:
                assert (after.rating, after.version) == (rating, version + 1)
                moments.append(after.moment or 0.0)
            self.entries[user, film] = after
        assert moments == sorted(set(moments))
        self.check(user)

    @rule(user=IDS, film=IDS)
    def read_one(self, user: int, film: int) -> None:
        entry = self.entries.get((user, film))
        assert read(self.store, user, film) == ({film: entry} if entry else {})

    def check(self, user: int) -> None:
        expected = {film: entry for (of, film), entry in self.entries.items() if of == user}
        assert read(self.store, user) == expected

    def teardown(self) -> None:
        for user in {user for user, _ in self.entries}:
            self.check(user)
        self.store.close()


def test_a_store_does_what_a_dictionary_does(make: Make) -> None:
    run_machine(Ratings, make, examples=25, steps=25)


def test_fifty_writers_of_one_rating_make_fifty_versions(store: Store) -> None:
    barrier = threading.Barrier(WRITERS)

    def wait_and_write(number: int) -> tuple[Entry | None, Entry | None]:
        barrier.wait()
        return write(store, 1, 2, float(number), None)

    with ThreadPoolExecutor(WRITERS) as pool:
        changes = list(pool.map(wait_and_write, range(WRITERS)))
    check_chain(changes, read(store, 1)[2])


def check_chain(changes: list[tuple[Entry | None, Entry | None]], last: Entry) -> None:
    """Every write found what another left, and the highest version is what stays."""
    versions = sorted(after.version for _, after in changes if after)
    assert versions == list(range(1, len(changes) + 1))
    after_by_version = {after.version: after for _, after in changes if after}
    for before, after in changes:
        assert after is not None
        found = (before.rating, before.version) if before else (None, 0)
        left = after_by_version.get(after.version - 1, Entry(None))
        assert found == (left.rating, left.version)
    assert last == after_by_version[len(changes)]


def test_fifty_writers_of_a_user_lose_nothing(store: Store) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda film: write(store, 1, film, film / 10, None), range(WRITERS)))
    found = read(store, 1)
    assert {film: (e.rating, e.version) for film, e in found.items()} == {
        film: (film / 10, 1) for film in range(WRITERS)
    }


def test_who_writes_several_ratings_writes_all_of_them(store: Store) -> None:
    """Each writer gives all films the same rating, so films that differ are of two writers."""
    films, writers = range(20), 8

    def write_alike(number: int) -> dict[int, tuple[Entry | None, Entry | None]]:
        while True:  # the store gives up if others keep coming before
            with contextlib.suppress(StoreError):
                return write_all(store, 1, dict.fromkeys(films, float(number)))

    with ThreadPoolExecutor(writers) as pool:
        written = list(pool.map(write_alike, range(writers)))
    entries = read(store, 1)
    for film in films:
        check_chain([changes[film] for changes in written], entries[film])
    assert len({entry.rating for entry in entries.values()}) == 1


def test_a_transaction_that_fails_writes_nothing(aws: str) -> None:
    create_table(aws, "cancelada")
    with closing(dynamo_store(aws, "cancelada")) as store:
        write(store, 1, 2, 4.0, None)
        before = read(store, 1)
        client = client_of(store)
        throttled = {"CancellationReasons": [{"Code": "None"}, {"Code": "ThrottlingError"}]}
        for code, more in (
            ("TransactionCanceledException", throttled),
            ("ProvisionedThroughputExceededException", {}),
        ):
            with Stubber(client) as stub:
                stub.add_response("query", {"Items": []})
                stub.add_client_error("transact_write_items", code, modeled_fields=more)
                with pytest.raises(StoreError, match=code):
                    write_all(store, 1, {2: 5.0, 3: 5.0})
        assert read(store, 1) == before


def test_a_transaction_that_others_come_before_is_tried_again(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_table(aws, "disputada")
    with closing(dynamo_store(aws, "disputada")) as store:
        changed = iter([1.0, 2.0])

        def interfere(**_: object) -> None:
            if (rating := next(changed, None)) is not None:
                with closing(dynamo_store(aws, "disputada")) as other:
                    write(other, 1, 2, rating, None)

        client_of(store).meta.events.register("before-send.dynamodb.TransactWriteItems", interfere)
        monkeypatch.setattr("recommender.data.dynamo_store.WRITE_SECONDS", 60.0)
        found = write_all(store, 1, {2: 5.0, 3: 5.0})
        assert found[2][0] is not None
        assert found[2][0].rating == 2.0
        assert {film: (e.rating, e.version) for film, e in read(store, 1).items()} == {
            2: (5.0, 3),
            3: (5.0, 1),
        }
        changed = iter([1.0])
        monkeypatch.setattr("recommender.data.dynamo_store.WRITE_SECONDS", 0.0)
        with pytest.raises(StoreError, match="others"):
            write_all(store, 1, {2: 4.0, 3: 4.0})
        assert read(store, 1)[3].rating == 5.0


def test_of_fifty_writers_that_expect_a_version_one_wins(store: Store) -> None:
    write(store, 1, 2, 0.0, None)

    def wins(number: int) -> bool:
        try:
            write(store, 1, 2, float(number), None, expected=1)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        won = list(pool.map(wins, range(1, WRITERS + 1)))
    assert sum(won) == 1
    entry = read(store, 1)[2]
    assert (entry.rating, entry.version) == (won.index(True) + 1, 2)


def test_fifty_writers_of_the_same_rating_write_once(store: Store) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        changes = list(pool.map(lambda _: write(store, 1, 2, 3.0, None), range(WRITERS)))
    assert Counter(before is None for before, _ in changes) == {True: 1, False: WRITERS - 1}
    assert {after for _, after in changes} == {read(store, 1)[2]}
    assert read(store, 1)[2].version == 1


PROCESS = """
import asyncio, sys
from pathlib import Path
from recommender.data import sqlite_store

sqlite_store.BUSY_SECONDS = 60.0  # the machine may be busy
store, number = sqlite_store.SqliteStore(Path(sys.argv[1])), int(sys.argv[2])

async def write():
    for step in range(25):
        await store.write((1, 2), float(number * 25 + step), None)
        await store.write((1, 100 + number * 25 + step), 4.0, None)

sys.stdin.readline()
asyncio.run(write())
"""


def test_processes_write_one_file_and_lose_nothing(tmp_path: Path) -> None:
    """Ten processes: 250 changes of one rating, beside 250 ratings; all open the file at once."""
    file = tmp_path / "avaliacoes.sqlite3"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(file), str(number)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(10)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    with closing(SqliteStore(file)) as store:
        entries = read(store, 1)
    assert len(entries) == 251
    assert entries[2].version == 250


def test_what_is_written_is_there_after_a_crash(tmp_path: Path) -> None:
    """The process ends in the middle of things, with nothing closed."""
    code = """
import asyncio, os, sys
from pathlib import Path
from recommender.data.sqlite_store import SqliteStore

store = SqliteStore(Path(sys.argv[1]))
asyncio.run(store.write((1, 2), 4.0, None))
os._exit(9)
"""
    file = tmp_path / "new folder" / "avaliacoes.sqlite3"
    done = subprocess.run([sys.executable, "-c", code, str(file)], cwd=ROOT)
    assert done.returncode == 9
    with closing(SqliteStore(file)) as store:
        assert read(store, 1)[2].rating == 4.0


def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "a.sqlite3")) as store:
        assert store._writer.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert store._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_another_holds_for_long_is_not_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.data.sqlite_store.BUSY_SECONDS", 0.1)
    file = tmp_path / "avaliacoes.sqlite3"
    with closing(SqliteStore(file)) as store, closing(sqlite3.connect(file)) as other:
        write(store, 1, 2, 4.0, None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            write(store, 1, 2, 5.0, None)
        assert read(store, 1)[2].rating == 4.0  # who reads does not wait
        other.rollback()
        write(store, 1, 2, 5.0, None)
        assert read(store, 1)[2].version == 2


def test_a_read_does_not_wait_for_a_write_of_its_own_store(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "a.sqlite3")) as store:
        write(store, 1, 2, 4.0, None)
        store._writer.execute("BEGIN IMMEDIATE")
        store._writer.execute("UPDATE avaliacoes SET avaliacao = 1")
        assert read(store, 1)[2].rating == 4.0
        store._writer.execute("ROLLBACK")


def test_writers_that_wait_hold_up_nobody_else(artifact_dir: Path, tmp_path: Path) -> None:
    """More of them than there are threads, while another process holds the file."""
    file = tmp_path / "avaliacoes.sqlite3"
    store = SqliteStore(file)
    waiting = threading.Event()
    store._writer.set_trace_callback(lambda query: waiting.set() if "BEGIN" in query else None)
    films = FREE_FILMS[:WRITERS]
    with (
        TestClient(create_app(artifact_dir, LOCAL, store)) as client,
        closing(sqlite3.connect(file)) as other,
        ThreadPoolExecutor(WRITERS) as pool,
    ):
        other.execute("BEGIN IMMEDIATE")
        writes = [
            pool.submit(client.put, f"/usuarios/1/avaliacoes/{film}", json={"avaliacao": 4})
            for film in films
        ]
        assert waiting.wait(60)
        for path in ("/usuarios/1/avaliacoes", "/usuarios/1/recomendacoes", "/filmes", "/saude"):
            assert client.get(path).status_code == 200
        assert not any(write.done() for write in writes)
        other.rollback()
        assert {write.result().status_code for write in writes} == {201}
        rated = client.get("/usuarios/1/avaliacoes?limite=1000").json()
    assert set(films) <= {rating["filme_id"] for rating in rated}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/usuarios/1/recomendacoes", 200),
        ("PUT", f"/usuarios/1/avaliacoes/{FREE_FILMS[0]}", 201),
    ],
)
def test_a_table_that_answers_late_holds_up_nobody_else(
    aws: str, artifact_dir: Path, method: str, path: str, status: int
) -> None:
    name = f"tarde-{method}"
    create_table(aws, name)
    store = dynamo_store(aws, name)
    sent, go_on = threading.Event(), threading.Event()

    def hold(**_: object) -> None:
        sent.set()
        assert go_on.wait(60)

    with (
        TestClient(create_app(artifact_dir, LOCAL, store)) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        client.get("/filmes")  # by now it is known which films are hidden
        client_of(store).meta.events.register("before-send", hold)
        body = {"avaliacao": 4} if method == "PUT" else None
        late = pool.submit(client.request, method, path, json=body)
        assert sent.wait(60)
        for other in ("/filmes", "/filmes/populares", "/saude"):
            assert client.get(other).status_code == 200
        assert not late.done()
        go_on.set()
        assert late.result().status_code == status


def test_more_than_a_megabyte_is_read_whole(aws: str) -> None:
    create_table(aws, "grande")
    with closing(dynamo_store(aws, "grande")) as store:
        requests = []
        client_of(store).meta.events.register("before-send", lambda **sent: requests.append(sent))
        moment = 1_700_000_000.123456
        for film in range(25):
            client_of(store).put_item(
                TableName="grande",
                Item={
                    "usuario_id": {"N": "1"},
                    "filme_id": {"N": str(film)},
                    "avaliacao": {"N": "4"},
                    "versao": {"N": "1"},
                    "momento": {"S": spell(moment)},
                    "enchimento": {"S": "x" * 100_000},
                },
            )
        del requests[:]
        assert read(store, 1) == {film: Entry(4.0, 1, moment) for film in range(25)}
        assert len(requests) >= 3
        with closing(signed_store(aws, "grande")) as other:
            assert read(other, 1) == read(store, 1)


def test_both_ways_of_reading_pass_over_the_same(aws: str) -> None:
    table = "estranha"
    create_table(aws, table)
    whole = {"versao": {"N": "1"}, "momento": {"S": spell(1.5)}}
    items = {
        "1": whole | {"avaliacao": {"N": "4"}},
        "2": whole,
        "3": {"versao": {"N": "1"}},
        "4.5": whole,
        "5": whole | {"avaliacao": {"S": "4"}},
    }
    with closing(dynamo_store(aws, table)) as store, closing(signed_store(aws, table)) as other:
        for film_id, attributes in items.items():
            key = {"usuario_id": {"N": "1"}, "filme_id": {"N": film_id}}
            client_of(store).put_item(TableName=table, Item=key | attributes)
        assert read(store, 1) == read(other, 1) == {1: Entry(4.0, 1, 1.5), 2: Entry(None, 1, 1.5)}
        for film in (1, 3):
            one, same = (asyncio.run(each.read(1, film)) for each in (store, other))
            assert one == same
        assert read(other, 2) == {}


def test_a_table_that_refuses_connections_is_not_reached() -> None:
    with closing(dynamo_store(nobody(), "t", CONFIG)) as store:
        check_unreachable(store)


def test_a_table_that_does_not_answer_is_not_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with closing(dynamo_store(url, "t", CONFIG)) as store:
            check_unreachable(store)


def test_a_table_that_is_missing_is_not_reached(aws: str) -> None:
    with closing(dynamo_store(aws, "nenhuma")) as store:
        check_unreachable(store)


def check_unreachable(store: Store) -> None:
    with ThreadPoolExecutor(2) as pool:
        calls = pool.submit(read, store, 1), pool.submit(write, store, 1, 2, 4.0, None)
        for call in calls:
            with pytest.raises(StoreError):
                call.result()


@pytest.mark.parametrize(
    "code",
    ["ThrottlingException", "ProvisionedThroughputExceededException", "AccessDeniedException"],
)
def test_a_table_that_refuses_is_not_reached(aws: str, code: str) -> None:
    with closing(dynamo_store(aws, "t")) as store, Stubber(client_of(store)) as stub:
        stub.add_client_error("query", code)
        with pytest.raises(StoreError, match=code):
            read(store, 1)
        stub.add_client_error("update_item", code)
        with pytest.raises(StoreError, match=code):
            write(store, 1, 2, 4.0, None)


def test_a_write_whose_first_answer_comes_too_late_is_no_conflict() -> None:
    """The second attempt finds what the first one did."""
    create, first = 0, 0
    too_late = 2 * READ_TIMEOUT
    with moto_server([create, first, too_late]) as url:
        create_table(url, "lenta")
        with closing(dynamo_store(url, "lenta", CONFIG)) as store:
            write(store, 1, 2, 4.0, None)
            before, after = write(store, 1, 2, 5.0, None, expected=1)
            assert after == read(store, 1)[2]
            assert (after.rating, after.version) == (5.0, 2)
            assert before == after


def test_reads_are_consistent(aws: str) -> None:
    create_table(aws, "consistente")
    with closing(dynamo_store(aws, "consistente")) as store:
        asked = []
        client_of(store).meta.events.register(
            "provide-client-params.dynamodb.Query", lambda params, **_: asked.append(params)
        )
        read(store, 1)
        assert [params["ConsistentRead"] for params in asked] == [True]


def test_credentials_are_renewed_when_they_end() -> None:
    """As on Lambda with SnapStart: those of a snapshot are long over when it is restored."""
    given: list[str] = []

    class Container(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = self.headers["authorization"]
            given.append(token)
            hours = -1 if token == "snapshot" else 1
            content = {
                "AccessKeyId": token.upper(),
                "SecretAccessKey": "secret",
                "Token": "token",
                "Expiration": (datetime.now(UTC) + timedelta(hours=hours)).isoformat(),
            }
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_: object) -> None: ...

    with (
        moto_server() as aws,
        HTTPServer(("127.0.0.1", 0), Container) as container,
        pytest.MonkeyPatch.context() as patch,
    ):
        thread = threading.Thread(target=container.serve_forever)
        thread.start()
        create_table(aws, "t")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL_DYNAMODB", aws)
        patch.setenv(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{container.server_port}"
        )
        patch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "snapshot")
        with closing(DynamoStore(BotoCalls(), "t")) as store:
            patch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "restored")
            signed: list[str] = []
            client_of(store).meta.events.register(
                "before-send", lambda request, **_: signed.append(str(request.headers))
            )
            write(store, 1, 2, 4.0, None)
            read(store, 1)
        container.shutdown()
        thread.join()
    assert (given[0], given[-1]) == ("snapshot", "restored")
    assert len(signed) >= 2
    assert all("Credential=RESTORED/" in headers for headers in signed)


def test_the_environment_names_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    def named(**environment: str) -> Store | None:
        return open_store(read_settings(environment), Origin("filmes", "filmes", "0:5"))

    assert named() is None
    assert named(RATINGS_TABLE="", RATINGS_DIR="") is None
    folder = tmp_path / "new folder"
    local = named(RATINGS_DIR=str(folder))
    assert isinstance(local, SqliteStore)
    local.close()
    assert [path.name for path in folder.iterdir()] == ["filmes.sqlite3"]
    assert isinstance(named(RATINGS_TABLE="tabela", RATINGS_DIR=str(folder)), DynamoStore)
    with pytest.raises(ValueError, match=r"RATINGS_FILE is 'a\.sqlite3', .* set RATINGS_DIR"):
        named(RATINGS_FILE="a.sqlite3")


@pytest.mark.parametrize(
    ("lineage", "file"),
    [("", "_.sqlite3"), ("../filmes", "..%2Ffilmes.sqlite3"), ("ml-100k.2", "ml-100k.2.sqlite3")],
)
def test_a_lineage_names_a_file_of_the_folder(tmp_path: Path, lineage: str, file: str) -> None:
    store = open_store(read_settings({"RATINGS_DIR": str(tmp_path)}), Origin(lineage, lineage))
    assert store is not None
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == [file]


@pytest.mark.parametrize(
    ("more", "imported"),
    [
        ({"ACCESS": "jwt"}, "False"),
        ({"ACCESS": "open"}, "False"),
        ({"ACCESS": "jwt", "AWS_USE_FIPS_ENDPOINT": "true"}, "True"),
    ],
)
def test_boto3_is_imported_at_the_start_only_where_nothing_else_can_ask_the_table(
    artifact_dir: Path, more: dict[str, str], imported: str
) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import recommender.api as a, sys; a.app; print('boto3' in sys.modules)",
        ],
        cwd=ROOT,
        env=os.environ
        | CREDENTIALS
        | {"ARTIFACT_DIR": str(artifact_dir), "RATINGS_TABLE": "tabela", **more},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == imported


def test_what_was_written_lies_over_what_was_packaged() -> None:
    written = {1: Entry(5.0, 2, 9.0), 3: Entry(None, 1, 9.0), 9: Entry(None, 4, 9.0)}
    packaged = [(2, 3.0, 1.0), (3, 4.0, 1.0)]
    assert overlay(packaged, written) == {1: Entry(5.0, 2, 9.0), 2: Entry(3.0, 0, 1.0)}
    assert list(overlay([(7, 1.0, None)], {3: Entry(2.0, 1, 9.0)}) or ()) == [3, 7]
    assert overlay([(1, 4.0, 20.0)], {1: Entry(5.0, 2, 9.0)}) == {1: Entry(5.0, 2, 9.0)}
    assert overlay([(1, 4.0, 20.0)], {1: Entry(None, 2, 9.0)}) == {}
    assert overlay([], {}) == {}
    assert overlay(None, {}) is None
    assert overlay(None, {9: Entry(None, 4, 9.0)}) is None
    assert overlay(None, {1: Entry(5.0, 1, 9.0)}) == {1: Entry(5.0, 1, 9.0)}
