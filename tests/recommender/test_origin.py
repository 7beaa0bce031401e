"""Written ratings of another catalogue or scale, and malformed ones, are as good as absent."""

import asyncio
import itertools
import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from recommender.api.application import create_app
from recommender.data.boto_calls import CONFIG, READ_TIMEOUT
from recommender.data.catalog import MAX_ID
from recommender.data.dynamo_items import Raw
from recommender.data.dynamo_store import DynamoStore
from recommender.data.origin import ORIGINAL, Origin, origin_of, spell_scale
from recommender.data.sqlite_store import SqliteStore
from recommender.data.store import HIDDEN_KEY, ConflictError, Entry, Store, StoreError, spell
from recommender.settings import Access, Mode
from tests.expectations import FILMS, RATINGS
from tests.recommender.test_store import check_chain, read, write, write_all
from tests.stores import client_of, create_table, dynamo_store, moto_server, run_machine

OWN = Origin("filmes", "filmes", "0:5")
LATER = Origin("ml-100k", "filmes", "0:5")
COARSE = Origin("filmes", "filmes", "1:5")
ORIGINS = (OWN, LATER, COARSE)
WRITERS = 20
MOMENT = 1_700_000_000.123456
USER = 1
RATED, UNRATED = min(RATINGS[USER]), next(film for film in FILMS if film not in RATINGS[USER])
LOCAL = Access(Mode.LOCAL)

Open = Callable[[Origin], Store]
Told = Callable[[], list[tuple[str, str]]]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine may be busy, and a write that takes long is given up."""
    monkeypatch.setattr("recommender.data.dynamo_store.WRITE_SECONDS", 60.0)


@pytest.fixture(params=["sqlite", "dynamo"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Open]:
    """What makes an empty place, which makes stores of it for one origin each."""
    numbers = itertools.count()
    if request.param == "sqlite":

        def make_file() -> Open:
            file = tmp_path / f"{next(numbers)}.sqlite3"
            return lambda origin: SqliteStore(file, origin)

        return make_file
    url = request.getfixturevalue("aws")

    def make_table() -> Open:
        name = f"{tmp_path.name}-{next(numbers)}"
        create_table(url, name)
        return lambda origin: dynamo_store(url, name, origin=origin)

    return make_table


@pytest.fixture
def stores(make: Callable[[], Open]) -> Iterator[list[Store]]:
    """One place, for each of ``ORIGINS``."""
    place = make()
    made = [place(origin) for origin in ORIGINS]
    yield made
    for store in made:
        store.close()


@pytest.fixture
def place(make: Callable[[], Open]) -> Open:
    return make()


def put(store: Store, film: object, **attributes: Any) -> None:
    """Write an item as it is, by DynamoDB's types; SQLite takes the values alone."""
    if isinstance(store, DynamoStore):
        key = {"usuario_id": {"N": "1"}, "filme_id": {"N": str(film)}}
        store._calls.call("PutItem", {"TableName": store._table, "Item": key | attributes})
        return
    assert isinstance(store, SqliteStore)
    names = ("avaliacao", "versao", "momento", "linhagem", "escala", "titulo")
    values = [
        next(iter(attributes[name].values()), None) if name in attributes else None
        for name in names
    ]
    store._writer.execute(
        "REPLACE INTO avaliacoes VALUES (1, ?, ?, ?, ?, ?, ?, ?)", (film, *values)
    )


def put_hidden(store: Store, film: int, moment: str) -> None:
    """Hide a film as it was done before items said of which title they are."""
    if isinstance(store, DynamoStore):
        key = {"usuario_id": {"N": str(HIDDEN_KEY)}, "filme_id": {"N": str(film)}}
        bearing = {"momento": {"S": moment}, "linhagem": {"S": OWN.lineage}}
        store._calls.call("PutItem", {"TableName": store._table, "Item": key | bearing})
        return
    assert isinstance(store, SqliteStore)
    store._writer.execute("INSERT INTO ocultos VALUES (?, ?, NULL)", (film, moment))


