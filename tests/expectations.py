"""What each file of events/ must be answered with: one table, whatever runs the functions."""

import base64
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from recommender.data.catalog import MAX_ID
from tests.conftest import ROOT
from training.renewal.events import Candidate

EVENTS = ROOT / "events"
BUCKET = "filmes-modelbucket-4k7q2m9x1z3w"  # what the events call the bucket of models

DATA = json.loads((ROOT / "mock_data.json").read_text(encoding="utf-8"))
FILMS: dict[int, dict[str, Any]] = {
    film["id"]: {**film, "titulo_exibido": film["titulo"]} for film in DATA["filmes"]
}
RATINGS: dict[int, dict[int, float]] = {user["id"]: {} for user in DATA["usuarios"]}
for _rating in DATA["avaliacoes"]:
    RATINGS[_rating["usuario_id"]][_rating["filme_id"]] = _rating["avaliacao"]
TIMES_RATED = Counter(film_id for ratings in RATINGS.values() for film_id in ratings)

JSON = r"application/json"
PROBLEM = r"application/problem\+json"
NEXT = r'</[!-~]+[?&]cursor=[\w-]+>; rel="next"'
ETAG = r'"[0-9a-f]{32}(-gzip)?"'
VERSION = r"[0-9a-f]{64}"

Body = Any  # JSON
Check = Callable[[Body], None]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: status, headers as patterns (None: must not be there), facts on the body."""

    status: int
    check: Check
    headers: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """A model is stored, made from the data at this key."""

    data_key: str
    seed: int = 42
    version_id: str | None = None  # that the event names


@dataclass(frozen=True)
class Ignored:
    """Nothing is trained; the answer's reason holds this text."""

    text: str


@dataclass(frozen=True)
class Refused:
    """A DataError whose message holds these texts; the bucket stays as it was."""

    data_key: str | None
    texts: tuple[str, ...]


def read_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def assert_answer(expected: Answer, response: Mapping[str, Any]) -> Body:
    """Hold what the API function returned, in the form of any of its senders, against a table row.

    Returns the body, None for an empty one.
    """
    assert response["statusCode"] == expected.status, response
    several = response.get("multiValueHeaders", {})
    headers = {
        **{name: values[-1] for name, values in several.items()},
        **response.get("headers", {}),
    }
    assert_headers(expected, headers)
    text = decoded(response, headers.get("content-encoding"))
    kind = headers.get("content-type", "")
    body = json.loads(text) if text and "json" in kind else text or None
    expected.check(body)
    return body


def decoded(response: Mapping[str, Any], encoding: str | None) -> str:
    """The text of a body: as it is, or in base64 because it is compressed."""
    assert response["isBase64Encoded"] is (encoding == "gzip")
    body: str = response["body"]
    return gzip.decompress(base64.b64decode(body)).decode() if encoding == "gzip" else body


def assert_headers(expected: Answer, headers: Mapping[str, str]) -> None:
    """Hold headers, by their lower-case names, against a table row and what every answer bears."""
    common: dict[str, str | None] = {"x-versao": VERSION}
    if expected.status == 200:
        common |= {"etag": ETAG, "content-type": JSON}
    for name, pattern in (common | dict(expected.headers)).items():
        value = headers.get(name)
        if pattern is None:
            assert value is None, (name, value)
        else:
            assert value is not None, name
            assert re.fullmatch(pattern, value), (name, value)


# Catalogue


def films(
    *, limit: int = 100, check: Callable[[dict[str, Any]], bool] = lambda _: True, total: int
) -> Answer:
    """Exactly the films of the data that pass a check, by id, up to a limit; ``total`` in all."""

    def assert_films(body: Body) -> None:
        found = [FILMS[film_id] for film_id in sorted(FILMS) if check(FILMS[film_id])]
        assert len(found) == total
        assert body == found[:limit]

    link = NEXT if limit < total else None
    return Answer(200, assert_films, {"x-total-count": str(total), "link": link})


# Recommendations


