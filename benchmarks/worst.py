"""The worst that a request can cost: parameters for each route, on a million films.

The catalogue is that of ``benchmarks/growth.py`` with directors, groups in words, and a user with
20,000 ratings. Each request is answered by the app in this process, in one thread, after it has
forgotten all films. A cost is a median of processor times, and its ratio is to that of
``GET /usuarios/1/recomendacoes``, measured in turns with it. No ratio may be above ``MOST``.
``worst.py FOLDER`` measures an artifact folder that was written before.
"""

import asyncio
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd

from benchmarks import machine
from benchmarks.catalogues import make_catalogue, make_model
from benchmarks.growth import CANDIDATES, FILMS_A_USER, facts_of, make_data
from benchmarks.machine import ROOT
from recommender.api.application import create_app
from recommender.data import catalog
from recommender.data.sqlite_store import SqliteStore
from recommender.model import artifact
from recommender.settings import Access, Mode
from training.bake import database, picture
from training.model.labels import Lead
from training.model.plane import place_films

FILMS = 1_000_000
DIRECTORS = 5003  # as ``growth`` names them
BUSY, RATED = 2, 20_000  # the id of a user, and how many films they have rated
TURNS = 5
USUAL = 20  # plain recommendations in a turn
MOST = 150  # times a plain recommendation
PLAIN = "/usuarios/1/recomendacoes"
BUSY_LIST = f"/usuarios/{BUSY}/recomendacoes"


class Request(NamedTuple):
    """A request: what about it is bad, and what is sent."""

    about: str
    method: str
    route: str  # as the OpenAPI document spells it
    path: str
    query: str = ""
    body: bytes = b""
    place: int = 0  # in a list, at which the page begins
    is_refused: bool = False


class Answer(NamedTuple):
    """An answer: its status, its headers by name, and the bytes of its body."""

    status: int
    headers: dict[bytes, bytes]
    size: int