def shown(store: Store) -> dict[int, float | None]:
    return {film_id: entry.rating for film_id, entry in read(store, 1).items()}


def item(rating: str | None = "4", moment: float = MOMENT, **more: Any) -> dict[str, Any]:
    """The attributes of an item, as a stack had them before items bore a lineage."""
    given = {"avaliacao": {"N": rating}} if rating is not None else {}
    return {**given, "versao": {"N": "3"}, "momento": {"S": spell(moment)}, **more}


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """What the API logs, whatever an earlier test has made of its loggers."""
    log = logging.Logger("recommender.data.origin")
    log.addHandler(caplog.handler)
    monkeypatch.setattr("recommender.data.origin._log", log)

    def records() -> list[tuple[str, str]]:
        own = [record for record in caplog.records if record.name == log.name]
        return [(record.levelname, record.getMessage()) for record in own]

    yield records
    log.removeHandler(caplog.handler)


def kept_by(store: DynamoStore, user: int) -> dict[int, Raw]:
    """A user's items as the table keeps them, by film id."""
    return {int(raw["filme_id"]["N"]): raw for raw in store._read(user)}


def version(store: Store, film: int) -> int:
    """The version that the next write goes on from."""
    if isinstance(store, DynamoStore):
        return int(kept_by(store, 1)[film]["versao"]["N"])
    assert isinstance(store, SqliteStore)
    query = "SELECT versao FROM avaliacoes WHERE usuario_id = 1 AND filme_id = ?"
    return int(store._reader.execute(query, [film]).fetchone()[0])


class Lineages(RuleBasedStateMachine):
    """Stores of several origins in one place, beside a dictionary that knows who wrote what last.

    Each must do what it would do alone, but for the versions, which all count on.
    """

    make: Callable[[], Open]
    films = st.sampled_from([1, 2])
    origins = st.sampled_from(range(len(ORIGINS)))
    ratings = st.sampled_from([0.0, 3.0, 5.0])

    def __init__(self) -> None:
        super().__init__()
        place = self.make()
        self.stores = [place(origin) for origin in ORIGINS]
        self.entries: dict[int, tuple[int, Entry]] = {}

    def entry(self, origin: int, film: int) -> Entry | None:
        of, entry = self.entries.get(film, (None, None))
        return entry if of == origin else None

    def expect(self, origin: int, film: int, rating: float | None, packaged: float | None) -> Any:
        """The entry before a write, and rating and version after it (None: nothing changes)."""
        before = self.entry(origin, film)
        unchanged = rating == before.rating if before else rating is packaged is None
        last = self.entries[film][1].version if film in self.entries else 0
        return before, None if unchanged else (rating, last + 1)

    def check(self, origin: int, film: int, found: Any, expected: Any) -> None:
        before, written = expected
        assert found[0] == before
        if written is None:
            assert found[1] == before
            return
        assert (found[1].rating, found[1].version) == written
        self.entries[film] = origin, found[1]

    @rule(
        origin=origins,
        film=films,
        rating=st.none() | ratings,
        packaged=st.none() | ratings,
        expected=st.none() | st.integers(0, 3),
    )
    def write(
        self,
        origin: int,
        film: int,
        rating: float | None,
        packaged: float | None,
        expected: int | None,
    ) -> None:
        before = self.entry(origin, film)
        call = (self.stores[origin], 1, film, rating, packaged, expected)
        if expected not in (None, before.version if before else 0):
            with pytest.raises(ConflictError):
                write(*call)
        else:
            wanted = self.expect(origin, film, rating, packaged)
            self.check(origin, film, write(*call), wanted)
        self.read(origin)

    @rule(origin=origins, ratings=st.dictionaries(films, ratings))
    def write_all(self, origin: int, ratings: dict[int, float]) -> None:
        wanted = {film: self.expect(origin, film, rating, 0.0) for film, rating in ratings.items()}
        found = write_all(self.stores[origin], 1, ratings)
        assert list(found) == list(ratings)
        for film in ratings:
            self.check(origin, film, found[film], wanted[film])
        self.read(origin)

    @rule(origin=origins)
    def read(self, origin: int) -> None:
        entries = {film: self.entry(origin, film) for film in self.entries}
        counting = {film: entry for film, entry in entries.items() if entry}
        assert read(self.stores[origin], 1) == counting
        for film in self.entries:
            assert read(self.stores[origin], 1, film).get(film) == entries[film]

    def teardown(self) -> None:
        for store in self.stores:
            store.close()


