"""The API over HTTP: every route, every parameter and its bounds, every error in one form."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from recommender.api.answers import Film, Health, ModelCard, Recommendation
from recommender.api.application import create_app
from recommender.data.catalog import MAX_ID
from recommender.http.problems import Problem
from recommender.model.artifact import FORMAT, load
from recommender.settings import OPEN, Access
from tests.conftest import ROOT
from tests.recommender.conftest import LOCAL

MOCK = json.loads((ROOT / "mock_data.json").read_text(encoding="utf-8"))
FILMS = [film | {"titulo_exibido": film["titulo"]} for film in MOCK["filmes"]]
USERS = [user["id"] for user in MOCK["usuarios"]]
SILENT = USERS[-1]
STRATEGIES = ("padrao", "grupo", "populares", "em_alta")
STRATEGY = "um de: 'padrao', 'grupo', 'populares', 'em_alta'"
RECOMMENDATIONS = ("/filmes/{}/recomendacoes", "/usuarios/{}/recomendacoes")
OWN = "/usuarios/7/recomendacoes"


@pytest.fixture
def broken(tmp_path: Path) -> TestClient:
    """A client of an API without an artifact."""
    return TestClient(create_app(tmp_path / "none"))


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [film["id"] for film in answer.json()]


def follow(client: TestClient, path: str) -> list[Any]:
    """Answers from a path on, as far as Link headers lead."""
    answers = []
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        answers.append(answer)
        path = answer.links.get("next", {}).get("url", "")
    return answers


def check_problem(answer: Any, status: int) -> dict[str, Any]:
    """Every error has one form; return its body."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "x-versao" in answer.headers
    assert "etag" not in answer.headers
    body: dict[str, Any] = answer.json()
    Problem.model_validate(body, strict=True, extra="forbid")
    assert body["status"] == status
    assert body["error"] == body["detail"]
    assert ("erros" in body) == (status == 422)
    return body


# /filmes


def test_films_are_the_catalogue(client: TestClient) -> None:
    answer = client.get("/filmes")
    assert answer.json() == FILMS[:100]
    assert answer.headers["x-total-count"] == str(len(FILMS))
    assert client.get("/filmes?limite=1000").json() == FILMS
    assert not client.get("/filmes?limite=1000").links


@pytest.mark.parametrize("size", [1, 28, 100, 391, 392, 393])
def test_pages_cover_the_catalogue_once(client: TestClient, size: int) -> None:
    answers = follow(client, f"/filmes?limite={size}")
    assert [film for answer in answers for film in answer.json()] == FILMS
    assert {answer.headers["x-total-count"] for answer in answers} == {str(len(FILMS))}
    assert len(answers) == -(-len(FILMS) // size)


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("genero=comedia", lambda film: film["genero"] == "comédia"),
        ("genero=COMÉDIA&genero=terror", lambda film: film["genero"] in ("comédia", "terror")),
        ("diretor=nolan", lambda film: "Nolan" in film["diretor"]),
        ("diretor=Christopher+Nolan", lambda film: "Christopher Nolan" in film["diretor"]),
        ("ator=keanu+reeves", lambda film: "Keanu Reeves" in film["atores"]),
        ("q=amelie", lambda film: film["titulo"] == "Amélie"),
        ("q=matri+reev", lambda film: film["titulo"] == "The Matrix"),
        ("q=%22", lambda _: False),
        ("q=%00", lambda _: False),
        ("genero=sci-fi&diretor=nolan&q=incep", lambda film: film["titulo"] == "Inception"),
    ],
)
def test_filters(client: TestClient, query: str, matches: Callable[[dict[str, Any]], bool]) -> None:
    expected = [film for film in FILMS if matches(film)]
    answers = follow(client, f"/filmes?limite=2&{query}")
    assert [film for answer in answers for film in answer.json()] == expected
    assert {answer.headers["x-total-count"] for answer in answers} == {str(len(expected))}