def recommended(
    user: int,
    *,
    limit: int = 5,
    strategy: str = "padrao",
    first: str | None = None,
    among: Callable[[dict[str, Any]], bool] = lambda _: True,
    mixed: bool | None = None,
    more: bool = True,
    last_rated: bool = False,
) -> Answer:
    """A recommendation list that holds in itself and against the data.

    ``mixed``: rated films compete with the others (by default, unless the strategy is the model).
    ``last_rated``: they fill the end of the list.
    """
    rated = RATINGS[user]
    compete = strategy != "padrao" if mixed is None else mixed

    def assert_list(body: Body) -> None:
        size = limit if more else sum(map(among, FILMS.values()))
        assert len(body) == len({film["id"] for film in body}) == size
        for film in body:
            own = FILMS[film["id"]]
            assert {name: film[name] for name in own} == own
            assert among(own)
            assert film["ja_avaliado"] is (film["id"] in rated)
        marks = [film["ja_avaliado"] for film in body]
        if compete:
            falling(film["pontuacao"] for film in body)
        else:
            assert marks == sorted(marks)  # films already rated come last
            for mark in (False, True):
                falling(film["pontuacao"] for film in body if film["ja_avaliado"] is mark)
            assert last_rated is any(marks)
        for film in body:
            assert_reasons(film)
        if first:
            assert body[0]["titulo"] == first

    def assert_reasons(film: dict[str, Any]) -> None:
        reasons, against = film["motivos"], film["contra"]
        if strategy != "padrao":
            assert reasons == against == []
            return
        assert len(reasons) <= 3
        assert len(against) <= 2
        falling(reason["parcela"] for reason in reasons)
        falling(-reason["parcela"] for reason in against)
        assert all(reason["parcela"] > 0 and reason["avaliacao"] >= 4 for reason in reasons)
        assert all(reason["parcela"] < 0 and reason["avaliacao"] <= 1 for reason in against)
        for reason in reasons + against:
            assert reason["filme_id"] != film["id"]
            named = FILMS[reason["filme_id"]]
            assert (reason["titulo"], reason["titulo_exibido"]) == (named["titulo"],) * 2
            assert reason["avaliacao"] == rated[reason["filme_id"]]
        whole = sum(reason["parcela"] for reason in reasons + against) + film["resto"]
        assert abs(whole - film["pontuacao"]) < 5e-6  # six decimals, at most seven numbers

    return Answer(200, assert_list, {"x-estrategia": strategy, "link": NEXT if more else None})


def popular(user: int) -> Answer:
    """The films that most people have rated, those the user has rated included."""
    listed = recommended(user, strategy="populares")

    def assert_popular(body: Body) -> None:
        listed.check(body)
        order = sorted(FILMS, key=lambda film_id: (-TIMES_RATED[film_id], film_id))
        assert [film["id"] for film in body] == order[:5]
        for film in body:
            assert film["pontuacao"] == round(TIMES_RATED[film["id"]] / len(RATINGS), 6)

    return Answer(200, assert_popular, listed.headers)


def trending(user: int) -> Answer:
    """The films that most people have rated of late; each one's share of all ratings, by age."""
    listed = recommended(user, strategy="em_alta")

    def assert_trending(body: Body) -> None:
        listed.check(body)
        assert all(0 < film["pontuacao"] < 0.1 for film in body)

    return Answer(200, assert_trending, listed.headers)


def with_check(answer: Answer, check: Check) -> Answer:
    """The same and more."""

    def assert_both(body: Body) -> None:
        answer.check(body)
        check(body)

    return Answer(answer.status, assert_both, answer.headers)


def with_no_tag(answer: Answer) -> Answer:
    """The same to a POST, which nobody may keep."""
    headers = {**answer.headers, "etag": None, "cache-control": "no-store"}
    return Answer(answer.status, answer.check, headers)


def falling(numbers: Iterable[float]) -> None:
    listed = list(numbers)
    assert listed == sorted(listed, reverse=True)


def of(*genres: str) -> Callable[[dict[str, Any]], bool]:
    return lambda film: not {name.strip() for name in film["genero"].split(",")}.isdisjoint(genres)


def without(*film_ids: int) -> Callable[[dict[str, Any]], bool]:
    return lambda film: film["id"] not in film_ids


def assert_some_rated(body: Body) -> None:
    assert {film["ja_avaliado"] for film in body} == {True, False}


def assert_fargo(body: Body) -> None:
    """What README shows: none of the twenty films that user 1 has rated. The margin is wide."""
    assert body[0]["titulo"] == "Fargo"
    assert all(film["id"] > 20 for film in body)


