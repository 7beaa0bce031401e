"""A table that answers badly: each call ends in time, and what was not confirmed is a 503."""

import asyncio
import socket
import threading
import time
import zlib
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app
from recommender.data import signed_calls
from recommender.data import store as stores
from recommender.data.dynamo_store import DynamoStore
from recommender.data.profile_table import ProfileTable
from recommender.data.store import SECONDS, StoreError
from tests.expectations import FILMS, RATINGS
from tests.recommender.conftest import LOCAL
from tests.recommender.test_api import check_problem
from tests.recommender.test_signed_calls import answering
from tests.stores import dynamo_store, signed, signed_store

USER = 1
FILM = next(film for film in FILMS if film not in RATINGS[USER])
HEAD = b"HTTP/1.1 200 OK\r\n"
LONG = HEAD + b"Content-Length: 1000000\r\n\r\n"

Behave = Callable[[socket.socket], None]


@contextmanager
def behaving(behave: Behave) -> Iterator[tuple[str, threading.Event]]:
    """The URL of a server that behaves towards all connections in a way, until they are closed.

    And whether one was, by the other end.
    """
    left, ends = threading.Event(), list[socket.socket]()
    threads = list[threading.Thread]()

    def meet(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            behave(connection)
            while connection.recv(1000):
                pass
        left.set()

    def accept(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                ends.append(connection)
                threads.append(threading.Thread(target=meet, args=[connection]))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threads.append(threading.Thread(target=accept, args=[server]))
        threads[0].start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", left
        finally:
            for end in (server, *ends):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def repeats(first: bytes, again: bytes, pause: float) -> Behave:
    def behave(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(again)
            time.sleep(pause)

    return behave


SLOW: dict[str, Behave] = {
    "silent": lambda _: None,
    "a body byte by byte": repeats(LONG, b" ", 0.02),
    "headers byte by byte": repeats(HEAD + b"X-Long: ", b"x", 0.02),
    "nothing but continuations": repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.0),
    "chunk by chunk": repeats(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.02),
}


@pytest.mark.parametrize("how", SLOW)
def test_a_call_has_one_deadline_for_all_that_it_waits_for(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(signed_calls, "TIMEOUT", 0.3)
    with behaving(SLOW[how]) as (url, left), closing(signed(url)) as calls:
        with pytest.raises(StoreError, match="Timeout"):
            calls.call("Query", {})
        assert left.wait(60)


@pytest.mark.parametrize("make", [signed_store, dynamo_store])
def test_a_store_has_one_deadline_whatever_it_calls_by(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[str, str], DynamoStore]
) -> None:
    monkeypatch.setattr(signed_calls, "TIMEOUT", 60.0)
    monkeypatch.setattr(stores, "SECONDS", 0.3)
    with asyncio.Runner() as runner, behaving(SLOW["a body byte by byte"]) as (url, _):
        store = make(url, "t")
        for call in (
            store.read(USER),
            store.hidden(),
            store.write((USER, FILM), 4.0, None),
            store.write_all(USER, {FILM: 4.0}),
            store.hide(FILM, hidden=True),
        ):
            with pytest.raises(StoreError, match=r"no answer after 0\.3 seconds"):
                runner.run(call)
        store.close()


def test_two_calls_in_turn_leave_the_function_time_to_answer() -> None:
    template = (Path(__file__).parents[2] / "template.yaml").read_text(encoding="utf-8")
    function = template[template.index("  ApiFunction:") :]
    timeout = int(function.partition("Timeout: ")[2].split()[0])
    assert timeout > 2 * SECONDS + 1
    assert signed_calls.ATTEMPTS * signed_calls.TIMEOUT < SECONDS


@pytest.mark.parametrize(
    "sent",
    [
        *(b"", b"HTTP/1.1 200", HEAD + b"Content-", LONG + b"{}", HEAD + b"\r\n{", b"\xff\x00" * 9),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ],
)
def test_what_is_cut_off_is_no_answer(sent: bytes) -> None:
    asked = []

    def cut(connection: socket.socket) -> None:
        asked.append(connection.recv(100_000))
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)

    with behaving(cut) as (url, left), closing(signed(url)) as calls:
        with pytest.raises(StoreError):
            calls.call("UpdateItem", {})
        assert left.wait(60)
    assert len(asked) == signed_calls.ATTEMPTS


@pytest.mark.parametrize("head", [HEAD + b"\r\n", LONG])
def test_an_answer_without_an_end_is_not_read_for_ever(
    monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr(signed_calls, "TIMEOUT", 60.0)  # not what ends it here
    monkeypatch.setattr(signed_calls, "LARGEST", 100_000)
    with behaving(repeats(head, b" " * 10_000, 0.0)) as (url, left), closing(signed(url)) as calls:
        with pytest.raises(StoreError, match="HTTPException"):
            calls.call("Query", {})
        assert left.wait(60)


def test_a_redirect_is_not_followed() -> None:
    with answering((200, {})) as (other, asked):
        head = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {other}\r\nContent-Length: 0\r\n\r\n"
        with (
            behaving(lambda connection: connection.sendall(head.encode())) as (url, _),
            closing(signed(url)) as calls,
            pytest.raises(StoreError, match="307"),
        ):
            calls.call("UpdateItem", {})
        assert not asked


def test_an_altered_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_calls, "TIMEOUT", 60.0)  # the machine may be busy
    checksum = zlib.crc32(b"{}")

    def ask(told: int) -> dict[str, Any]:
        text = f"x-amz-crc32: {told}\r\nContent-Length: 2\r\n\r\n{{}}"
        with (
            behaving(lambda connection: connection.sendall(HEAD + text.encode())) as (url, _),
            closing(signed(url)) as calls,
        ):
            return calls.call("UpdateItem", {})

    assert ask(checksum) == {}
    with pytest.raises(StoreError):
        ask(checksum + 1)


NO_JSON = [b"", b"?", b"[]", b"null", b'{"Items": [', b"[" * 100_000, b'{"a":' * 100_000]
NO_MEMBERS: list[Any] = [
    {"__type": "com.amazon.coral.service#InternalFailure", "message": ""},
    *({"status": "maintenance"}, {"ConsumedCapacity": {}, "status": "maintenance"}),
]
NO_ITEM: list[Any] = [
    *(5, "text", [], None, {"avaliacao": {"N": "4"}}, {"filme_id": 7}, {"filme_id": "7"}),
    *({"filme_id": {"N": text}} for text in (7, "sete", "nan", "inf", "", None)),
    *({"filme_id": value} for value in ({}, {"N": "7", "S": "7"}, {"S": 7}, ["N"])),
]
NO_PAGE: list[Any] = [
    {},
    {"Items": None},
    {"Items": {"filme_id": {"N": "7"}}},
    *({"Items": [raw]} for raw in NO_ITEM),
]
NO_CHANGE: list[Any] = [{"Attributes": raw} for raw in NO_ITEM if raw]
UNMET = {"__type": "x#ConditionalCheckFailedException"}
CANCELLED = {"__type": "x#TransactionCanceledException"}
NO_REASONS: list[Any] = [5, [5], [{}], [{"Code": []}]]
NO_REFUSAL: list[Any] = [
    *({**UNMET, "Item": raw} for raw in NO_ITEM if raw),
    *({**CANCELLED, "CancellationReasons": reasons} for reasons in NO_REASONS),
]
NO_PROFILE: list[Any] = [{"Item": 5}, {"Item": {"avaliacoes": {"B": 5}}}]


@pytest.fixture(params=[signed_store, dynamo_store], ids=["signed", "boto"])
def make(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], DynamoStore]:
    """What makes a store that calls in one of both ways."""
    monkeypatch.setattr(signed_calls, "TIMEOUT", 60.0)  # the machine may be busy
    made: Callable[[str, str], DynamoStore] = request.param
    return made