# Recommendations


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("user", [USERS[0], USERS[6], SILENT])
def test_both_routes_give_the_same(client: TestClient, user: int, strategy: str) -> None:
    query = f"?estrategia={strategy}&limite=12"
    one, other = (client.get(route.format(user) + query) for route in RECOMMENDATIONS)
    assert one.content == other.content
    assert len(ids(one)) == 12
    used = strategy if user != SILENT or strategy == "em_alta" else "populares"
    assert one.headers["x-estrategia"] == other.headers["x-estrategia"] == used


def test_five_films_that_the_user_has_not_rated(client: TestClient) -> None:
    for user in USERS[:20]:
        rated = {row["filme_id"] for row in MOCK["avaliacoes"] if row["usuario_id"] == user}
        answer = client.get(f"/filmes/{user}/recomendacoes")
        assert len(ids(answer)) == 5
        assert not rated & set(ids(answer))
        assert not any(film["ja_avaliado"] for film in answer.json())
        assert answer.headers["x-estrategia"] == "padrao"


def test_reasons_add_up_to_the_score(client: TestClient) -> None:
    titles = {film["id"]: film["titulo"] for film in FILMS}
    told = against = 0
    for user in USERS[:20]:
        given = {
            row["filme_id"]: row["avaliacao"]
            for row in MOCK["avaliacoes"]
            if row["usuario_id"] == user
        }
        for film in client.get(
            f"/filmes/{user}/recomendacoes?incluir_avaliados=1&limite=50"
        ).json():
            assert film["ja_avaliado"] == (film["id"] in given)
            shares = [motive["parcela"] for motive in film["motivos"] + film["contra"]]
            assert round(film["resto"] + sum(shares), 6) == film["pontuacao"]
            assert not re.search(r"-0\.0\b", json.dumps(film))
            assert len(film["motivos"]) <= 3
            assert len(film["contra"]) <= 2
            assert all(motive["avaliacao"] >= 4 for motive in film["motivos"])
            assert all(motive["avaliacao"] <= 1 for motive in film["contra"])
            told += len(film["motivos"])
            against += len(film["contra"])
            for motive in film["motivos"] + film["contra"]:
                assert motive["filme_id"] != film["id"]
                assert motive["avaliacao"] == given[motive["filme_id"]]
                assert motive["titulo"] == titles[motive["filme_id"]]
    assert told > 100
    assert against > 0


def test_a_user_without_ratings_gets_the_popular_films(client: TestClient) -> None:
    answer = client.get(f"/filmes/{SILENT}/recomendacoes")
    assert answer.headers["x-estrategia"] == "populares"
    assert ids(answer) == ids(client.get("/filmes/1/recomendacoes?estrategia=populares"))
    assert all(film["motivos"] == [] for film in answer.json())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_pages_of_recommendations_meet(client: TestClient, strategy: str) -> None:
    path = f"{OWN}?estrategia={strategy}&genero=comedia&genero=drama&excluir=3&excluir=14"
    pages = [ids(answer) for answer in follow(client, f"{path}&limite=9")]
    found = [film for page in pages for film in page]
    assert found[:100] == ids(client.get(f"{path}&limite=100"))
    expected = {f["id"] for f in FILMS if f["genero"] in ("comédia", "drama")} - {3, 14}
    assert set(found) == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize("limit", [1, 5, 100])
def test_as_many_as_asked_for(client: TestClient, limit: int) -> None:
    assert len(ids(client.get(f"{OWN}?limite={limit}"))) == limit


def test_excluded_films_are_absent(client: TestClient) -> None:
    first = ids(client.get(OWN))
    query = "&".join(f"excluir={film}" for film in [*first[:3], 10**9, -1])
    assert ids(client.get(f"{OWN}?{query}"))[:2] == first[3:]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_rated_films_compete_if_asked_to(client: TestClient, strategy: str) -> None:
    path = f"{OWN}?estrategia={strategy}&limite=100"
    without = client.get(f"{path}&incluir_avaliados=false").json()
    with_them = client.get(f"{path}&incluir_avaliados=true").json()
    assert not any(film["ja_avaliado"] for film in without)
    assert any(film["ja_avaliado"] for film in with_them)
    default = client.get(path).json()
    assert default == (without if strategy == "padrao" else with_them)


# Errors


