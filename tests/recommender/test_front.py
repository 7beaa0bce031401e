"""The page as it is sent: its weight, its addresses, and what it knows of the model."""

import json
import re
import zlib
from html import unescape
from pathlib import Path
from posixpath import normpath
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recommender.api import front
from recommender.api.application import create_app
from recommender.settings import OPEN, Access, Mode
from tests.training.small_data import Document, as_document, as_json, from_json, random_ratings
from training.build import build

LARGEST = 70_000  # bytes of all that the page loads, compressed; the contract says so
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture(scope="module")
def client(artifact_dir: Path) -> TestClient:
    return TestClient(create_app(artifact_dir))


def facts(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text.split('id="dados">')[1].split("</script>")[0])
    return found


def weigh(client: TestClient, path: str) -> int:
    with client.stream("GET", path, headers=GZIP) as answer:
        assert answer.status_code == 200
        return len(b"".join(answer.iter_raw()))


def test_the_page_and_all_that_it_loads_are_light(client: TestClient) -> None:
    prefix = f"/pagina/{front.digest()}/"
    names = set(front.find_parts())
    loaded, left = set[str](), set(re.findall(rf'="{prefix[1:]}([^"]+)"', client.get("/").text))
    while left:
        name = left.pop()
        loaded.add(name)
        source = client.get(prefix + name).text
        found = re.findall(r"""(?:from|import\()\s*["'](\.[^"']+)""", source)
        left |= {normpath(f"{name}/../{other}") for other in found} - loaded
    assert loaded == names  # nothing else is there, and nothing is missing
    assert weigh(client, "/") + sum(weigh(client, prefix + name) for name in names) <= LARGEST


def test_files_change_their_address_with_their_content_and_are_kept_for_a_year(
    client: TestClient,
) -> None:
    text = client.get("/").text
    addresses = re.findall(r'(?:src|href)="(pagina/[^"]+)"', text)
    assert len(addresses) > 5
    for address in addresses:
        assert re.fullmatch(r"pagina/[0-9a-f]{12}/(map/)?[\w-]+\.(js|css)", address)
        answer = client.get(f"/{address}")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        kind = "text/css" if address.endswith("css") else "text/javascript"
        assert answer.headers["content-type"].startswith(kind)


def test_what_loads_the_page_is_there_for_pages_of_other_versions(client: TestClient) -> None:
    other = "/pagina/0123456789ab/{}"
    answer = client.get(other.format("start.js"))
    assert answer.text == (front.PARTS / "start.js").read_text(encoding="utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    for name in ("index.js", "index.css", "nothing.js"):
        assert client.get(other.format(name)).status_code == 404
    for name in ("nothing.js", "..%2Findex.html", "%2e%2e/docs.js", "%2e%2e", "map"):
        assert client.get(f"/pagina/{front.digest()}/{name}").status_code == 404


@pytest.mark.parametrize(
    ("access", "users"),
    [(OPEN, "lista"), (Access(Mode.LOCAL), "lista"), (Access(Mode.JWT), "token")],
)
def test_the_page_knows_the_model(
    client: TestClient, artifact_dir: Path, access: Access, users: str
) -> None:
    card = client.get("/modelo").json()["dados"]
    told = facts(TestClient(create_app(artifact_dir, access)).get("/").text)
    assert told["usuarios"] == users
    assert (told["escala"], told["passo"]) == (card["escala"], card["passo"])
    assert told["linhagem"] == card["linhagem"]
    assert told["momentos"] is told["em_alta"] is True
    catalogue = client.get("/filmes?limite=1000").json()
    spelled = {name.strip() for film in catalogue for name in film["genero"].split(",")}
    assert set(told["generos"]) == spelled
    known = {film["id"]: film for film in catalogue}
    assert len(told["filmes"]) > 40
    for film in told["filmes"]:
        group = film.pop("grupo")
        assert film.items() <= known[film["id"]].items()
        assert client.get(f"/filmes/{film['id']}").json()["grupo"]["id"] == group["id"]


def test_films_to_begin_with_take_turns_by_group(client: TestClient) -> None:
    films = facts(client.get("/").text)["filmes"]
    groups = [film["grupo"]["id"] for film in films]
    several = len(set(groups))
    assert len(set(groups[:several])) == several
    popular = client.get("/filmes/populares?limite=60").json()
    places = {film["id"]: place for place, film in enumerate(popular)}
    assert [places[film["id"]] for film in films[:several]] == sorted(
        places[film["id"]] for film in films[:several]
    )
    listed = unescape(client.get("/").text)
    assert all(f"<li>{film['titulo_exibido']} (" in listed for film in films[:12])


def make(tmp_path: Path, document: Document) -> str:
    build(from_json(as_json(document), "dados.json"), tmp_path / "artifact", seed=42)
    with TestClient(create_app(tmp_path / "artifact")) as client:
        return client.get("/").text


def test_titles_are_text_whatever_they_hold(tmp_path: Path) -> None:
    hostile = '</script><script>alert("$digest & more")</script>'
    document = as_document(random_ratings(8, 8))
    for film in document["filmes"]:
        film["titulo"] = f"{hostile} {film['id']}"
    text = make(tmp_path, document)
    assert text.count("<script") == 2
    assert hostile not in text
    assert {film["titulo_exibido"] for film in facts(text)["filmes"]} == {
        film["titulo"] for film in document["filmes"]
    }
    assert facts(text)["usuarios"] == "nenhum"  # these data are not for demonstration
    assert facts(text)["momentos"] is False


def test_a_hidden_film_is_not_among_them(artifact_dir: Path, tmp_path: Path) -> None:
    from recommender.data.sqlite_store import SqliteStore

    store = SqliteStore(tmp_path / "avaliacoes.sqlite3")
    with TestClient(create_app(artifact_dir, Access(Mode.LOCAL), store)) as client:
        first = facts(client.get("/").text)["filmes"][0]["id"]
        assert client.put(f"/filmes/{first}/oculto").status_code < 300
        assert first not in [film["id"] for film in facts(client.get("/").text)["filmes"]]
        assert client.get("/").headers["cache-control"] == "public, max-age=30"


def test_the_address_may_have_parameters_of_the_page(client: TestClient) -> None:
    answer = client.get("/?genero=terror&genero=drama&utm_source=x")
    assert answer.status_code == 200
    assert answer.content == client.get("/").content


def test_compressed_and_plain_pages_are_the_same(client: TestClient) -> None:
    with client.stream("GET", "/", headers=GZIP) as answer:
        zipped = b"".join(answer.iter_raw())
    assert zlib.decompress(zipped, wbits=31) == client.get("/").content
