"""Hidden films: no list shows them, in force within a minute, whatever becomes of the store."""

import asyncio
import itertools
import json
import logging
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from benchmarks.catalogues import make_catalogue, make_model, make_profiles
from recommender.api.application import ROUTES, create_app, open_store
from recommender.api.hiding import READ_EVERY, HiddenFilms
from recommender.data.boto_calls import BotoCalls
from recommender.data.catalog import MAX_ID
from recommender.data.origin import UNKNOWN, origin_of
from recommender.data.signed_calls import SignedCalls
from recommender.data.sqlite_store import SqliteStore
from recommender.data.store import HIDDEN_KEY, SECONDS, Store, StoreError
from recommender.http.caching import LISTED
from recommender.model.artifact import Model, load
from recommender.model.ranking import Strategy, rank
from recommender.settings import Access, Mode, read_settings
from tests.expectations import FILMS, RATINGS
from tests.project.test_events import cold_start
from tests.recommender.conftest import LOCAL
from tests.recommender.test_api import check_problem, follow
from tests.recommender.test_handler import http_api, run_cold
from tests.recommender.test_ratings import Unreachable
from tests.stores import CREDENTIALS, client_of, create_table, dynamo_store, signed_store

USER, NO_RATINGS = 1, 205
FILM, OTHER = 309, 14
GIVEN = [{"filme_id": 309, "avaliacao": 5}, {"filme_id": 20, "avaliacao": 4}]
COMEDY = "com%C3%A9dia"

OF_A_USER = [
    *("?limite=20", "?limite=20&estrategia=grupo", "?limite=20&estrategia=populares"),
    *("?limite=20&incluir_avaliados=true", "?limite=20&diversidade=0.5", f"?genero={COMEDY}"),
    # So few films that those the user has rated fill the list up.
    "?limite=100&genero=sci-fi",
]
# Of each route that lists films: what is asked, each a path with its query, and a body for POST.
LISTS: dict[tuple[str, str], list[tuple[str, Any]]] = {
    ("GET", "/filmes"): [
        *(("/filmes?limite=30", None), ("/filmes?limite=1000", None), ("/filmes?q=a", None)),
        (f"/filmes?genero={COMEDY}&excluir=3&limite=5", None),
    ],
    ("GET", "/filmes/populares"): [
        ("/filmes/populares?limite=20", None),
        ("/filmes/populares?limite=100&genero=sci-fi", None),
        ("/filmes/populares?diversidade=1", None),
    ],
    ("GET", "/filmes/{filme_id}/similares"): [
        (f"/filmes/{FILM}/similares?limite=100", None),
        (f"/filmes/{FILM}/similares?genero={COMEDY}&diversidade=0.5", None),
    ],
    ("GET", "/filmes/{usuario_id}/recomendacoes"): [
        (f"/filmes/{user}/recomendacoes{query}", None)
        for user, query in [(USER, query) for query in OF_A_USER] + [(NO_RATINGS, "?limite=9")]
    ],
    ("GET", "/usuarios/{usuario_id}/recomendacoes"): [
        (f"/usuarios/{USER}/recomendacoes{query}", None) for query in OF_A_USER
    ],
    ("POST", "/recomendacoes"): [
        ("/recomendacoes", {"avaliacoes": GIVEN, "limite": 20}),
        ("/recomendacoes", {"avaliacoes": []}),
        ("/recomendacoes", {"avaliacoes": GIVEN, "entre": [1, 14, 127, 20]}),
        ("/recomendacoes", {"avaliacoes": GIVEN, "usuario_id": USER, "limite": 20}),
    ],
    ("POST", "/usuarios/{usuario_id}/recomendacoes"): [
        (f"/usuarios/{USER}/recomendacoes", {"avaliacoes": GIVEN, "limite": 30}),
        (f"/usuarios/{USER}/recomendacoes", {"avaliacoes": [], "estrategia": "grupo"}),
    ],
    ("GET", "/grupos"): [("/grupos", None), ("/grupos?filmes=3", None)],
    ("GET", "/mapa.json"): [("/mapa.json", None)],
    ("GET", "/usuarios/{usuario_id}/inicio"): [
        (f"/usuarios/{USER}/inicio", None),
        (f"/usuarios/{USER}/inicio?genero={COMEDY}&linhas=3", None),
        (f"/usuarios/{NO_RATINGS}/inicio", None),
    ],
    ("POST", "/inicio"): [("/inicio", {"avaliacoes": GIVEN}), ("/inicio", {"avaliacoes": []})],
}
# The other reads: of one film, of what users wrote, of the model.
NO_LISTS = {
    *(("GET", "/filmes/{filme_id}"), ("GET", "/mapa.svg"), ("GET", "/modelo"), ("GET", "/saude")),
    *(("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/pagina/{name}")),
    ("GET", "/pagina/{digest}/{name:path}"),
    ("GET", "/"),  # test_front.py looks at it
    ("GET", "/usuarios"),
    ("GET", "/usuarios/{usuario_id}/avaliacoes"),
    ("GET", "/usuarios/{usuario_id}/avaliacoes/{filme_id}"),
}
ASKED = [(path, body) for asked in LISTS.values() for path, body in asked]
PAGED = ["/filmes?limite=10", "/filmes/populares", f"/filmes/{FILM}/similares", "/grupos?limite=2"]
PAGED += [f"/filmes/{USER}/recomendacoes", f"/usuarios/{USER}/recomendacoes?estrategia=grupo"]


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Counted:
    """A source that counts how often it is read, and fails or waits if told to."""

    def __init__(self, *films: int) -> None:
        self.films, self.reads, self.fails = frozenset(films), 0, False
        self.gate: asyncio.Event | None = None

    async def hidden(self) -> frozenset[int]:
        self.reads += 1
        found = self.films  # as of now, however late the answer comes
        if self.gate:
            await self.gate.wait()
        if self.fails:
            raise StoreError("nowhere")
        return found

    async def hide(self, film_id: int, *, hidden: bool) -> None:
        self.films = self.films | {film_id} if hidden else self.films - {film_id}

    def close(self) -> None: ...


