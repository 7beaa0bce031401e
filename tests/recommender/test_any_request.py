"""Whatever is asked: answers stay small, a write that was stored is confirmed, headers are clean.

The catalogue has the longest texts that data may have, of characters that take most bytes.
"""

import base64
import json
import os
import random
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from benchmarks.catalogues import make_catalogue, make_model
from benchmarks.growth import facts_of
from benchmarks.worst import BUSY, Request, Server, check, requests
from recommender.api.application import ROUTES, create_app
from recommender.aws.adapter import Adapter
from recommender.aws.telemetry import Telemetry
from recommender.data.sqlite_store import SqliteStore
from recommender.http.problems import MOST_FAULTS
from recommender.model import artifact
from recommender.model.artifact import Model
from recommender.model.profile import find_rows
from recommender.model.ranking import find_cells
from tests.conftest import LambdaContext
from tests.damage import alter, damage
from tests.fuzzing import fuzzed
from tests.recommender.conftest import LOCAL
from tests.recommender.test_adapter import logged_to
from tests.training.small_data import as_json, from_json
from training.bake import database, picture
from training.data.columns import LONGEST
from training.data.dataset import Dataset
from training.model.labels import find_leads, label_cells
from training.model.plane import place_films

FILMS = USERS = 1000
LARGEST = 1_000_000  # bytes of an answer
WIDE = "\x01"  # six bytes in JSON
GENRES = 50  # as many as a filter takes
CLEAN = re.compile("[\t -~]*")  # what a header may hold
MARK = "zqx"  # what a client sends for a text
SEEDS = st.integers(0, 2**32 - 1)
# Work is counted, as time would depend on the machine: calls of functions in Python, and
# instructions of SQLite's machine, which tells of every thousandth. Most that was found: 32,000
# calls, for the page with the longest genres; 58,000 for a query of 33 kB; 9 instructions a film.
CALLS, CALLS_A_BYTE = 50_000, 3
STEP, STEPS_A_FILM = 1000, 50


def fill(text: str, field: str) -> str:
    return text + WIDE * (LONGEST[field] - len(text))


