"""Users who are erased: one mark lies over all that is older, in both stores and over HTTP."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from recommender.api.application import create_app
from recommender.data.catalog import Catalog, Rated
from recommender.data.dynamo_items import erasure
from recommender.data.dynamo_store import ERASE_SECONDS, DynamoStore
from recommender.data.origin import Origin, make_mark
from recommender.data.sqlite_store import READ, SqliteStore, _items
from recommender.data.store import (
    ERASED_KEY,
    HIDDEN_KEY,
    MARK,
    SECONDS,
    Entry,
    Store,
    StoreError,
    spell,
)
from recommender.model.artifact import CATALOG_FILE
from recommender.settings import Access, Mode
from tests.expectations import FILMS, RATINGS
from tests.recommender.conftest import LOCAL
from tests.recommender.test_api import check_problem
from tests.recommender.test_ratings import NEW_USER, RATED, UNRATED, USER, path, rate
from tests.recommender.test_users import all_pages
from tests.stores import (
    client_of,
    create_table,
    dynamo_store,
    make_stores,
    run_machine,
    signed_store,
)
from tests.training.small_data import as_document, as_json, from_json, random_ratings
from training.build import build

USERS, FILM_IDS = st.sampled_from([1, 2]), st.sampled_from([1, 2, 3])
VALUES = st.sampled_from([1.0, 4.0, 5.0])
ROUTES = [
    *("/usuarios/{}/recomendacoes", "/filmes/{}/recomendacoes", "/usuarios/{}/inicio"),
    *("/usuarios/{}/recomendacoes?estrategia=grupo", "/usuarios/{}/avaliacoes"),
]

Make = Callable[[], Store]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine may be busy."""
    for name in ("WRITE_SECONDS", "ERASE_SECONDS"):
        monkeypatch.setattr(f"recommender.data.dynamo_store.{name}", 60.0)