@pytest.fixture
def local(artifact_dir: Path, tmp_path: Path) -> Iterator[TestClient]:
    """The same on a SQLite file only, for what does not depend on the store."""
    store = SqliteStore(tmp_path / "local.sqlite3")
    with TestClient(create_app(artifact_dir, LOCAL, store)) as client:
        yield client


def hide(api: TestClient, *films: int, hidden: bool = True) -> None:
    for film in films:
        answer = api.request("PUT" if hidden else "DELETE", f"/filmes/{film}/oculto")
        assert (answer.status_code, answer.content) == (204, b""), answer.text


def ask(api: TestClient, path: str, body: Any, **headers: str) -> Any:
    return api.request("POST" if body else "GET", path, json=body, headers=headers)


def shown(answer: Any) -> list[int]:
    """The films that an answer lists, wherever in it; reasons and a user's ratings apart."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    if isinstance(body, dict) and "grupos" in body:
        return list(body["filmes"]["id"])
    if isinstance(body, dict) and "linhas" in body:
        listed = [film for line in body["linhas"] for film in line["filmes"]]
    elif isinstance(body, dict):
        listed = [*body["recomendacoes"], *(f for part in body["diferenca"].values() for f in part)]
    else:
        listed = [film for item in body for film in item.get("filmes", [item])]
    return [film["id"] for film in listed]


def hiding_of(api: TestClient) -> HiddenFilms:
    app: Any = api.app
    hiding: HiddenFilms = app.state.serving.hiding
    return hiding


# Stores


def test_a_store_keeps_what_is_hidden(store: Store) -> None:
    async def work() -> None:
        assert await store.hidden() == frozenset()
        for _ in range(2):
            await store.hide(FILM, hidden=True)
            await store.hide(-MAX_ID, hidden=True)
        assert await store.hidden() == {FILM, -MAX_ID}
        await store.write((USER, FILM), 4.0, None)
        for _ in range(2):
            await store.hide(FILM, hidden=False)
        assert await store.hidden() == {-MAX_ID}
        assert list(await store.read(USER)) == [FILM]

    asyncio.run(work())


def test_no_user_has_the_key_of_hidden_films(local: TestClient) -> None:
    assert HIDDEN_KEY > MAX_ID
    assert len(str(HIDDEN_KEY)) <= 38
    for key in (HIDDEN_KEY, -HIDDEN_KEY):
        for path in ("avaliacoes", f"avaliacoes/{FILM}", "recomendacoes"):
            check_problem(local.get(f"/usuarios/{key}/{path}"), 422)
        answer = local.put(f"/usuarios/{key}/avaliacoes/{FILM}", json={"avaliacao": 4})
        check_problem(answer, 422)


def test_more_than_a_page_of_a_table_is_read(aws: str) -> None:
    create_table(aws, "muitos")
    with closing(dynamo_store(aws, "muitos")) as store:
        for film in range(15):
            key = {"usuario_id": {"N": str(HIDDEN_KEY)}, "filme_id": {"N": str(film)}}
            filling = {"enchimento": {"S": "x" * 100_000}}
            client_of(store).put_item(TableName="muitos", Item=key | filling)
        sources = (store, signed_store(aws, "muitos"))
        assert {asyncio.run(source.hidden()) for source in sources} == {frozenset(range(15))}


def environment(aws: str) -> dict[str, str]:
    return {**CREDENTIALS, "AWS_ENDPOINT_URL": aws}


# Routes


def test_every_route_that_lists_films_is_looked_at() -> None:
    """A new route belongs to one of the two."""
    reads = {
        (method, route.path)
        for route in ROUTES
        if isinstance(route, APIRoute)
        for method in (route.methods or set()) - {"HEAD", "PUT", "DELETE"}
    }
    assert reads == LISTS.keys() | NO_LISTS
    assert not LISTS.keys() & NO_LISTS


@pytest.mark.parametrize(("path", "body"), ASKED)
def test_no_list_shows_a_hidden_film(local: TestClient, path: str, body: Any) -> None:
    before = ask(local, path, body)
    whole = shown(before)
    gone = {*whole[:3], whole[-1]}
    hide(local, *gone)
    after = ask(local, path, body, **{"if-none-match": before.headers.get("etag", '""')})
    left = shown(after)  # and no 304
    assert not gone & set(left)
    if "link" in before.headers or "filmes=" in path:
        assert len(left) == len(whole)  # others moved up
    elif (body is None or "entre" in body) and "inicio" not in path:
        assert sorted(left) == sorted(film for film in whole if film not in gone)
    if "x-total-count" in before.headers and "grupos" not in path:
        totals = [int(answer.headers["x-total-count"]) for answer in (before, after)]
        assert totals[1] == totals[0] - len(gone)
    if body is None and "grupos" not in path and "mapa" not in path:
        joint = "&" if "?" in path else "?"
        other = path + joint + "&".join(f"excluir={film}" for film in sorted(gone))
        hide(local, *gone, hidden=False)
        assert ask(local, other, None).json() == after.json()
    hide(local, *gone, hidden=False)
    again = ask(local, path, body)
    assert again.content == before.content
    if body is None:
        assert again.headers["etag"] == before.headers["etag"]
        unchanged = ask(local, path, body, **{"if-none-match": before.headers["etag"]})
        assert unchanged.status_code == 304


@pytest.mark.parametrize("path", PAGED)
def test_pages_hold_everything_that_is_not_hidden(local: TestClient, path: str) -> None:
    whole = [film for page in follow(local, path) for film in shown(page)]
    hide(local, *whole[::7])
    left = [film for page in follow(local, path) for film in shown(page)]
    assert len(set(left)) == len(left)
    assert set(left) == set(whole) - set(whole[::7])


@pytest.mark.parametrize("path", PAGED)
def test_a_cursor_ends_with_what_was_hidden_when_it_was_made(local: TestClient, path: str) -> None:
    following = local.get(path).links["next"]["url"]
    second = shown(local.get(following))
    hide(local, 392)
    problem = check_problem(local.get(following), 410)
    assert problem["detail"] == "A lista de que o cursor é mudou. Recomece sem cursor."
    hide(local, 392, hidden=False)
    assert shown(local.get(following)) == second


def test_in_both_stores_a_hidden_film_stays_away_for_good(
    api: TestClient, artifact_dir: Path, store: Store
) -> None:
    best = shown(api.get(f"/usuarios/{USER}/recomendacoes"))[0]
    for _ in range(2):
        hide(api, best)
    other = TestClient(
        create_app(artifact_dir, LOCAL, store)
    )  # without `with`: the store stays open
    for client in (api, other):
        assert best not in shown(client.get(f"/usuarios/{USER}/recomendacoes"))
        assert client.get("/filmes").headers["x-total-count"] == str(len(FILMS) - 1)
    for _ in range(2):
        hide(api, best, hidden=False)
    assert shown(api.get(f"/usuarios/{USER}/recomendacoes"))[0] == best


def test_a_hidden_film_still_answers_and_keeps_its_ratings(local: TestClient) -> None:
    rated = min(RATINGS[USER])
    before, ratings = (local.get(path) for path in (f"/filmes/{rated}", "/usuarios/1/avaliacoes"))
    hide(local, rated)
    after = local.get(f"/filmes/{rated}")
    assert after.json() == before.json() | {"oculto": True}
    assert "oculto" not in local.get(f"/filmes/{rated + 1}").json()
    assert local.get("/usuarios/1/avaliacoes").content == ratings.content
    assert local.get(f"/filmes/{rated}/similares").status_code == 200
    answer = local.put(f"/usuarios/{USER}/avaliacoes/{rated}", json={"avaliacao": 2})
    assert answer.status_code == 200


def test_groups_count_what_they_show(local: TestClient) -> None:
    before = local.get("/grupos").json()[0]
    gone = [film["id"] for film in before["filmes"]][:3]
    hide(local, *gone)
    after = local.get("/grupos").json()[0]
    assert after["total"] == len(after["filmes"]) == before["total"] - 3
    hide(local, *[film["id"] for film in after["filmes"]])
    assert local.get("/grupos").json()[0]["filmes"] == []


def test_all_films_can_be_hidden(local: TestClient) -> None:
    app: Any = local.app
    store = app.state.serving.store
    store._writer.executemany(
        "INSERT INTO ocultos VALUES (?, '', NULL)", [(film,) for film in FILMS]
    )
    for path, body in ASKED:
        assert shown(ask(local, path, body)) == []


@pytest.mark.parametrize(("path", "body"), ASKED)
def test_if_nothing_is_hidden_nothing_changes(
    local: TestClient, client: TestClient, path: str, body: Any
) -> None:
    hide(local, 10**9, hidden=False)
    ours, theirs = ask(local, path, body), ask(client, path, body)
    assert ours.content == theirs.content
    for name in ("etag", "link", "x-total-count", "x-estrategia", "vary"):
        assert ours.headers.get(name) == theirs.headers.get(name)


def test_what_the_catalogue_lacks_hides_nothing(local: TestClient, client: TestClient) -> None:
    """As after a new model: the key of a film that is gone stays until it is shown again."""
    problem = check_problem(local.put("/filmes/99999/oculto"), 404)
    assert problem["detail"] == "Filme com ID 99999 não encontrado."
    app: Any = local.app
    asyncio.run(app.state.serving.store.hide(99_999, hidden=True))
    following = local.get("/filmes").headers["link"]
    assert following == client.get("/filmes").headers["link"]
    hide(local, 99_999, hidden=False)
    assert asyncio.run(app.state.serving.store.hidden()) == frozenset()


def test_ids_and_parameters_are_checked(local: TestClient) -> None:
    for method in ("PUT", "DELETE"):
        check_problem(local.request(method, "/filmes/abc/oculto"), 422)
        check_problem(local.request(method, f"/filmes/{FILM}/oculto?a=b"), 422)
    assert local.get(f"/filmes/{FILM}/oculto").headers["allow"] == "DELETE, PUT"
    assert local.get("/filmes").headers["x-total-count"] == str(len(FILMS))


def test_without_a_store_nothing_can_be_hidden(artifact_dir: Path, client: TestClient) -> None:
    api = TestClient(create_app(artifact_dir, LOCAL))
    for method in ("PUT", "DELETE"):
        check_problem(api.request(method, f"/filmes/{FILM}/oculto"), 503)
    assert api.get("/filmes").headers["cache-control"] == "public, max-age=300"
    check_problem(client.put(f"/filmes/{FILM}/oculto"), 403)


@pytest.mark.parametrize("path", ["/filmes", "/filmes/populares", "/grupos", f"/filmes/{FILM}"])
def test_others_keep_what_may_change_for_half_a_minute(local: TestClient, path: str) -> None:
    assert local.get(path).headers["cache-control"] == "public, max-age=30"
    assert local.get("/modelo").headers["cache-control"] == "public, max-age=300"


# A minute


def test_the_minute_is_kept_however_slow_a_read_is() -> None:
    kept = re.fullmatch("public, max-age=([0-9]+)", LISTED["Cache-Control"])
    assert kept
    assert READ_EVERY + SECONDS + int(kept[1]) < 60


def test_other_instances_know_within_half_a_minute(artifact_dir: Path, store: Store) -> None:
    clock = Clock()
    with (
        TestClient(create_app(artifact_dir, LOCAL, store)) as one,
        TestClient(create_app(artifact_dir, LOCAL, store)) as two,
    ):
        hiding_of(two)._clock = clock
        assert FILM in shown(two.get("/filmes?limite=1000"))
        hide(one, FILM)
        assert FILM not in shown(one.get("/filmes?limite=1000"))
        clock.now += READ_EVERY
        assert FILM not in shown(two.get("/filmes?limite=1000"))
        hide(one, FILM, hidden=False)
        clock.now += READ_EVERY
        assert FILM in shown(two.get("/filmes?limite=1000"))


def test_a_source_is_read_every_25_seconds_at_most(model: Model) -> None:
    source, clock = Counted(FILM), Clock()
    hiding = HiddenFilms(model, source, clock)

    async def work() -> None:
        for reads in range(1, 4):
            for _ in range(5):
                assert json.loads((await hiding.current()).text) == [FILM]
            assert source.reads == reads
            clock.now += READ_EVERY

    asyncio.run(work())


def test_lists_cost_no_query_between_reads(artifact_dir: Path) -> None:
    source, clock = Counted(), Clock()
    app = create_app(artifact_dir, hidden=source)
    with TestClient(app) as api:
        hiding_of(api)._clock = clock
        for path, body in ASKED:
            shown(ask(api, path, body))
    assert source.reads == 1


# Concurrency


def test_one_request_reads_and_the_first_ones_wait_for_it(model: Model) -> None:
    async def work() -> None:
        source = Counted(FILM)
        source.gate = asyncio.Event()
        hiding = HiddenFilms(model, source, Clock())
        waiting = [asyncio.create_task(hiding.current()) for _ in range(50)]
        for _ in range(5):
            await asyncio.sleep(0)
        waiting[0].cancel()  # who reads goes away: another one reads
        waiting[1].cancel()
        for _ in range(5):
            await asyncio.sleep(0)
        source.gate.set()
        found = await asyncio.gather(*waiting[2:])
        assert {hidden.text for hidden in found} == {f"[{FILM}]"}
        assert source.reads == 2

    asyncio.run(work())


def test_while_one_reads_again_the_others_go_by_what_is_known(model: Model) -> None:
    async def work() -> None:
        source, clock = Counted(FILM), Clock()
        hiding = HiddenFilms(model, source, clock)
        await hiding.current()
        clock.now += READ_EVERY
        source.gate, source.films = asyncio.Event(), frozenset([OTHER])
        reader = asyncio.create_task(hiding.current())
        await asyncio.sleep(0)
        for _ in range(10):
            assert (await hiding.current()).text == f"[{FILM}]"
        source.gate.set()
        assert (await reader).text == f"[{OTHER}]"
        assert source.reads == 2

    asyncio.run(work())


def test_a_read_that_began_before_a_write_does_not_undo_it(model: Model) -> None:
    async def work() -> None:
        source: Any = Counted()
        source.gate = asyncio.Event()
        hiding = HiddenFilms(model, source, Clock())
        reader = asyncio.create_task(hiding.current())
        await asyncio.sleep(0)
        await hiding.change(source, FILM, hidden=True)
        source.gate.set()
        assert (await reader).text == f"[{FILM}]"
        assert (await hiding.current()).text == f"[{FILM}]"

    asyncio.run(work())


@pytest.fixture
def eager_switches() -> Iterator[None]:
    """Threads that take turns at almost every instruction."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("eager_switches")