def test_each_origin_sees_its_own_ratings_only(make: Callable[[], Open]) -> None:
    run_machine(Lineages, make, examples=12, steps=20)


def test_items_that_bear_nothing_are_of_the_first_lineage(place: Open) -> None:
    origins = [*ORIGINS, Origin(), Origin("ml-100k", "", "0:5"), Origin("", "", "0:5")]
    made = [place(origin) for origin in origins]
    put(made[0], 2, **item())
    assert [bool(read(store, 1)) for store in made] == [True, False, True, True, False, True]
    assert read(made[0], 1) == {2: Entry(4.0, 3, MOMENT)}
    for store in made:
        store.close()


def test_what_is_written_bears_lineage_and_scale(aws: str) -> None:
    create_table(aws, "atributos")
    with (
        closing(
            dynamo_store(aws, "atributos", origin=replace(LATER, retitled={4: MOMENT}))
        ) as store,
        closing(dynamo_store(aws, "atributos")) as old,
    ):
        write(store, 1, 2, 4.0, None)
        write(store, 1, 3, None, 4.0)
        write_all(store, 1, {4: 3.0})
        kept = kept_by(store, 1)
        for film in (2, 3, 4):
            assert kept[film]["linhagem"] == {"S": "ml-100k"}
            assert kept[film]["escala"] == {"S": "0:5"}
            assert kept[film]["titulo"] == {"S": ORIGINAL if film != 4 else spell(MOMENT)}
        assert "avaliacao" not in kept[3]
        write(old, 1, 2, 4.0, None)
        write_all(old, 1, {4: 3.0})
        kept = kept_by(old, 1)
        for film in (2, 4):
            assert not kept[film].keys() & {"linhagem", "escala"}


def test_a_retitled_film_loses_its_older_ratings_alone(place: Open) -> None:
    retitled = Origin("filmes", "filmes", "0:5", {2: MOMENT})
    with closing(place(OWN)) as before, closing(place(retitled)) as store:
        for film, moment in ((2, MOMENT - 1e-6), (3, MOMENT - 1e-6)):
            put(before, film, **item("4", moment))
        assert read(before, 1).keys() == {2, 3}
        assert read(store, 1).keys() == {3}
        put(before, 2, **item("4", MOMENT))
        assert read(store, 1).keys() == {2, 3}
        put(before, 2, **item("4", MOMENT - 1e-6))
        with pytest.raises(ConflictError):
            write(store, 1, 2, 4.0, None, expected=3)
        assert write(store, 1, 2, None, None) == (None, None)
        nothing, after = write(store, 1, 2, 4.0, None, expected=0)
        assert (nothing, after) == (None, read(store, 1)[2])
        assert after is not None
        assert after.version == 4


def test_a_rating_is_of_the_title_that_its_writer_knew(place: Open) -> None:
    """Whichever model is live: an older one comes back, and goes again."""
    first, second, third = (
        replace(OWN, retitled=retitled)
        for retitled in ({}, {2: MOMENT}, {2: MOMENT + 60, 3: MOMENT + 60})
    )
    stores = [place(origin) for origin in (first, second, third)]
    for film, rating in ((2, 1.0), (3, 1.0)):
        write(stores[0], 1, film, rating, None)
    write(stores[1], 1, 2, 2.0, None)
    assert [shown(store) for store in stores] == [{3: 1.0}, {2: 2.0, 3: 1.0}, {}]
    with pytest.raises(ConflictError):
        write(stores[0], 1, 2, 1.0, None, expected=2)
    write(stores[0], 1, 2, 1.0, None, expected=0)
    write_all(stores[2], 1, {3: 3.0})
    assert [shown(store) for store in stores] == [{2: 1.0}, {}, {3: 3.0}]
    assert version(stores[0], 2) == 3
    for store in stores:
        store.close()


