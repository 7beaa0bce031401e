"""The adapter between events and the app: it waits where it must, and nowhere else."""

import asyncio
import threading
from typing import Any

import pytest

from recommender.aws.adapter import Adapter, run
from tests.recommender.test_handler import CONTEXT, SENDERS, http_api, load_balancer_single


def test_a_thread_without_an_event_loop_gets_an_answer() -> None:
    """As every thread but the main one is, and the main one from Python 3.14 on."""
    statuses = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (scope["path"], (await receive())["body"]) == ("/", b"")
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    adapter = Adapter(app)
    for _ in range(2):
        thread = threading.Thread(
            target=lambda: statuses.append(adapter(http_api("/", [], {}, "GET", None), CONTEXT))
        )
        thread.start()
        thread.join()
    assert [answer["statusCode"] for answer in statuses] == [204, 204]


def test_what_waits_for_nothing_needs_no_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio, "get_event_loop", None)
    done = []

    async def inner() -> int:
        return 5

    async def work() -> None:
        done.append(await inner())

    run(work())
    assert done == [5]


def test_what_waits_goes_on_in_an_event_loop() -> None:
    done: list[Any] = []

    async def later(value: int) -> int:
        await asyncio.sleep(0.001)
        return value

    async def work() -> None:
        done.append("begun")
        await asyncio.sleep(0)
        done.append("in a loop")
        done.extend(await asyncio.gather(later(1), later(2)))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(10), 0.001)

    run(work())
    assert done == ["begun", "in a loop", 1, 2]


@pytest.mark.parametrize("waits", [False, True])
def test_a_failure_goes_through(waits: bool) -> None:
    async def work() -> None:
        if waits:
            await asyncio.sleep(0)
        raise ValueError("here")

    for _ in range(2):
        with pytest.raises(ValueError, match="here"):
            run(work())


@pytest.mark.parametrize("sender", [*SENDERS, load_balancer_single])
@pytest.mark.parametrize("waits", [False, True])
def test_an_answer_has_the_form_that_its_sender_expects(sender: Any, waits: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if waits:
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
        assert scope["path"] == "/um caminho"
        assert (await receive())["body"] == "ação".encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"x-outro", b"1")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": "não".encode()})

    event = sender("/um%20caminho", [], {}, "POST", "ação".encode())
    answer = Adapter(app)(event, CONTEXT)
    assert (answer["statusCode"], answer["body"], answer["isBase64Encoded"]) == (201, "não", False)
    given = answer.get("headers") or {k: v[0] for k, v in answer["multiValueHeaders"].items()}
    assert given["x-outro"] == "1"


def test_bytes_go_out_in_base64() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        headers = [(b"content-type", b"application/octet-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"\xff\x00"})

    answer = Adapter(app)(http_api("/", [], {}, "GET", None), CONTEXT)
    assert (answer["body"], answer["isBase64Encoded"]) == ("/wA=", True)
