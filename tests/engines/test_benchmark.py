"""What the benchmark of Spark stands on: its ratings, and what it sees of processes."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from benchmarks import spark_page
from benchmarks.processes import Watch
from benchmarks.synthetic import A_USER, make
from training.data.read import read
from training.engines import spectrum
from training.engines.parts import pack

FILMS = 3000


def test_equal_seeds_give_equal_ratings(spark: SparkSession, tmp_path: Path) -> None:
    """In files that one machine reads, with a long tail of films."""
    asked = 200 * A_USER
    digests = set()
    for name in "ab":
        make(spark, tmp_path / name, asked, FILMS)
        digests.add(hashlib.sha256((tmp_path / name / "ratings.parquet").read_bytes()).digest())
    assert len(digests) == 1
    data = read(tmp_path / "a")
    assert 0.5 * asked < len(data.ratings) < 1.5 * asked
    counts = np.sort(np.bincount(data.ratings["film"], minlength=FILMS))[::-1]
    assert counts[: FILMS // 10].sum() > 2 * counts[FILMS // 2 :].sum()


def spin() -> None:
    """Take a second of processor time."""
    end = time.process_time() + 1
    while time.process_time() < end:
        pass


def test_stages_take_what_is_done_in_them(spark: SparkSession) -> None:
    watch = Watch("rest")
    with watch.stage("here"):
        spin()
    with watch.stage("there"):

        def work(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
            spin()
            yield from batches

        spark.range(2, numPartitions=2).mapInPandas(work, "id long").collect()
    stages = watch.close()
    assert stages["here"].work["driver"] == pytest.approx(1, abs=0.3)
    assert stages["here"].work["workers"] < 0.5 < stages["there"].work["workers"]
    assert stages["there"].work["jvm"] > 0
    assert min(stages["there"].peak.values()) > 10e6
    assert stages["rest"].work["driver"] < 0.5


def test_the_page_goes_by_the_code() -> None:
    assert spark_page.BESIDES == spectrum.BESIDES
    ratings = pd.DataFrame({"user": 1, "film": range(1000), "rating": 3.0, "moment": 10**9})
    (packed,) = pack(0, ratings.assign(held=False)).to_dict("records")
    size = sum(len(value) for value in packed.values() if isinstance(value, bytes))
    assert size // 1000 == spark_page.PACKED
    million, fewer = (spark_page.driver_bytes(films, 256) for films in (10**6, 59_000))
    assert million / fewer == pytest.approx(1.5, abs=0.05)
