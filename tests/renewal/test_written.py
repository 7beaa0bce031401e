"""Written ratings in a training: the table's whole content, and what becomes of a data set."""

import itertools
import logging
import math
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from typing import Any

import boto3
import numpy as np
import pandas as pd
import pytest
from botocore.config import Config
from hypothesis import example, given
from hypothesis import strategies as st

from recommender.data.catalog import MAX_ID, Catalog
from recommender.data.origin import ORIGINAL, Origin
from recommender.data.store import MARK, spell
from recommender.model.artifact import CATALOG_FILE
from tests.recommender.test_store import write
from tests.stores import CREDENTIALS, create_table, dynamo_store, moto_server, nobody
from tests.training.small_data import as_document, as_json, from_json, random_ratings
from training.build import build
from training.data.dataset import Dataset
from training.data.tables import DataError
from training.renewal import table as reading
from training.renewal import written as module
from training.renewal.lineage import Lineage
from training.renewal.table import ReadTimeoutError, read_erased
from training.renewal.written import COUNTS, Written, merge, read_written

ORIGIN = Origin("filmes", "filmes", "0:5", {3: 1_700_000_000.5})
FOREVER = math.inf
MOMENT = 1_700_000_000.75
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with moto_server() as url, pytest.MonkeyPatch.context() as patch:
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL_DYNAMODB": url}.items():
            patch.setenv(name, value)
        yield url


@pytest.fixture
def table(aws: str) -> str:
    name = f"tabela-{next(NUMBERS)}"
    create_table(aws, name)
    return name


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Films 1 to 8, users 1 to 6, half stars from 0 to 5."""
    return from_json(as_json(as_document(random_ratings(6, 8))), "data.json")


def put(table: str, user: int, film: int, rating: str | None, **more: Any) -> None:
    """Write an item by DynamoDB's types, without what ``more`` gives as None."""
    given = {
        "usuario_id": {"N": str(user)},
        "filme_id": {"N": str(film)},
        "avaliacao": {"N": rating} if rating is not None else None,
        "versao": {"N": "1"},
        "momento": {"S": spell(MOMENT)},
        **more,
    }
    with closing(boto3.client("dynamodb")) as client:
        client.put_item(TableName=table, Item={k: v for k, v in given.items() if v})


def as_set(written: Written) -> set[tuple[int, int, float | None, float]]:
    columns = (written.users, written.films, written.ratings, written.moments)
    return {
        (user, film, None if math.isnan(rating) else rating, moment)
        for user, film, rating, moment in zip(*(c.tolist() for c in columns), strict=True)
    }


def test_what_the_api_wrote_is_read(aws: str, table: str, data: Dataset) -> None:
    with closing(dynamo_store(aws, table, origin=ORIGIN)) as store:
        _, rated = write(store, 1, 2, 4.5, None)
        _, new = write(store, 10**12, 8, 0.0, None)
        _, deleted = write(store, 2, 1, None, 3.0)
    found = read_written(table, ORIGIN, data, FOREVER)
    assert rated is not None
    assert new is not None
    assert deleted is not None
    assert as_set(found) == {
        (1, 1, 4.5, rated.moment),
        (10**12, 7, 0.0, new.moment),
        (2, 0, None, deleted.moment),
    }
    zero = dict.fromkeys(COUNTS, 0)
    assert found.counts == zero | {"read": 3, "kept": 3, "deleted": 1}