def test_what_is_hidden_is_the_film_not_its_id(place: Open) -> None:
    retitled = replace(OWN, retitled={2: MOMENT})
    with closing(place(OWN)) as before, closing(place(retitled)) as after:

        async def hidden() -> list[frozenset[int]]:
            return [await before.hidden(), await after.hidden()]

        async def work() -> None:
            for film in (2, 3):
                await before.hide(film, hidden=True)
            assert await hidden() == [{2, 3}, {3}]
            await after.hide(2, hidden=True)
            assert await hidden() == [{3}, {2, 3}]
            await after.hide(2, hidden=False)
            assert await hidden() == [{3}, {3}]

        asyncio.run(work())
        for film, moment in ((4, spell(MOMENT - 1)), (5, spell(MOMENT)), (6, "ontem")):
            put_hidden(before, film, moment)
        later = replace(OWN, retitled=dict.fromkeys((4, 5, 6), MOMENT))
        with closing(place(later)) as store:
            assert asyncio.run(store.hidden()) == {3, 5, 6}


MALFORMED: dict[str, dict[str, Any]] = {
    "no version": {"versao": {}},
    "no number as version": {"versao": {"S": "três"}},
    "no moment": {"momento": {"S": "ontem"}},
    "a number as moment": {"momento": {"N": "1700000000"}},
    "no number as rating": {"avaliacao": {"S": "ótimo"}},
    "a fraction as version": {"versao": {"N": "2.5"}},
    "a version of zero": {"versao": {"N": "0"}},
    "a version below zero": {"versao": {"N": "-7"}},
    "a version beyond all writes": {"versao": {"N": str(2**63 - 1)}},
    "a moment beyond the calendar": {"momento": {"S": "9999-12-31T23:59:59.999999-05:00"}},
}


@pytest.mark.parametrize("broken", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_item_is_as_good_as_absent(
    place: Open, broken: dict[str, Any], told: Told
) -> None:
    attributes = {name: value for name, value in (item() | broken).items() if value}
    with closing(place(OWN)) as store:
        if isinstance(store, SqliteStore) and "versao" not in attributes:
            attributes["versao"] = {"S": ""}  # its column takes no NULL

        def fresh() -> None:
            put(store, 2, **attributes)
            put(store, 3, **item("5"))

        last = (
            3 if attributes["versao" if "versao" in attributes else "momento"] == {"N": "3"} else 0
        )
        fresh()
        assert read(store, 1) == {3: Entry(5.0, 3, MOMENT)}
        assert told() == [("WARNING", "a user's written ratings passed over: malformed: 1")]
        for rating in (4.0, 5.0):
            for expected in (None, 0):
                fresh()
                found = write(store, 1, 2, rating, None, expected)
                assert found == (None, read(store, 1)[2])
                assert read(store, 1)[2].version == last + 1
        fresh()
        if "S" not in broken.get("momento", {}):  # which DynamoDB cannot tell from a moment
            with pytest.raises(ConflictError):
                write(store, 1, 2, 5.0, None, expected=3)
        assert write(store, 1, 2, None, 4.0)[0] is None
        assert read(store, 1)[2].rating is None
        fresh()
        assert write_all(store, 1, {2: 4.0, 3: 5.0})[2] == (None, read(store, 1)[2])
        assert read(store, 1)[2].version == last + 1


def test_items_of_films_without_an_id_are_passed_over(place: Open, told: Told) -> None:
    """DynamoDB's numbers may be fractions; a column of SQLite takes anything."""
    films: list[object] = [1.5, -0.25, MAX_ID + 1, -(2**62)]
    with closing(place(OWN)) as store:
        films += ["dois", b"3"] if isinstance(store, SqliteStore) else [10**30]
        for film in films:
            put(store, film, **item())
        assert read(store, 1) == {}
        put(store, MAX_ID, **item())
        assert read(store, 1) == {MAX_ID: Entry(4.0, 3, MOMENT)}
        line = f"a user's written ratings passed over: malformed: {len(films)}"
        assert told() == [("WARNING", line)] * 2
        assert write_all(store, 1, {2: 4.0})[2] == (None, read(store, 1)[2])
        assert read(store, 1).keys() == {2, MAX_ID}


def test_bytes_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "a.sqlite3", OWN)) as store:
        put(store, 2, **item("4"))
        store._writer.execute("UPDATE avaliacoes SET momento = CAST(x'ff' AS TEXT)")
        put(store, 3, **item("5"))
        assert read(store, 1).keys() == {3}