def write_artifact(folder: Path, films: int = FILMS) -> None:
    """Write the catalogue to an artifact folder."""
    made = make_catalogue("themes", films)
    model = replace(make_model(made.vectors), candidates=CANDIDATES)
    numbers = model.film_ids % DIRECTORS
    order = np.argsort(numbers, kind="stable").astype(np.int32)
    model = replace(
        model,
        map_places=place_films(model),
        director_names=np.array([f"Diretora {number}" for number in range(DIRECTORS)]),
        director_starts=np.searchsorted(numbers[order], np.arange(DIRECTORS + 1)).astype(np.int32),
        director_rows=order,
    )
    data = make_data(model, made.tastes, films // FILMS_A_USER)
    random = np.random.default_rng(5)
    rated = np.sort(random.choice(films, min(RATED, films // 2), replace=False))
    stars = random.integers(1, 6, len(rated)).astype(float)
    busy = pd.DataFrame({"user": BUSY - 1, "film": rated, "avaliacao": stars})
    others = data.ratings[data.ratings["user"] != BUSY - 1]
    data = data.with_ratings(pd.concat([others, busy]))
    leads = [Lead(["drama", "terror"], ["Diretora 1"], np.arange(3))] * len(model.cell_labels)

    def bake(new: Path) -> None:
        database.bake(data, leads, new / artifact.CATALOG_FILE)
        picture.draw(model, {i: f"Filme {i}" for i in range(1, films + 1)}, new)

    artifact.write(folder, model, bake, facts_of(data))


class Server:
    """An app that serves an artifact folder to its owner, with a store of written ratings."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.store = SqliteStore(store)
        access = Access(Mode.LOCAL)
        self.app: Any = create_app(folder, access, self.store)
        self.model = self.app.state.serving.artifact.model
        self.loop = asyncio.new_event_loop()
        gc.freeze()  # as ``recommender/aws/cold_start.py`` does

    def forget(self) -> None:
        """Forget all films that were read."""
        remembered, catalog.FILMS = catalog.FILMS, -1
        self.app.state.serving.catalog.films([])
        catalog.FILMS = remembered

    def ask(self, request: Request) -> Answer:
        """Return the answer to a request."""
        return self.loop.run_until_complete(self._ask(request))

    async def _ask(self, request: Request) -> Answer:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1",
            "method": request.method, "scheme": "http", "path": request.path,
            "raw_path": request.path.encode(), "query_string": request.query.encode(),
            "root_path": "", "client": ("localhost", 1), "server": ("localhost", 80),
            "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        }  # fmt: skip
        messages: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        size = sum(len(message.get("body", b"")) for message in messages[1:])
        return Answer(messages[0]["status"], dict(messages[0]["headers"]), size)

    def placed(self, request: Request) -> Request:
        """Return a request with the cursor of its place; raise ``LookupError`` without pages."""
        if not request.place:
            return request
        link = self.ask(request).headers.get(b"link", b"").decode()
        if not link:
            raise LookupError(f"{request.path} ({request.about}) has no further pages")
        cursor = link.partition("cursor=")[2].partition(">")[0].partition("&")[0].split("-")
        query = f"{request.query}&cursor={'-'.join([*cursor[:3], str(request.place)])}"
        return request._replace(query=query.lstrip("&"))

    def close(self) -> None:
        """Close what is open."""
        self.loop.close()
        self.store.close()


def check(request: Request, status: int) -> None:
    """Raise ``ValueError`` if a request that is to be measured got another kind of answer."""
    if status >= 500 or (status >= 400) != request.is_refused:
        told = f"{request.method} {request.path} ({request.about})"
        raise ValueError(f"{told} was answered with {status}")


def deep(request: Request, place: int) -> Request:
    """Return a request for the page of its list that begins at a place."""
    return request._replace(about=f"{request.about}, from {place:,} on", place=max(place, 0))


def requests(server: Server) -> Iterator[Request]:
    """Yield the worst requests that were found for each route."""
    model = server.model
    films, genres = len(model.film_ids), model.genre_names.tolist()
    known: list[int] = model.film_ids[model.popular_rows[:1000]].tolist()
    film = known[0]
    hard = {"genero": genres, "excluir": known[:500]}
    every = urlencode({**hard, "limite": 100, "diversidade": 0.5}, doseq=True)
    pages = urlencode({**hard, "limite": 100}, doseq=True)
    depths = [films // 4, films * 3 // 5, films - 1000]
    ratings = [
        {"filme_id": each, "avaliacao": 5, "momento": "2026-01-31T20:15:00Z"} for each in known
    ]
    wishes = {"avaliacoes": ratings, "diversidade": 0.5, **hard}
    full = json.dumps({**wishes, "limite": 100, "entre": known}).encode()
    whole = json.dumps({**wishes, "limite": 100}).encode()
    wrong = b"{" + b",".join(b'"%x":1' % number for number in range(28_000)) + b"}"

    def get(about: str, route: str, query: str = "", path: str | None = None) -> Request:
        return Request(about, "GET", route, path or route, query)

    def post(about: str, route: str, body: bytes, path: str | None = None) -> Request:
        return Request(about, "POST", route, path or route, "", body)

    def refused(request: Request) -> Request:
        return request._replace(is_refused=True)

    for route in ("/usuarios/{usuario_id}/recomendacoes", "/filmes/{usuario_id}/recomendacoes"):
        path = route.format(usuario_id=BUSY)
        yield get("a busy user, 100 films", route, "limite=100", path)
        yield get("a busy user, all filters", route, every + "&incluir_avaliados=true", path)
        for place in depths:
            yield deep(get("a busy user", route, "limite=100", path), place)
            yield deep(get("all filters", route, pages, path.replace(str(BUSY), "1")), place)
    route = "/usuarios/{usuario_id}/recomendacoes"
    for strategy in ("grupo", "populares", "em_alta"):
        query = f"{pages}&estrategia={strategy}"
        yield get(f"{strategy}, all filters", route, query + "&incluir_avaliados=false", BUSY_LIST)
        yield deep(get(f"{strategy}, all filters", route, query, PLAIN), depths[1])
    yield post("1,000 ratings, all filters", "/recomendacoes", whole)
    yield post("1,000 ratings among 1,000 films", "/recomendacoes", full)
    yield refused(post("28,000 unknown fields", "/recomendacoes", wrong))
    yield post("a busy user, 1,000 ratings, all filters", route, whole, BUSY_LIST)

    yield get("1,000 films", "/filmes", "limite=1000")
    filters = urlencode({**hard, "limite": 1000}, doseq=True)
    yield get("all filters", "/filmes", filters)
    unknown = "&".join(f"{i:x}" for i in range(12_000))
    yield refused(get("many unknown parameters", "/filmes", unknown))
    for place in depths:
        yield deep(get("all filters", "/filmes", filters), place)
    for words in (
        " ".join("a" * 50),
        "f d a 1 2 3 4 5",
        "fi di at 33 34 35 36 37",
        "fil dir ato atr 5 6 7 8",
        "filme diretora ator atriz",
        "filme diretora ator atriz 1 2 3 4",
    ):
        yield get(words, "/filmes", urlencode({"q": words, "limite": 1000}))
        yield get(f"{words}, all filters", "/filmes", f"{urlencode({'q': words})}&{filters}")
    rare = {"genero": genres[-1], "limite": 1000}
    yield get("common words, a rare genre", "/filmes", urlencode({**rare, "q": "filme ator"}))
    yield get("names", "/filmes", "diretor=diretora&ator=atriz&limite=1000")
    yield get("a name of eight words", "/filmes", urlencode({"ator": "ator atriz " * 4}))

    route = "/filmes/{filme_id}/similares"
    yield get("all filters", route, every, f"/filmes/{film}/similares")
    yield get("all filters", "/filmes/populares", every)
    for place in depths:
        yield deep(get("all filters", route, pages, f"/filmes/{film}/similares"), place)
        yield deep(get("all filters", "/filmes/populares", pages), place)
    yield get("a film", "/filmes/{filme_id}", "", f"/filmes/{film}")

    home = "/usuarios/{usuario_id}/inicio"
    busy = f"/usuarios/{BUSY}/inicio"
    yield get("a busy user", home, "", busy)
    yield get("a busy user, a rare genre", home, f"genero={genres[-1]}", busy)
    filters = urlencode({**hard, "diversidade": 0.5}, doseq=True)
    yield get("a busy user, all filters", home, filters, busy)
    yield post("1,000 ratings, all filters", "/inicio", json.dumps(wishes).encode())
    yield post("nobody, all filters", "/inicio", json.dumps({**wishes, "avaliacoes": []}).encode())

    yield get("50 groups", "/grupos", "limite=50")
    yield deep(get("50 groups", "/grupos", "limite=50"), len(model.cell_labels) // 2)
    yield get("", "/mapa.json")
    yield get("", "/mapa.svg")
    yield get("", "/")
    yield get("", "/openapi.json")
    yield get("", "/modelo")
    yield get("", "/saude")
    yield get("1,000 users", "/usuarios", "limite=1000")
    users = server.app.state.serving.artifact.manifest["data"]["usuarios"]
    yield deep(get("1,000 users", "/usuarios", "limite=1000"), users - 1000)

    rated = "/usuarios/{usuario_id}/avaliacoes"
    own = f"/usuarios/{BUSY}/avaliacoes"
    yield get("a busy user, 1,000 ratings", rated, "limite=1000", own)
    one, at = f"{rated}/{{filme_id}}", f"{own}/{film}"
    yield Request("a busy user", "PUT", one, at, "", b'{"avaliacao": 3}')
    yield Request("a busy user", "GET", one, at)
    yield Request("a busy user", "DELETE", one, at)
    some = [{"filme_id": each, "avaliacao": 2} for each in known[:100]]
    body = json.dumps({"avaliacoes": some}).encode()
    yield Request("a busy user, 100 ratings", "PUT", rated, own, "", body)
    gone = f"/usuarios/{BUSY + 1}"
    yield Request("a user, 100 ratings", "PUT", rated, f"{gone}/avaliacoes", "", body)
    yield Request("who wrote 100 ratings", "DELETE", "/usuarios/{usuario_id}", gone)
    hidden = "/filmes/{filme_id}/oculto"
    for method in ("PUT", "DELETE"):
        yield Request("a film", method, hidden, hidden.format(filme_id=film))


def measure(server: Server, asked: list[Request]) -> tuple[float, list[dict[str, Any]]]:
    """Return the milliseconds of a plain recommendation, and a row for each request."""
    plain = Request("", "GET", PLAIN, PLAIN)
    usual: list[float] = []
    times: list[list[float]] = [[] for _ in asked]
    answers: list[Answer | None] = [None] * len(asked)

    def timed(request: Request) -> tuple[float, Answer]:
        request = server.placed(request)
        if request != plain:
            server.forget()
        began = time.process_time()
        answer = server.ask(request)
        spent = 1000 * (time.process_time() - began)
        check(request, answer.status)
        return spent, answer

    for turn in range(TURNS + 1):  # the first maps pages of the files into memory
        some = [timed(plain)[0] for _ in range(USUAL)]
        usual += some if turn else []
        for place, request in enumerate(asked):
            spent, answers[place] = timed(request)
            if turn:
                times[place].append(spent)
    middle = statistics.median(usual)
    rows = []
    for request, answer, each in zip(asked, answers, times, strict=True):
        assert answer is not None
        rows.append(
            {
                "route": f"{request.method} {request.route}",
                "about": request.about,
                "status": answer.status,
                "kilobytes": round(answer.size / 1000, 1),
                "ms": round(statistics.median(each), 2),
                "ratio": round(statistics.median(each) / middle, 1),
            }
        )
    return round(middle, 3), rows


def main() -> None:
    """Print the requests, the worst first, and write them as JSON."""
    (ROOT / ".local").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".local") as scratch:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch, "artifact")
        if len(sys.argv) < 2:
            write_artifact(folder)
        server = Server(folder, Path(scratch, "ratings.sqlite3"))
        try:
            plain, rows = measure(server, list(requests(server)))
        finally:
            server.close()
    rows.sort(key=lambda row: -row["ratio"])
    print(f"a plain recommendation: {plain} ms")
    for row in rows:
        print(f"{row['ratio']:6.1f} × {row['ms']:8.2f} ms {row['kilobytes']:7.1f} kB", end="  ")
        print(f"{row['status']} {row['route']}: {row['about']}")
    films = len(server.model.film_ids)
    found = {"films": films, "rated": RATED, "most": MOST, "plain_ms": plain, "rows": rows}
    machine.write("worst", found)
    if rows[0]["ratio"] > MOST:
        sys.exit(f"more than {MOST} times a plain recommendation")


if __name__ == "__main__":
    main()
