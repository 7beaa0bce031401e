"""Stores of both kinds, and the API on them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app
from recommender.data.sqlite_store import SqliteStore
from recommender.data.store import Store
from recommender.settings import Access, Mode
from tests.stores import create_table, dynamo_store, moto_server

LOCAL = Access(Mode.LOCAL)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """moto's server, which is all of AWS to a store."""
    with moto_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "dynamo"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    if request.param == "sqlite":
        made: Store = SqliteStore(tmp_path / "avaliacoes.sqlite3")
    else:
        url, name = request.getfixturevalue("aws"), tmp_path.name
        create_table(url, name)
        made = dynamo_store(url, name)
    with closing(made):
        yield made


@pytest.fixture
def api(artifact_dir: Path, store: Store) -> Iterator[TestClient]:
    """A client in whose one event loop all requests are answered, as by a server."""
    with TestClient(create_app(artifact_dir, LOCAL, store)) as client:
        yield client
