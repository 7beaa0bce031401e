"""Checks an API that was just deployed, from outside and by reading only.

    python .ci/smoke.py URL [--user 1] [--patience 60]

It asks for health, model card, films, a user's recommendations, an unknown user, the pages and all
that they load. Every answer has to bear the headers and the version of the model that it should;
one that a cache has kept (it bears Age) may be of an earlier model. A request that is refused as
one too many, or meets a server that is not ready, is sent again for as long as patience lasts.
With a token in the variable SMOKE_TOKEN, the routes of users must answer; without one they may also
refuse, as they do where `Access` is jwt. The exit code is 1 if something is not as it must be, with
one sentence that says what, and 3 if too many requests are all that it is. Only the standard
library is needed.
"""

import argparse
import http.client
import json
import os
import re
import ssl
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urljoin, urlsplit

LOCAL = ("localhost", "127.0.0.1", "::1")
TIMEOUT = 60  # seconds to wait for an answer
PATIENCE = 60  # seconds in which a request is sent again; the first, too, as a name may be new
TOO_MANY = 429
PAUSE = 1  # seconds before it is
PASSING = (TOO_MANY, 502, 503, 504)  # answers that may be others in a moment
EXIT_TOO_MANY = 3
UNKNOWN_USER = 2**53 - 1
FILM = {"id", "titulo", "genero", "diretor", "atores"}
RECOMMENDED = FILM | {"pontuacao", "ja_avaliado", "motivos"}
PROBLEM = "application/problem+json"
ASSET = re.compile(r"""<(?:link|script)\b[^>]*?\b(?:href|src)="(?!data:)([^"]+)\"""")
KINDS = {".js": "text/javascript", ".css": "text/css"}


class SmokeError(Exception):
    """Something is not as it must be; the message says what, in a sentence."""


class TooManyError(SmokeError):
    """Others ask so much that nothing can be said of the deployment."""


@dataclass(frozen=True)
class Answer:
    """An answer to a GET request."""

    path: str
    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """Return the JSON value of the body."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise SmokeError(f"GET {self.path} answers what is not JSON.") from None

    def object(self) -> dict[str, Any]:
        """Return the JSON object of the body."""
        found = self.json()
        if not isinstance(found, dict):
            raise SmokeError(f"GET {self.path} answers JSON that is no object.")
        return found

    def films(self, fields: set[str]) -> list[Any]:
        """Return the JSON array of the body, of at least one film with these fields."""
        found = self.json()
        if not isinstance(found, list) or not found:
            raise SmokeError(f"GET {self.path} lists no films.")
        if not all(isinstance(film, dict) and film.keys() >= fields for film in found):
            raise SmokeError(f"GET {self.path} lists films without {' or '.join(sorted(fields))}.")
        return found


class Api:
    """An API at a URL, of which nothing but GET is asked. Redirects are not followed.

    Args:
        url: https, or http on this machine.
        token: goes with every request, if it is not empty.
        patience: seconds in which a request is sent again that gets no answer, or a passing one.

    Raises:
        SmokeError: the URL is not one of these.
    """

    def __init__(self, url: str, token: str = "", patience: float = PATIENCE) -> None:
        parts = urlsplit(url)
        is_local = parts.scheme == "http" and parts.hostname in LOCAL
        if parts.scheme != "https" and not is_local:
            raise SmokeError(f"{url} is not HTTPS: http is allowed on this machine only.")
        self.base = url.rstrip("/") + "/"
        self.is_local, self.patience = is_local, patience
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """Return the answer to a GET request of a path, relative to the URL.

        Raises:
            OSError, http.client.HTTPException: there is no answer.
            TooManyError: it is refused all the time.
        """
        end = time.monotonic() + self.patience
        while True:
            try:
                answer = self._get(path, headers or {})
                if answer.status not in PASSING or time.monotonic() > end:
                    break
            except (OSError, http.client.HTTPException):
                if time.monotonic() > end:
                    raise
            time.sleep(PAUSE)
        if answer.status == TOO_MANY:
            raise TooManyError(f"GET {answer.path} is refused: there are too many requests.")
        return answer

    def _get(self, path: str, headers: dict[str, str]) -> Answer:
        parts = urlsplit(urljoin(self.base, path))
        connection: http.client.HTTPConnection
        if self.is_local:
            connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
        else:
            trust = ssl.create_default_context()
            connection = http.client.HTTPSConnection(parts.netloc, timeout=TIMEOUT, context=trust)
        try:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            connection.request("GET", target, headers=self.headers | headers)
            answer = connection.getresponse()
            return Answer(f"/{path}", answer.status, answer.headers, answer.read())
        finally:
            connection.close()


def main() -> None:
    """Check the API at the URL of the command line."""
    parser = argparse.ArgumentParser(description="checks an API that was just deployed")
    parser.add_argument("url")
    parser.add_argument("--user", type=int, default=1, help="id of a user of the data")
    told = "seconds in which a request is sent again"
    parser.add_argument("--patience", type=float, default=PATIENCE, help=told)
    arguments = parser.parse_args()
    try:
        api = Api(arguments.url, os.environ.get("SMOKE_TOKEN", ""), arguments.patience)
        for told in check(api, arguments.user):
            print(told)
    except TooManyError as error:
        print(f".ci/smoke.py: {error}", file=sys.stderr)
        sys.exit(EXIT_TOO_MANY)
    except SmokeError as error:
        sys.exit(f".ci/smoke.py: {error}")
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f".ci/smoke.py: {arguments.url} does not answer: {error}.")


def check(api: Api, user: int) -> Iterable[str]:
    """Yield a line for each thing that is as it must be.

    Raises:
        SmokeError: something is not.
    """
    version = find(api, "saude").headers["x-versao"]
    for path in ("saude", "modelo"):
        answer = find(api, path, version)
        told, served = answer.object().get("versao"), answer.headers["x-versao"]
        if told != served:
            raise SmokeError(f"GET /{path} tells of model {told}, but is of {served}.")
    yield f"serves model {version}"
    yield f"films: {check_films(api, version)}"
    yield f"recommendations of user {user}: {check_user(api, user, version)}"
    yield f"an unknown user: {check_unknown(api)}"
    yield f"files of the pages: {check_pages(api, version)}"


def find(
    api: Api,
    path: str,
    version: str = "",
    kind: str = "application/json",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Return an answer that must be 200, of a media type, with the headers that all answers have.

    Raises:
        SmokeError: it is not so, or it is of another model than ``version`` and not out of a cache.
    """
    answer = api.get(path, headers)
    if answer.status != 200:
        raise SmokeError(f"GET /{path} answers {answer.status}, expected 200.")
    found = answer.headers.get_content_type()
    if found != kind:
        raise SmokeError(f"GET /{path} is {found}, expected {kind}.")
    check_headers(api, answer, version)
    return answer


