"""The routes of a first screen, in words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app
from recommender.data.sqlite_store import SqliteStore
from tests.expectations import FILMS, RATINGS
from tests.recommender.conftest import LOCAL
from tests.training.small_data import as_data, as_document, as_json, from_json, random_ratings
from training.build import build


@pytest.fixture
def api(artifact_dir: Path, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(artifact_dir, LOCAL, SqliteStore(tmp_path / "r.sqlite3"))) as client:
        yield client


def lines_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    lines: list[dict[str, Any]] = answer.json()["linhas"]
    return lines


def all_films(lines: list[dict[str, Any]]) -> list[int]:
    return [film["id"] for line in lines for film in line["filmes"]]


def test_a_user_and_the_same_ratings_in_a_body_get_the_same_screen(api: TestClient) -> None:
    for user in (1, 9, 40):
        given = [{"filme_id": film, "avaliacao": value} for film, value in RATINGS[user].items()]
        by_user = lines_of(api.get(f"/usuarios/{user}/inicio?recencia=0"))
        in_body = lines_of(api.post("/inicio", json={"avaliacoes": given, "recencia": 0}))
        kinds = [{(line["tipo"], line["alvo"]) for line in each} for each in (by_user, in_body)]
        assert len(kinds[0] & kinds[1]) >= 5  # the moments choose among liked films
        assert by_user[0]["filmes"][0]["id"] == in_body[0]["filmes"][0]["id"]


def test_titles_name_what_a_line_goes_by(api: TestClient) -> None:
    found = set()
    for user in range(1, 15):
        for line in lines_of(api.get(f"/usuarios/{user}/inicio")):
            name, film = line["alvo"], line["filme_id"]
            found.add(line["tipo"])
            if line["tipo"] == "porque_gostou":
                assert line["titulo"] == f"Porque você gostou de {FILMS[film]['titulo_exibido']}"
                assert f"Você deu {RATINGS[user][film]:g} a {name}" in line["motivo"]
            elif line["tipo"] == "mais_de":
                assert line["titulo"] == f"Mais de {name}"
                assert line["motivo"] == f"Você gostou de {FILMS[film]['titulo_exibido']}."
                for director in name.split(" e "):
                    assert all(director in film["diretor"] for film in line["filmes"])
                    assert director in FILMS[film]["diretor"]
            elif line["tipo"] == "genero":
                assert line["titulo"].casefold() == f"{name}, para você"
                assert all(name in film["genero"] for film in line["filmes"])
            else:
                assert name is film is None
    assert found >= {
        *("para_voce", "porque_gostou", "mais_de", "mesmo_gosto"),
        *("genero", "em_alta", "pouco_vistos"),
    }


def test_every_film_has_its_score_and_reasons(api: TestClient) -> None:
    for film in (
        film for line in lines_of(api.get("/usuarios/1/inicio")) for film in line["filmes"]
    ):
        whole = sum(reason["parcela"] for reason in film["motivos"] + film["contra"])
        assert whole + film["resto"] == pytest.approx(film["pontuacao"], abs=5e-6)
        assert film["ja_avaliado"] is False


def test_a_rating_changes_the_screen_at_once(api: TestClient) -> None:
    before = lines_of(api.get("/usuarios/205/inicio"))
    assert before[0]["tipo"] == "em_alta"
    api.put("/usuarios/205/avaliacoes/15", json={"avaliacao": 5})
    answer = api.get("/usuarios/205/inicio")
    assert answer.headers["x-estrategia"] == "padrao"
    titles = [line["titulo"] for line in lines_of(answer)]
    assert titles[0] == "Para você"
    assert f"Porque você gostou de {FILMS[15]['titulo']}" in titles


def test_hidden_and_excluded_films_are_in_no_line(api: TestClient) -> None:
    first = all_films(lines_of(api.get("/usuarios/1/inicio")))
    for film in first[:3]:
        api.put(f"/filmes/{film}/oculto")
    excluded = "&".join(f"excluir={film}" for film in first[3:6])
    after = all_films(lines_of(api.get(f"/usuarios/1/inicio?{excluded}")))
    assert not set(after) & set(first[:6])
    for film in first[:3]:
        assert film not in all_films(lines_of(api.post("/inicio", json={"avaliacoes": []})))


def test_as_many_lines_and_films_as_asked_for(api: TestClient) -> None:
    lines = lines_of(api.get("/usuarios/1/inicio?linhas=3&limite=4&genero=drama"))
    assert [len(line["filmes"]) for line in lines] == [4, 4, 4]
    assert all("drama" in film["genero"] for line in lines for film in line["filmes"])
    for wrong in ("linhas=9", "limite=13", "limite=3", "estrategia=grupo"):
        assert api.get(f"/usuarios/1/inicio?{wrong}").status_code == 422


def test_answers_are_kept_by_nobody_else_and_told_unchanged(api: TestClient) -> None:
    answer = api.get("/usuarios/1/inicio")
    assert answer.headers["cache-control"] == "private, no-cache"
    tag = {"if-none-match": answer.headers["etag"]}
    assert api.get("/usuarios/1/inicio", headers=tag).status_code == 304
    assert len(answer.content) < 200_000


def test_the_same_film_twice_in_the_data_is_shown_once(tmp_path: Path) -> None:
    document = as_document(random_ratings(30, 40))
    for film in document["filmes"]:
        film["titulo"] = f"Film {film['id'] // 2}"
    build(from_json(as_json(document), "d.json"), tmp_path / "artifact", seed=42)
    with TestClient(create_app(tmp_path / "artifact", LOCAL)) as client:
        for path in ("/usuarios/1/inicio", "/usuarios/2/inicio"):
            lines = lines_of(client.get(path))
            titles = [film["titulo"] for line in lines for film in line["filmes"]]
            assert len(titles) == len(set(titles)) > 5


def test_a_catalogue_of_one_film_has_one_line_until_it_is_rated(tmp_path: Path) -> None:
    build(as_data(random_ratings(3, 1, share=1.0)), tmp_path / "artifact", seed=42)
    with TestClient(create_app(tmp_path / "artifact", LOCAL)) as client:
        (line,) = lines_of(client.post("/inicio", json={"avaliacoes": []}))
        assert (line["titulo"], len(line["filmes"])) == ("Os mais vistos", 1)
        assert lines_of(client.get("/usuarios/1/inicio")) == []


def test_ratings_in_a_body_are_checked(api: TestClient) -> None:
    body = {"avaliacoes": [{"filme_id": 9999, "avaliacao": 7}, {"filme_id": 1, "avaliacao": 9}]}
    answer = api.post("/inicio", json=body)
    assert answer.status_code == 422
    fields = [fault["campo"] for fault in answer.json()["erros"]]
    assert fields == ["avaliacoes.0.filme_id", "avaliacoes.0.avaliacao", "avaliacoes.1.avaliacao"]
    assert api.get("/usuarios/999/inicio").json()["error"] == "Usuário com ID 999 não encontrado."