@pytest.mark.parametrize("route", RECOMMENDATIONS)
@pytest.mark.parametrize("user", [0, -1, 999, MAX_ID])
def test_an_unknown_user(client: TestClient, route: str, user: int) -> None:
    body = check_problem(client.get(route.format(user)), 404)
    assert body["detail"] == body["error"] == f"Usuário com ID {user} não encontrado."


WORDS = "no máximo 8 palavras diferentes"
LISTED = (
    ("limite=0", "limite", "0", "no mínimo 1"),
    ("limite=-1", "limite", "-1", "no mínimo 1"),
    ("limite=x", "limite", "x", "um número inteiro"),
    ("limite=", "limite", "", "um número inteiro"),
    ("limite=1.5", "limite", "1.5", "um número inteiro"),
    ("limite=1e2", "limite", "1e2", "um número inteiro"),
    ("genero=", "genero.0", "", "no mínimo 1 caractere"),
    (f"genero=a&genero={'x' * 101}", "genero.1", "x" * 99 + "…", "no máximo 100 caracteres"),
    ("&".join(["genero=a"] * 51), "genero", None, "no máximo 50 valores"),
    ("cursor=", "cursor", "", "o valor de um Link com rel=next"),
    ("cursor=%C3%A9", "cursor", "é", "o valor de um Link com rel=next"),
    ("cursor=AAAA", "cursor", "AAAA", "o valor de um Link com rel=next"),
    ("cursor=A", "cursor", "A", "o valor de um Link com rel=next"),
    (f"cursor={'A' * 101}", "cursor", "A" * 99 + "…", "no máximo 100 caracteres"),
    ("limit=5", "limit", "5", "nenhum parâmetro com este nome"),
)
FILMS_ONLY = (
    ("limite=1001", "limite", "1001", "no máximo 1000"),
    ("q=", "q", "", "no mínimo 1 caractere"),
    ("diretor=", "diretor", "", "no mínimo 1 caractere"),
    (f"ator={'x' * 101}", "ator", "x" * 99 + "…", "no máximo 100 caracteres"),
    ("estrategia=grupo", "estrategia", "grupo", "nenhum parâmetro com este nome"),
    *(
        (f"{name}=a+b-c+d+e+f%27g+h+i", name, "a b-c d e f'g h i", WORDS)
        for name in ("q", "diretor", "ator")
    ),
    ("q=%EF%B7%BA+%EF%B7%BB+a+b+c+d+e", "q", "\ufdfa \ufdfb a b c d e", WORDS),  # each is several
)
RECOMMENDATIONS_ONLY = (
    ("limite=101", "limite", "101", "no máximo 100"),
    ("excluir=x", "excluir.0", "x", "um número inteiro"),
    ("excluir=1&excluir=1e3", "excluir.1", "1e3", "um número inteiro"),
    (f"excluir={MAX_ID + 1}", "excluir.0", str(MAX_ID + 1), f"no máximo {MAX_ID}"),
    ("&".join(["excluir=1"] * 501), "excluir", None, "no máximo 500 valores"),
    ("incluir_avaliados=talvez", "incluir_avaliados", "talvez", "true ou false"),
    ("incluir_avaliados=", "incluir_avaliados", "", "true ou false"),
    ("estrategia=", "estrategia", "", STRATEGY),
    ("estrategia=PADRAO", "estrategia", "PADRAO", STRATEGY),
    ("q=matrix", "q", "matrix", "nenhum parâmetro com este nome"),
)


@pytest.mark.parametrize(
    ("path", "field", "value", "allowed"),
    [(f"/filmes?{query}", *rest) for query, *rest in (*LISTED, *FILMS_ONLY)]
    + [
        (f"{route.format(7)}?{query}", *rest)
        for route in RECOMMENDATIONS
        for query, *rest in (*LISTED, *RECOMMENDATIONS_ONLY)
    ]
    + [
        ("/filmes/x/recomendacoes", "usuario_id", "x", "um número inteiro"),
        ("/usuarios/1.5/recomendacoes", "usuario_id", "1.5", "um número inteiro"),
        (f"/usuarios/{2**63}/recomendacoes", "usuario_id", str(2**63), f"no máximo {MAX_ID}"),
        ("/filmes/%EF%BC%91/recomendacoes", "usuario_id", "１", "um número inteiro"),
    ],
)
def test_a_parameter_that_is_not_accepted(
    client: TestClient, path: str, field: str, value: str | None, allowed: str
) -> None:
    body = check_problem(client.get(path), 422)
    assert len(body["erros"]) == 1
    error = body["erros"][0]
    assert (error["campo"], error["permitido"]) == (field, allowed)
    assert value in (None, error["valor"])
    assert field in body["detail"]
    assert allowed in body["detail"]
    assert len(body["detail"]) < 400