def listed(
    among: Callable[[dict[str, Any]], bool],
    check: Callable[[dict[str, Any]], None],
    *,
    limit: int = 5,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Answer:
    """A list of so many films of the data, best first, made for nobody in particular."""

    def assert_list(body: Body) -> None:
        assert len(body) == len({film["id"] for film in body}) == limit
        falling(film["pontuacao"] for film in body)
        for film in body:
            own = FILMS[film["id"]]
            assert {name: film[name] for name in own} == own
            assert among(own)
            assert film["ja_avaliado"] is False
            check(film)

    return Answer(200, assert_list, {"link": NEXT, "cache-control": "public.*", **headers})


def similar_to(film_id: int, among: Callable[[dict[str, Any]], bool], limit: int = 5) -> Answer:
    """Films similar to one, which is the whole reason for each of them."""

    def assert_reason(film: dict[str, Any]) -> None:
        assert film["id"] != film_id
        named = {name: FILMS[film_id][name] for name in ("titulo", "titulo_exibido")}
        reason = {"filme_id": film_id, **named, "avaliacao": None, "parcela": film["pontuacao"]}
        assert film["motivos"] == [reason]
        assert film["resto"] == 0

    return listed(among, assert_reason, limit=limit)


def popular_among(among: Callable[[dict[str, Any]], bool]) -> Answer:
    def assert_popular(film: dict[str, Any]) -> None:
        assert film["motivos"] == []
        assert film["pontuacao"] == round(TIMES_RATED[film["id"]] / len(RATINGS), 6)

    return listed(among, assert_popular, headers={"x-estrategia": "populares"})


def assert_auto(body: Body) -> None:
    """A film with its mean, its count, its histogram and its group."""
    ratings = [given[309] for given in RATINGS.values() if 309 in given]
    told = {"avaliacao_media", "total_avaliacoes", "histograma", "grupo"}
    assert body.keys() == {*FILMS[309], *told}
    assert {name: body[name] for name in FILMS[309]} == FILMS[309]
    assert body["total_avaliacoes"] == len(ratings) == TIMES_RATED[309]
    assert abs(body["avaliacao_media"] - sum(ratings) / len(ratings)) < 0.006
    assert body["histograma"] == [
        {"de": value, "ate": value, "total": ratings.count(value)} for value in range(6)
    ]
    assert body["grupo"].keys() == {"id", "rotulo"}


def assert_groups(body: Body) -> None:
    members = [film["id"] for group in body for film in group["filmes"]]
    assert sorted(members) == sorted(FILMS)
    assert [group["id"] for group in body] == list(range(len(body)))
    for group in body:
        assert group["total"] == len(group["filmes"])
        assert group["generos"]
        assert group["rotulo"].startswith(group["generos"][0])


def assert_some_groups(body: Body) -> None:
    assert len(body) == 3
    assert all(len(group["filmes"]) == min(2, group["total"]) for group in body)


def assert_map(body: Body) -> None:
    assert body.startswith("<?xml")
    assert "</svg>" in body


def assert_places(body: Body) -> None:
    """Every film has a place, and a group that has a label."""
    films = body["filmes"]
    assert sorted(films["id"]) == sorted(FILMS)
    assert {len(column) for column in films.values()} == {len(FILMS)}
    assert set(films["grupo"]) == {group["id"] for group in body["grupos"]}
    assert len(set(zip(films["x"], films["y"], strict=True))) > 0.9 * len(FILMS)


def home(
    rated: Iterable[int], *, strategy: str = "padrao", lines: int = 8, limit: int = 12
) -> Answer:
    """A first screen: titled lines, no film twice, and none that was rated."""

    def assert_home(body: Body) -> None:
        found = body["linhas"]
        assert 4 <= len(found) <= lines
        films = [film for line in found for film in line["filmes"]]
        assert len({film["id"] for film in films}) == len(films)
        assert not {film["id"] for film in films} & {*rated}
        for line in found:
            assert 2 <= len(line["filmes"]) <= limit
            assert line["titulo"]
            assert line["motivo"].endswith(".")
        first = "Para você" if strategy == "padrao" else "Em alta"
        assert found[0]["titulo"] == first
        assert len({line["titulo"] for line in found}) == len(found)

    return Answer(200, assert_home, {"x-estrategia": strategy})


def assert_anonymous(body: Body) -> None:
    assert len(body) == 7
    for film in body:
        assert film["genero"] == "comédia"
        assert film["id"] not in (14, 20, 309)
        assert {reason["filme_id"] for reason in film["motivos"]} <= {14, 20}
        whole = sum(reason["parcela"] for reason in film["motivos"] + film["contra"])
        whole += film["resto"]
        assert abs(whole - film["pontuacao"]) < 5e-6


def assert_among(body: Body) -> None:
    assert {film["id"] for film in body} == {1, 14, 127}
    scores = [film["pontuacao"] for film in body]
    assert scores == sorted(scores, reverse=True)


def assert_most_popular(body: Body) -> None:
    order = sorted(FILMS, key=lambda film_id: (-TIMES_RATED[film_id], film_id))
    assert [film["id"] for film in body] == order[:5]


def assert_what_if(body: Body) -> None:
    films, told = body["recomendacoes"], body["diferenca"]
    assert len(films) == 10
    assert told.keys() == {"entraram", "sairam", "mudaram"}
    assert 243 in {film["id"] for film in told["sairam"]}  # it is rated then
    assert len(told["sairam"]) == len(told["entraram"])
    for film in told["entraram"]:
        assert films[film["posicao"] - 1]["id"] == film["id"]
    for film in told["mudaram"]:
        assert films[film["para"] - 1]["id"] == film["id"]


SVG = r"image/svg\+xml"
HTML = r"text/html; charset=utf-8"
HEAD = {"etag": ETAG, "x-total-count": "392", "link": NEXT, "content-type": JSON}

# Ratings


def rated(user: int) -> Answer:
    """The ratings of the data, none of them written since."""
    expected = [shown(film_id, rating) for film_id, rating in sorted(RATINGS[user].items())]

    def assert_ratings(body: Body) -> None:
        assert body == expected

    return Answer(200, assert_ratings, {"x-total-count": str(len(expected)), "link": None})


def rating(status: int, film_id: int, value: float, version: int) -> Answer:
    """One rating; the moment at which it was written is some moment."""

    def assert_rating(body: Body) -> None:
        assert (body["momento"] is None) is (version == 0)
        assert body == shown(film_id, value) | {"versao": version, "momento": body["momento"]}

    return Answer(status, assert_rating, {"etag": ETAG, "content-type": JSON})


def shown(film_id: int, value: float) -> dict[str, Any]:
    return {
        "filme_id": film_id,
        "titulo": FILMS[film_id]["titulo"],
        "titulo_exibido": FILMS[film_id]["titulo_exibido"],
        "avaliacao": value,
        "versao": 0,
        "momento": None,
    }


def assert_written(body: Body) -> None:
    """Two ratings of user 1, the first of them new, the last of them the newest."""
    told = [(rating["filme_id"], rating["avaliacao"], rating["versao"]) for rating in body]
    assert told == [(309, 5, 1), (1, 4, 1)]
    assert body[0]["momento"] < body[1]["momento"]


def assert_timed(body: Body) -> None:
    """Recommendations for who rated films 20 and 14, in this order."""
    assert len(body) == 5
    for film in body:
        assert film["id"] not in (14, 20)
        assert {reason["filme_id"] for reason in film["motivos"]} <= {14, 20}
    falling(film["pontuacao"] for film in body)


def assert_if_rated(body: Body) -> None:
    """User 1 having rated a film of today's list."""
    assert body.keys() == {"recomendacoes", "diferenca"}
    ids = [film["id"] for film in body["recomendacoes"]]
    assert len(ids) == 5
    assert 243 not in ids
    left = {film["id"]: film["posicao"] for film in body["diferenca"]["sairam"]}
    assert 1 <= left[243] <= 5
    assert {film["id"] for film in body["diferenca"]["entraram"]} <= set(ids)


def assert_users(body: Body) -> None:
    """The first users of the data, by name, and what each likes more than others do."""
    assert len(body) == 50
    names = {user["id"]: user["nome"] for user in DATA["usuarios"]}
    assert [user["id"] for user in body] == sorted(names)[:50]
    genres = {name for film in FILMS.values() for name in film["genero"].split(", ")}
    for user in body:
        assert user["nome"] == names[user["id"]]
        assert user["total_avaliacoes"] == len(RATINGS[user["id"]])
        assert set(user["generos"]) <= genres
        if user["generos"]:
            assert user["gosto"] == f"gosta de {' e '.join(user['generos'])}"
    assert body[0]["gosto"] == "gosta de comédia"


def assert_all_users(body: Body) -> None:
    assert len(body) == 100
    assert body[0]["nome"] == DATA["usuarios"][0]["nome"]


# Everything else


def assert_model_card(body: Body) -> None:
    assert re.fullmatch(VERSION, body["versao"])
    data = body["dados"]
    assert data["usuarios"] == len(DATA["usuarios"])
    assert data["filmes"] == len(DATA["filmes"])
    assert data["avaliacoes"] == len(DATA["avaliacoes"])
    assert body["treino"]["seed"] == 42
    metrics = body["metricas"]
    assert {"padrao", "grupo", "populares", "protocol"} <= metrics.keys()
    assert len(DATA["filmes"]) >= body["hiperparametros"]["candidates"] >= 1


def assert_healthy(body: Body) -> None:
    assert body.keys() == {"status", "versao", "formato"}
    assert body["status"] == "ok"
    assert re.fullmatch(VERSION, body["versao"])


def assert_docs(body: Body) -> None:
    assert "<title>Filmes" in body
    assert '<script src="pagina/swagger-ui-bundle.js"' in body


def assert_swagger_ui(body: Body) -> None:
    assert "SwaggerUIBundle" in body
    assert len(body) > 1_000_000


def assert_page(body: Body) -> None:
    assert body.startswith("<!doctype html>")
    assert re.search(r'<script src="pagina/[0-9a-f]{12}/start\.js">', body)
    assert "<li>The Matrix (sci-fi" in body


def assert_openapi(body: Body) -> None:
    assert body["openapi"].startswith("3.")
    assert {
        "/filmes",
        "/filmes/{filme_id}",
        "/filmes/{filme_id}/similares",
        "/filmes/populares",
        "/filmes/{usuario_id}/recomendacoes",
        "/grupos",
        "/inicio",
        "/mapa.json",
        "/mapa.svg",
        "/recomendacoes",
        "/usuarios",
        "/usuarios/{usuario_id}/inicio",
        "/usuarios/{usuario_id}/recomendacoes",
        "/modelo",
        "/saude",
    } <= body["paths"].keys()


def assert_empty(body: Body) -> None:
    assert body is None


NOT_MODIFIED = Answer(304, assert_empty, {"etag": ETAG})


# Errors


def problem(status: int, title: str, detail: str, **headers: str) -> Answer:
    """Exactly this problem (RFC 9457)."""
    expected = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "error": detail,
    }

    def assert_problem(body: Body) -> None:
        assert body == expected

    return Answer(status, assert_problem, {"content-type": PROBLEM, "etag": None, **headers})


