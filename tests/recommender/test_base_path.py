"""One app at the root and under a base path, such as that of a custom domain or a REST API's stage.

What was taken off a path is put back, and nothing else, wherever an answer names a path.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app
from recommender.aws.adapter import Adapter
from recommender.data.sqlite_store import SqliteStore
from recommender.settings import Access, Mode, read_settings
from tests.expectations import FILMS
from tests.recommender.test_adapter import ALL_SENDERS, old_http_api
from tests.recommender.test_handler import CONTEXT, Event, header, rest_api

COMEDIES = sum(film["genero"] == "comédia" for film in FILMS.values())
ORIGIN = "https://a.example"
LISTS = [
    "/filmes?limite=150",
    "/filmes?q=o&limite=50",
    "/filmes/populares?limite=100",
    "/filmes/309/similares?limite=20&genero=drama",
    "/usuarios/1/recomendacoes?limite=100",
    "/filmes/1/recomendacoes?limite=100&estrategia=grupo",
    "/usuarios/1/avaliacoes?limite=5",
    "/grupos?limite=5&filmes=2",
]
OTHERS = ["/saude", "/modelo", "/filmes/309", "/mapa.svg", "/", "/docs", "/usuarios/1/avaliacoes/1"]
FAULTS = ["/nada", "/filmes/9999", "/filmes?limite=0", "/saude?a=b", "/filmes/"]


@pytest.fixture(scope="module", params=["/v1", "/a/b.c"])
def base(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def based(artifact_dir: Path, base: str, tmp_path_factory: Any) -> Iterator[TestClient]:
    store = SqliteStore(tmp_path_factory.mktemp("store") / "avaliacoes.sqlite3")
    access = Access(Mode.LOCAL)
    app = create_app(artifact_dir, access, store, origins=[ORIGIN], base_path=base)
    with TestClient(app) as client:
        yield client


def next_of(answer: Any) -> str:
    return str(answer.links.get("next", {}).get("url", ""))


def test_the_base_path_alone_leads_to_the_page(based: TestClient, base: str) -> None:
    answer = based.get(base, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, f"{base}/")
    assert answer.headers["x-versao"]
    page = based.get(base)
    assert page.content == based.get("/").content


@pytest.mark.parametrize("sender", [rest_api, old_http_api])
def test_a_stage_alone_leads_to_the_page(artifact_dir: Path, sender: Any) -> None:
    event = sender("/", [], {}, "GET", None)
    event["requestContext"]["path"] = "/prod"
    answer = Adapter(create_app(artifact_dir))(event, CONTEXT)
    assert (answer["statusCode"], header(answer, "location")) == (308, "/prod/")


@pytest.mark.parametrize("path", LISTS)
def test_links_lead_on_with_and_without(based: TestClient, base: str, path: str) -> None:
    pages = 0
    plain, prefixed = path, base + path
    while plain:
        one, other = based.get(plain), based.get(prefixed)
        assert one.status_code == other.status_code == 200
        assert (one.content, one.headers["etag"]) == (other.content, other.headers["etag"])
        plain, prefixed = next_of(one), next_of(other)
        assert prefixed == (base + plain if plain else "")
        pages += 1
    assert pages > 1


@pytest.mark.parametrize("path", OTHERS)
def test_everything_is_there_with_and_without(based: TestClient, base: str, path: str) -> None:
    one, other = based.get(path), based.get(base + path)
    assert one.status_code == other.status_code == 200
    assert (one.content, one.headers["etag"]) == (other.content, other.headers["etag"])
    tag = {"if-none-match": one.headers["etag"]}
    assert based.get(base + path, headers=tag).status_code == 304
    assert based.head(base + path).headers["etag"] == one.headers["etag"]


@pytest.mark.parametrize("path", FAULTS)
def test_a_problem_names_the_path_as_it_was_asked_for(
    based: TestClient, base: str, path: str
) -> None:
    one, other = based.get(path), based.get(base + path)
    assert one.status_code == other.status_code >= 400
    assert other.headers["content-type"] == "application/problem+json"
    detail = one.json()["detail"]
    bare = path.partition("?")[0]
    told = detail.replace(f"caminho {bare}", f"caminho {base}{bare}")
    assert other.json()["detail"] == told


def test_methods_and_origins_are_the_same(based: TestClient, base: str) -> None:
    refused = based.post(f"{base}/filmes")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert f"{base}/filmes" in refused.json()["detail"]
    asked = {"origin": ORIGIN, "access-control-request-method": "PUT"}
    assert based.options(f"{base}/usuarios/1/avaliacoes/1", headers=asked).status_code == 200
    body = {"avaliacoes": [], "limite": 3}
    answers = [based.post(f"{root}/recomendacoes", json=body).json() for root in ("", base)]
    assert answers[0] == answers[1]
    assert len(answers[0]) == 3


def test_a_write_tells_where_it_is(based: TestClient, base: str) -> None:
    path = "/usuarios/1/avaliacoes/309"
    for root in (base, ""):
        answer = based.put(root + path, json={"avaliacao": 4})
        assert answer.headers["content-location"] == root + path
        assert based.get(answer.headers["content-location"]).json() == answer.json()


def test_the_document_names_the_server(based: TestClient, base: str) -> None:
    plain, document = (based.get(f"{root}/openapi.json").json() for root in ("", base))
    assert document.pop("servers") == [{"url": base}]
    assert "servers" not in plain
    assert document == plain


def test_a_base_path_ends_where_a_name_ends(based: TestClient, base: str) -> None:
    others = [f"{base}x", f"{base}.", f"/x{base}", base[:-1], base + base, base.upper()]
    for other in others:
        answer = based.get(f"{other}/saude")
        assert answer.status_code == 404, other
        assert answer.json()["detail"] == f"O caminho {other}/saude não existe."


def test_without_a_base_path_none_is_taken_off(client: TestClient) -> None:
    assert client.get("/v1/saude").status_code == 404


def test_a_server_may_have_a_root_of_its_own(artifact_dir: Path) -> None:
    with TestClient(create_app(artifact_dir, base_path="/v1"), root_path="/prod") as client:
        for root in ("/prod", "/prod/v1"):
            answer = client.get(f"{root}/filmes?limite=2")
            assert next_of(answer).startswith(f"{root}/filmes?limite=2&cursor=")
            servers = client.get(f"{root}/openapi.json").json()["servers"]
            assert servers == [{"url": root}]


# Events


@pytest.fixture(scope="module")
def adapter(artifact_dir: Path) -> Adapter:
    return Adapter(create_app(artifact_dir, base_path="/v1"))


def staged(path: str, stage: str, query: list[tuple[str, str]]) -> Event:
    """An event of a REST API; with no stage, of a custom domain's."""
    event: Event = rest_api(path, query, {}, "GET", None)
    event["requestContext"]["path"] = stage + path
    return event


