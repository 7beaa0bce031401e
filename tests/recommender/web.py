"""What tests in a browser share: servers, pages, and what a page complains of."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from recommender.settings import Access, Mode
from tests.emulator.ports import free_port

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
LOCAL = Access(Mode.LOCAL)
TOKENS = {"do-usuario-1": {"sub": "1"}, "do-usuario-2": {"sub": "2"}}
expect.set_options(timeout=60_000)  # the machine may be busy


class Gateway:
    """What an HTTP API does with a JWT authorizer on the routes of users."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/usuarios/"):
            token = dict(scope["headers"]).get(b"authorization", b"").decode()
            claims = TOKENS.get(token.removeprefix("Bearer "))
            if claims is None:
                await JSONResponse({"message": "Unauthorized"}, 401)(scope, receive, send)
                return
            scope["aws.event"] = {"requestContext": {"authorizer": {"jwt": {"claims": claims}}}}
        await self.app(scope, receive, send)


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.05)
        assert server.started
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def open_page(chromium: Browser, **options: Any) -> Iterator[Page]:
    with chromium.new_context(**{"viewport": DESKTOP, "locale": "pt-BR", **options}) as context:
        context.set_default_timeout(60_000)  # the machine may be busy
        yield context.new_page()


def settle(page: Page) -> None:
    """Wait until nothing moves."""
    page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")


def assert_accessible(page: Page) -> None:
    page.emulate_media(
        reduced_motion="reduce"
    )  # from now on: what comes while axe looks must not fade in
    settle(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


class Watch:
    """What a page complains of, and which hosts it asks."""

    def __init__(self, page: Page) -> None:
        self.faults: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", lambda message: self.faults.append(message.text))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def assert_quiet(self, url: str) -> None:
        assert self.faults == []
        assert {host for host in self.hosts if host} == {url.removeprefix("http://")}