def check_headers(api: Api, answer: Answer, version: str) -> None:
    """Raise ``SmokeError`` unless an answer has the headers that all answers have."""
    headers = answer.headers
    for name in ("cache-control", "server-timing", "x-versao"):
        if not headers.get(name):
            raise SmokeError(f"GET {answer.path} has no header {name}.")
    if headers.get("x-content-type-options") != "nosniff":
        raise SmokeError(f"GET {answer.path} lets browsers guess its media type.")
    kept = re.search(r"max-age=0*([1-9][0-9]*)", headers.get("strict-transport-security", ""))
    if not api.is_local and not kept:
        raise SmokeError(f"GET {answer.path} does not tell browsers to keep to HTTPS.")
    if version and headers["x-versao"] != version and "age" not in headers:
        raise SmokeError(f"GET {answer.path} is of model {headers['x-versao']}, not {version}.")


def check_films(api: Api, version: str) -> str:
    """Return how many films there are, after a look at two and at a repeated request."""
    answer = find(api, "filmes?limite=2", version)
    films, total = answer.films(FILM), answer.headers.get("x-total-count", "")
    if not total.isdecimal() or int(total) < len(films):
        raise SmokeError(f"GET /filmes counts {total or 'no'} films, but lists {len(films)}.")
    tag = answer.headers.get("etag", "")
    again = api.get("filmes?limite=2", {"If-None-Match": tag})
    if not tag or again.status != 304:
        raise SmokeError(f"GET /filmes answers {again.status} to who has it already, not 304.")
    return total


def check_user(api: Api, user: int, version: str) -> str:
    """Return how many recommendations a user gets, or that they need a token."""
    path = f"usuarios/{user}/recomendacoes"
    refused = find_refusal(api, path)
    if refused:
        return refused
    return str(len(find(api, path, version).films(RECOMMENDED)))


def check_unknown(api: Api) -> str:
    """Return what is said of a user who does not exist, or that this needs a token."""
    path = f"usuarios/{UNKNOWN_USER}/recomendacoes"
    refused = find_refusal(api, path)
    if refused:
        return refused
    answer = api.get(path)
    if answer.status != 404 or answer.headers.get_content_type() != PROBLEM:
        kind = answer.headers.get_content_type()
        raise SmokeError(f"GET /{path} answers {answer.status} as {kind}, expected a 404 problem.")
    check_headers(api, answer, "")
    said = answer.object().get("error")
    if said != f"Usuário com ID {UNKNOWN_USER} não encontrado.":
        raise SmokeError(f"GET /{path} says {said!r}, which does not name the user.")
    return f"404, {said}"


def find_refusal(api: Api, path: str) -> str:
    """Return that a route refuses who has no token, "" if it does not.

    Raises:
        SmokeError: it refuses who has one.
    """
    answer = api.get(path)
    if answer.status not in (401, 403):
        return ""
    if api.headers:
        raise SmokeError(f"GET /{path} answers {answer.status} in spite of the token.")
    return f"refused without a token ({answer.status})"


def check_pages(api: Api, version: str) -> int:
    """Return how many files the pages load, each of which must be there."""
    find(api, "openapi.json", version)
    assets = set()
    for page in ("", "docs"):
        answer = find(api, page, version, "text/html")
        if "default-src 'none'" not in answer.headers.get("content-security-policy", ""):
            raise SmokeError(f"GET /{page} may load from anywhere: it has no policy.")
        loaded = ASSET.findall(answer.body.decode())
        if not loaded:
            raise SmokeError(f"GET /{page} loads no files.")
        assets.update(loaded)
    for path in sorted(assets):
        kind = KINDS[os.path.splitext(path)[1]]  # noqa: PTH122 not of this machine
        find(api, path, version, kind, {"Accept-Encoding": "gzip"})  # Swagger UI has no other form
    return len(assets)


if __name__ == "__main__":
    main()