def follow(adapter: Adapter, make: Any) -> list[tuple[str, str]]:
    """Answer an event and those to which its links lead; return the path and query of each link."""
    links: list[tuple[str, str]] = []
    query, ids = [("genero", "comédia"), ("limite", "30")], []
    while query:
        answer = adapter(json.loads(json.dumps(make(query))), CONTEXT)
        assert answer["statusCode"] == 200
        ids += [film["id"] for film in json.loads(answer["body"])]
        try:
            link = header(answer, "link")
        except KeyError:
            break
        path, _, text = link.partition(">")[0].lstrip("<").partition("?")
        links.append((path, text))
        query = parse_qsl(text)
    assert len(ids) == len(set(ids)) == COMEDIES
    return links


@pytest.mark.parametrize("path", ["/filmes", "/v1/filmes"])
@pytest.mark.parametrize("sender", [s for s in [*ALL_SENDERS, old_http_api] if s is not rest_api])
def test_links_of_events_lead_on(adapter: Adapter, sender: Any, path: str) -> None:
    def make(query: list[tuple[str, str]]) -> Event:
        event: Event = sender(path, query, {}, "GET", None)
        return event

    assert {link for link, _ in follow(adapter, make)} == {path}


@pytest.mark.parametrize("stage", ["", "/prod", "/v1", "/prod/v1"])
@pytest.mark.parametrize("path", ["/filmes", "/v1/filmes"])
def test_a_stage_is_put_back(adapter: Adapter, stage: str, path: str) -> None:
    links = follow(adapter, lambda query: staged(path, stage, query))
    assert {link for link, _ in links} == {stage + path}


@pytest.mark.parametrize(
    ("stage", "path", "server"),
    [
        ("", "", None),
        ("", "/v1", "/v1"),
        ("/prod", "", "/prod"),
        ("/prod", "/v1", "/prod/v1"),
        ("/%C3%A9", "", "/é"),
    ],
)
def test_the_document_names_the_stage(
    adapter: Adapter, stage: str, path: str, server: str | None
) -> None:
    answer = adapter(staged(f"{path}/openapi.json", stage, []), CONTEXT)
    servers = json.loads(answer["body"]).get("servers")
    assert servers == (None if server is None else [{"url": server}])


@pytest.mark.parametrize("whole", [None, 5, "", "/", "/prod", "/prod/outro", "prod/filmes", "/é"])
def test_a_whole_path_of_another_form_is_passed_over(adapter: Adapter, whole: Any) -> None:
    event = staged("/filmes", "", [("limite", "1")])
    event["requestContext"]["path"] = whole
    answer = adapter(event, CONTEXT)
    assert answer["statusCode"] == 200
    if whole != "prod/filmes":
        assert header(answer, "link").startswith("</filmes?")


# The setting


@pytest.mark.parametrize(
    ("value", "base_path"),
    [
        *(
            ("", ""),
            ("/", ""),
            ("/v1", "/v1"),
            ("v1", "/v1"),
            ("/v1/", "/v1"),
            ("/a/b-c", "/a/b-c"),
        ),
        ("api_2.0~", "/api_2.0~"),
    ],
)
def test_the_environment_names_the_base_path(value: str, base_path: str) -> None:
    assert read_settings({"BASE_PATH": value}).base_path == base_path
    assert read_settings({}).base_path == ""


@pytest.mark.parametrize("value", ["/a//b", "/v 1", "/v1?", "/é", "/{a}", "/a%20b", "https://a.b"])
def test_what_is_no_path_stops_the_start(value: str) -> None:
    with pytest.raises(ValueError, match="BASE_PATH is"):
        read_settings({"BASE_PATH": value})
