"""Ratings over HTTP: a write lasts, changes the next recommendation, and keeps its conditions."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recommender.api.answers import Rating
from recommender.api.application import create_app
from recommender.data.store import Entry, StoreError
from tests.expectations import DATA, FILMS, RATINGS
from tests.recommender.conftest import LOCAL
from tests.recommender.test_api import check_problem, follow, ids

USER = 1
RATED, UNRATED = min(RATINGS[USER]), next(film for film in FILMS if film not in RATINGS[USER])
NEW_USER = 10**12


class Unreachable:
    """A store that nothing reaches."""

    async def read(self, *_: Any) -> dict[int, Entry]:
        raise StoreError("nowhere")

    async def hidden(self) -> frozenset[int]:
        raise StoreError("nowhere")

    async def hide(self, *_: Any, **__: Any) -> None:
        raise StoreError("nowhere")

    async def erase(self, *_: Any) -> None:
        raise StoreError("nowhere")

    async def erased(self, *_: Any) -> tuple[dict[int, float], int]:
        raise StoreError("nowhere")

    async def write(self, *_: Any) -> tuple[Entry | None, Entry | None]:
        raise StoreError("nowhere")

    async def write_all(self, *_: Any) -> dict[int, tuple[Entry | None, Entry | None]]:
        raise StoreError("nowhere")

    def close(self) -> None: ...


@pytest.fixture
def unreachable(artifact_dir: Path) -> TestClient:
    return TestClient(create_app(artifact_dir, LOCAL, Unreachable()), raise_server_exceptions=False)


def path(user: int = USER, film: int | None = None) -> str:
    return f"/usuarios/{user}/avaliacoes" + (f"/{film}" if film is not None else "")


def rate(
    api: TestClient,
    rating: float,
    user: int = USER,
    film: int = UNRATED,
    when: dict[str, str] | None = None,
) -> Any:
    return api.put(path(user, film), json={"avaliacao": rating}, headers=when)


def shown(answer: Any) -> dict[str, Any]:
    """The rating that an answer holds, in the form that the documentation promises."""
    body: dict[str, Any] = answer.json()
    Rating.model_validate(body, strict=True, extra="forbid")
    return body


def test_the_packaged_ratings_are_listed(api: TestClient) -> None:
    answers = follow(api, path() + "?limite=7")
    listed = [rating for answer in answers for rating in answer.json()]
    assert listed == [
        {
            "filme_id": film,
            "titulo": FILMS[film]["titulo"],
            "titulo_exibido": FILMS[film]["titulo_exibido"],
            "avaliacao": RATINGS[USER][film],
            "versao": 0,
            "momento": None,
        }
        for film in sorted(RATINGS[USER])
    ]
    assert {a.headers["x-total-count"] for a in answers} == {str(len(RATINGS[USER]))}
    assert api.get(path(USER, RATED)).json() == listed[0]


@pytest.mark.parametrize(
    ("film", "status"),
    [
        (f"{UNRATED}%0D%0A", 404),  # no route has a line feed at its end
        (f"{UNRATED}%0A%0D", 422),
        (f"%E3%80%80{UNRATED}", 422),
        (f"0{UNRATED}", 422),
    ],
)
def test_an_id_of_another_spelling_stores_nothing(api: TestClient, film: str, status: int) -> None:
    answer = api.put(f"{path()}/{film}", json={"avaliacao": 5})
    check_problem(answer, status)
    assert "content-location" not in answer.headers
    assert api.get(path(USER, UNRATED)).status_code == 404


def test_a_rating_is_created_changed_and_deleted(api: TestClient) -> None:
    created = rate(api, 5)
    assert created.status_code == 201
    assert created.headers["content-location"] == path(USER, UNRATED)
    first = shown(created)
    assert (first["filme_id"], first["avaliacao"], first["versao"]) == (UNRATED, 5, 1)
    assert datetime.fromisoformat(first["momento"]).tzinfo is not None

    changed = rate(api, 2)
    assert changed.status_code == 200
    assert (shown(changed)["avaliacao"], shown(changed)["versao"]) == (2, 2)
    assert changed.headers["etag"] != created.headers["etag"]

    found = api.get(path(USER, UNRATED))
    assert found.json() == changed.json()
    assert found.headers["etag"] == changed.headers["etag"]
    assert changed.json() in api.get(path(), params={"limite": 1000}).json()

    deleted = api.delete(path(USER, UNRATED))
    assert (deleted.status_code, deleted.content) == (204, b"")
    check_problem(api.get(path(USER, UNRATED)), 404)
    again = rate(api, 2)
    assert again.status_code == 201
    assert shown(again)["versao"] == 4  # a deletion is a change


def test_writing_the_same_again_changes_nothing(api: TestClient) -> None:
    first, second = rate(api, 4), rate(api, 4.0)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.headers["etag"] == second.headers["etag"]
    for _ in range(2):
        assert api.delete(path(USER, UNRATED)).status_code == 204
    assert shown(rate(api, 4))["versao"] == 3


def test_a_packaged_rating_that_is_confirmed_outlasts_the_artifact(api: TestClient) -> None:
    for _ in range(2):
        answer = rate(api, RATINGS[USER][RATED], film=RATED)
        assert answer.status_code == 200
        assert shown(answer)["versao"] == 1
    app: Any = api.app
    entry = asyncio.run(app.state.serving.store.read(USER))[RATED]
    assert (entry.rating, entry.version) == (RATINGS[USER][RATED], 1)


def test_a_packaged_rating_can_be_changed_and_deleted(api: TestClient) -> None:
    other = 0 if RATINGS[USER][RATED] else 1
    answer = rate(api, other, film=RATED)
    assert answer.status_code == 200
    assert shown(answer)["versao"] == 1
    deleted = api.delete(path(USER, RATED))
    assert deleted.status_code == 204
    assert "content-type" not in deleted.headers
    check_problem(api.get(path(USER, RATED)), 404)
    listed = api.get(path())
    assert RATED not in [rating["filme_id"] for rating in listed.json()]
    assert listed.headers["x-total-count"] == str(len(RATINGS[USER]) - 1)


@pytest.mark.parametrize(("user", "film"), [(NEW_USER, RATED), (USER, 999_999), (USER, UNRATED)])
def test_deleting_what_is_not_there_is_done_at_once(api: TestClient, user: int, film: int) -> None:
    assert api.delete(path(user, film)).status_code == 204
    if film in FILMS:
        assert shown(rate(api, 4, user=user, film=film))["versao"] == 1


def test_the_very_next_recommendation_shows_a_write(api: TestClient) -> None:
    own = f"/usuarios/{USER}/recomendacoes"
    before = api.get(own)
    best = ids(before)[0]
    rate(api, 5, film=best)
    after = api.get(own, headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200  # what the client holds is not valid any more
    assert best not in ids(after)
    assert after.content == api.get(f"/filmes/{USER}/recomendacoes").content
    assert "x-avaliacoes" not in after.headers
    api.delete(path(USER, best))
    assert api.get(own).content == before.content


def test_a_user_comes_into_being_with_the_first_rating(api: TestClient) -> None:
    own = f"/usuarios/{NEW_USER}/recomendacoes"
    for unknown in (own, path(NEW_USER)):
        problem = check_problem(api.get(unknown), 404)
        assert problem["detail"] == f"Usuário com ID {NEW_USER} não encontrado."
    for film in (309, 236):
        assert rate(api, 5, user=NEW_USER, film=film).status_code == 201
    answer = api.get(own)
    assert answer.headers["x-estrategia"] == "padrao"
    assert len(ids(answer)) == 5
    assert not {309, 236} & set(ids(answer))
    assert {r["filme_id"] for film in answer.json() for r in film["motivos"]} <= {309, 236}
    assert [r["filme_id"] for r in api.get(path(NEW_USER)).json()] == [236, 309]
    for film in (309, 236):
        api.delete(path(NEW_USER, film))
    check_problem(api.get(own), 404)


def test_a_known_user_may_delete_every_rating(api: TestClient) -> None:
    for film in RATINGS[USER]:
        api.delete(path(USER, film))
    assert api.get(path()).json() == []
    answer = api.get(f"/usuarios/{USER}/recomendacoes")
    assert answer.headers["x-estrategia"] == "populares"


def test_a_film_that_does_not_exist_cannot_be_rated(api: TestClient) -> None:
    for answer in (rate(api, 4, film=99_999), api.get(path(USER, 99_999))):
        problem = check_problem(answer, 404)
        assert problem["detail"] == "Filme com ID 99999 não encontrado."


@pytest.mark.parametrize("rating", [-1, 5.5, 6, 0.5, 4.000001, 1e300])
def test_a_rating_is_of_the_scale_of_the_data(api: TestClient, rating: float) -> None:
    problem = check_problem(rate(api, rating), 422)
    [field] = problem["erros"]
    assert field["campo"] == "avaliacao"
    assert field["permitido"] == "um número de 0 a 5, de 1 em 1"
    check_problem(api.get(path(USER, UNRATED)), 404)


@pytest.mark.parametrize(
    ("body", "field", "allowed"),
    [
        ('{"avaliacao": "4"}', "avaliacao", "um número"),
        ('{"avaliacao": true}', "avaliacao", "um número"),
        ('{"avaliacao": null}', "avaliacao", "um número"),
        ('{"avaliacao": NaN}', "avaliacao", "um número finito"),
        ('{"avaliacao": Infinity}', "avaliacao", "um número finito"),
        ("{}", "avaliacao", "um valor é obrigatório"),
        ('{"avaliacao": 4, "versao": 9}', "versao", "nenhum parâmetro com este nome"),
        ("[4]", "corpo", "um objeto JSON, com Content-Type: application/json"),
        ("", "corpo", "um objeto JSON, com Content-Type: application/json"),
    ],
)
def test_a_body_that_is_no_rating(api: TestClient, body: str, field: str, allowed: str) -> None:
    headers = {"content-type": "application/json"}
    answer = api.put(path(USER, UNRATED), content=body, headers=headers)
    [found] = check_problem(answer, 422)["erros"]
    assert (found["campo"], found["permitido"]) == (field, allowed)


def test_parameters_and_long_bodies_are_refused(api: TestClient) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = api.request(method, path(USER, UNRATED) + "?a=b", json={"avaliacao": 4})
        [found] = check_problem(answer, 422)["erros"]
        assert found["campo"] == "a"
    check_problem(api.put(path(USER, UNRATED), json={"avaliacao": 4, "a": "b" * 300_000}), 413)
    check_problem(api.get(path(USER, UNRATED)), 404)


def test_a_body_that_is_no_json(api: TestClient) -> None:
    headers = {"content-type": "application/json"}
    answer = api.put(path(USER, UNRATED), content='{"avaliacao": ', headers=headers)
    [found] = check_problem(answer, 422)["erros"]
    assert (found["campo"], found["valor"]) == ("corpo", None)
    assert found["permitido"] == "JSON válido (erro na linha 1, coluna 15)"


# Several at once


def rate_all(api: TestClient, ratings: dict[int, float], user: int = USER, **more: Any) -> Any:
    given = [{"filme_id": film, "avaliacao": rating} for film, rating in ratings.items()]
    return api.put(path(user), json={"avaliacoes": given}, **more)


def test_several_ratings_are_written_at_once(api: TestClient) -> None:
    others = len(RATINGS[USER])
    rate(api, 2)
    confirmed = float(RATINGS[USER][RATED])
    new = next(film for film in FILMS if film not in {UNRATED, *RATINGS[USER]})
    answer = rate_all(api, {new: 5, UNRATED: 4, RATED: confirmed})
    assert answer.status_code == 200
    told = [(r["filme_id"], r["avaliacao"], r["versao"]) for r in answer.json()]
    assert told == [(new, 5, 1), (UNRATED, 4, 2), (RATED, confirmed, 1)]
    moments = [r["momento"] for r in answer.json()]
    assert moments == sorted(set(moments))
    listed = api.get(path(), params={"limite": 1000}).json()
    assert len(listed) == others + 2
    assert all(rating in listed for rating in answer.json())
    assert rate_all(api, {new: 5, UNRATED: 4, RATED: confirmed}).json() == answer.json()


def test_several_ratings_recommend_as_one_by_one(api: TestClient) -> None:
    films = list(FILMS)[:40]
    given = {film: float(2 + film % 4) for film in films}
    assert rate_all(api, given, user=NEW_USER).status_code == 200
    for film, rating in given.items():
        assert rate(api, rating, user=NEW_USER + 1, film=film).status_code == 201
    one, other = (
        api.get(f"/usuarios/{user}/recomendacoes").json() for user in (NEW_USER, NEW_USER + 1)
    )
    assert one == other


def test_one_wrong_rating_leaves_all_unwritten(api: TestClient) -> None:
    answer = rate_all(api, {UNRATED: 4, 99_999: 4, RATED: 9})
    told = [(e["campo"], e["permitido"]) for e in check_problem(answer, 422)["erros"]]
    assert told == [
        ("avaliacoes.1.filme_id", "o id de um filme do catálogo"),
        ("avaliacoes.2.avaliacao", "um número de 0 a 5, de 1 em 1"),
    ]
    twice = [{"filme_id": UNRATED, "avaliacao": rating} for rating in (4, 5)]
    [fault] = check_problem(api.put(path(), json={"avaliacoes": twice}), 422)["erros"]
    assert (fault["campo"], fault["permitido"]) == (
        "avaliacoes.1.filme_id",
        "cada filme uma só vez",
    )
    check_problem(api.get(path(USER, UNRATED)), 404)


def test_a_hundred_ratings_at_most(api: TestClient) -> None:
    films = list(FILMS)[:101]
    check_problem(rate_all(api, dict.fromkeys(films, 3.0), user=NEW_USER), 422)
    check_problem(rate_all(api, {}, user=NEW_USER), 422)
    check_problem(api.get(path(NEW_USER)), 404)
    answer = rate_all(api, dict.fromkeys(films[:100], 3.0), user=NEW_USER)
    assert [r["filme_id"] for r in answer.json()] == films[:100]


def test_conditions_are_of_single_ratings(api: TestClient) -> None:
    for condition in ("if-match", "if-none-match"):
        answer = rate_all(api, {UNRATED: 4}, headers={condition: "*"})
        assert condition in check_problem(answer, 400)["detail"]
    check_problem(api.get(path(USER, UNRATED)), 404)


# Conditions


def test_if_match_keeps_the_change_of_another(api: TestClient) -> None:
    first = rate(api, 4).headers["etag"]
    second = rate(api, 3, when={"if-match": first})
    assert second.status_code == 200
    for refused in (
        rate(api, 5, when={"if-match": first}),
        api.delete(path(USER, UNRATED), headers={"if-match": first}),
    ):
        check_problem(refused, 412)
    assert api.get(path(USER, UNRATED)).json() == second.json()
    several = f'"other", {second.headers["etag"]}'
    assert rate(api, 2, when={"if-match": several}).status_code == 200
    deleted = api.delete(path(USER, UNRATED), headers={"if-match": "*"})
    assert deleted.status_code == 204


def test_if_match_takes_the_tag_of_a_packaged_rating(api: TestClient) -> None:
    tag = api.get(path(USER, RATED)).headers["etag"]
    other = 0 if RATINGS[USER][RATED] else 1
    assert rate(api, other, film=RATED, when={"if-match": tag}).status_code == 200
    check_problem(rate(api, 3, film=RATED, when={"if-match": tag}), 412)


def test_a_condition_takes_the_tag_of_a_compressed_rating(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recommender.http.caching.SMALLEST_ZIPPED", 0)
    rate(api, 4)
    tag = api.get(path(USER, UNRATED), headers={"accept-encoding": "gzip"}).headers["etag"]
    assert tag.endswith('-gzip"')
    check_problem(rate(api, 3, when={"if-none-match": tag}), 412)
    check_problem(rate(api, 3, when={"if-match": f"W/{tag}"}), 412)
    assert rate(api, 3, when={"if-match": tag}).status_code == 200
    check_problem(rate(api, 2, when={"if-match": tag}), 412)


@pytest.mark.parametrize("condition", ["*", '"a"'])
def test_if_match_asks_for_a_rating(api: TestClient, condition: str) -> None:
    check_problem(rate(api, 4, when={"if-match": condition}), 412)
    check_problem(api.delete(path(USER, UNRATED), headers={"if-match": condition}), 412)
    check_problem(api.get(path(USER, UNRATED)), 404)


def test_a_weak_tag_matches_no_write(api: TestClient) -> None:
    tag = rate(api, 4).headers["etag"]
    check_problem(rate(api, 3, when={"if-match": f"W/{tag}"}), 412)
    check_problem(rate(api, 3, when={"if-none-match": f"W/{tag}"}), 412)


def test_if_none_match_creates_only(api: TestClient) -> None:
    condition = {"if-none-match": "*"}
    assert rate(api, 4, when=condition).status_code == 201
    check_problem(rate(api, 3, when=condition), 412)
    check_problem(rate(api, 3, film=RATED, when=condition), 412)
    api.delete(path(USER, UNRATED))
    assert rate(api, 3, when=condition).status_code == 201


def test_fifty_writers_with_conditions_count_to_fifty(api: TestClient) -> None:
    """Each reads, adds one and writes if nobody else did; who is refused starts again."""
    films = sorted(set(FILMS) - RATINGS[USER].keys())[:10]
    for film in films:
        rate(api, 0, film=film)

    def add_one(film: int) -> int:
        for attempt in range(1000):
            read = api.get(path(USER, film))
            rating = read.json()["avaliacao"] + 1
            answer = rate(api, rating, film=film, when={"if-match": read.headers["etag"]})
            if answer.status_code == 200:
                return attempt
            assert answer.status_code == 412
        raise AssertionError("never came through")

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(add_one, films * 5))
    for film in films:
        found = api.get(path(USER, film)).json()
        assert (found["avaliacao"], found["versao"]) == (5, 6)


# Without the store


def test_recommendations_go_on_from_the_packaged_ratings(
    unreachable: TestClient, client: TestClient
) -> None:
    for route in ("/usuarios/1/recomendacoes", "/filmes/1/recomendacoes"):
        answer = unreachable.get(route)
        assert answer.headers["x-avaliacoes"] == "empacotadas"
        assert answer.content == client.get(route).content


def test_what_cannot_be_known_is_not_made_up(unreachable: TestClient) -> None:
    """Whether a user exists whom the artifact does not know; what a rating is by now."""
    routes = (f"/usuarios/{NEW_USER}/recomendacoes", path(), path(USER, RATED))
    for answer in map(unreachable.get, routes):
        check_problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("condition", [{}, {"if-match": "*"}, {"if-none-match": "*"}])
def test_no_write_seems_to_have_been_done(
    unreachable: TestClient, condition: dict[str, str]
) -> None:
    for answer in (
        rate(unreachable, 4, when=condition),
        rate(unreachable, RATINGS[USER][RATED], film=RATED, when=condition),
        unreachable.delete(path(USER, RATED), headers=condition),
    ):
        check_problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0


def test_the_catalogue_needs_no_store(unreachable: TestClient) -> None:
    for route in ("/filmes", "/modelo", "/saude"):
        assert unreachable.get(route).status_code == 200


def test_without_a_store_nothing_is_written(artifact_dir: Path) -> None:
    api = TestClient(create_app(artifact_dir, LOCAL))
    check_problem(rate(api, 4), 503)
    check_problem(api.delete(path(USER, RATED)), 503)
    assert api.get(path()).status_code == 200


def test_nobody_is_named_but_in_the_path(api: TestClient) -> None:
    rate(api, 4)
    text = json.dumps([api.get(path()).json(), rate(api, 3).json()])
    user = next(user for user in DATA["usuarios"] if user["id"] == USER)
    assert user["email"] not in text
    assert user["nome"] not in text