def make_data() -> Dataset:
    draw = random.Random(7)
    genres = [f"g{number}" + WIDE * (LONGEST["genero"] // 5 - 4) for number in range(GENRES)]
    document = {
        "demonstracao": True,
        "usuarios": [
            {"id": user, "nome": fill(f"u{user}", "nome"), "email": ""}
            for user in range(1, USERS + 1)
        ],
        "filmes": [
            {
                "id": film,
                "titulo": fill(f"f{film}", "titulo"),
                "genero": ",".join(draw.sample(genres, 5)),
                "diretor": fill(f"d{film % 50}", "diretor"),
                "atores": fill(f"a{film % 70}", "atores"),
            }
            for film in range(1, FILMS + 1)
        ],
        "avaliacoes": [
            {"usuario_id": user, "filme_id": film, "avaliacao": draw.randint(1, 5)}
            for user in range(1, USERS + 1)
            for film in (range(1, FILMS + 1) if user == BUSY else draw.sample(range(1, FILMS), 5))
        ],
    }
    return from_json(as_json(document), "wordy.json")


def make_wordy_model(data: Dataset) -> tuple[Model, list[Any]]:
    model = make_model(make_catalogue("themes", FILMS).vectors)
    cells = find_cells(model, find_rows(model, data.films["id"].tolist()))
    leads = find_leads(data, cells)
    genres = sorted({name for names in data.genres() for name in names})
    of_genre = [
        np.sort(
            find_rows(
                model,
                [
                    i
                    for i, names in zip(data.films["id"], data.genres(), strict=True)
                    if genre in names
                ],
            )
        )
        for genre in genres
    ]
    model = replace(
        model,
        cell_labels=label_cells(leads, data.films["titulo"]),
        genre_names=np.array(genres),
        genre_starts=np.cumsum([0, *map(len, of_genre)]).astype(np.int32),
        genre_rows=np.concatenate(of_genre).astype(np.int32),
        film_genres=np.zeros((FILMS, -(-GENRES // 8)), np.uint8),
    )
    return replace(model, map_places=place_films(model)), leads


@pytest.fixture(scope="module")
def wordy_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = make_data()
    model, leads = make_wordy_model(data)

    def bake(new: Path) -> None:
        database.bake(data, leads, new / artifact.CATALOG_FILE)
        picture.draw(model, data.titles(), new)

    folder = tmp_path_factory.mktemp("wordy") / "artifact"
    artifact.write(folder, model, bake, facts_of(data))
    return folder


def test_no_other_request_is_measured_than_was_meant(wordy_dir: Path, tmp_path: Path) -> None:
    server = Server(wordy_dir, tmp_path / "ratings.sqlite3")
    try:
        film = Request("", "GET", "/filmes/{filme_id}", "/filmes/1", place=5)
        with pytest.raises(LookupError, match=r"/filmes/1 .* has no further pages"):
            server.placed(film)
        wrong = film._replace(query="x=1", path="/filmes/0")
        with pytest.raises(ValueError, match=r"/filmes/0 .* was answered with 4"):
            check(wrong, server.ask(wrong).status)
        check(wrong._replace(is_refused=True), server.ask(wrong).status)
    finally:
        server.close()


def test_the_worst_requests_get_answers_that_fit(wordy_dir: Path, tmp_path: Path) -> None:
    server = Server(wordy_dir, tmp_path / "ratings.sqlite3")
    try:
        asked = list(requests(server))
        answers = [server.ask(server.placed(request)) for request in asked]
    finally:
        server.close()
    routes = {(method, route.path) for route in ROUTES for method in route.methods}
    files = {route for route in routes if route[1].startswith(("/pagina", "/docs"))}
    assert {(request.method, request.route) for request in asked} == routes - files
    told = [
        (answer.size, answer.status, *request[:3])
        for request, answer in zip(asked, answers, strict=True)
    ]
    assert [each for each in told if each[0] > LARGEST or each[1] >= 500] == []
    assert max(each[0] for each in told) > LARGEST / 2


strange = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\r\n\0\x1b\u2028\ud800\udfff%/\\\"';:,#?&=+ áﷺ"),
    ),
    max_size=30,
).map(lambda text: MARK + text)
ids = st.sampled_from(["1", str(BUSY), "7", "1000", "1001", "0", "-1", str(2**53 - 1), str(2**60)])
NAMES = ["limite", "cursor", "genero", "excluir", "diretor", "ator", "q", "diversidade", "recencia"]
NAMES += ["estrategia", "incluir_avaliados", "linhas", "filmes", "nada"]
numbers = st.sampled_from(["1", "5", "12", "50", "100", "1000", "1001", "0", "-1", "0.5", "1e3"])
words = st.sampled_from(["padrao", "grupo", "populares", "em_alta", "true", "f", "a b c", "g1"])
queries = st.lists(st.tuples(st.sampled_from(NAMES), numbers | words | strange), max_size=4)
queries |= st.just([(MARK, "x" * 60_000)]) | st.just([("excluir", "1")] * 3000)
tags = st.sampled_from(["*", '"0"', 'W/"0"', '"0", "1"', "", ","])
headers = st.dictionaries(
    st.sampled_from(
        [
            *("if-match", "if-none-match", "origin", "cookie", "accept-encoding", "content-type"),
            *("host", "authorization", "x-forwarded-for", "x-amzn-trace-id", "prefer"),
        ]
    ),
    tags | strange | st.sampled_from(["gzip", "application/json", "https://a.example"]),
    max_size=3,
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | strange | st.integers(1, 1000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strange, inner, max_size=2),
    max_leaves=5,
)
rated = st.fixed_dictionaries(
    {"filme_id": st.integers(1, 1005) | values, "avaliacao": st.integers(0, 6) | values},
    optional={"momento": st.just("2026-01-31T20:15:00Z") | values},
)
bodies = (
    st.one_of(
        st.integers(1, 5).map(lambda rating: {"avaliacao": rating}),
        st.fixed_dictionaries(
            {"avaliacoes": st.lists(rated, max_size=4)},
            optional={"limite": st.integers(1, 100), "genero": st.lists(strange, max_size=2)},
        ),
        st.lists(st.integers(1, 1000), min_size=100, max_size=100, unique=True).map(
            lambda films: {"avaliacoes": [{"filme_id": film, "avaliacao": 4} for film in films]}
        ),
        values,
    ).map(lambda value: json.dumps(value))
    | strange
)


def as_event(method: str, path: str, query: str, told: dict[str, str], body: str) -> dict[str, Any]:
    """A request as an HTTP API hands it on."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"content-type": "application/json", **told},
        "requestContext": {"http": {"method": method, "path": path, "sourceIp": "1.2.3.4"}},
        "body": body if method in ("PUT", "POST") else None,
        "isBase64Encoded": False,
    }


@st.composite
def any_events(draw: st.DrawFn) -> dict[str, Any]:
    """Requests to any route, also such as no gateway would hand on."""
    route = draw(st.sampled_from(ROUTES))
    path = re.sub(r"\{[^}]*\}", lambda _: draw(ids | strange), route.path)
    query = "&".join(f"{name}={value}" for name, value in draw(queries))
    method = draw(st.sampled_from([*sorted(route.methods), "GET", "PUT", "DELETE"]))
    return as_event(method, path, query, draw(headers), draw(bodies))


@st.composite
def writes(draw: st.DrawFn) -> dict[str, Any]:
    """Requests of which many write."""
    place = f"/usuarios/{draw(st.integers(1, 3))}/avaliacoes/{draw(st.integers(1, 5))}"
    hidden = f"/filmes/{draw(st.integers(1, 5))}/oculto"
    several = place.rpartition("/")[0]
    method, path = draw(
        st.sampled_from(
            [(method, path) for method in ("PUT", "DELETE") for path in (place, hidden)]
            + [("PUT", several)]
        )
    )
    body: dict[str, Any] = {"avaliacao": draw(st.integers(1, 5))}
    if path == several:
        films = draw(st.lists(st.integers(1, 1000), min_size=1, max_size=100, unique=True))
        body = {"avaliacoes": [{"filme_id": film, **body} for film in films]}
    return as_event(method, path, "", draw(headers), json.dumps(body))


class Service:
    """The API function on the wordy catalogue, and what its store keeps."""

    def __init__(self, folder: Path, path: Path) -> None:
        self.path, self.writes = path, 0
        self.store = SqliteStore(path)
        app = create_app(folder, LOCAL, self.store, origins=["*"])
        self.handle = Adapter(Telemetry(app))
        self.calls = self.steps = 0  # of the last request: of Python functions, of SQLite
        app.state.serving.catalog._db.set_progress_handler(self.count_steps, STEP)

    def count_steps(self) -> None:
        self.steps += STEP

    def count_call(self, _frame: Any, event: str, _argument: Any) -> None:
        self.calls += event in ("call", "c_call")

    def kept(self) -> list[list[Any]]:
        """All rows of the store."""
        with closing(sqlite3.connect(self.path)) as database:
            return [
                database.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
                for table in ("avaliacoes", "ocultos")
            ]


@pytest.fixture(scope="module")
def service(wordy_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service(wordy_dir, tmp_path_factory.mktemp("kept") / "ratings.sqlite3")
    with closing(made.store), Path(os.devnull).open("w") as nowhere, logged_to(nowhere):
        for path in ("/openapi.json", "/"):  # which cost more the first time
            made.handle(as_event("GET", path, "", {}, ""), LambdaContext("filmes"))
        yield made


def ask(service: Service, event: dict[str, Any]) -> dict[str, Any]:
    """Return an answer that is small, clean, did not cost much, and is no failure."""
    service.calls = service.steps = 0
    sys.setprofile(service.count_call)
    try:
        answer = service.handle(event, LambdaContext("filmes"))
    finally:
        sys.setprofile(None)
    assert answer["statusCode"] < 500
    json.dumps(answer).encode()
    assert len(answer.get("body", "").encode()) <= LARGEST
    sent = sum(map(len, [event["rawQueryString"], event["body"] or "", *event["headers"].values()]))
    assert service.calls <= CALLS + CALLS_A_BYTE * sent
    assert service.steps <= STEPS_A_FILM * FILMS
    for name, value in answer["headers"].items():
        assert CLEAN.fullmatch(f"{name}{value}"), (name, value)
        assert MARK not in value or name in ("link", "content-location"), (name, value)
    return answer


@fuzzed("requests", 400, event=any_events() | writes())
def test_any_request(service: Service, event: dict[str, Any]) -> None:
    before = service.kept()
    answer = ask(service, event)
    if service.kept() != before:
        service.writes += 1
        assert 200 <= answer["statusCode"] < 300


def test_many_of_any_requests_wrote(service: Service) -> None:
    """So that the test above had something to look at."""
    assert service.writes > 50


LISTS = [
    *("/filmes", "/filmes?excluir=3", "/filmes?q=f", "/filmes/1/similares", "/filmes/populares"),
    *("/usuarios", "/usuarios/7/recomendacoes", "/usuarios/7/recomendacoes?estrategia=grupo"),
    *("/usuarios/2/avaliacoes", "/grupos"),
]


def get(path: str, cursor: str | None = None) -> dict[str, Any]:
    path, _, query = path.partition("?")
    told = [query] * bool(query) + [f"cursor={cursor}"] * (cursor is not None)
    return as_event("GET", path, "&".join(["limite=2", *told]), {}, "")


@pytest.fixture(scope="module", autouse=True)  # before anything is written
def cursors(service: Service) -> list[tuple[str, str]]:
    """Lists, and the cursor of the second page of each."""
    found = []
    for path in LISTS:
        link = service.handle(get(path), LambdaContext("filmes"))["headers"]["link"]
        found.append((path, re.findall("cursor=([^&>]+)", link)[0]))
    return found


@fuzzed("cursors", 300, seed=SEEDS)
def test_any_cursor(service: Service, cursors: list[tuple[str, str]], seed: int) -> None:
    """A page of this list, or a word on why there is none; never one of another list."""
    draw = random.Random(seed)
    path, cursor = draw.choice(cursors)
    way = draw.randrange(3)
    if way == 0:
        parts = cursor.split("-")
        place = draw.randrange(len(parts))
        other = draw.choice(cursors)[1].split("-")
        odd = ["0", "-1", "1" * 20, "9" * 20, "9" * 21, "٣", "", "00000000", "0x1", str(FILMS)]
        parts[place] = draw.choice([*odd, other[min(place, len(other) - 1)]])
        cursor = "-".join(parts)
    elif way == 1:
        text = damage(cursor.encode(), draw).decode("latin-1")
        cursor = "".join(f"%{ord(c):02x}" for c in text)
    else:
        path = draw.choice(cursors)[0]
    answer = ask(service, get(path, cursor))
    assert answer["statusCode"] in (200, 410, 422)
    if answer["statusCode"] == 200:
        found = json.loads(answer["body"])
        assert len(found if isinstance(found, list) else next(iter(found.values()))) <= 2


WHOLE = {
    "avaliacoes": [
        {"filme_id": film, "avaliacao": 4, "momento": "2026-01-31T20:15:00Z"} for film in (1, 5, 9)
    ],
    "limite": 3,
    "genero": ["g1"],
    "excluir": [7],
    "diversidade": 0.5,
    "recencia": 0.5,
    "entre": [3, 4],
    "usuario_id": 2,
    "estrategia": "grupo",
    "incluir_avaliados": True,
}
TAKEN = {
    "/recomendacoes": ("POST", [*WHOLE]),
    "/usuarios/2/recomendacoes": ("POST", [*WHOLE]),
    "/inicio": ("POST", ["avaliacoes", "limite", "genero", "excluir", "diversidade", "recencia"]),
    "/usuarios/3/avaliacoes": ("PUT", ["avaliacoes"]),
    "/usuarios/3/avaliacoes/4": ("PUT", ["avaliacao"]),
}


@fuzzed("bodies", 300, seed=SEEDS)
def test_any_body(service: Service, seed: int) -> None:
    """Taken, or refused with the fields at fault; bytes that are no text among them."""
    draw = random.Random(seed)
    path, (method, fields) = draw.choice([*TAKEN.items()])
    some = draw.sample(fields, draw.randint(1, len(fields)))
    body: Any = {name: WHOLE.get(name, 3) for name in {fields[0], *some}}
    if draw.random() < 0.7:
        body = alter(body, draw)
    content = json.dumps(body).encode()
    if draw.random() < 0.3:
        content = damage(content, draw)
    if draw.random() < 0.02:
        content *= draw.choice([2, 50, 5000])
    event = as_event(method, path, "", {}, "")
    event["body"], event["isBase64Encoded"] = base64.b64encode(content).decode(), True
    answer = ask(service, event)
    assert answer["statusCode"] in (200, 201, 204, 400, 404, 413, 422)
    if answer["statusCode"] == 422:
        assert 0 < len(json.loads(answer["body"])["erros"]) <= MOST_FAULTS