def test_requests_of_several_loops_know_what_is_hidden(model: Model) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            hiding = HiddenFilms(model, Counted(FILM), Clock())
            found = list(pool.map(lambda now: asyncio.run(now.current()).text, [hiding] * 8))
            assert found == [f"[{FILM}]"] * 8


def test_writes_and_lists_at_once_end_in_what_was_written_last(local: TestClient) -> None:
    films = list(FILMS)[:20]

    def work(film: int) -> None:
        for hidden in (True, False, True):
            hide(local, film, hidden=hidden)
            assert (film in shown(local.get("/filmes?limite=1000"))) is not hidden

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, films))
    assert local.get("/filmes").headers["x-total-count"] == str(len(FILMS) - 20)


# Without the store


def test_a_source_that_never_answered_is_said_and_logged_once(
    artifact_dir: Path, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    source, clock = Counted(FILM), Clock()
    source.fails = True
    with TestClient(create_app(artifact_dir, hidden=source)) as api:
        hiding_of(api)._clock = clock
        for _ in range(2):
            for path, body in ASKED:
                answer = ask(api, path, body)
                assert answer.content == ask(client, path, body).content
                assert answer.headers["x-ocultos"] == "desconhecidos"
                assert "public" not in answer.headers["cache-control"]
            clock.now += READ_EVERY
        assert source.reads == 2
        [record] = caplog.records
        assert record.levelno == logging.WARNING
        assert record.getMessage() == "hidden films not read, none left out of lists: nowhere"
        source.fails = False
        answer = api.get("/filmes?limite=1000")
        assert FILM not in shown(answer)
        assert "x-ocultos" not in answer.headers


def test_what_was_known_stays_while_the_source_fails(
    artifact_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source, clock = Counted(FILM), Clock()
    with TestClient(create_app(artifact_dir, hidden=source)) as api:
        hiding_of(api)._clock = clock
        shown(api.get("/filmes"))
        for outage in (1, 2):
            source.fails = True
            for _ in range(3):
                clock.now += READ_EVERY
                answer = api.get("/filmes?limite=1000")
                assert FILM not in shown(answer)
                assert "x-ocultos" not in answer.headers
            assert len(caplog.records) == outage  # each outage is told once
            source.fails = False
            clock.now += READ_EVERY
            shown(api.get("/filmes"))


def test_nothing_seems_to_be_hidden_that_is_not(artifact_dir: Path) -> None:
    api = TestClient(create_app(artifact_dir, LOCAL, Unreachable()), raise_server_exceptions=False)
    for method in ("PUT", "DELETE"):
        answer = api.request(method, f"/filmes/{FILM}/oculto")
        check_problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
    assert FILM in shown(api.get("/filmes?limite=1000"))


def test_a_write_is_known_here_even_if_reading_fails_after_it(artifact_dir: Path) -> None:
    source: Any = Counted()
    with TestClient(create_app(artifact_dir, LOCAL, source, hidden=source)) as api:
        shown(api.get("/filmes"))
        source.fails = True
        hide(api, FILM)
        assert FILM not in shown(api.get("/filmes?limite=1000"))


def test_a_snapshot_holds_no_hidden_films(model: Model) -> None:
    source = Counted(FILM)
    hiding = HiddenFilms(model, source, Clock())
    hiding.pause()
    assert not asyncio.run(hiding.current()).is_known
    assert source.reads == 0
    hiding.forget()
    assert asyncio.run(hiding.current()).text == f"[{FILM}]"
    without = HiddenFilms(model, None)
    without.forget()
    assert asyncio.run(without.current()).is_known


# Modes


def test_an_open_installation_hides_but_reads_no_ratings_and_writes_nothing(
    artifact_dir: Path, client: TestClient, tmp_path: Path
) -> None:
    origin = origin_of(load(artifact_dir).manifest["data"])
    file = tmp_path / f"{origin.lineage}.sqlite3"
    own = f"/usuarios/{USER}/recomendacoes"
    best = shown(client.get(own))
    with closing(SqliteStore(file, origin)) as store:
        asyncio.run(store.write((USER, best[1]), 1.0, None))
        asyncio.run(store.hide(best[0], hidden=True))
        before = asyncio.run(store.hidden())
        with cold_start(
            ARTIFACT_DIR=str(artifact_dir), ACCESS="open", RATINGS_DIR=str(tmp_path)
        ) as handler:

            def call(method: str, path: str) -> Any:
                return handler(http_api(path, [], {"accept-encoding": "identity"}, method, None))

            listed = [film["id"] for film in json.loads(call("GET", own)["body"])]
            assert listed[:4] == best[1:]
            assert json.loads(call("GET", f"/filmes/{best[0]}")["body"])["oculto"] is True
            for method in ("PUT", "DELETE"):
                refused = call(method, f"/filmes/{best[0]}/oculto")
                assert refused["statusCode"] == 403
                assert "só de leitura" in refused["body"]
        assert asyncio.run(store.hidden()) == before


def test_an_open_function_reads_the_table_without_boto3(artifact_dir: Path, aws: str) -> None:
    create_table(aws, "aberta")
    with closing(dynamo_store(aws, "aberta")) as store:
        asyncio.run(store.hide(FILM, hidden=True))
    variables = environment(aws) | {"ACCESS": "open", "RATINGS_TABLE": "aberta"}
    *_, end = run_cold(artifact_dir, **variables)
    assert end["statuses"] == [200, 200]
    *_, without = run_cold(artifact_dir)
    more = set(end["modules"]) - set(without["modules"])
    assert not [name for name in more if name.startswith(("boto", "urllib3"))]
    assert len(more) < 20
    source: Any = open_store(read_settings(variables), UNKNOWN, variables)
    assert isinstance(source._calls, SignedCalls)
    assert asyncio.run(source.hidden()) == {FILM}


def test_what_is_not_simple_is_left_to_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    simple = {**CREDENTIALS, "RATINGS_TABLE": "tabela"}
    for more in ({}, {"AWS_REGION": "cn-north-1"}, {"AWS_REGION": "us-gov-west-1"}):
        source: Any = open_store(read_settings(simple | more), UNKNOWN, simple | more)
        assert isinstance(source._calls, SignedCalls)
    for other in (
        {"AWS_ACCESS_KEY_ID": ""},  # as with SnapStart, whose credentials come from a container
        *({"AWS_REGION": "us-iso-east-1"}, {"HTTPS_PROXY": "http://proxy"}),
        *({"AWS_USE_FIPS_ENDPOINT": "true"}, {"AWS_ENDPOINT_URL": "http://a:x"}),
    ):
        source = open_store(read_settings(simple), UNKNOWN, simple | other)
        assert isinstance(source._calls, BotoCalls)
        source.close()
    assert open_store(read_settings({}), UNKNOWN, {}) is None
    emulated = {"RATINGS_TABLE": "RatingsTable", "AWS_SAM_LOCAL": "true"}
    assert read_settings(emulated).ratings_table == ""


def test_no_mode_but_open_reads_only(artifact_dir: Path) -> None:
    for access in (Access(Mode.JWT), Access(Mode.OPEN)):
        api = TestClient(create_app(artifact_dir, access, Unreachable()))
        check_problem(api.put(f"/filmes/{FILM}/oculto"), 401 if access.mode is Mode.JWT else 403)


# Ranking


def test_thousands_are_left_out_of_a_large_catalogue() -> None:
    catalogue = make_catalogue("smooth", 20_000)
    model = make_model(catalogue.vectors)
    hidden = np.zeros(20_000, np.bool_)
    hidden[::4] = True
    ids = model.film_ids[hidden].tolist()
    for profile in make_profiles(model, catalogue.tastes, 5, seed=1):
        for strategy, mixed in itertools.product((Strategy.MODEL, Strategy.POPULAR), (True, False)):
            options: dict[str, Any] = {"strategy": strategy, "limit": 100, "include_rated": mixed}
            found = rank(model, profile, hidden=hidden, **options)
            assert len(found.rows) == 100
            assert not hidden[found.rows].any()
            whole = replace(model, candidates=20_000)  # every film is scored
            found = rank(whole, profile, hidden=hidden, **options)
            same = rank(whole, profile, excluded=ids, **options)
            assert found.rows.tolist() == same.rows.tolist()