@pytest.mark.parametrize("moment", ["2026-01-31T20:15:00", "2026-01-31T20:15:00+00:00"])
def test_a_moment_without_an_offset_is_in_utc(place: Open, moment: str) -> None:
    with closing(place(OWN)) as store:
        put(store, 2, **item() | {"momento": {"S": moment}})
        given = datetime(2026, 1, 31, 20, 15, tzinfo=UTC).timestamp()
        assert read(store, 1)[2].moment == given


def test_a_user_with_strange_items_is_answered(api: TestClient, store: Store) -> None:
    paths = ["/usuarios/1/recomendacoes", "/usuarios/1/avaliacoes"]
    before = [api.get(path).json() for path in paths]
    for film, broken in enumerate(MALFORMED.values(), 101):
        attributes = {name: value for name, value in (item() | broken).items() if value}
        if isinstance(store, SqliteStore):
            attributes |= {n: {"S": ""} for n in ("versao", "momento") if n not in attributes}
        put(store, film, **attributes)
    put(store, 1.5, **item())
    put(store, 2**62, **item())
    assert [api.get(path).json() for path in paths] == before
    for film in range(101, 101 + len(MALFORMED)):
        written = api.put(f"/usuarios/1/avaliacoes/{film}", json={"avaliacao": 4})
        assert written.status_code in (200, 201)
        assert api.get(f"/usuarios/1/avaliacoes/{film}").json() == written.json()


def test_what_is_passed_over_is_counted_once_a_read(place: Open, told: Told) -> None:
    origin = Origin("filmes", "filmes", "0:5", {70: MOMENT + 1})
    with closing(place(origin)) as store:
        for film in (50, 51):
            put(store, film, **item(linhagem={"S": "outra"}))
        put(store, 60, **item(linhagem={"S": "filmes"}, escala={"S": "1:5"}))
        put(store, 70, **item())
        put(store, 80, **item(escala={"S": "0:5"}))
        assert read(store, 1).keys() == {80}
        assert read(store, 1, 80).keys() == {80}
    counts = "other_lineage: 2, other_scale: 1, retitled: 1"
    assert told() == [("INFO", f"a user's written ratings passed over: {counts}")]


def test_writers_of_three_origins_make_as_many_versions(stores: list[Store]) -> None:
    """A canary serves two models at once, perhaps of two lineages."""

    def rate(number: int) -> tuple[Entry | None, Entry | None]:
        return write(stores[number % 3], 1, 2, float(number), None)

    with ThreadPoolExecutor(WRITERS) as pool:
        changes = list(pool.map(rate, range(3 * WRITERS)))
    versions = [after.version for _, after in changes if after]
    assert sorted(versions) == list(range(1, 3 * WRITERS + 1))
    last = max(range(3 * WRITERS), key=versions.__getitem__)
    assert [read(store, 1) for store in stores] == [
        {2: changes[last][1]} if place == last % 3 else {} for place in range(3)
    ]


def test_of_many_that_create_over_another_lineage_one_wins(stores: list[Store]) -> None:
    own, other, _ = stores
    write(other, 1, 2, 5.0, None)

    def wins(number: int) -> bool:
        try:
            write(own, 1, 2, float(number), None, expected=0)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        won = list(pool.map(wins, range(WRITERS)))
    assert sum(won) == 1
    entry = read(own, 1)[2]
    assert (entry.rating, entry.version) == (won.index(True), 2)


