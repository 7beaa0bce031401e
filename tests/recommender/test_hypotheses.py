"""Recommendations for ratings that a request brings along, alone or laid over a user's."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from recommender.api.answers import LARGEST, Recommendation, WhatIf
from recommender.api.hypotheses import difference, on_scale
from recommender.data.store import spell
from tests.conftest import ROOT

MOCK = json.loads((ROOT / "mock_data.json").read_text(encoding="utf-8"))
SILENT = MOCK["usuarios"][-1]["id"]


def own(user: int) -> list[dict[str, Any]]:
    return [
        {
            "filme_id": row["filme_id"],
            "avaliacao": row["avaliacao"],
            "momento": spell(row["momento"]),
        }
        for row in MOCK["avaliacoes"]
        if row["usuario_id"] == user
    ]


def post(client: TestClient, ratings: list[dict[str, Any]], **rest: Any) -> Any:
    answer = client.post("/recomendacoes", json={"avaliacoes": ratings, **rest})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    return answer


def errors(client: TestClient, body: Any) -> list[tuple[str, str | None, str]]:
    answer = client.post("/recomendacoes", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [(e["campo"], e["valor"], e["permitido"]) for e in answer.json()["erros"]]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"limite": 30, "genero": ["comedia", "DRAMA"], "excluir": [309, 14]},
        {"estrategia": "grupo", "incluir_avaliados": False},
        {"estrategia": "populares"},
        {"diversidade": 0.7, "incluir_avaliados": True},
    ],
)
def test_a_users_ratings_give_the_users_list(client: TestClient, asked: dict[str, Any]) -> None:
    for user in (1, 7, 42):
        answer = post(client, own(user), **asked)
        known = client.get(f"/usuarios/{user}/recomendacoes", params=asked)
        assert answer.json() == known.json()
        assert answer.headers["x-estrategia"] == known.headers["x-estrategia"]
        TypeAdapter(list[Recommendation]).validate_python(
            answer.json(), strict=True, extra="forbid"
        )


def test_the_order_of_ratings_is_their_order_in_time(client: TestClient) -> None:
    """Moments say when; without them the last of the list is the newest."""
    timed = own(1)
    assert post(client, timed[::-1]).json() == post(client, timed).json()
    moments = sorted(timed, key=lambda rating: rating["momento"])
    listed = [{k: v for k, v in rating.items() if k != "momento"} for rating in moments]
    assert post(client, listed).json() == post(client, timed).json()
    assert post(client, listed[::-1]).json() != post(client, timed).json()
    alike = [post(client, ratings, recencia=0).json() for ratings in (listed, listed[::-1])]
    assert alike[0] == alike[1]


def test_the_newest_rating_moves_the_list(client: TestClient) -> None:
    """The more the order counts, the more films enter; as an old rating it does less."""
    loved = {"filme_id": 200, "avaliacao": 5}
    old = loved | {"momento": "1999-12-31T23:59:59+00:00"}

    def entered(rating: dict[str, Any], recency: float) -> int:
        asked = {"limite": 10, "recencia": recency}
        bodies = [post(client, [rating], usuario_id=user, **asked).json() for user in range(1, 21)]
        return sum(len(body["diferenca"]["entraram"]) for body in bodies)

    assert entered(loved, 1) > entered(old, 1)
    assert entered(loved, 1) > entered(loved, 0) == entered(old, 0)


@pytest.mark.parametrize("moment", ["ontem", "2026-01-31", "2026-01-31T20:15:00", 1769890500, True])
def test_a_moment_has_a_time_and_an_offset(client: TestClient, moment: Any) -> None:
    rating = {"filme_id": 309, "avaliacao": 5, "momento": moment}
    ((name, value, allowed),) = errors(client, {"avaliacoes": [rating]})
    assert name == "avaliacoes.0.momento"
    assert value == (moment if isinstance(moment, str) else json.dumps(moment))
    assert "ISO 8601" in allowed


@pytest.mark.parametrize("recency", [-0.1, 1.1, "muita", None])
def test_recency_is_from_0_to_1(client: TestClient, recency: Any) -> None:
    if recency is None:  # as if it were not named
        assert post(client, own(1), recencia=None).json() == post(client, own(1)).json()
        return
    body = {"avaliacoes": [{"filme_id": 309, "avaliacao": 5}], "recencia": recency}
    ((name, _, _),) = errors(client, body)
    assert name == "recencia"
    answer = client.get(f"/usuarios/1/recomendacoes?recencia={recency}")
    assert answer.status_code == 422


def test_no_ratings_give_the_popular_films(client: TestClient) -> None:
    answer = post(client, [])
    assert answer.headers["x-estrategia"] == "populares"
    assert answer.json() == client.get("/filmes/populares").json()


def test_nothing_is_stored(client: TestClient) -> None:
    before = client.get("/usuarios/1/recomendacoes")
    post(client, [{"filme_id": 309, "avaliacao": 5}], usuario_id=1)
    assert client.get("/usuarios/1/recomendacoes").content == before.content


# What if


def test_what_a_rating_would_change(client: TestClient) -> None:
    today = client.get("/usuarios/1/recomendacoes?limite=10").json()
    loved = today[0]["id"]
    body = post(client, [{"filme_id": loved, "avaliacao": 5}], usuario_id=1, limite=10).json()
    TypeAdapter(WhatIf).validate_python(body, strict=True, extra="forbid")
    both = [*own(1), {"filme_id": loved, "avaliacao": 5}]
    assert body["recomendacoes"] == post(client, both, limite=10).json()
    old, new = ([f["id"] for f in films] for films in (today, body["recomendacoes"]))
    told = body["diferenca"]
    assert {f["id"] for f in told["entraram"]} == set(new) - set(old)
    assert {f["id"] for f in told["sairam"]} == set(old) - set(new)
    assert told["sairam"][0] == {
        **{name: today[0][name] for name in ("id", "titulo", "titulo_exibido")},
        "posicao": 1,
    }
    for film in told["entraram"]:
        assert new[film["posicao"] - 1] == film["id"]
    for film in told["mudaram"]:
        assert (old[film["de"] - 1], new[film["para"] - 1]) == (film["id"], film["id"])
        assert film["de"] != film["para"]
    stayed = set(old) & set(new) - {film["id"] for film in told["mudaram"]}
    assert all(old.index(film) == new.index(film) for film in stayed)


def test_a_hypothetical_rating_takes_the_place_of_the_users_own(client: TestClient) -> None:
    first, *others = own(1)
    changed = {"filme_id": first["filme_id"], "avaliacao": 5 - first["avaliacao"]}
    body = post(client, [changed], usuario_id=1).json()
    assert body["recomendacoes"] == post(client, [changed, *others]).json()


def test_without_hypotheses_nothing_differs(client: TestClient) -> None:
    for user in (1, SILENT):
        body = post(client, [], usuario_id=user).json()
        assert body["diferenca"] == {"entraram": [], "sairam": [], "mudaram": []}
        assert body["recomendacoes"] == client.get(f"/usuarios/{user}/recomendacoes").json()


def test_an_unknown_user(client: TestClient) -> None:
    answer = client.post("/recomendacoes", json={"avaliacoes": [], "usuario_id": 999})
    assert answer.status_code == 404
    assert answer.json()["detail"] == "Usuário com ID 999 não encontrado."


def test_a_difference_in_small() -> None:
    films = {
        film: {"id": film, "titulo": f"{film}, The", "titulo_exibido": f"The {film}"}
        for film in range(6)
    }
    assert difference([1, 2, 3, 4], [2, 5, 3], films, LARGEST).model_dump() == {
        "entraram": [films[5] | {"posicao": 2}],
        "sairam": [films[1] | {"posicao": 1}, films[4] | {"posicao": 4}],
        "mudaram": [films[2] | {"de": 2, "para": 1}],
    }


# Films to rank


def ids(films: list[dict[str, Any]]) -> list[int]:
    return [film["id"] for film in films]


def test_given_films_come_in_the_order_of_the_whole_list(client: TestClient) -> None:
    whole = post(client, own(1), limite=100).json()
    some = ids(whole)[::7]
    answer = post(client, own(1), limite=100, entre=sorted(some)).json()
    assert answer == whole[::7]
    assert post(client, own(1), limite=3, entre=sorted(some)).json() == whole[::7][:3]


def test_search_results_may_be_ranked(client: TestClient) -> None:
    found = client.get("/filmes", params={"q": "santos", "limite": 1000}).json()
    ranked = post(client, own(1), limite=100, entre=ids(found)).json()
    assert len(found) > 1
    assert sorted(ids(ranked)) == ids(found)
    rated = [film["ja_avaliado"] for film in ranked]
    assert rated == sorted(rated)


def test_given_films_pass_the_filters_and_no_others_fill_up(client: TestClient) -> None:
    rated = own(1)[0]["filme_id"]
    given = [309, 14, 127, rated]
    answer = post(client, own(1), limite=10, entre=given, excluir=[14], genero=["comédia"]).json()
    genres = {film["id"]: film["genero"] for film in MOCK["filmes"]}
    expected = {film for film in given if genres[film] == "comédia" and film != 14}
    assert set(ids(answer)) == expected
    assert post(client, own(1), entre=given, genero=["faroeste espacial"]).json() == []


def test_given_films_without_ratings_come_by_popularity(client: TestClient) -> None:
    popular = ids(client.get("/filmes/populares?limite=100").json())
    answer = post(client, [], entre=[popular[i] for i in (50, 3, 99)])
    assert ids(answer.json()) == [popular[i] for i in (3, 50, 99)]
    assert answer.headers["x-estrategia"] == "populares"


def test_a_rating_moves_given_films(client: TestClient) -> None:
    whole = ids(client.get("/usuarios/1/recomendacoes?limite=30").json())
    loved = {"filme_id": whole[0], "avaliacao": 5}
    path = "/usuarios/1/recomendacoes"
    body = client.post(path, json={"avaliacoes": [loved], "entre": whole, "limite": 30}).json()
    assert sorted(ids(body["recomendacoes"])) == sorted(whole)
    assert ids(body["recomendacoes"])[-1] == whole[0]  # the only one that is rated then
    assert body["diferenca"]["entraram"] == body["diferenca"]["sairam"] == []
    moved = {film["id"]: film["de"] for film in body["diferenca"]["mudaram"]}
    assert moved == {
        film: whole.index(film) + 1
        for place, film in enumerate(ids(body["recomendacoes"]))
        if whole[place] != film
    }


# What is not accepted


def test_every_given_film_at_fault_is_named(client: TestClient) -> None:
    body = {"avaliacoes": [{"filme_id": 9998, "avaliacao": 5}], "entre": [1, 9999, 2, 1]}
    assert errors(client, body) == [
        ("avaliacoes.0.filme_id", "9998", "o id de um filme do catálogo"),
        ("entre.1", "9999", "o id de um filme do catálogo"),
        ("entre.3", "1", "cada filme uma só vez"),
    ]


def test_given_films_have_a_bound(client: TestClient) -> None:
    [error] = errors(client, {"avaliacoes": [], "entre": list(range(1001))})
    assert (error[0], error[2]) == ("entre", "no máximo 1000 valores")


def test_every_rating_at_fault_is_named(client: TestClient) -> None:
    ratings = [(1, 5), (9999, 4), (2, 3.5), (1, 3), (-3, -1)]
    body = {"avaliacoes": [{"filme_id": film, "avaliacao": r} for film, r in ratings]}
    catalogue, scale = "o id de um filme do catálogo", "um número de 0 a 5, de 1 em 1"
    assert errors(client, body) == [
        ("avaliacoes.1.filme_id", "9999", catalogue),
        ("avaliacoes.2.avaliacao", "3.5", scale),
        ("avaliacoes.3.filme_id", "1", "cada filme uma só vez"),
        ("avaliacoes.4.filme_id", "-3", catalogue),
        ("avaliacoes.4.avaliacao", "-1", scale),
    ]


WHOLE = "um número inteiro"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, ("avaliacoes", None, "um valor é obrigatório")),
        ([], ("corpo", "[]", "um objeto JSON, com Content-Type: application/json")),
        ({"avaliacoes": 5}, ("avaliacoes", "5", "uma lista")),
        ({"avaliacoes": [5]}, ("avaliacoes.0", "5", "um objeto JSON")),
        (
            {"avaliacoes": [{"filme_id": 1}]},
            ("avaliacoes.0.avaliacao", None, "um valor é obrigatório"),
        ),
        (
            {"avaliacoes": [{"filme_id": "1", "avaliacao": 3}]},
            ("avaliacoes.0.filme_id", "1", WHOLE),
        ),
        (
            {"avaliacoes": [{"filme_id": 1, "avaliacao": "3"}]},
            ("avaliacoes.0.avaliacao", "3", "um número"),
        ),
        ({"avaliacoes": [], "limite": 101}, ("limite", "101", "no máximo 100")),
        ({"avaliacoes": [], "limite": True}, ("limite", "true", WHOLE)),
        ({"avaliacoes": [], "usuario_id": "ana"}, ("usuario_id", "ana", WHOLE)),
        ({"avaliacoes": [], "entre": []}, ("entre", "[]", "no mínimo 1 valor")),
        ({"avaliacoes": [], "entre": 14}, ("entre", "14", "uma lista")),
        ({"avaliacoes": [], "entre": ["14"]}, ("entre.0", "14", WHOLE)),
        ({"avaliacoes": [], "genero": "drama"}, ("genero", "drama", "uma lista")),
        ({"avaliacoes": [], "genero": [3]}, ("genero.0", "3", "um texto")),
        ({"avaliacoes": [], "incluir_avaliados": 1}, ("incluir_avaliados", "1", "true ou false")),
        ({"avaliacoes": [], "notas": 1}, ("notas", "1", "nenhum parâmetro com este nome")),
        (
            {"avaliacoes": [], "estrategia": "sorte"},
            ("estrategia", "sorte", "um de: 'padrao', 'grupo', 'populares', 'em_alta'"),
        ),
    ],
)
def test_a_field_that_is_not_accepted(
    client: TestClient, body: Any, error: tuple[str, str | None, str]
) -> None:
    assert errors(client, body) == [error]


def test_a_body_has_a_bound(client: TestClient) -> None:
    many = [{"filme_id": 1, "avaliacao": 3}] * 1001
    assert errors(client, {"avaliacoes": many})[0][2] == "no máximo 1000 valores"
    for content in (b" " * 300_001, iter([b" " * 160_000] * 2)):
        answer = client.post(
            "/recomendacoes", content=content, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["error"].startswith("O corpo da requisição ")
        assert "x-versao" in answer.headers


@pytest.mark.parametrize("content", [b"", b"{", b'{"avaliacoes": [NaN]}'])
def test_what_is_no_json(client: TestClient, content: bytes) -> None:
    answer = client.post(
        "/recomendacoes", content=content, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_no_text(client: TestClient) -> None:
    answer = client.post(
        "/recomendacoes", content=b"\xff", headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_parameters_belong_in_the_body(client: TestClient) -> None:
    answer = client.post("/recomendacoes?limite=3", json={"avaliacoes": []})
    assert answer.status_code == 422
    assert answer.json()["erros"][0]["campo"] == "limite"


def test_a_form_is_no_json(client: TestClient) -> None:
    answer = client.post("/recomendacoes", content=b'{"avaliacoes": []}')
    assert answer.status_code == 422
    assert "Content-Type: application/json" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        '{"avaliacoes": [], "estrategia": "\\ud800"}',
        '{"avaliacoes": [], "genero": ["\\ud800"]}',
        '{"avaliacoes": [], "\\ud800": 1}',
        '{"avaliacoes": "\\ud800"}',
    ],
)
def test_half_a_surrogate_pair_is_refused(client: TestClient, body: str) -> None:
    answer = client.post(
        "/recomendacoes", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert "\\ud800" in str(answer.json()["erros"])


@pytest.mark.parametrize(
    ("scale", "step", "given", "meant"),
    [
        ((0, 5), 0.5, 4.5, 4.5),
        ((0, 5), 0.5, 4.0000000001, 4.0),
        ((0, 5), 0.5, 4.0001, None),
        ((0, 5), 0.5, 5.0000000001, None),
        ((0, 5), 0.5, -0.5, None),
        ((0.1, 1), 0.1, 0.1 + 0.2, 0.3),
        ((0.1, 1), 0.1, 0.3, 0.3),
        ((0.1, 1), 0.1, 0.35, None),
        ((-10, 10), None, 9.87654321, 9.87654321),
        ((-10, 10), None, 10.1, None),
    ],
)
def test_a_rating_is_taken_for_the_nearest_of_the_scale(
    scale: tuple[float, float], step: float | None, given: float, meant: float | None
) -> None:
    artifact: Any = SimpleNamespace(scale=scale, step=step)
    assert on_scale(artifact, given) == meant
