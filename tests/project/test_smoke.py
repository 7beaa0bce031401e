"""What .ci/smoke.py accepts of an API, and that nothing broken passes."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app
from tests.conftest import ROOT

SCRIPT = ROOT / ".ci" / "smoke.py"
HOP_BY_HOP = {"connection", "content-length", "date", "server", "transfer-encoding"}
MINE, UNKNOWN = "/usuarios/1/recomendacoes", f"/usuarios/{2**53 - 1}/recomendacoes"


@dataclass
class Sent:
    """An answer on its way, which a test may break."""

    path: str
    status: int
    headers: dict[str, str]
    body: bytes
    asked: dict[str, str] = field(default_factory=dict)


Break = Callable[[Sent], Sent]


@contextmanager
def serving(client: TestClient, change: Break) -> Iterator[str]:
    """The API over real HTTP, each of whose answers passes a function."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = client.get(
                self.path,
                headers={"accept-encoding": "identity", **dict(self.headers)},
                follow_redirects=False,
            )
            sent = change(
                Sent(
                    self.path,
                    found.status_code,
                    dict(found.headers),
                    found.content,
                    dict(self.headers),
                )
            )
            self.send_response(sent.status)
            for name, value in sent.headers.items():
                if name not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(sent.body)))
            self.end_headers()
            self.wfile.write(sent.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def smoke(url: str, token: str = "", patience: float = 0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, url, "--patience", str(patience)],
        env=os.environ | {"SMOKE_TOKEN": token},
        capture_output=True,
        text=True,
    )


def at(path: str, **change: Any) -> Break:
    """Breaks the answers of one path."""
    return lambda sent: replace(sent, **change) if sent.path == path else sent


def without(name: str, *, path: str = "") -> Break:
    """Leaves a header out, of all answers or of one path's."""

    def change(sent: Sent) -> Sent:
        kept = {key: value for key, value in sent.headers.items() if key != name}
        return replace(sent, headers=kept) if path in ("", sent.path) else sent

    return change


def another_model(sent: Sent) -> Sent:
    """As if an old version still answered a part of the requests."""
    headers = sent.headers | {"x-versao": "0" * 64}
    return replace(sent, headers=headers) if sent.path == "/modelo" else sent


def no_module(sent: Sent) -> Sent:
    return replace(sent, status=404) if sent.path.endswith("/screen.js") else sent


def always_anew(sent: Sent) -> Sent:
    return replace(sent, status=200, body=b"[]") if sent.status == 304 else sent


def needs_token(sent: Sent) -> Sent:
    """As API Gateway does with Access=jwt."""
    if not sent.path.startswith("/usuarios") or sent.asked.get("Authorization") == "Bearer t":
        return sent
    return replace(sent, status=401, headers={}, body=b'{"message": "Unauthorized"}')


def test_what_works_passes(client: TestClient) -> None:
    with serving(client, lambda sent: sent) as url:
        done = smoke(url)
        assert done.returncode == 0, done.stderr
        assert "recommendations of user 1: 5" in done.stdout
        assert smoke(f"{url}/").returncode == 0


def test_routes_of_users_may_need_a_token(client: TestClient) -> None:
    with serving(client, needs_token) as url:
        without_one, with_one, wrong = smoke(url), smoke(url, "t"), smoke(url, "other")
    assert without_one.returncode == with_one.returncode == 0, without_one.stderr + with_one.stderr
    assert "recommendations of user 1: refused without a token (401)" in without_one.stdout
    assert "recommendations of user 1: 5" in with_one.stdout
    assert wrong.returncode == 1
    assert "in spite of the token" in wrong.stderr


def at_first(path: str, status: int) -> Break:
    """Refuses a path once."""
    left = [status]
    return lambda sent: (
        replace(sent, status=left.pop(), headers={}) if sent.path == path and left else sent
    )


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_is_asked_again(client: TestClient, status: int) -> None:
    """A peak of requests, or an instance that just starts, says nothing of a deployment."""
    with serving(client, at_first("/filmes?limite=2", status)) as url:
        done = smoke(url, patience=60)
    assert done.returncode == 0, done.stderr


def test_too_many_requests_are_told_from_what_is_broken(client: TestClient) -> None:
    """Who reads the exit code need not take a deployment back."""
    with serving(client, at("/filmes?limite=2", status=429, headers={})) as url:
        done = smoke(url)
    assert done.returncode == 3
    assert (
        done.stderr
        == ".ci/smoke.py: GET /filmes?limite=2 is refused: there are too many requests.\n"
    )