@pytest.mark.parametrize("words", [" ".join("a" * 50), "a b c d e f g h A Á ae", "a-b-c-d-e-f-g-h"])
def test_words_that_are_alike_count_once(client: TestClient, words: str) -> None:
    assert client.get("/filmes", params={"q": words}).status_code == 200


def test_all_faults_are_told_at_once(client: TestClient) -> None:
    body = check_problem(client.get(f"{OWN}?limite=0&excluir=x&estrategia=y&foo=1"), 422)
    fields = {error["campo"] for error in body["erros"]}
    assert fields == {"limite", "excluir.0", "estrategia", "foo"}
    assert all(field in body["detail"] for field in fields)


@pytest.mark.parametrize("path", ["/filmes", OWN])
def test_a_cursor_of_another_version_is_gone(client: TestClient, path: str) -> None:
    check_problem(client.get(f"{path}?cursor=0123456789ab-5"), 410)


@pytest.mark.parametrize("offset", ["-1", "393", "x", "", "1e1", str(10**60)])
def test_a_forged_cursor(client: TestClient, artifact_dir: Path, offset: str) -> None:
    forged = f"{load(artifact_dir).version[:12]}-{offset}"
    body = check_problem(client.get(f"/filmes?cursor={forged}"), 422)
    assert body["erros"][0]["campo"] == "cursor"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/filmes", "/filmes/7/recomendacoes", "/saude", "/modelo"])
