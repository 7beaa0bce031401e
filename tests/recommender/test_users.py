"""The users of the data, with a taste in words."""

import re
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from recommender.api.application import create_app
from recommender.settings import Access, Mode
from tests.expectations import RATINGS
from tests.recommender.conftest import LOCAL
from tests.training.small_data import as_data, random_ratings
from training.build import build


def all_pages(client: TestClient, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while path:
        answer = client.get(path)
        assert answer.status_code == 200
        found += answer.json()
        link = re.match("<(.*)>", answer.headers.get("link", ""))
        path = link[1] if link else ""
    return found


def test_pages_meet(client: TestClient) -> None:
    for size in (7, 100, 1000):
        users = all_pages(client, f"/usuarios?limite={size}")
        assert [user["id"] for user in users] == sorted(RATINGS)


def test_who_has_rated_nothing_is_told_so(client: TestClient) -> None:
    [user] = [user for user in all_pages(client, "/usuarios") if user["id"] == 205]
    assert user["gosto"] == "ainda não avaliou nenhum filme"
    assert (user["generos"], user["total_avaliacoes"]) == ([], 0)


def test_users_who_are_more_than_films_have_pages(tmp_path: Path) -> None:
    build(as_data(random_ratings(9, 2, share=1.0)), tmp_path / "artifact", seed=42)
    client = TestClient(create_app(tmp_path / "artifact", LOCAL))
    assert len(all_pages(client, "/usuarios?limite=2")) == 9


def test_real_users_are_listed_without_names(real_dir: Path) -> None:
    users = TestClient(create_app(real_dir, LOCAL)).get("/usuarios").json()
    assert {user["nome"] for user in users} == {None}
    assert users[0]["gosto"] == "gosta de comédia"
    for mode, status in ((Mode.OPEN, 403), (Mode.JWT, 401)):
        answer = TestClient(create_app(real_dir, Access(mode))).get("/usuarios?limite=x")
        assert answer.status_code == status
        assert "erros" not in answer.json()


def test_without_a_model_nobody_is_listed(tmp_path: Path) -> None:
    assert TestClient(create_app(tmp_path)).get("/usuarios").status_code == 503
