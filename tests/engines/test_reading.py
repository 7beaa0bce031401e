"""Spark reads the data of one machine, and refuses what that refuses in the same words."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from tests.engines.conftest import Load
from tests.engines.files import (
    write_100k,
    write_csv,
    write_csv_parts,
    write_packed,
    write_parquet,
    write_parts,
)
from tests.training.small_data import as_data, random_ratings
from training.data.dataset import Dataset
from training.data.read import read
from training.data.tables import DataError
from training.engines.spark import load

Write = Callable[[Dataset, Path], Path]
LINES = 60


def timed() -> Dataset:
    data = as_data(random_ratings(20, 12, 0.5))
    moments = np.random.RandomState(5).randint(10**9, 10**9 + 10**7, len(data.ratings))
    return data.with_ratings(data.ratings.assign(momento=moments.astype(np.int64)))


@pytest.mark.parametrize(
    "write", [write_parquet, write_100k, write_parts, write_csv_parts, write_packed]
)
def test_the_data_is_that_of_one_machine(write: Write, load_parts: Load, tmp_path: Path) -> None:
    folder = write(timed(), tmp_path / "a é+%41")
    expected = read(folder)
    parts = load_parts(folder, 3)
    whole = parts.gather(1, 1)
    assert (whole.lowest, whole.highest) == (expected.lowest, expected.highest)
    assert whole.digest == expected.digest
    assert parts.count == 3


@pytest.mark.parametrize("write", [write_parts, write_csv_parts, write_packed])
def test_an_address_is_read_as_a_path_is(write: Write, spark: SparkSession, tmp_path: Path) -> None:
    folder = write(timed(), tmp_path / "a é+%41")
    with load(spark, f"file://{folder}", {}, None, 1, 2) as (parts, _):
        assert parts.gather(1, 1).digest == read(folder).digest


def test_the_last_of_several_ratings_counts(load_parts: Load, tmp_path: Path) -> None:
    folder = write_csv(timed(), tmp_path)
    lines = (folder / "ratings.csv").read_text(encoding="utf-8").splitlines()
    again = [f"{','.join(line.split(',')[:2])},3.0,1000000000" for line in lines[1:20]]
    (folder / "ratings.csv").write_text("\n".join([*lines, *again]), encoding="utf-8")
    assert load_parts(folder, 2).gather(1, 1).digest == read(folder).digest


def row(**changed: object) -> str:
    values = {"user": 1, "film": 1, "rating": 4.0, "moment": 10**9, **changed}
    return ",".join(map(str, values.values()))


BAD = {
    "a user": {30: row(user="x7")},
    "a user and a rating, several": {9: row(rating="good"), 31: row(user=-3), 33: row(user="")},
    "a film": {12: row(film="1.5")},
    "an unknown film": {40: row(film=999), 41: row(film=998)},
    "no number": {7: row(rating="four"), 8: row(rating="five")},
    "a number beyond": {25: row(rating=12)},
    "a slip": {17: row(rating=10)},
    "a time": {50: row(moment="yesterday")},
    "a time out of range, twice": {51: row(moment=-(10**12)), 52: row(moment=-(10**12))},
    "too few fields": {20: "1,2", 21: "1", 4: "1,2,3.0"},
    "too many fields": {33: "1,2,3.0,5,6"},
    "a blank line before": {10: "", 30: row(user="x7")},
    "a quotation mark": {LINES: '"1,2,3.0,5'},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_record_ends_in_the_same_message(
    bad: dict[int, str], load_parts: Load, tmp_path: Path
) -> None:
    folder = write_csv(timed(), tmp_path)
    path = folder / "ratings.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    others = range(2000 + LINES)
    lines[1:] = [row(user=user, film=1 + user % 12, rating=1 + user % 5) for user in others]
    for number, line in bad.items():
        lines[2000 + number] = line
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(DataError) as expected:
        read(folder)
    with pytest.raises(DataError, match=f"^{re.escape(str(expected.value))}$"):
        load_parts(folder, 2)


BAD_PARTS = {
    "a record": (2, "1,1,four,1000000000"),
    "too few fields": (2, "1"),
    "another header": (0, "movieId,userId,rating,timestamp"),
}


@pytest.mark.parametrize(("number", "line"), BAD_PARTS.values(), ids=BAD_PARTS)
def test_a_bad_part_ends_in_the_same_message(
    number: int, line: str, load_parts: Load, tmp_path: Path
) -> None:
    folder = write_csv_parts(timed(), tmp_path)
    path = folder / "ratings/part-00002-b8d0-c000.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[number] = line
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=f"part-00002.*line {number + 1}") as expected:
        read(folder)
    with pytest.raises(DataError, match=f"^{re.escape(str(expected.value))}$"):
        load_parts(folder, 2)


def test_a_bad_row_of_parquet_ends_in_the_same_message(load_parts: Load, tmp_path: Path) -> None:
    data = timed()
    ratings = data.ratings.assign(avaliacao=data.ratings["avaliacao"].where(lambda r: r != 2, 77.5))
    folder = write_parquet(data.with_ratings(ratings), tmp_path)
    with pytest.raises(DataError) as expected:
        read(folder)
    with pytest.raises(DataError, match=f"^{re.escape(str(expected.value))}$"):
        load_parts(folder, 2)


def test_parts_of_parquet_name_columns_as_on_one_machine(load_parts: Load, tmp_path: Path) -> None:
    folder = write_parts(timed(), tmp_path)
    path = sorted(folder.glob("ratings.parquet/*.parquet"))[1]
    part = pd.read_parquet(path).rename(columns={"userId": "user_id"})
    part.to_parquet(path, index=False)
    assert load_parts(folder, 2).gather(1, 1).digest == read(folder).digest
    part.drop(columns="timestamp").to_parquet(path, index=False)
    with pytest.raises(DataError, match="have different columns") as expected:
        read(folder)
    with pytest.raises(DataError, match=f"^{re.escape(str(expected.value))}$"):
        load_parts(folder, 2)


def test_other_layouts_are_refused(load_parts: Load, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text('{"usuarios": []}', encoding="utf-8")
    with pytest.raises(DataError, match="--engine spark does not read"):
        load_parts(tmp_path / "data.json", 2)