def invalid(*fields: tuple[str, str, str]) -> Answer:
    """The 422 for exactly these fields: name, value, what is allowed."""
    texts = [f"{name}: {value!r} não é aceito, {allowed}" for name, value, allowed in fields]
    plain = problem(422, "", "Parâmetro inválido: " + "; ".join(texts) + ".")

    def assert_invalid(body: Body) -> None:
        expected = [
            {"campo": name, "valor": value, "permitido": allowed} for name, value, allowed in fields
        ]
        assert body["erros"] == expected
        rest = {name: value for name, value in body.items() if name != "erros"}
        assert rest["title"] == "Parâmetro inválido"
        plain.check(rest | {"title": ""})

    return Answer(422, assert_invalid, plain.headers)


UNKNOWN_USER = problem(404, "Não encontrado", "Usuário com ID 999 não encontrado.")
UNKNOWN_FILM = problem(404, "Não encontrado", "Filme com ID 9999 não encontrado.")
STRATEGIES = "um de: 'padrao', 'grupo', 'populares', 'em_alta'"
CURSOR = "o valor de um Link com rel=next"

ANSWERS: dict[str, Answer] = {
    "filmes": films(total=392),
    "filmes-limite": films(limit=3, total=392),
    "filmes-genero": films(limit=1000, check=of("musical", "comédia"), total=85),
    "filmes-diretor": films(check=lambda f: "Fernando Meirelles" in f["diretor"], total=1),
    "filmes-ator": films(check=lambda f: "Wagner Moura" in f["atores"], total=10),
    "filmes-busca": films(check=lambda f: f["titulo"] == "O Auto da Compadecida", total=1),
    "filmes-filtros": films(check=lambda f: f["titulo"] == "Toy Story", total=1),
    "filmes-nenhum": films(check=lambda _: False, total=0),
    "filmes-nao-modificado": NOT_MODIFIED,
    "recomendacoes": with_check(recommended(1), assert_fargo),
    "recomendacoes-usuario": with_check(recommended(1), assert_fargo),
    "recomendacoes-limite": with_check(recommended(1, limit=1), assert_fargo),
    "recomendacoes-padrao": with_check(recommended(1, limit=10), assert_fargo),
    "recomendacoes-grupo": recommended(1, strategy="grupo"),
    "recomendacoes-populares": with_check(popular(1), assert_some_rated),
    "recomendacoes-em-alta": trending(1),
    "recomendacoes-genero": recommended(1, limit=10, among=of("terror", "faroeste")),
    "recomendacoes-excluir": recommended(1, among=without(309, 236)),
    "recomendacoes-recencia": recommended(1),
    "recomendacoes-avaliados": with_check(recommended(1, limit=30, mixed=True), assert_some_rated),
    "recomendacoes-nao-avaliados": recommended(1, strategy="grupo", limit=30, mixed=False),
    # All films of this genre, those that the user has rated at the end.
    "recomendacoes-completar": recommended(1, among=of("sci-fi"), more=False, last_rated=True),
    "recomendacoes-sem-avaliacoes": popular(205),
    "recomendacoes-nao-modificado": NOT_MODIFIED,
    "recomendacoes-rest": recommended(1, limit=3, among=of("comédia", "drama")),
    "recomendacoes-alb": recommended(1, limit=3, among=of("comédia")),
    "recomendacoes-alb-multivalor": recommended(1, limit=3, among=of("comédia", "drama")),
    "filme": Answer(200, assert_auto),
    "filmes-excluir": films(limit=2, check=without(1, 3), total=390),
    "filmes-gzip": Answer(200, films(total=392).check, {"content-encoding": "gzip"}),
    "filmes-head": Answer(200, assert_empty, HEAD),
    "filmes-similares": similar_to(309, without(309)),
    "filmes-similares-genero": similar_to(
        309, lambda f: of("comédia", "drama")(f) and f["id"] not in (127, 309), limit=10
    ),
    "filmes-populares": popular_among(lambda _: True),
    "filmes-populares-genero": popular_among(
        lambda f: of("comédia", "terror")(f) and f["id"] != 14
    ),
    "grupos": Answer(200, assert_groups, {"link": None}),
    "grupos-filmes": Answer(200, assert_some_groups, {"link": NEXT}),
    "mapa": Answer(200, assert_map, {"content-type": SVG, "vary": "Accept-Encoding"}),
    "mapa-gzip": Answer(200, assert_map, {"content-type": SVG, "content-encoding": "gzip"}),
    "mapa-lugares": Answer(200, assert_places, {"cache-control": "public.*"}),
    "recomendacoes-anonimas": Answer(
        200, assert_anonymous, {"etag": None, "cache-control": "no-store", "link": None}
    ),
    "recomendacoes-momento": Answer(200, assert_timed, {"etag": None}),
    "recomendacoes-entre": Answer(200, assert_among, {"etag": None, "link": None}),
    "recomendacoes-anonimas-vazias": Answer(
        200, assert_most_popular, {"etag": None, "x-estrategia": "populares"}
    ),
    "recomendacoes-e-se": Answer(200, assert_what_if, {"etag": None}),
    "recomendacoes-se-avaliasse": Answer(200, assert_if_rated, {"etag": None}),
    "inicio": home(RATINGS[1]),
    "inicio-sem-avaliacoes": home((), strategy="populares"),
    "inicio-anonimo": with_no_tag(home((14, 20), lines=4, limit=6)),
    "erro-inicio-usuario-desconhecido": UNKNOWN_USER,
    "avaliacoes": rated(1),
    "avaliacao": rating(200, 1, 3, 0),
    "usuarios": Answer(
        200, assert_users, {"x-total-count": "205", "link": NEXT, "cache-control": "private.*"}
    ),
    "modelo": Answer(200, assert_model_card),
    "saude": Answer(200, assert_healthy),
    "docs": Answer(200, assert_docs, {"content-type": "text/html; charset=utf-8"}),
    "docs-swagger-ui": Answer(
        200, assert_swagger_ui, {"content-type": "text/javascript.*", "content-encoding": "gzip"}
    ),
    "pagina": Answer(200, assert_page, {"content-type": HTML}),
    "openapi": Answer(200, assert_openapi),
    "erro-usuario-desconhecido": UNKNOWN_USER,
    "erro-usuario-desconhecido-rest": UNKNOWN_USER,
    "erro-usuario-desconhecido-alb": UNKNOWN_USER,
    "erro-filme-desconhecido": UNKNOWN_FILM,
    "erro-filme-desconhecido-similares": UNKNOWN_FILM,
    "erro-parametro-repetido": invalid(("limite", "5, 6", "um só valor")),
    "erro-avaliacoes": invalid(
        ("avaliacoes.0.filme_id", "9999", "o id de um filme do catálogo"),
        ("avaliacoes.1.avaliacao", "7", "um número de 0 a 5, de 1 em 1"),
        ("avaliacoes.2.filme_id", "1", "cada filme uma só vez"),
    ),
    "erro-entre": invalid(
        ("entre.1", "9999", "o id de um filme do catálogo"),
        ("entre.2", "14", "cada filme uma só vez"),
    ),
    "erro-corpo": invalid(
        (
            "corpo",
            '["não é um objeto"]',
            "um objeto JSON, com Content-Type: application/json",
        )
    ),
    "erro-avaliacao-ausente": problem(
        404, "Não encontrado", "Usuário com ID 1 não avaliou o filme com ID 309."
    ),
    "erro-avaliacao-so-leitura": problem(
        403, "Proibido", "Esta instalação é só de leitura: não guarda avaliações."
    ),
    "erro-ocultar-so-leitura": problem(
        403, "Proibido", "Esta instalação é só de leitura: não guarda filmes ocultos."
    ),
    "erro-caminho-desconhecido": problem(
        404, "Não encontrado", "O caminho /wp-login.php não existe."
    ),
    "erro-metodo": problem(
        405, "Método não permitido", "O método POST não é permitido em /filmes.", allow="GET, HEAD"
    ),
    "erro-cursor-expirado": problem(
        410, "Cursor expirado", "O cursor é de outra versão do modelo. Recomece sem cursor."
    ),
    "erro-cursor-malformado": invalid(("cursor", "3", CURSOR)),
    "erro-usuario-texto": invalid(("usuario_id", "ana", "um número inteiro")),
    "erro-usuario-enorme": invalid(("usuario_id", str(MAX_ID + 1), f"no máximo {MAX_ID}")),
    "erro-limite-zero": invalid(("limite", "0", "no mínimo 1")),
    "erro-limite-alto": invalid(("limite", "1001", "no máximo 1000")),
    "erro-momento": invalid(
        (
            "avaliacoes.0.momento",
            "2026-01-31",
            "data e hora em ISO 8601, com fuso: 2026-01-31T20:15:00Z",
        )
    ),
    "erro-recencia": invalid(("recencia", "2", "no máximo 1.0")),
    "erro-limite-texto": invalid(("limite", "dez", "um número inteiro")),
    "erro-estrategia": invalid(("estrategia", "aleatoria", STRATEGIES)),
    "erro-incluir-avaliados": invalid(("incluir_avaliados", "talvez", "true ou false")),
    "erro-excluir": invalid(("excluir.1", "Fargo", "um número inteiro")),
    "erro-genero-demais": invalid(
        ("genero", json.dumps(["drama"] * 51)[:99] + "…", "no máximo 50 valores")
    ),
    "erro-genero-vazio": invalid(("genero.0", "", "no mínimo 1 caractere")),
    "erro-busca-longa": invalid(("q", "a" * 99 + "…", "no máximo 100 caracteres")),
    "erro-parametro-desconhecido": invalid(("gênero", "drama", "nenhum parâmetro com este nome")),
    "erro-varios": invalid(
        ("limite", "0", "no mínimo 1"),
        ("estrategia", "aleatoria", STRATEGIES),
        ("pagina", "2", "nenhum parâmetro com este nome"),
    ),
}

