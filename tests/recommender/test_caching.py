"""What every answer has besides its content: caching, compression, HEAD, CORS, parameters once."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app

CATALOGUE = [
    *("/filmes", "/filmes/1", "/filmes/1/similares", "/filmes/populares", "/grupos"),
    *("/mapa.svg", "/modelo", "/", "/docs", "/pagina/swagger-ui.css", "/openapi.json"),
]
PERSONAL = ["/filmes/1/recomendacoes", "/usuarios/1/recomendacoes?estrategia=grupo"]
FAULTS = ["/nada", "/filmes?limite=0", "/filmes/9999", "/usuarios/999/recomendacoes"]
PLAIN = {"accept-encoding": "identity"}


@pytest.mark.parametrize("path", CATALOGUE)
def test_the_catalogue_is_everybodys(client: TestClient, path: str) -> None:
    assert client.get(path).headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize("path", PERSONAL)
def test_what_is_personal_is_kept_by_nobody_else(client: TestClient, path: str) -> None:
    first = client.get(path)
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("path", FAULTS)
def test_an_error_is_kept_by_nobody(client: TestClient, path: str) -> None:
    assert client.get(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [*CATALOGUE, *PERSONAL, *FAULTS, "/saude"])
def test_head_is_get_without_a_body(client: TestClient, path: str) -> None:
    for headers in ({}, PLAIN):
        got, head = (client.request(method, path, headers=headers) for method in ("GET", "HEAD"))
        assert head.status_code == got.status_code
        assert head.content == b""
        for answer in (got, head):
            del answer.headers["server-timing"]
        assert head.headers == got.headers
    if got.status_code == 200:
        unchanged = {"if-none-match": got.headers["etag"], **PLAIN}
        assert client.head(path, headers=unchanged).status_code == 304


def test_head_goes_no_further_than_get(client: TestClient) -> None:
    answer = client.head("/recomendacoes")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


# Compression


@pytest.mark.parametrize("path", ["/filmes", "/mapa.svg", "/", "/usuarios/1/recomendacoes"])
@pytest.mark.parametrize("coding", ["br, GZIP;q=0.5", "br;q=0, *"])
def test_a_long_answer_is_compressed_for_who_decodes_it(
    client: TestClient, path: str, coding: str
) -> None:
    with client.stream("GET", path, headers=PLAIN) as plain:
        content = b"".join(plain.iter_raw())
        assert "content-encoding" not in plain.headers
        assert plain.headers["vary"] == "Accept-Encoding"
    with client.stream("GET", path, headers={"accept-encoding": coding}) as zipped:
        raw = b"".join(zipped.iter_raw())
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["vary"] == "Accept-Encoding"
    assert int(zipped.headers["content-length"]) == len(raw) < len(content) / 2
    assert zlib.decompress(raw, wbits=31) == content
    # RFC 9110 8.8.3.3: what differs in its encoding differs in its tag.
    assert zipped.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'


@pytest.mark.parametrize(
    "accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.000", "gzipped", "*, gzip;q=0"]
)
def test_nobody_gets_what_they_cannot_decode(client: TestClient, accepted: str) -> None:
    answer = client.get("/filmes", headers={"accept-encoding": accepted})
    assert "content-encoding" not in answer.headers
    assert not answer.headers["etag"].endswith('-gzip"')


def test_each_encoding_has_its_304(client: TestClient) -> None:
    zipped, plain = (client.get("/filmes", headers=h) for h in ({"accept-encoding": "gzip"}, PLAIN))
    for first, other, accepted in ((zipped, plain, "gzip"), (plain, zipped, "identity")):
        own = {"accept-encoding": accepted, "if-none-match": first.headers["etag"]}
        again = client.get("/filmes", headers=own)
        assert again.status_code == 304
        assert again.headers["vary"] == "Accept-Encoding"
        assert "content-encoding" not in again.headers
        wrong = {"accept-encoding": accepted, "if-none-match": other.headers["etag"]}
        assert client.get("/filmes", headers=wrong).status_code == 200


def test_what_fits_into_a_packet_is_left_alone(client: TestClient) -> None:
    answer = client.get("/saude", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


def test_an_answer_to_a_post_is_compressed_too(client: TestClient) -> None:
    answer = client.post("/recomendacoes", json={"avaliacoes": [], "limite": 20})
    assert answer.headers["content-encoding"] == "gzip"


# CORS


@pytest.fixture(scope="module")
def shared(artifact_dir: Path) -> Iterator[TestClient]:
    """A client of an API that pages of two other origins may call."""
    app = create_app(artifact_dir, origins=["https://a.example", "https://b.example"])
    with TestClient(app) as session:
        yield session


def asked_by(origin: str, **headers: str) -> dict[str, Any]:
    return {"headers": {"origin": origin, **headers}}


@pytest.mark.parametrize("path", ["/filmes", "/usuarios/1/recomendacoes", "/nada"])
def test_a_page_of_a_named_origin_may_read(shared: TestClient, path: str) -> None:
    answer = shared.get(path, **asked_by("https://b.example"))
    assert answer.headers["access-control-allow-origin"] == "https://b.example"
    assert "Origin" in answer.headers["vary"]
    for name in ("ETag", "Link", "X-Total-Count", "X-Versao"):
        assert name in answer.headers["access-control-expose-headers"]


def test_a_page_of_another_origin_may_not(shared: TestClient, client: TestClient) -> None:
    for session, origin in ((shared, "https://evil.example"), (client, "https://a.example")):
        answer = session.get("/filmes", **asked_by(origin))
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers


def test_a_browser_may_ask_first(shared: TestClient) -> None:
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    answer = shared.options("/recomendacoes", **asked_by("https://a.example", **asked))
    assert answer.status_code == 200
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "x-versao" in answer.headers
    refused = shared.options("/recomendacoes", **asked_by("https://evil.example", **asked))
    assert refused.status_code == 400


# Parameters and paths


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        ("limite=5&limite=5", "limite", "5, 5"),
        ("limite=3&estrategia=grupo&estrategia=padrao", "estrategia", "grupo, padrao"),
    ],
)
def test_a_single_value_is_given_once(
    client: TestClient, query: str, field: str, value: str
) -> None:
    answer = client.get(f"/usuarios/1/recomendacoes?{query}")
    assert answer.status_code == 422
    assert answer.json()["erros"] == [{"campo": field, "valor": value, "permitido": "um só valor"}]


@pytest.mark.parametrize("path", ["/saude", "/modelo", "/mapa.svg", "/filmes/309"])
def test_a_route_without_parameters_takes_none(client: TestClient, path: str) -> None:
    answer = client.get(f"{path}?limite=5&pagina=a&pagina=b")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(e["campo"], e["valor"], e["permitido"]) for e in answer.json()["erros"]] == [
        (name, value, "nenhum parâmetro com este nome")
        for name, value in (("limite", "5"), ("pagina", "a"), ("pagina", "b"))
    ]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_link_to_a_page_may_be_tagged(client: TestClient, path: str) -> None:
    assert client.get(f"{path}?utm_source=a").content == client.get(path).content


@pytest.mark.parametrize("path", ["/filmes/", "/filmes/1/", "/grupos/", "/docs/"])
def test_no_path_is_another(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