def test_a_cache_may_have_answers_of_an_earlier_model(client: TestClient) -> None:
    """CloudFront keeps files of the pages for a day."""

    def kept(sent: Sent) -> Sent:
        if "public" not in sent.headers["cache-control"]:
            return sent
        return replace(sent, headers=sent.headers | {"age": "3600", "x-versao": "0" * 64})

    def kept_by_nobody(sent: Sent) -> Sent:
        found = kept(sent)
        return replace(found, headers={k: v for k, v in found.headers.items() if k != "age"})

    with serving(client, lambda sent: kept(sent) if sent.path != "/modelo" else sent) as url:
        done = smoke(url)
        assert done.returncode == 0, done.stderr
    with serving(client, kept_by_nobody) as url:
        assert "is of model 000000" in smoke(url).stderr


BROKEN: dict[str, tuple[Break, str]] = {
    "unhealthy": (at("/saude", status=503), "GET /saude answers 503"),
    "not an object": (at("/saude", body=b"[]"), "GET /saude answers JSON that is no object"),
    "not JSON": (at("/modelo", body=b"<html>"), "GET /modelo answers what is not JSON"),
    "another model": (another_model, "GET /modelo is of model 000000"),
    "no films": (at("/filmes?limite=2", body=b"[]"), "GET /filmes?limite=2 lists no films"),
    "no titles": (at(MINE, body=b'[{"id": 1}]'), f"GET {MINE} lists films without"),
    "no count": (without("x-total-count"), "counts no films"),
    "no ETag": (without("etag"), "not 304"),
    "never 304": (always_anew, "GET /filmes answers 200 to who has it already"),
    "no recommendations": (at(MINE, status=500), f"GET {MINE} answers 500"),
    "a user for all": (at(UNKNOWN, status=200), "expected a 404 problem"),
    "another's words": (at(UNKNOWN, body=b'{"error": "no"}'), "which does not name the user"),
    "no policy": (without("content-security-policy"), "may load from anywhere"),
    "a policy on one page": (without("content-security-policy", path="/docs"), "GET /docs may"),
    "sniffed": (without("x-content-type-options"), "lets browsers guess"),
    "kept for ever": (without("cache-control"), "no header cache-control"),
    "an empty page": (at("/", body=b"<html></html>"), "GET / loads no files"),
    "a missing module": (no_module, "screen.js answers 404"),
    "no Swagger UI": (at("/docs", status=503), "GET /docs answers 503"),
    "no document": (at("/openapi.json", headers={"content-type": "text/plain"}), "text/plain"),
}


@pytest.mark.parametrize(("change", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_fails(client: TestClient, change: Break, said: str) -> None:
    with serving(client, change) as url:
        done = smoke(url)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize("url", ["http://example.com", "ftp://localhost", "example.com"])
def test_only_https_is_asked_elsewhere(url: str) -> None:
    done = smoke(url, "secret")
    assert done.returncode == 1
    assert "is not HTTPS" in done.stderr
    assert "secret" not in done.stderr + done.stdout


spec = importlib.util.spec_from_file_location("smoke", SCRIPT)
assert spec
assert spec.loader
script = importlib.util.module_from_spec(spec)
sys.modules["smoke"] = script  # where its dataclass looks for it
spec.loader.exec_module(script)


def test_browsers_have_to_be_told_to_keep_to_https(artifact_dir: Path) -> None:
    """Where it is asked by HTTPS; here without a network, as no certificate is for this machine."""
    app = create_app(artifact_dir)

    def asked(base: str) -> list[str]:
        api = script.Api("https://filmes.example")
        with TestClient(app, base_url=base) as client:

            def get(path: str, headers: dict[str, str] | None = None) -> Any:
                found = client.get(f"/{path.lstrip('/')}", headers=headers)
                told = Message()
                for name, value in found.headers.multi_items():
                    told[name] = value
                return script.Answer(f"/{path}", found.status_code, told, found.content)

            api.get = get
            return list(script.check(api, 1))

    assert "recommendations of user 1: 5" in asked("https://filmes.example")
    with pytest.raises(script.SmokeError, match="GET /saude does not tell browsers to keep"):
        asked("http://filmes.example")  # as if a proxy had asked the API by HTTP