def test_a_method_that_is_not_allowed(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert path in check_problem(answer, 405)["detail"]
    assert answer.headers["allow"] == "GET, HEAD"


ENDLESS = ["/filmes%0A", "/mapa.svg%0A", "/usuarios/1/inicio%0A", "/%0A"]


@pytest.mark.parametrize(
    "path", ["/nada", "/filmes/1/recomendacoes/2", "/usuario", "/%00", "/é", *ENDLESS]
)
def test_a_path_that_does_not_exist(client: TestClient, path: str) -> None:
    check_problem(client.get(path), 404)


@pytest.mark.parametrize("host", ["[", "a b", "x/y?z", "x:y"])
def test_a_strange_host_changes_nothing(client: TestClient, host: str) -> None:
    answer = client.get("/filmes?limite=1", headers={"host": host})
    assert answer.links["next"]["url"].startswith("/filmes?limite=1&cursor=")


SPELLINGS = [
    "%C2%A07",
    "%0A7",
    "7%0A%0D",
    "%207%20",
    "%E3%80%807",
    "+7",
    "07",
    "-0",
    "7.0",
    "1_0",
    "",
]


@pytest.mark.parametrize("number", SPELLINGS)
@pytest.mark.parametrize(
    "path",
    [
        "/filmes/{}/similares",
        "/filmes/{}/recomendacoes",
        "/usuarios/{}/avaliacoes/7",
        "/usuarios/7/avaliacoes/{}",
        "/filmes?limite={}",
        "/grupos?filmes={}",
        "/filmes?excluir={}",
    ],
)
def test_a_number_has_one_spelling(client: TestClient, path: str, number: str) -> None:
    if number == "+7":
        number = "%2B7"  # in a query + is a blank
    if number or "?" in path:
        check_problem(client.get(path.format(number)), 422)


def test_many_faults_are_counted_and_some_are_told(client: TestClient) -> None:
    entries = [{chr(97 + key): key for key in range(22)} for _ in range(1000)]
    answer = client.post("/recomendacoes", json={"avaliacoes": entries})
    problem = check_problem(answer, 422)
    assert len(problem["erros"]) == 20
    assert problem["detail"].endswith(f"; e mais {1000 * (22 + 2) - 20}.")
    assert len(answer.content) < 10_000


@pytest.mark.parametrize("name", ["query", "path", "body"])
def test_a_parameter_named_like_a_place_is_named(client: TestClient, name: str) -> None:
    [error] = check_problem(client.get(f"/filmes?{name}=matrix"), 422)["erros"]
    assert error["campo"] == name
    body = {"avaliacoes": [], name: 1}
    [error] = check_problem(client.post("/recomendacoes", json=body), 422)["erros"]
    assert error["campo"] == name


@pytest.mark.parametrize("number", ["0_1", "%200.5", "%2B0.5", "01", "%0A1", ".5", "5.", "0x1"])
def test_a_decimal_is_spelled_as_in_json(client: TestClient, number: str) -> None:
    answer = client.get(f"{OWN}?diversidade={number}")
    [error] = check_problem(answer, 422)["erros"]
    assert (error["campo"], error["permitido"]) == ("diversidade", "um número")


def test_what_is_no_text_is_told_in_portuguese(client: TestClient) -> None:
    body = '{"avaliacoes": [], "genero": ["\\ud800"]}'
    headers = {"content-type": "application/json"}
    [error] = check_problem(client.post("/recomendacoes", content=body, headers=headers), 422)[
        "erros"
    ]
    assert (error["campo"], error["permitido"]) == ("genero.0", "um texto")


def test_a_body_that_is_too_large_is_told_to_a_page_of_a_named_origin(artifact_dir: Path) -> None:
    client = TestClient(create_app(artifact_dir, origins=["https://a.example"]))
    headers = {"origin": "https://a.example", "content-type": "application/json"}
    answer = client.post("/recomendacoes", content=b" " * 300_001, headers=headers)
    problem = check_problem(answer, 413)
    assert "300000 bytes" in problem["detail"]
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert len(answer.headers.get_list("content-type")) == 1


@pytest.mark.parametrize(
    ("url", "access", "told"),
    [
        ("https://filmes.example", OPEN, "max-age=31536000"),
        ("http://filmes.example", OPEN, None),
        ("https://localhost", LOCAL, None),
    ],
)
@pytest.mark.parametrize("path", ["/saude", "/nada", "/filmes?limite=0"])
def test_browsers_keep_to_https_where_they_came_by_it(
    artifact_dir: Path, url: str, access: Access, told: str | None, path: str
) -> None:
    with TestClient(create_app(artifact_dir, access), base_url=url) as session:
        assert session.get(path).headers.get("strict-transport-security") == told


def test_a_failure_tells_nothing_of_what_failed(artifact_dir: Path) -> None:
    app = create_app(artifact_dir, origins=["https://a.example"])

    async def fail() -> None:
        raise RuntimeError("senha: 1234")

    app.add_api_route("/falha", fail)
    with TestClient(app, raise_server_exceptions=False) as failing:
        answer = failing.get("/falha", headers={"origin": "https://a.example"})
    check_problem(answer, 500)
    assert answer.headers["x-versao"] == load(artifact_dir).version
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert "1234" not in answer.text
    assert "RuntimeError" not in answer.text


def test_a_failure_to_tell_of_an_error_is_answered(
    artifact_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise RecursionError

    app = create_app(artifact_dir)
    for kind in list(app.exception_handlers):
        monkeypatch.setitem(app.exception_handlers, kind, fail)
    with TestClient(app) as failing:
        check_problem(failing.get("/filmes?limite=0"), 500)


def test_a_body_nested_too_deeply(client: TestClient) -> None:
    check_problem(client.post("/recomendacoes", content="[" * 100_000), 422)
    headers = {"content-type": "application/json"}
    answer = client.post("/recomendacoes", content="[" * 100_000, headers=headers)
    check_problem(answer, 400)


ODD_BODIES = [
    *(b"", b" ", b"null", b"true", b"5", b'"texto"', b"[]", b"[null]", b"{}", b"{", b"{,}", b"}"),
    *(b'{"avaliacoes": ', b'{"avaliacoes": null}', b'{"avaliacoes": [null, true, [], {}]}'),
    *(b'{"avaliacoes": [NaN]}', b'{"avaliacoes": [], "limite": NaN}', b"\xef\xbb\xbf{}", b"'a'"),
    b'{"avaliacoes": [{"filme_id": null, "avaliacao": null, "None": false}]}',
    b'{"avaliacoes": [{"filme_id": 1e400, "avaliacao": -Infinity}], "limite": 1e400}',
    b'{"avaliacoes": {"a": [true, null, "b"]}, "genero": {"a": null}, "entre": [null, 1.5, "a"]}',
    b'{"avaliacoes": [], "usuario_id": false, "limite": null, "incluir_avaliados": "sim"}',
    b'{"avaliacoes": [], "diversidade": "muita", "estrategia": null, "genero": [null, ""]}',
    b'{"avaliacoes": [], "excluir": [1, "2", 3.5], "limite": 1.5, "mais": {"a": true}}',
    b'{"avaliacoes": [], "limite": %d, "usuario_id": %d}' % (10**30, -(10**30)),
]


@pytest.mark.parametrize("kind", ["application/json", "text/plain", None])
@pytest.mark.parametrize("body", ODD_BODIES)
@pytest.mark.parametrize("path", ["/recomendacoes", "/usuarios/1/recomendacoes"])
def test_faults_of_a_body_are_told_in_json_and_portuguese(
    client: TestClient, path: str, body: bytes, kind: str | None
) -> None:
    headers = {"content-type": kind} if kind else {}
    problem = check_problem(client.post(path, content=body, headers=headers), 422)
    for fault in problem["erros"]:
        value, allowed = fault["valor"], fault["permitido"]
        assert fault["campo"]
        assert not re.search(r"\b(None|True|False|inf|nan)\b|^b?'|[\[{ ]'", value or ""), fault
        assert not re.search(r"\b(input|should|valid|be|decode|error|None)\b", allowed), fault
        told = allowed if value is None else f"{fault['campo']}: {value!r} não é aceito, {allowed}"
        assert told in problem["detail"]
    assert "None não é aceito" not in problem["detail"]


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        ("", 1, 1),
        ("{", 1, 2),
        ('{"a": 1; }', 1, 8),
        ('{\n  "ação": 1\n  "b"}', 3, 3),
        ("[1]]", 1, 4),
    ],
)
def test_where_a_body_is_no_json_is_told(
    client: TestClient, body: str, line: int, column: int
) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post("/recomendacoes", content=body.encode(), headers=headers)
    allowed = f"JSON válido (erro na linha {line}, coluna {column})"
    if not body:
        allowed = "um objeto JSON, com Content-Type: application/json"
    problem = check_problem(answer, 422)
    assert problem["erros"] == [{"campo": "corpo", "valor": None, "permitido": allowed}]
    assert problem["detail"] == f"Parâmetro inválido: corpo: {allowed}."


