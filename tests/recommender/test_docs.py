"""The documentation over HTTP: Swagger UI, and what it is sent with. test_page.py tries it out."""

import base64
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recommender.api import front
from recommender.api.application import create_app
from recommender.api.routes import pages
from recommender.aws.adapter import Adapter
from tests.expectations import read_event

FILES = [
    ("docs.js", "text/javascript"),
    ("swagger-ui-bundle.js", "text/javascript"),
    ("swagger-ui.css", "text/css"),
    ("LICENSE", "text/plain"),
    ("NOTICE", "text/plain"),
    ("swagger-ui-bundle.js.LICENSE.txt", "text/plain"),
]
KEPT = [name for name, _ in FILES if name != "docs.js"]
BUNDLE = "/pagina/swagger-ui-bundle.js"
MOST = 520_000  # bytes that all of it takes in the package
ZIPPED = {"accept-encoding": "gzip"}


def raw(client: TestClient, path: str, headers: dict[str, str]) -> tuple[Any, bytes]:
    """An answer, and its body as it was sent."""
    with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


def assert_not_found(answer: Any) -> None:
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("name", "media_type"), FILES)
def test_a_file_is_everybodys_and_says_what_it_is(
    client: TestClient, name: str, media_type: str
) -> None:
    answer = client.get(f"/pagina/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", KEPT)
def test_a_compressed_file_is_sent_as_it_is_kept(client: TestClient, name: str) -> None:
    answer, sent = raw(client, f"/pagina/{name}", ZIPPED)
    assert sent == (pages.SWAGGER_UI / f"{name}.gz").read_bytes()
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-length"] == str(len(sent))
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", KEPT)
def test_who_says_nothing_of_codings_gets_a_file_as_it_is_kept(
    client: TestClient, name: str
) -> None:
    """RFC 9110 12.5.3. Without compression, the bundle has four times as many bytes."""
    said = client.headers.pop("accept-encoding")
    try:
        answer, sent = raw(client, f"/pagina/{name}", {})
        listed, _ = raw(client, "/filmes", {})
    finally:
        client.headers["accept-encoding"] = said
    assert sent == (pages.SWAGGER_UI / f"{name}.gz").read_bytes()
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in listed.headers  # which people read with curl


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "br, *;q=0", ""])
def test_who_refuses_gzip_is_refused(client: TestClient, name: str, accepted: str) -> None:
    for method in ("GET", "HEAD"):
        answer = client.request(method, f"/pagina/{name}", headers={"accept-encoding": accepted})
        assert answer.status_code == 406
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.content) < 300


@pytest.mark.parametrize("name", [name for name, _ in FILES])
def test_a_file_has_its_304_and_its_head(client: TestClient, name: str) -> None:
    path = f"/pagina/{name}"
    got, head = (client.request(method, path, headers=ZIPPED) for method in ("GET", "HEAD"))
    assert head.content == b""
    for answer in (got, head):
        del answer.headers["server-timing"]
    assert head.headers == got.headers
    condition = {"if-none-match": got.headers["etag"]}
    unchanged = client.get(path, headers=ZIPPED | condition)
    assert unchanged.status_code == 304
    assert unchanged.content == b""
    assert "content-encoding" not in unchanged.headers
    assert unchanged.headers["etag"] == got.headers["etag"]


def test_behind_a_rest_api_the_bundle_is_text(artifact_dir: Path) -> None:
    event = read_event("recomendacoes-rest")
    context = event["requestContext"] | {"path": f"/prod{BUNDLE}"}
    event |= {"path": BUNDLE, "requestContext": context, "multiValueQueryStringParameters": None}
    answer = Adapter(create_app(artifact_dir))(event, None)
    assert answer["statusCode"] == 200
    assert answer["isBase64Encoded"] is False
    kept = (pages.SWAGGER_UI / "swagger-ui-bundle.js.gz").read_bytes()
    assert answer["body"].encode() == zlib.decompress(kept, wbits=31)


def test_behind_an_http_api_the_bundle_is_compressed(artifact_dir: Path) -> None:
    answer = Adapter(create_app(artifact_dir))(read_event("docs-swagger-ui"), None)
    assert answer["headers"]["content-encoding"] == "gzip"
    kept = (pages.SWAGGER_UI / "swagger-ui-bundle.js.gz").read_bytes()
    assert base64.b64decode(answer["body"]) == kept


@pytest.mark.parametrize(
    "name", ["nada", "swagger-ui.js", "docs.html", "swagger-ui.css.gz", ".done"]
)
def test_nothing_else_is_there(client: TestClient, name: str) -> None:
    assert_not_found(client.get(f"/pagina/{name}"))


@pytest.mark.parametrize(
    "path", ["..%2Findex.html", "%2e%2e%2findex.html", "%00", "swagger-ui%2FLICENSE"]
)
def test_a_name_is_no_path(client: TestClient, path: str) -> None:
    assert_not_found(client.get(f"/pagina/{path}"))


@pytest.mark.parametrize("base_path", ["", "/v1", "/a/b"])
def test_the_page_loads_what_is_there_under_any_base_path(
    artifact_dir: Path, base_path: str
) -> None:
    with TestClient(create_app(artifact_dir, base_path=base_path)) as client:
        page = client.get(f"{base_path}/docs")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert '<html lang="pt-BR">' in page.text
        references = re.findall(r'(?:src|href)="([^"]*)"', page.text)
        assert {"pagina/swagger-ui-bundle.js", "pagina/docs.js", "openapi.json"} < set(references)
        for reference in set(references) - {"data:,"}:
            assert client.get(str(page.url.join(reference))).status_code == 200, reference
        assert set(re.findall("<script[^>]*>(.*?)</script>", page.text, re.DOTALL)) == {""}
        script = client.get(f"{base_path}/pagina/docs.js").text
        assert 'url: "openapi.json"' in script
        assert "validatorUrl: null" in script


def test_the_policy_lets_in_only_files_of_this_origin(client: TestClient) -> None:
    answer = client.get("/docs")
    policy = dict(
        part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "connect-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert not re.search(r"https?://|\son\w+=", answer.text)


def test_all_of_it_is_small() -> None:
    kept = [front.PAGE / "docs.html", front.PAGE / "docs.js", *pages.SWAGGER_UI.iterdir()]
    assert sum(file.stat().st_size for file in kept) < MOST
    assert {file.name for file in pages.SWAGGER_UI.iterdir()} == {
        ".done",
        *(f"{name}.gz" for name in KEPT),
    }


def test_licences_come_along(client: TestClient) -> None:
    assert "Apache License" in client.get("/pagina/LICENSE").text
    assert "SmartBear" in client.get("/pagina/NOTICE").text
    assert "swagger-ui-bundle.js.LICENSE.txt" in client.get(BUNDLE).text[:100]
    assert "MIT" in client.get(f"{BUNDLE}.LICENSE.txt").text


def test_without_swagger_ui_the_rest_works(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "SWAGGER_UI", tmp_path / "nothing")
    answer = client.get("/docs")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "make setup" in answer.json()["detail"]
    assert_not_found(client.get(BUNDLE))
    assert client.get("/openapi.json").status_code == 200
    assert client.get("/filmes").status_code == 200


def test_the_document_names_its_base_path(artifact_dir: Path, client: TestClient) -> None:
    assert "servers" not in client.get("/openapi.json").json()
    with TestClient(create_app(artifact_dir, base_path="/v1")) as other:
        assert other.get("/v1/openapi.json").json()["servers"] == [{"url": "/v1"}]
        assert "servers" not in json.loads(other.get("/openapi.json").content)