# What an installation that asks for tokens answers, while nobody has written anything.
WITH_TOKENS: dict[str, Answer] = {
    "avaliar": rating(201, 309, 5, 1),
    "avaliar-de-outro-modo": rating(200, 1, 5, 1),
    "avaliar-o-mesmo": rating(200, 1, 3, 1),
    "avaliar-se-nao-avaliado": rating(201, 309, 5, 1),
    "avaliar-varios": Answer(200, assert_written, {"etag": None}),
    "avaliar-usuario-novo": rating(201, 309, 4, 1),
    "avaliacao-apagar": Answer(204, assert_empty, {"etag": None}),
    "avaliacao-apagar-ausente": Answer(204, assert_empty, {"etag": None}),
    "usuario-apagar": Answer(204, assert_empty, {"etag": None}),
    "avaliacoes-servico": rated(2),
    "usuarios-servico": Answer(200, assert_all_users, {"x-total-count": "205", "link": NEXT}),
    "erro-usuarios-sem-token": problem(
        401,
        "Não autenticado",
        "Falta um token de acesso válido (Authorization: Bearer …).",
        **{"www-authenticate": "Bearer"},
    ),
    "ocultar": Answer(204, assert_empty, {"etag": None}),
    "ocultar-desfazer": Answer(204, assert_empty, {"etag": None}),
    "inicio-token": home(RATINGS[1]),
    "recomendacoes-token": with_check(recommended(1), assert_fargo),
    "erro-sem-token": problem(
        401,
        "Não autenticado",
        "Falta um token de acesso válido (Authorization: Bearer …).",
        **{"www-authenticate": "Bearer"},
    ),
    "erro-token-forjado": problem(
        401,
        "Não autenticado",
        "Falta um token de acesso válido (Authorization: Bearer …).",
        **{"www-authenticate": "Bearer"},
    ),
    "erro-outro-usuario": problem(
        403,
        "Proibido",
        "Este token não dá acesso ao usuário 1.",
        **{"www-authenticate": 'Bearer error="insufficient_scope", scope="filmes/usuarios"'},
    ),
    "erro-ocultar-sem-token": problem(
        401,
        "Não autenticado",
        "Falta um token de acesso válido (Authorization: Bearer …).",
        **{"www-authenticate": "Bearer"},
    ),
    "erro-ocultar-usuario": problem(
        403,
        "Proibido",
        "Este token não dá acesso ao que é dos serviços.",
        **{"www-authenticate": 'Bearer error="insufficient_scope", scope="filmes/usuarios"'},
    ),
    "erro-ocultar-filme": problem(404, "Não encontrado", "Filme com ID 99999 não encontrado."),
    "erro-avaliacao-escala": invalid(("avaliacao", "5.5", "um número de 0 a 5, de 1 em 1")),
    "erro-avaliacao-filme": problem(404, "Não encontrado", "Filme com ID 99999 não encontrado."),
    "erro-avaliacao-condicao": problem(
        412,
        "Precondição não atendida",
        "A avaliação não é a que a condição diz. Leia-a de novo.",
    ),
}

