"""Synthetic ratings of any number, made inside Spark, in proportion to MovieLens 25M.

Users see films by popularity and choose by taste, as in ``training.py``, but tastes have many
dimensions, each weaker than the one before: singular values then decline slowly, as those of real
ratings do. Each block of users is drawn by a seed of its own, so the ratings do not depend on the
machine.
"""

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyspark.sql import SparkSession

from benchmarks.training import LEAST, Array, name_films, rate, reach

A_USER = 154  # ratings, the mean of MovieLens 25M
TASTES = 96
CHANCE = 0.3  # in the choice of films, beside a liking with a standard deviation of 1
SPREAD = 1.3  # of the logarithm of a user's number of ratings
BLOCK = 2_000  # users that are drawn at a time
SEED = 0
FIRST, YEARS = 1_000_000_000, 300_000_000  # when users begin: from then on, within these seconds
DAY = 86_400  # seconds at most between a user's ratings
SCHEMA = "userId long, movieId long, rating double, timestamp long"
NAMES = [column.split()[0] for column in SCHEMA.split(", ")]


def make(spark: SparkSession, folder: Path, ratings: int, films: int) -> None:
    """Write about so many ratings as ``ratings.parquet``, and the films as ``movies.parquet``."""
    folder.mkdir(parents=True, exist_ok=True)
    strengths = np.arange(1, TASTES + 1) ** -0.5
    strengths /= np.linalg.norm(strengths)
    of_films = np.random.default_rng(SEED).normal(size=(films, TASTES)) * strengths
    reached, users = reach(films), ratings // A_USER

    def draw(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            for block in batch["id"].tolist():
                random = np.random.default_rng([SEED, block])
                last = min(users, (block + 1) * BLOCK)
                rows = [_of_user(random, reached, of_films) for _ in range(block * BLOCK, last)]
                ids = np.repeat(np.arange(block * BLOCK, last) + 1, [len(row[0]) for row in rows])
                columns = [ids, *map(np.concatenate, zip(*rows, strict=True))]
                yield pd.DataFrame(dict(zip(NAMES, columns, strict=True)))

    blocks = -(-users // BLOCK)
    scratch = folder / "parts"
    spark.range(0, blocks, 1, blocks).mapInPandas(draw, SCHEMA).write.parquet(str(scratch))
    _join(sorted(scratch.glob("*.parquet")), folder / "ratings.parquet")
    rmtree(scratch)
    name_films(of_films).to_parquet(folder / "movies.parquet", index=False)


def _of_user(random: np.random.Generator, reached: Array, of_films: Array) -> list[NDArray[Any]]:
    """Return a user's films, ratings and their moments."""
    activity = random.lognormal(-(SPREAD**2) / 2, SPREAD)  # of mean 1
    size = max(round(A_USER * activity), LEAST)
    films, values = rate(random, size, reached, random.normal(size=TASTES), of_films, CHANCE)
    order = random.permutation(len(films))
    moments = FIRST + random.integers(YEARS) + np.cumsum(random.integers(1, DAY, len(films)))
    return [films[order] + 1, values[order], moments]


def _join(parts: list[Path], whole: Path) -> None:
    """Write Parquet files as one."""
    with pq.ParquetWriter(whole, pq.read_schema(parts[0])) as writer:
        for part in parts:
            writer.write_table(pq.read_table(part))