# Versions and conditional requests

READS = ["/filmes", "/filmes?q=matrix", OWN, f"{OWN}?estrategia=grupo", "/saude", "/modelo"]
OTHERS = ["/docs", "/openapi.json"]
FAULTS = ["/nada", "/filmes?limite=0", "/filmes/999/recomendacoes"]


@pytest.mark.parametrize("path", READS + OTHERS + FAULTS)
def test_every_answer_bears_the_version(client: TestClient, artifact_dir: Path, path: str) -> None:
    assert client.get(path).headers["x-versao"] == load(artifact_dir).version


@pytest.mark.parametrize("path", READS + OTHERS)
def test_a_read_that_has_not_changed(client: TestClient, path: str) -> None:
    first = client.get(path)
    etag = first.headers["etag"]
    assert etag.startswith('"')
    for condition in (etag, f'"x", {etag}', f"W/{etag}", "*"):
        again = client.get(path, headers={"if-none-match": condition})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == etag
        assert again.headers["x-versao"] == first.headers["x-versao"]
        assert "content-type" not in again.headers
        assert "content-length" not in again.headers
    for condition in ('"x"', etag.strip('"'), ""):
        again = client.get(path, headers={"if-none-match": condition})
        assert again.status_code == 200
        assert again.content == first.content