def test_what_does_not_count_is_passed_over_and_counted(
    table: str, data: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    put(table, 1, 1, "4")
    put(table, 1, 2, None, linhagem={"S": "filmes"}, escala={"S": "0:5"})
    put(table, MAX_ID, 2, "5")
    put(table, 1, 3, "4", momento={"S": spell(1_700_000_000.5)})
    put(table, 2, 3, "4", momento={"S": spell(1_700_000_000.25)})
    put(table, 3, 3, "4", momento={"S": spell(1_700_000_001.0)}, titulo={"S": ORIGINAL})
    put(table, 2, 1, "4", linhagem={"S": "outra"})
    put(table, 2, 2, "4", linhagem={"S": "filmes"}, escala={"S": "1:5"})
    put(table, 2, 4, "4", momento={"S": "ontem"})
    put(table, 2, 5, None, avaliacao={"S": "4"})
    put(table, 2, 6, "4", versao=None)
    put(table, MAX_ID + 1, 1, "4")
    put(table, -(2**60), 1, None, versao=None, momento=None, oculto={"BOOL": True})
    put(table, -1, 1, "4")
    for film, key in ((1, {"usuario_id": {"N": "1.5"}}), (2, {"filme_id": {"N": "1.5"}})):
        put(table, 4, film, "4", **key)
    put(table, 4, 3, "4", filme_id={"N": str(10**30)})
    put(table, 4, 4, "4", versao={"N": "1.5"})
    put(table, 4, 5, "4", versao={"N": "0"})
    put(table, 2, 9, "4")
    for film, rating in ((1, "5.5"), (2, "-1"), (4, "4.25")):
        put(table, 3, film, rating)
    put(table, 5, 1, "4")
    put(table, 5, MARK, None, versao={"N": "2"})
    with caplog.at_level(logging.INFO):
        found = read_written(table, ORIGIN, data, FOREVER)
    assert as_set(found) == {
        (1, 0, 4.0, MOMENT),
        (1, 1, None, MOMENT),
        (MAX_ID, 1, 5.0, MOMENT),
        (1, 2, 4.0, 1_700_000_000.5),
    }
    assert found.counts == {
        "read": 25,
        "marks": 1,
        "no_user": 4,
        "malformed": 7,
        "other_lineage": 1,
        "other_scale": 1,
        "retitled": 2,
        "unknown_film": 1,
        "off_scale": 3,
        "erased": 1,
        "kept": 4,
        "deleted": 1,
    }
    (line,) = [r.getMessage() for r in caplog.records if r.name == module.__name__]
    assert read_erased(table, FOREVER) == found.marks.keys() == {5}
    assert line == "written ratings: " + ", ".join(f"{k}: {v}" for k, v in found.counts.items())


def test_without_a_step_any_number_on_the_scale_counts(table: str, data: Dataset) -> None:
    ratings = data.ratings.assign(avaliacao=data.ratings["avaliacao"] * 0.997)
    put(table, 1, 1, "4.123")
    put(table, 1, 2, "5.0001")
    found = read_written(table, ORIGIN, data.with_ratings(ratings), FOREVER)
    assert as_set(found) == {(1, 0, 4.123, MOMENT)}


def test_many_pages_are_read_one_by_one(
    table: str, data: Dataset, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    monkeypatch.setattr(reading, "PAGES_LOGGED", 3)
    for user in range(1, 10):
        put(table, user, 1, "4")
    with caplog.at_level(logging.INFO):
        found = read_written(table, ORIGIN, data, FOREVER)
    assert sorted(found.users.tolist()) == list(range(1, 10))
    names = (reading.__name__, module.__name__)
    lines = [r.getMessage() for r in caplog.records if r.name in names]
    assert lines[0] == f"reading {table}: 3 pages, 6 items"
    assert len(lines) == 2


def test_a_table_that_is_not_read_in_time_is_an_error(
    table: str, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    for user in range(1, 6):
        put(table, user, 1, "4")
    with pytest.raises(ReadTimeoutError, match=f"{table} was not read in time: 2 items in 1 pages"):
        read_written(table, ORIGIN, data, time.monotonic() - 1)


def test_more_ratings_than_memory_holds_are_an_error(
    table: str, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    for film in (1, 2, 9, 9):
        put(table, 1, film, "4")
    assert read_written(table, ORIGIN, data, FOREVER).counts["kept"] == 2
    put(table, 2, 1, "4")
    with pytest.raises(DataError, match=f"table {table} has more than 2 ratings"):
        read_written(table, ORIGIN, data, FOREVER)


def test_no_table_is_no_ratings(data: Dataset) -> None:
    found = read_written("", ORIGIN, data, FOREVER)
    assert (as_set(found), found.counts) == (set(), dict.fromkeys(COUNTS, 0))
    assert merge(data, found) is data


@pytest.mark.usefixtures("aws")
def test_a_table_that_cannot_be_read_is_an_error(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match="table nenhuma cannot be read: ResourceNotFoundException"):
        read_written("nenhuma", ORIGIN, data, FOREVER)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", nobody())
    config = reading.CONFIG.merge(Config(retries={"total_max_attempts": 1}))
    monkeypatch.setattr(reading, "CONFIG", config)
    with pytest.raises(DataError, match="table nenhuma cannot be read: EndpointConnectionError"):
        read_written("nenhuma", ORIGIN, data, FOREVER)


# Merging


def written_of(items: dict[tuple[int, int], tuple[float | None, float]]) -> Written:
    """Written ratings by user's id and film's position."""
    return Written(
        np.array([user for user, _ in items], np.int64),
        np.array([film for _, film in items], np.int32),
        np.array([np.nan if r is None else r for r, _ in items.values()], np.float64),
        np.array([moment for _, moment in items.values()], np.float64),
        {},
    )


def by_key(data: Dataset) -> dict[tuple[int, int], tuple[float, int | None]]:
    """The ratings of a data set by user's id and film's position."""
    ratings = data.ratings
    ids = data.users["id"].to_numpy()[ratings["user"]].tolist()
    moments = ratings["momento"].tolist() if "momento" in ratings else [None] * len(ratings)
    found = {
        (user, film): (rating, moment)
        for user, film, rating, moment in zip(
            ids, ratings["film"].tolist(), ratings["avaliacao"].tolist(), moments, strict=True
        )
    }
    assert len(found) == len(ratings)
    return found


def data_of(ratings: dict[tuple[int, int], tuple[float, int]], *, timed: bool) -> Dataset:
    """A data set of users 2, 4 and 6 and of films 1 to 3 at positions 0 to 2."""
    document: dict[str, Any] = {
        "usuarios": [{"id": n, "nome": f"Nome {n}", "email": f"{n}@x.org"} for n in (2, 4, 6)],
        "filmes": as_document(random_ratings(1, 3))["filmes"],
        "avaliacoes": [
            {"usuario_id": user, "filme_id": film + 1, "avaliacao": rating}
            | ({"momento": moment} if timed else {})
            for (user, film), (rating, moment) in ratings.items()
        ],
        "demonstracao": True,
    }
    return from_json(as_json(document), "data.json")


RATING = st.sampled_from([0.0, 1.5, 3.0, 5.0])
FILM = st.integers(0, 2)
PACKAGED = st.dictionaries(
    st.tuples(st.sampled_from([2, 4, 6]), FILM), st.tuples(RATING, st.integers(9, 11)), min_size=1
)
WRITTEN = st.dictionaries(
    st.tuples(st.integers(0, 7), FILM),
    st.tuples(st.none() | RATING, st.sampled_from([8.5, 9.0, 9.5, 10.0, 10.5, 11.5])),
)


@given(packaged=PACKAGED, items=WRITTEN, timed=st.booleans(), seed=st.integers(0, 5))
@example(packaged={(2, 0): (3.0, 10)}, items={(2, 0): (None, 9.5)}, timed=True, seed=0)
@example(packaged={(2, 0): (3.0, 10)}, items={(7, 0): (None, 9.5)}, timed=True, seed=0)
def test_merging_does_what_a_dictionary_does(
    packaged: dict[tuple[int, int], tuple[float, int]],
    items: dict[tuple[int, int], tuple[float | None, float]],
    timed: bool,
    seed: int,
) -> None:
    data = data_of(packaged, timed=timed)
    expected = by_key(data)
    users = set(data.users["id"])
    changed = False
    for key, (rating, moment) in items.items():
        if key in expected:
            last = expected[key][1]
            if last is not None and last > moment:
                continue
        elif rating is None:
            continue
        changed = True
        expected.pop(key, None)
        if rating is not None:
            expected[key] = (rating, int(moment) if timed else None)
            users.add(key[0])
    if not expected:
        with pytest.raises(DataError, match="every rating"):
            merge(data, written_of(items))
        return
    merged = merge(data, written_of(items))
    assert by_key(merged) == expected
    assert merged.users["id"].tolist() == sorted(users)
    assert merged.demonstration is not changed
    assert (merged is data) is not changed
    check_invariants(merged, data)

    random = np.random.default_rng(seed)
    order = random.permutation(len(items)).tolist()
    shuffled = written_of({key: items[key] for key in (list(items)[n] for n in order)})
    rows = data.ratings.iloc[random.permutation(len(data.ratings))]
    assert merge(data.with_ratings(rows), shuffled).digest == merged.digest


def check_invariants(merged: Dataset, data: Dataset) -> None:
    """What ``check`` promises of a data set."""
    pd.testing.assert_frame_equal(merged.films, data.films)
    assert merged.ratings.dtypes.to_dict() == data.ratings.dtypes.to_dict()
    assert merged.users.dtypes.to_dict() == data.users.dtypes.to_dict()
    assert merged.users.index.equals(pd.RangeIndex(len(merged.users)))
    assert merged.ratings.index.equals(pd.RangeIndex(len(merged.ratings)))
    assert merged.ratings["user"].between(0, len(merged.users) - 1).all()
    assert merged.ratings["film"].between(0, len(merged.films) - 1).all()
    before = {row[0]: row for row in data.users.to_numpy().tolist()}
    for row in merged.users.to_numpy().tolist():
        assert row == before.get(row[0], [row[0], f"Usuário {row[0]}", ""])
    for field in fields(data):  # a data frame is neither true nor false
        if field.name not in ("users", "ratings", "demonstration"):
            assert getattr(merged, field.name) is getattr(data, field.name)


def test_of_two_ratings_of_one_film_the_later_one_counts() -> None:
    """A scan names a key once, but nobody has to rely on that."""
    one, two = written_of({(3, 1): (1.5, 9.5)}), written_of({(3, 1): (3.0, 9.0)})
    data = data_of({(2, 0): (3.0, 10)}, timed=True)
    columns = ("users", "films", "ratings", "moments")
    for pair in ((one, two), (two, one)):
        both: dict[str, Any] = {
            name: np.concatenate([getattr(w, name) for w in pair]) for name in columns
        }
        assert by_key(merge(data, Written(**both, counts={})))[3, 1] == (1.5, 9)


def test_an_api_user_is_a_user_of_the_model(
    aws: str, table: str, data: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """From the API's store to the packaged database."""
    lineage = Lineage("filmes", "filmes", {"3": spell(1.0)})
    origin = lineage.origin(data)
    with closing(dynamo_store(aws, table, origin=origin)) as store:
        for film in range(1, 6):
            write(store, 700, film, film / 2, None)
    folder = tmp_path_factory.mktemp("renovado") / "artifact"
    merged = merge(data, read_written(table, origin, data, FOREVER))
    manifest = build(merged, folder, seed=42, lineage=lineage)
    assert manifest["data"]["usuarios"] == 7
    assert manifest["data"]["linhagem"] == "filmes"
    assert manifest["data"]["retitulados"] == {"3": spell(1.0)}
    rated = Catalog(folder / CATALOG_FILE).ratings(700)
    assert rated == [(film, film / 2, None) for film in range(1, 6)]
