"""Stores of both kinds, the API on them, and a browser."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from recommender.api.application import create_app
from recommender.data.catalog import MAX_ID
from recommender.data.sqlite_store import SqliteStore
from recommender.data.store import Store
from recommender.model.artifact import MANIFEST_FILE, content_version
from recommender.settings import Access, Mode
from tests.browser import browser
from tests.recommender.web import Gateway, serving
from tests.stores import create_table, moto_server, signed_store
from tests.training.small_data import as_document, as_json, from_json, random_ratings
from training.build import build

LOCAL = Access(Mode.LOCAL)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """moto's server, which is all of AWS to a store."""
    with moto_server() as url:
        yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture(scope="session")
def real_dir(artifact_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of the example data, if these were not for demonstration."""
    folder = Path(shutil.copytree(artifact_dir, tmp_path_factory.mktemp("real") / "artifact"))
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    manifest["data"]["demonstracao"] = False
    manifest["version"] = content_version(manifest)
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def gated(artifact_dir: Path) -> Iterator[str]:
    """The API behind a gateway that wants a token for what is a user's."""
    with serving(Gateway(create_app(artifact_dir, Access(Mode.JWT)))) as url:
        yield url


@pytest.fixture(params=["sqlite", "dynamo"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    if request.param == "sqlite":
        made: Store = SqliteStore(tmp_path / "avaliacoes.sqlite3")
    else:
        url, name = request.getfixturevalue("aws"), tmp_path.name
        create_table(url, name)
        made = signed_store(url, name)
    with closing(made):
        yield made


@pytest.fixture
def api(artifact_dir: Path, store: Store) -> Iterator[TestClient]:
    """A client in whose one event loop all requests are answered, as by a server."""
    with TestClient(create_app(artifact_dir, LOCAL, store)) as client:
        yield client


FOUND = {
    "Godfather, The (1972)": "The Godfather (1972)",
    "Avventura, L' (1960)": "L'Avventura (1960)",
    "Bjørn": "Bjørn",
    **{f"Film, A ({year})": f"A Film ({year})" for year in range(1990, 1998)},
}
"""Titles as data sets have them, and as they are shown. The first film has the largest id."""


@pytest.fixture(scope="session")
def found_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of these films, the first and the last user having the largest id."""
    document = as_document(random_ratings(12, len(FOUND), share=0.6), list(FOUND))
    first, last = document["filmes"][0], document["usuarios"][-1]
    first |= {"genero": "Børn", "diretor": "Søren Ægir", "atores": "Łukasz Ðór"}
    for rating in document["avaliacoes"]:
        for name, largest in (("filme_id", first), ("usuario_id", last)):
            rating[name] = MAX_ID if rating[name] == largest["id"] else rating[name]
    first["id"], last["id"] = MAX_ID, MAX_ID
    folder = tmp_path_factory.mktemp("found") / "artifact"
    build(from_json(as_json(document), "found.json"), folder, seed=42)
    return folder
