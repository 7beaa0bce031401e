"""The API over real HTTP, in front of the API function as built."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.conftest import ROOT
from tests.expectations import ANSWERS, FILMS, assert_headers, read_event
from tests.project.test_smoke import smoke

DOCUMENTS = [
    (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "README.pt-BR.md", "docs/api.md")
]
ROUTES = re.findall(r"`GET (/[^`]*)`", DOCUMENTS[-1])
OVER_HTTP = [name for name in ANSWERS if read_event(name).get("version") == "2.0"]


@pytest.fixture(scope="module")
def http(api_url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=api_url, timeout=30) as client:
        yield client


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_request_is_answered_like_its_event(http: httpx2.Client, name: str) -> None:
    event, expected = read_event(name), ANSWERS[name]
    kept = ("accept-encoding", "content-type", "if-none-match")
    headers = {name: event["headers"][name] for name in kept if name in event["headers"]}
    answer = http.request(
        event["requestContext"]["http"]["method"],
        f"{event['rawPath']}?{event['rawQueryString']}",
        headers={"accept-encoding": "identity"} | headers,
        content=event.get("body"),
    )
    assert answer.status_code == expected.status
    assert_headers(expected, answer.headers)
    kind = answer.headers.get("content-type", "")
    body = answer.json() if answer.text and "json" in kind else answer.text or None
    expected.check(body)


@pytest.mark.parametrize("route", ROUTES)
def test_the_routes_of_the_documentation(http: httpx2.Client, route: str) -> None:
    answer = http.get(re.sub(r"\{\w+\}", "1", route))
    assert answer.status_code == 200
    assert answer.content


def test_the_answers_in_the_documents(http: httpx2.Client) -> None:
    english, portuguese, refused = (
        json.loads(block)
        for document in DOCUMENTS
        for block in re.findall(r"```json\n(.*?)```", document, re.DOTALL)
    )
    answer = http.get("/usuarios/1/recomendacoes", params={"limite": 1}).json()
    assert rounded(answer) == rounded(english)
    assert portuguese == english
    answer = http.get("/usuarios/1/recomendacoes", params={"limite": 0}).json()
    assert answer == refused


@pytest.mark.parametrize("path", ["/filmes", "/filmes/1/recomendacoes", "/modelo", "/openapi.json"])
def test_an_answer_is_not_sent_again_to_who_has_it(http: httpx2.Client, path: str) -> None:
    first = http.get(path)
    etag = first.headers["etag"]
    again = http.get(path, headers={"if-none-match": etag})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == etag
    other = http.get(path, headers={"if-none-match": '"other"'})
    assert other.status_code == 200
    assert other.content == first.content


@pytest.mark.parametrize(
    ("path", "pages"),
    [
        ("/filmes?limite=100", 4),
        ("/filmes/1/recomendacoes?limite=100", 4),
        ("/filmes/1/recomendacoes?limite=100&estrategia=grupo", 4),
    ],
)
def test_links_lead_through_the_whole_catalogue(http: httpx2.Client, path: str, pages: int) -> None:
    found: list[int] = []
    following: str | None = path
    count = 0
    while following:
        answer = http.get(following)
        assert answer.status_code == 200
        found += [film["id"] for film in answer.json()]
        following = answer.links.get("next", {}).get("url")
        count += 1
    assert count == pages
    assert len(found) == len(FILMS)
    assert set(found) == FILMS.keys()
    assert path != "/filmes?limite=100" or found == sorted(FILMS)


def test_twenty_requests_in_a_row_are_answered_alike(http: httpx2.Client) -> None:
    paths = ["/filmes/1/recomendacoes", "/filmes/2/recomendacoes?estrategia=grupo"]
    answers = [http.get(paths[number % 2]) for number in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["x-versao"] for answer in answers}) == 1
    for alike in (answers[::2], answers[1::2]):
        assert len({(answer.headers["etag"], answer.content) for answer in alike}) == 1
    assert answers[0].content != answers[1].content


def test_the_smoke_test_of_a_deployment_passes(api_url: str) -> None:
    done = smoke(api_url)
    assert done.returncode == 0, done.stderr
    assert f"films: {len(FILMS)}" in done.stdout


def rounded(value: Any) -> Any:
    """A JSON value whose fractions have four digits, as many as every processor agrees on."""
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return round(value, 4) if isinstance(value, float) else value