@pytest.mark.parametrize("content", [*NO_JSON, *NO_PAGE])
def test_a_malformed_page_is_a_failed_read(
    make: Callable[[str, str], DynamoStore], content: Any
) -> None:
    with answering(*(4 * [(200, content)])) as (url, _), closing(make(url, "t")) as store:
        for call in (store.read(USER), store.hidden()):
            with pytest.raises(StoreError):
                asyncio.run(call)


@pytest.mark.parametrize(
    "answer",
    [
        *((200, content) for content in (*NO_JSON, *NO_MEMBERS, *NO_CHANGE)),
        *((400, content) for content in NO_REFUSAL),
    ],
)
def test_a_malformed_answer_confirms_no_write(
    make: Callable[[str, str], DynamoStore], answer: tuple[int, Any]
) -> None:
    with (
        answering(*(4 * [answer])) as (url, _),
        closing(make(url, "t")) as store,
        pytest.raises(StoreError),
    ):
        asyncio.run(store.write((USER, FILM), 4.0, None))


@pytest.mark.parametrize("content", [*NO_JSON, *NO_MEMBERS])
def test_what_is_no_answer_confirms_no_batch_or_erasure_and_hides_nothing(
    make: Callable[[str, str], DynamoStore], content: Any
) -> None:
    changes: list[tuple[list[Any], Callable[[DynamoStore], Coroutine[Any, Any, Any]]]] = [
        ([(200, {"Items": []})], lambda store: store.write_all(USER, {FILM: 4.0})),
        ([(200, {"Items": []})], lambda store: store.erase(USER, 0.0)),
        ([], lambda store: store.hide(FILM, hidden=True)),
        ([], lambda store: store.hide(FILM, hidden=False)),
    ]
    for before, change in changes:
        with (
            answering(*before, *(2 * [(200, content)])) as (url, _),
            closing(make(url, "t")) as store,
            pytest.raises(StoreError),
        ):
            asyncio.run(change(store))


@pytest.mark.parametrize("content", [*NO_JSON, *NO_MEMBERS, *NO_PROFILE])
def test_a_malformed_profile_is_a_failed_read(
    monkeypatch: pytest.MonkeyPatch, content: Any
) -> None:
    monkeypatch.setattr(signed_calls, "TIMEOUT", 60.0)  # the machine may be busy
    with (
        answering(*(9 * [(200, content)])) as (url, _),
        closing(ProfileTable(signed(url), "t")) as profiles,
        pytest.raises(StoreError),
    ):
        asyncio.run(profiles.ratings(USER))


def test_while_a_table_drips_others_are_answered_and_lists_go_by_what_came_with_the_model(
    artifact_dir: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed_calls, "TIMEOUT", 0.3)
    path = f"/usuarios/{USER}/recomendacoes"
    with behaving(SLOW["a body byte by byte"]) as (url, _):
        app = create_app(artifact_dir, LOCAL, signed_store(url, "t"))
        with TestClient(app, raise_server_exceptions=False) as api:
            assert api.get("/saude").status_code == 200
            listed = api.get(path)
            body = {"avaliacao": 4}
            check_problem(api.put(f"/usuarios/{USER}/avaliacoes/{FILM}", json=body), 503)
    assert listed.json() == client.get(path).json()
    assert listed.headers["x-avaliacoes"] == "empacotadas"