def test_many_writers_over_another_lineage_lose_nothing(stores: list[Store]) -> None:
    own, other, _ = stores
    write(other, 1, 2, 5.0, None)
    with ThreadPoolExecutor(WRITERS) as pool:
        changes = list(pool.map(lambda n: write(own, 1, 2, float(n), None), range(WRITERS)))
    shifted = [
        tuple(entry and Entry(entry.rating, entry.version - 1, entry.moment) for entry in change)
        for change in changes
    ]
    last = read(own, 1)[2]
    check_chain(shifted, Entry(last.rating, last.version - 1, last.moment))  # type: ignore[arg-type]


def test_many_ratings_over_another_lineage_are_written_whole(stores: list[Store]) -> None:
    own, other, _ = stores
    write_all(other, 1, dict.fromkeys(range(10), 1.0))
    write(own, 1, 0, 2.0, None)
    found = write_all(own, 1, dict.fromkeys(range(10), 2.0))
    assert found[0][0] == found[0][1]
    assert {film: before for film, (before, _) in found.items() if before}.keys() == {0}
    assert {entry.version for entry in read(own, 1).values()} == {2}
    assert read(other, 1) == {}


def test_a_deletion_of_another_lineage_hides_no_packaged_rating(stores: list[Store]) -> None:
    own, other, _ = stores
    write(other, 1, 2, None, 4.0)
    assert read(own, 1) == {}
    assert write(own, 1, 2, None, None) == (None, None)
    assert version(own, 2) == 1
    before, after = write(own, 1, 2, None, 4.0)
    assert before is None
    assert (after, after and after.version) == (read(own, 1)[2], 2)


def test_a_replacement_whose_first_answer_comes_too_late_is_no_conflict() -> None:
    create, other, unmet = 0, 0, 0
    with moto_server([create, other, unmet, 2 * READ_TIMEOUT]) as url:
        create_table(url, "lenta-por-outra")
        with (
            closing(dynamo_store(url, "lenta-por-outra", origin=LATER)) as later,
            closing(dynamo_store(url, "lenta-por-outra", CONFIG, OWN)) as own,
        ):
            write(later, 1, 2, 4.0, None)
            found = write(own, 1, 2, 4.0, None, expected=0)
            assert found == (None, read(own, 1)[2])
            assert version(own, 2) == 2


def test_a_write_that_others_keep_coming_before_is_given_up(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_table(aws, "disputada-por-duas")
    with (
        closing(dynamo_store(aws, "disputada-por-duas", origin=LATER)) as later,
        closing(dynamo_store(aws, "disputada-por-duas", origin=OWN)) as own,
    ):
        write(later, 1, 2, 4.0, None)
        monkeypatch.setattr("recommender.data.dynamo_store.WRITE_SECONDS", -1.0)
        with pytest.raises(StoreError, match="others"):
            write(own, 1, 2, 5.0, None)
        monkeypatch.setattr("recommender.data.dynamo_store.WRITE_SECONDS", 60.0)
        rivals = iter(range(1, 4))

        def interfere(params: dict[str, Any], **_: object) -> None:
            replacing = b":anterior" in json.dumps(params["body"].decode()).encode()
            if replacing and (rival := next(rivals, None)):
                write(later, 1, 2, float(rival), None)

        client_of(own).meta.events.register("before-call.dynamodb.UpdateItem", interfere)
        before, after = write(own, 1, 2, 5.0, None)
        assert before is None
        assert after is not None
        assert (after, after.version) == (read(own, 1)[2], 5)


def test_a_file_of_an_earlier_version_is_adopted(tmp_path: Path) -> None:
    file = tmp_path / "filmes.sqlite3"
    with closing(sqlite3.connect(file)) as old:
        old.execute(
            "CREATE TABLE avaliacoes (usuario_id INTEGER NOT NULL, filme_id INTEGER NOT NULL, "
            "avaliacao REAL, versao INTEGER NOT NULL, momento TEXT NOT NULL, "
            "PRIMARY KEY (usuario_id, filme_id)) WITHOUT ROWID"
        )
        old.execute("INSERT INTO avaliacoes VALUES (1, 2, 4.0, 3, ?)", [spell(MOMENT)])
        old.execute("CREATE TABLE ocultos (filme_id INTEGER PRIMARY KEY, momento TEXT NOT NULL)")
        old.execute("INSERT INTO ocultos VALUES (2, ?)", [spell(MOMENT)])
        old.commit()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: SqliteStore(file, OWN), range(8)))
    for store in made:
        assert read(store, 1) == {2: Entry(4.0, 3, MOMENT)}
        assert asyncio.run(store.hidden()) == {2}
        store.close()
    with closing(SqliteStore(file, OWN)) as store:
        assert write(store, 1, 2, 5.0, None)[1] == read(store, 1)[2]