@pytest.fixture(params=["sqlite", "boto"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """What makes an empty store."""
    return make_stores(request, tmp_path)


def read(store: Store, user: int, film: int | None = None) -> dict[int, Entry]:
    return asyncio.run(store.read(user, film))


def write(
    store: Store, user: int, film: int, rating: float | None, packaged: float | None = None
) -> tuple[Entry | None, Entry | None]:
    """Write as the API does, which knows the mark."""
    mark = read(store, user, MARK).get(MARK)
    return asyncio.run(store.write((user, film), rating, packaged, None, mark))


def erase(store: Store, user: int, trained: float = 0.0) -> None:
    asyncio.run(store.erase(user, trained))


def table_of(store: Store) -> DynamoStore | SqliteStore:
    assert isinstance(store, DynamoStore | SqliteStore)
    return store


def leave_mark(store: Store, user: int) -> None:
    """Erase a user without removing anything, as if what comes after the mark failed."""
    place = table_of(store)
    if isinstance(place, DynamoStore):
        asyncio.run(place._mark(user, 0.0))
    else:
        rows = place._writer.execute(READ, [user]).fetchall()
        place._put(user, MARK, make_mark(_items(rows).get(MARK), 0.0))


def put_mark(store: Store, user: int, mark: Entry) -> None:
    place = table_of(store)
    if isinstance(place, DynamoStore):
        assert place._transact(erasure(place._table, user, mark, None))
    else:
        place._put(user, MARK, mark)


def films_kept(store: Store, user: int) -> list[int]:
    """The films of all that a store keeps of a user, whether or not it counts."""
    place = table_of(store)
    if isinstance(place, DynamoStore):
        return [int(raw["filme_id"]["N"]) for raw in place._read(user)]
    return [row[0] for row in place._writer.execute(READ, [user])]


class Erasures(RuleBasedStateMachine):
    """A store beside a dictionary from which an erasure takes all entries of a user."""

    make: Make

    def __init__(self) -> None:
        super().__init__()
        self.store = self.make()
        self.entries: dict[tuple[int, int], Entry] = {}
        self.highest: dict[tuple[int, int], int] = {}  # version that an entry ever had
        self.erased: dict[int, float] = {}  # the moments of marks

    @rule(user=USERS, film=FILM_IDS, rating=st.none() | VALUES, packaged=st.none() | VALUES)
    def write(self, user: int, film: int, rating: float | None, packaged: float | None) -> None:
        before, after = write(self.store, user, film, rating, packaged)
        kept = self.entries.get((user, film))
        assert before == kept
        if rating is None:
            is_same = (kept.rating if kept else packaged) is None
        else:
            is_same = kept is not None and rating == kept.rating
        if is_same:
            assert after == kept
        else:
            self.expect(user, film, rating, after)
        self.check(user)

    @rule(user=USERS, ratings=st.dictionaries(FILM_IDS, VALUES, min_size=1))
    def write_all(self, user: int, ratings: dict[int, float]) -> None:
        found = asyncio.run(self.store.write_all(user, ratings))
        for film, rating in ratings.items():
            before, after = found[film]
            assert before == self.entries.get((user, film))
            if before is None or before.rating != rating:
                self.expect(user, film, rating, after)
        self.check(user)

    def expect(self, user: int, film: int, rating: float | None, after: Entry | None) -> None:
        assert after is not None
        assert after.rating == rating
        assert after.version > self.highest.get((user, film), 0)
        assert (after.moment or 0.0) > self.erased.get(user, 0.0)
        self.entries[user, film] = after
        self.highest[user, film] = after.version

    @rule(user=USERS, removing=st.booleans())
    def erase(self, user: int, removing: bool) -> None:
        (erase if removing else leave_mark)(self.store, user)
        self.entries = {key: entry for key, entry in self.entries.items() if key[0] != user}
        mark = read(self.store, user)[MARK]
        assert mark.rating is None
        assert (mark.moment or 0.0) >= self.erased.get(user, 0.0)
        self.erased[user] = mark.moment or 0.0
        if removing:
            assert films_kept(self.store, user) == [MARK]
        self.check(user)

    @rule(user=USERS, film=FILM_IDS)
    def read_one(self, user: int, film: int) -> None:
        entry = self.entries.get((user, film))
        found = read(self.store, user, film)
        assert (MARK in found) == (user in self.erased)
        assert {f: e for f, e in found.items() if f != MARK} == ({film: entry} if entry else {})

    def check(self, user: int) -> None:
        found = read(self.store, user)
        assert (MARK in found) == (user in self.erased)
        found.pop(MARK, None)
        assert found == {f: entry for (of, f), entry in self.entries.items() if of == user}

    def teardown(self) -> None:
        for user in (1, 2):
            self.check(user)
        self.store.close()


def test_a_store_forgets_whom_it_erases(make: Make) -> None:
    run_machine(Erasures, make, examples=20, steps=20)


class Answers(RuleBasedStateMachine):
    """The API beside a dictionary of users' ratings; the model knows user 1, not user ``NEW``."""

    make: Callable[[], TestClient]
    NEW = 10**9

    def __init__(self) -> None:
        super().__init__()
        self.api = self.make()
        self.ratings: dict[int, dict[int, float]] = {1: dict(RATINGS[1]), self.NEW: {}}
        self.known = {1}  # users who exist without ratings
        self.versions: dict[tuple[int, int], int] = {}

    people = st.sampled_from([1, NEW])
    films = st.sampled_from([RATED, UNRATED, max(FILMS)])

    @rule(user=people, film=films, rating=VALUES)
    def rate(self, user: int, film: int, rating: float) -> None:
        answer = rate(self.api, rating, user, film)
        assert answer.status_code == (200 if film in self.ratings[user] else 201)
        version = answer.json()["versao"]
        if self.ratings[user].get(film) != rating:
            assert version > self.versions.get((user, film), 0)
        self.versions[user, film] = version
        self.ratings[user][film] = rating
        self.check()

    @rule(user=people, some=st.dictionaries(films, VALUES, min_size=1))
    def rate_all(self, user: int, some: dict[int, float]) -> None:
        body = [{"filme_id": film, "avaliacao": rating} for film, rating in some.items()]
        assert self.api.put(path(user), json={"avaliacoes": body}).status_code == 200
        self.ratings[user] |= some
        self.check()

    @rule(user=people, film=films)
    def delete(self, user: int, film: int) -> None:
        assert self.api.delete(path(user, film)).status_code == 204
        self.ratings[user].pop(film, None)
        self.check()

    @rule(user=people)
    def erase(self, user: int) -> None:
        assert self.api.delete(f"/usuarios/{user}").status_code == 204
        self.ratings[user], self.known = {}, self.known - {user}
        self.check()

    def check(self) -> None:
        for user, ratings in self.ratings.items():
            answer = self.api.get(path(user), params={"limite": 1000})
            if not ratings and user not in self.known:
                assert answer.status_code == 404
            else:
                found = {rating["filme_id"]: rating["avaliacao"] for rating in answer.json()}
                assert found == ratings

    def teardown(self) -> None:
        app: Any = self.api.app
        app.state.serving.store.close()


def test_for_any_order_of_writes_and_erasures_answers_are_those_of_a_dictionary(
    make: Make, artifact_dir: Path
) -> None:
    app = create_app(artifact_dir, LOCAL)

    def make_api() -> TestClient:
        app.state.serving = app.state.serving._replace(store=make())
        return TestClient(app)

    run_machine(Answers, make_api, examples=10, steps=12)


# In the stores


def test_marks_are_told_from_all_else() -> None:
    assert len({MARK, ERASED_KEY, HIDDEN_KEY}) == 3
    assert 2**53 - 1 < MARK < 2**63  # no film's id, but a number that SQLite keeps whole


def test_a_mark_counts_in_every_lineage_and_scale(make: Make) -> None:
    """A rolled-back model, or one of another catalogue, reads the same table."""
    with closing(make()) as store:
        place = table_of(store)
        place._origin = Origin("velha", "velha", "0:5")
        write(store, 1, 2, 4.0)
        place._origin = Origin("nova", "nova", "0:10")
        erase(store, 1)
        assert films_kept(store, 1) == [MARK]
        for origin in (place._origin, Origin("velha", "velha", "0:5"), Origin()):
            place._origin = origin
            assert list(read(store, 1)) == [MARK]


def test_what_was_written_unaware_of_a_mark_lies_under_it(make: Make) -> None:
    """A write that had read no mark ends after the erasure: it came before it."""
    with closing(make()) as store:
        for film in (1, 2):
            write(store, 1, film, 4.0)
        leave_mark(store, 1)
        place = table_of(store)
        if isinstance(place, DynamoStore):
            for film in (2, 3):
                asyncio.run(store.write((1, film), 5.0, None))
            assert list(read(store, 1)) == [MARK]
            assert sorted(films_kept(store, 1)) == [1, 2, 3, MARK]
        erase(store, 1)
        assert films_kept(store, 1) == [MARK]


def test_a_clock_that_goes_behind_loses_no_later_rating(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(make()) as store:
        erase(store, 1)
        monkeypatch.setattr("recommender.data.store.time.time", lambda: 1_000_000.0)
        monkeypatch.setattr("recommender.data.store.time.time_ns", lambda: 10**15)
        write(store, 1, 2, 4.0)
        asyncio.run(store.write_all(1, {3: 5.0, 4: 5.0}))
        assert {2, 3, 4} <= read(store, 1).keys()
        erase(store, 1)
        assert list(read(store, 1)) == [MARK]


def test_a_mark_is_not_earlier_than_the_training_of_the_model(make: Make) -> None:
    """Of a machine whose clock went ahead; what is written afterwards counts."""
    with closing(make()) as store:
        write(store, 1, 2, 4.0)
        erase(store, 1, trained=4e9)
        assert read(store, 1)[MARK].moment == 4e9
        assert films_kept(store, 1) == [MARK]
        write(store, 1, 2, 4.0)
        asyncio.run(store.write_all(1, {3: 5.0, 4: 5.0}))
        assert list(read(store, 1)) == [2, 3, 4, MARK]
        write(store, 1, 2, None)
        assert read(store, 1)[2].rating is None
        erase(store, 1, trained=4e9)
        assert list(read(store, 1)) == [MARK]


def test_who_wrote_much_is_removed_whole(make: Make) -> None:
    with closing(make()) as store:
        for start in (0, 100, 200):
            asyncio.run(store.write_all(1, dict.fromkeys(range(start, start + 90), 4.0)))
        write(store, 2, 1, 4.0)
        erase(store, 1)
        assert films_kept(store, 1) == [MARK]
        assert films_kept(store, 2) == [1]


def test_who_wrote_more_than_can_be_read_is_erased_all_the_same(
    aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And whoever erases again goes on to remove entries."""
    create_table(aws, tmp_path.name)
    with closing(dynamo_store(aws, tmp_path.name)) as store:
        for film in range(14):
            write(store, 1, film, 4.0)
            key = {"usuario_id": {"N": "1"}, "filme_id": {"N": str(film)}}
            client_of(store).update_item(  # so that the table gives them in two pages
                TableName=tmp_path.name,
                Key=key,
                UpdateExpression="SET enchimento = :x",
                ExpressionAttributeValues={":x": {"S": "x" * 100_000}},
            )
        with monkeypatch.context() as hurried:
            hurried.setattr("recommender.data.signed_calls.READ_SECONDS", -1.0)
            with pytest.raises(StoreError, match="took too long"):
                read(store, 1)
            erase(store, 1)
            left = films_kept(store, 1)
        assert 1 < len(left) < 14
        assert list(read(store, 1)) == [MARK]
        erase(store, 1)
        assert films_kept(store, 1) == [MARK]


def test_a_mark_lies_over_moments_that_are_yet_to_come(make: Make) -> None:
    """Of an instance whose clock went ahead."""
    with closing(make()) as store:
        place = table_of(store)
        with pytest.MonkeyPatch.context() as ahead:
            ahead.setattr("recommender.data.store.time.time", lambda: 4e9)
            _, entry = write(store, 1, 2, 4.0)
        assert entry is not None
        assert entry.moment == 4e9
        leave_mark(store, 1)
        assert (read(store, 1)[MARK].moment or 0.0) < 4e9
        assert list(read(store, 1)) == [MARK]
        assert films_kept(place, 1) == [2, MARK]
        _, after = write(store, 1, 2, 4.0)
        assert after is not None
        assert after.version > entry.version


def test_marks_are_found_by_ranges_of_users(make: Make) -> None:
    with closing(make()) as store:
        for user in (1, 5, 9):
            write(store, user, 1, 4.0)
            erase(store, user)
        write(store, 5, 1, 3.0)  # the mark stays
        marks, last = asyncio.run(store.erased([2, 5, 9]))
        assert (sorted(marks), last) == ([5, 9], 9)
        assert marks[5] == read(store, 5)[MARK].moment
        assert asyncio.run(store.erased([2, 4])) == ({}, 4)


def test_a_page_of_marks_tells_where_it_ends(aws: str, tmp_path: Path) -> None:
    create_table(aws, tmp_path.name)
    with (
        closing(dynamo_store(aws, tmp_path.name)) as store,
        closing(signed_store(aws, tmp_path.name)) as other,
    ):
        for user in range(14):
            item = {
                "usuario_id": {"N": str(ERASED_KEY)},
                "filme_id": {"N": str(user)},
                "momento": {"S": spell(user)},
                "enchimento": {"S": "x" * 100_000},
            }
            client_of(store).put_item(TableName=tmp_path.name, Item=item)
        marks, last = asyncio.run(store.erased([*range(21)]))
        assert 5 < last < 13
        assert marks == {user: float(user) for user in range(last + 1)}
        assert asyncio.run(other.erased([*range(21)])) == (marks, last)
        assert asyncio.run(store.erased([*range(last + 1, 21)]))[1] == 20


def test_entries_that_cannot_be_removed_are_no_failure(
    aws: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_table(aws, tmp_path.name)
    with closing(dynamo_store(aws, tmp_path.name)) as store:
        write(store, 1, 2, 4.0)
        log = logging.Logger("recommender.data.dynamo_store")
        log.addHandler(caplog.handler)
        monkeypatch.setattr("recommender.data.dynamo_store._log", log)

        def fail(*_: object) -> list[Any]:
            raise StoreError("nowhere")

        for name, value in (("lying_under", fail), ("ERASE_SECONDS", -1.0)):
            with monkeypatch.context() as failing:
                failing.setattr(f"recommender.data.dynamo_store.{name}", value)
                erase(store, 1)
            assert list(read(store, 1)) == [MARK]
            assert films_kept(store, 1) == [2, MARK]
        told = [record.getMessage() for record in caplog.records if record.name == log.name]
        about = "entries of a user who was erased are not removed: "
        assert told == [f"{about}nowhere", f"{about}it took too long"]
        erase(store, 1)
        assert films_kept(store, 1) == [MARK]


def test_an_erasure_ends_within_the_time_of_the_function() -> None:
    """The request reads hidden films, leaves the mark, and removes what it can."""
    assert 2 * SECONDS + ERASE_SECONDS < 10


def test_writers_and_erasers_at_once_leave_what_came_last(make: Make) -> None:
    with closing(make()) as store:

        async def rate_or_erase(number: int) -> None:
            if number % 5:
                mark = (await store.read(1, MARK)).get(MARK)
                await store.write((1, number % 7), number / 10, None, mark=mark)
            else:
                await store.erase(1, 0.0)

        async def all_at_once() -> None:
            await asyncio.gather(*map(rate_or_erase, range(40)))

        asyncio.run(all_at_once())
        erase(store, 1)
        assert list(read(store, 1)) == [MARK]
        assert films_kept(store, 1) == [MARK]
        _, after = write(store, 1, 3, 5.0)
        assert read(store, 1)[3] == after


def test_a_mark_that_nobody_can_read_is_as_good_as_absent_in_an_entry_but_not_in_the_index(
    aws: str, tmp_path: Path
) -> None:
    create_table(aws, tmp_path.name)
    with closing(dynamo_store(aws, tmp_path.name)) as store:
        for user in (1, ERASED_KEY):
            key = {"usuario_id": {"N": str(user)}, "filme_id": {"N": str(MARK if user == 1 else 1)}}
            broken = {"versao": {"N": "1"}, "momento": {"S": "ontem"}}
            client_of(store).put_item(TableName=tmp_path.name, Item=key | broken)
        write(store, 1, 2, 4.0)
        assert list(read(store, 1)) == [2]
        assert list(asyncio.run(store.erased([1]))[0]) == [1]


# Over HTTP


def test_an_erased_user_is_unknown_until_a_new_rating(api: TestClient) -> None:
    rate(api, 5)
    tag = rate(api, 4).headers["etag"]
    cursor = api.get(path(), params={"limite": 1}).links["next"]["url"]
    for _ in range(2):
        answer = api.delete(f"/usuarios/{USER}")
        assert (answer.status_code, answer.content) == (204, b"")
        for route in ROUTES:
            check_problem(api.get(route.format(USER)), 404)
        for film in (RATED, UNRATED):
            check_problem(api.get(path(USER, film)), 404)
        body = {"avaliacoes": [], "usuario_id": USER}
        check_problem(api.post("/recomendacoes", json=body), 404)
        del body["usuario_id"]
        check_problem(api.post(f"/usuarios/{USER}/recomendacoes", json=body), 404)
        assert USER not in {user["id"] for user in all_pages(api, "/usuarios")}
    check_problem(rate(api, 4, when={"If-Match": tag}), 412)
    check_problem(rate(api, 4, film=RATED, when={"If-Match": "*"}), 412)

    again = rate(api, 4, when={"If-None-Match": "*"})
    assert again.status_code == 201
    assert again.json()["versao"] > 3
    assert again.headers["etag"] != tag
    listed = api.get(path())
    assert [rating["filme_id"] for rating in listed.json()] == [UNRATED]
    check_problem(api.get(cursor), 410)
    for route in ROUTES:
        assert api.get(route.format(USER)).status_code == 200
    changed = rate(api, 5, when={"If-Match": again.headers["etag"]})
    assert (changed.status_code, changed.json()["versao"]) == (200, again.json()["versao"] + 1)
    assert api.delete(path(USER, RATED)).status_code == 204
    assert len(api.get(path()).json()) == 1


def test_the_reasons_of_who_came_back_name_only_new_ratings(api: TestClient) -> None:
    api.delete(f"/usuarios/{USER}")
    rate(api, 5)
    for film in api.get(f"/usuarios/{USER}/recomendacoes").json():
        named = {reason["filme_id"] for reason in film["motivos"] + film["contra"]}
        assert named <= {UNRATED}


def test_who_does_not_exist_can_be_erased(api: TestClient) -> None:
    assert api.delete(f"/usuarios/{NEW_USER}").status_code == 204
    created = rate(api, 5, user=NEW_USER)
    assert created.status_code == 201


def test_an_erasure_takes_no_conditions(api: TestClient) -> None:
    for name in ("If-Match", "If-None-Match"):
        check_problem(api.delete(f"/usuarios/{USER}", headers={name: "*"}), 400)
    assert api.get(path()).status_code == 200


def test_others_stay_as_they_were(api: TestClient) -> None:
    before = api.get(path(2)).json()
    api.delete(f"/usuarios/{USER}")
    assert api.get(path(2)).json() == before
    listed = all_pages(api, "/usuarios?limite=7")
    assert [user["id"] for user in listed] == sorted(RATINGS.keys() - {USER})
    assert api.get("/usuarios").headers["x-total-count"] == str(len(RATINGS))


def test_pages_of_users_go_on_where_marks_were_read_to(artifact_dir: Path) -> None:
    """The store tells of the marks of three users at a time."""

    class Halting:
        async def erased(self, users: Sequence[int]) -> tuple[dict[int, float], int]:
            return dict.fromkeys(users[:2], 1e12), users[:3][-1]

        def close(self) -> None: ...

    halting: Any = Halting()
    client = TestClient(create_app(artifact_dir, LOCAL, halting))
    users = sorted(RATINGS)
    assert [user["id"] for user in all_pages(client, "/usuarios?limite=10")] == users[2::3]


def test_nobody_is_listed_if_marks_cannot_be_read(artifact_dir: Path) -> None:
    class Unreachable:
        async def erased(self, _: Sequence[int]) -> tuple[dict[int, float], int]:
            raise StoreError("nowhere")

        def close(self) -> None: ...

    unreachable: Any = Unreachable()
    client = TestClient(create_app(artifact_dir, LOCAL, unreachable))
    check_problem(client.get("/usuarios"), 503)


def test_without_a_store_nobody_is_erased(artifact_dir: Path) -> None:
    check_problem(TestClient(create_app(artifact_dir, LOCAL)).delete("/usuarios/1"), 503)
    check_problem(TestClient(create_app(artifact_dir)).delete("/usuarios/1"), 403)
    check_problem(TestClient(create_app(artifact_dir, Access(Mode.JWT))).delete("/usuarios/1"), 401)


def test_a_request_reads_the_mark_with_the_rest(
    artifact_dir: Path, aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call of the table for each request that reads, and one more for each that writes."""
    create_table(aws, tmp_path.name)
    with closing(signed_store(aws, tmp_path.name)) as store:
        asked: list[str] = []
        call = store._calls.call

        def note(operation: str, parameters: Any) -> dict[str, Any]:
            asked.append(operation)
            return call(operation, parameters)

        monkeypatch.setattr(store._calls, "call", note)
        api = TestClient(create_app(artifact_dir, LOCAL, store))
        api.get("/filmes")  # reads what is hidden
        api.delete(f"/usuarios/{USER}")
        expected = {
            ("GET", path(USER), None): ["Query"],
            ("GET", f"/usuarios/{USER}/recomendacoes", None): ["Query"],
            ("GET", path(USER, RATED), None): ["BatchGetItem"],
            ("GET", "/usuarios", None): ["Query"],
            ("PUT", path(2, UNRATED), 5): ["Query", "UpdateItem"],
            ("DELETE", path(2, UNRATED), None): ["Query", "UpdateItem"],
        }
        for (method, place, rating), calls in expected.items():
            asked.clear()
            api.request(method, place, json={"avaliacao": rating} if rating else None)
            assert asked == calls, (method, place)


class Outside:
    """Ratings beside the model, as in a profile table."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    async def ratings(self, user_id: int) -> list[Rated] | None:
        await asyncio.sleep(0)
        return self.catalog.ratings(user_id)

    def close(self) -> None: ...


@pytest.fixture(scope="module")
def timed_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of real users whose ratings have times: user 1's are from 1 to 8 thousand."""
    document = as_document(random_ratings(6, 8, share=1.0))
    for rating in document["avaliacoes"]:
        rating["momento"] = 1000 * rating["filme_id"] if rating["usuario_id"] == 1 else 5
    folder = tmp_path_factory.mktemp("timed") / "artifact"
    build(from_json(as_json(document), "d.json"), folder, seed=42)
    return folder


def test_packaged_ratings_that_are_later_count(timed_dir: Path, store: Store) -> None:
    put_mark(store, 1, Entry(None, 1, 4500.0))
    api = TestClient(create_app(timed_dir, LOCAL, store))
    assert [rating["filme_id"] for rating in api.get(path(1)).json()] == [5, 6, 7, 8]
    assert 1 not in {user["id"] for user in all_pages(api, "/usuarios")}  # the taste is of all
    created = rate(api, 5, user=1, film=1)
    assert (created.status_code, created.json()["versao"]) == (201, 2)


def test_who_came_back_is_listed_by_a_model_of_later_ratings(timed_dir: Path, store: Store) -> None:
    put_mark(store, 1, Entry(None, 1, 999.5))
    api = TestClient(create_app(timed_dir, LOCAL, store))
    assert len(all_pages(api, "/usuarios")) == 6


def test_an_older_model_knows_no_more_of_who_was_erased(
    artifact_dir: Path, timed_dir: Path, store: Store
) -> None:
    """As after a rollback, or a release of a model that was made without the table."""
    TestClient(create_app(artifact_dir, LOCAL, store)).delete("/usuarios/1")
    api = TestClient(create_app(timed_dir, LOCAL, store))
    for route in ROUTES:
        check_problem(api.get(route.format(1)), 404)
    assert [user["id"] for user in all_pages(api, "/usuarios")] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("at", ["package", "profiles"])
def test_times_that_are_yet_to_come_bring_nobody_back(
    at: str, tmp_path: Path, store: Store
) -> None:
    """Of a clock that goes ahead."""
    document = as_document(random_ratings(6, 8, share=1.0))
    for rating in document["avaliacoes"]:
        rating["momento"] = 10 * (1_700_000_000 + rating["filme_id"])
    folder = tmp_path / "artifact"
    build(from_json(as_json(document), "d.json"), folder, seed=42)
    outside: Any = Outside(Catalog(folder / CATALOG_FILE)) if at == "profiles" else None
    api = TestClient(create_app(folder, LOCAL, store, profiles=outside))
    assert api.get(path(1)).json()
    assert api.delete("/usuarios/1").status_code == 204
    for route in ROUTES:
        check_problem(api.get(route.format(1)), 404)
    check_problem(api.get(path(1, 1)), 404)
    assert [user["id"] for user in all_pages(api, "/usuarios")] == [2, 3, 4, 5, 6]


def test_a_clock_that_is_behind_the_packaged_ratings_brings_nobody_back(
    timed_dir: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = TestClient(create_app(timed_dir, LOCAL, store))
    with monkeypatch.context() as behind:
        behind.setattr("recommender.data.store.time.time", lambda: 500.0)
        assert api.delete("/usuarios/1").status_code == 204
        check_problem(api.get(path(1)), 404)
    for route in ROUTES:
        check_problem(api.get(route.format(1)), 404)
    assert [user["id"] for user in all_pages(api, "/usuarios")] == [2, 3, 4, 5, 6]
    with monkeypatch.context() as behind:
        behind.setattr("recommender.data.store.time.time", lambda: 500.0)
        assert rate(api, 5, user=1, film=1).status_code == 201
    assert [rating["filme_id"] for rating in api.get(path(1)).json()] == [1]


def test_names_are_packaged_for_demonstrations_only(artifact_dir: Path, timed_dir: Path) -> None:
    for folder, has_names in ((artifact_dir, True), (timed_dir, False)):
        with closing(sqlite3.connect(folder / CATALOG_FILE)) as database:
            names = {name for (name,) in database.execute("SELECT nome FROM usuarios")}
        assert (names != {""}) == has_names
        assert not any(b"@example." in file.read_bytes() for file in folder.iterdir())