def test_other_content_has_another_etag(client: TestClient, original_dir: Path) -> None:
    with TestClient(create_app(original_dir, LOCAL)) as other:
        for path in ("/filmes", "/filmes/1/recomendacoes", "/saude", "/modelo"):
            one, two = client.get(path), other.get(path)
            assert one.headers["etag"] != two.headers["etag"]
            assert one.headers["x-versao"] != two.headers["x-versao"]
            etag = {"if-none-match": one.headers["etag"]}
            assert other.get(path, headers=etag).status_code == 200


# What else is served


def test_health_and_model_card(client: TestClient, artifact_dir: Path) -> None:
    found = load(artifact_dir)
    health = client.get("/saude").json()
    assert health == {"status": "ok", "versao": found.version, "formato": FORMAT}
    card = client.get("/modelo").json()
    assert card["versao"] == found.version
    assert card["dados"]["filmes"] == len(FILMS)
    assert card["dados"]["avaliacoes"] == len(MOCK["avaliacoes"])
    assert card["treino"] == found.manifest["training"]
    assert card["hiperparametros"] == found.manifest["hyperparameters"]
    assert card["metricas"] == found.manifest["metrics"]


@pytest.mark.parametrize("path", READS)
def test_without_an_artifact_all_is_503(broken: TestClient, path: str) -> None:
    check_problem(broken.get(path), 503)


def test_without_an_artifact_errors_stay_errors(broken: TestClient) -> None:
    check_problem(broken.get("/nada"), 404)
    check_problem(broken.post("/filmes"), 405)
    assert broken.get("/docs").status_code == 200


def test_documentation(client: TestClient) -> None:
    assert "swagger" in client.get("/docs").text.lower()
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"/filmes", "/modelo", "/saude"} <= document["paths"].keys()
    for path, methods in document["paths"].items():
        for method in methods.values():
            assert method["summary"], path
            assert {"422", "503"} < method["responses"].keys(), path
            assert {"200", "204"} & method["responses"].keys(), path
            for status, response in method["responses"].items():
                if status in ("204", "304"):
                    assert "content" not in response, path
                    continue
                picture = path == "/mapa.svg"
                good = "image/svg+xml" if picture else "application/json"
                media = good if status < "300" else "application/problem+json"
                assert list(response["content"]) == [media], (path, status)
                assert response["content"][media]["schema"], (path, status)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/filmes", list[Film]),
        (OWN, list[Recommendation]),
        (f"{OWN}?estrategia=grupo&limite=100", list[Recommendation]),
        (f"/filmes/{SILENT}/recomendacoes", list[Recommendation]),
        ("/saude", Health),
        ("/modelo", ModelCard),
    ],
)
def test_answers_have_the_documented_form(client: TestClient, path: str, form: Any) -> None:
    TypeAdapter(form).validate_python(client.get(path).json(), strict=True, extra="forbid")


def test_no_email_is_ever_told(client: TestClient) -> None:
    paths = ["/filmes?limite=1000", "/saude", "/modelo", "/docs", "/openapi.json", "/nada"]
    paths += [f"/usuarios/{user}/recomendacoes" for user in USERS]
    paths += [f"/filmes?q={user['email']}&limite=1" for user in MOCK["usuarios"][:3]]
    texts = "\n".join(client.get(path).text for path in paths)
    assert "@example" not in texts
    assert not [user["email"] for user in MOCK["usuarios"] if user["email"] in texts]
    assert not [user["nome"] for user in MOCK["usuarios"] if f'"{user["nome"]}"' in texts]


def test_requests_at_once_get_what_each_asked_for(client: TestClient) -> None:
    paths = [f"/usuarios/{user}/recomendacoes" for user in range(1, 21)]
    paths += [f"/filmes?limite={limit}" for limit in range(1, 21)]
    alone = [client.get(path).content for path in paths]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert [answer.content for answer in pool.map(client.get, paths)] == alone


def test_the_app_is_an_asgi_app_for_any_server() -> None:
    from recommender.api import app

    assert isinstance(app, FastAPI)