_MARCH = "dados/avaliações de março.json"
_NOTIFIED = Trained(_MARCH, version_id="PgDB90KQhiYQvoBu42PKz3WbWLFgK2_Q")

TRAININGS: dict[str, Trained | Refused | Ignored | Candidate] = {
    "treino-agendado": Trained("dados/dados.json"),
    "treino-dados-novos": Trained(_MARCH, version_id="vTAV9AqD0RHb12A4PrZz9DtAX6CyR6_Q"),
    "treino-notificacao-s3": _NOTIFIED,
    "treino-notificacao-sns": _NOTIFIED,
    "treino-notificacao-sqs": _NOTIFIED,
    "treino-notificacao-sns-sqs": _NOTIFIED,
    "treino-direto": Trained("dados/ml-latest-small/", seed=7),
    "treino-completo": Trained("dados/dados.json"),
    "treino-candidato": Candidate("candidatos/2026-03-spark/", dry_run=True),
    "treino-ignorado-teste": Ignored("a test event of S3"),
    "treino-ignorado-apagado": Ignored("ObjectRemoved:DeleteMarkerCreated"),
    "treino-ignorado-etiquetas": Ignored("Object Tags Added"),
    "treino-erro-dados": Refused(
        "dados/ruins.json",
        ("ruins.json: avaliacoes[3]", "avaliacao is 7", "a number from 0 to 5"),
    ),
    "treino-erro-ausente": Refused("dados/ausente.json", (f"s3://{BUCKET}/dados/ausente.json",)),
    "treino-erro-bucket": Refused(None, ("'outro-bucket'", f"'{BUCKET}'")),
    "treino-erro-candidato": Refused(
        None, ('"s3://outro-bucket/candidatos/2026-03-spark/"', f"s3://{BUCKET}/candidatos/")
    ),
    "treino-erro-varios": Refused(None, ("names several objects", "dados/abril.json")),
    "treino-erro-campo": Refused(None, ("sed is unknown, expected some of action, data_key",)),
}

# What the release function is asked for; None: to look after what has not ended.
RELEASES: dict[str, str | None] = {
    "publicacao": "publish",
    "publicacao-forcada": "publish",
    "publicacao-continuar": "resume",
    "publicacao-voltar": "rollback",
    "publicacao-voltar-a": "rollback",
    "publicacao-versoes": "versions",
    "publicacao-diaria": None,
    "publicacao-implantacao": None,
}
RELEASES_REFUSED = {"publicacao-erro-acao": "action is 'publicar', expected one of publish"}