def test_the_manifest_names_the_origin() -> None:
    facts = {
        "linhagem": "b",
        "primeira_linhagem": "a",
        "escala": [0.5, 5],
        "retitulados": {"7": spell(MOMENT)},
    }
    assert origin_of(facts) == Origin("b", "a", "0.5:5", {7: MOMENT})
    assert origin_of({"escala": [1, 5]}) == Origin("", "", "1:5")
    assert spell_scale(0.0, 10.0) == "0:10"


@pytest.fixture
def apis(artifact_dir: Path, stores: list[Store]) -> Iterator[list[TestClient]]:
    """Clients of the example data, for which the ratings of each other do not count."""
    clients = [TestClient(create_app(artifact_dir, LOCAL, store)) for store in stores]
    for client in clients:
        client.__enter__()
    yield clients
    for client in clients:
        client.__exit__(None, None, None)


def test_conditions_hold_as_if_the_other_lineage_had_written_nothing(
    apis: list[TestClient],
) -> None:
    own, other, _ = apis
    path = f"/usuarios/{USER}/avaliacoes/{UNRATED}"
    nothing = own.get("/usuarios/1/avaliacoes").json()
    foreign = other.put(path, json={"avaliacao": 5})
    assert own.get(path).status_code == 404
    assert own.get("/usuarios/1/avaliacoes").json() == nothing
    for tag in ("*", foreign.headers["etag"]):
        for method, body in (("PUT", {"avaliacao": 5}), ("DELETE", None)):
            refused = own.request(method, path, json=body, headers={"If-Match": tag})
            assert refused.status_code == 412
    assert own.delete(path).status_code == 204
    assert other.get(path).json() == foreign.json()
    created = own.put(path, json={"avaliacao": 5}, headers={"If-None-Match": "*"})
    assert (created.status_code, created.json()["versao"]) == (201, 2)
    assert own.put(path, json={"avaliacao": 4}, headers={"If-None-Match": "*"}).status_code == 412
    assert other.get(path).status_code == 404
    match = {"If-Match": created.headers["etag"]}
    assert own.put(path, json={"avaliacao": 4}, headers=match).json()["versao"] == 3


def test_a_packaged_rating_comes_back_where_another_lineage_deleted_it(
    apis: list[TestClient],
) -> None:
    own, other, _ = apis
    path = f"/usuarios/{USER}/avaliacoes/{RATED}"
    packaged = own.get(path)
    assert other.delete(path).status_code == 204
    assert other.get(path).status_code == 404
    assert own.get(path).json() == packaged.json()
    tag = {"If-Match": packaged.headers["etag"]}
    assert own.delete(path, headers=tag).status_code == 204
    assert own.get(path).status_code == 404
    assert other.get(path).json() == packaged.json()
    several = other.put(
        f"/usuarios/{USER}/avaliacoes", json={"avaliacoes": [{"filme_id": RATED, "avaliacao": 1}]}
    )
    assert [rating["versao"] for rating in several.json()] == [3]


def test_a_user_of_another_lineage_is_unknown(apis: list[TestClient]) -> None:
    own, other, _ = apis
    path = "/usuarios/77777777"
    assert other.put(f"{path}/avaliacoes/{UNRATED}", json={"avaliacao": 5}).status_code == 201
    assert other.get(f"{path}/recomendacoes").status_code == 200
    assert own.get(f"{path}/recomendacoes").status_code == 404
