"""Sharing checked ratings out to parts, and holding some of them out."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from training.data.splits import split_by_film
from training.engines.checking import Checked
from training.engines.parts import PACKED, Facts, Parts, pack
from training.engines.reading import PLACE

IN_A_PART = 1_000_000  # ratings, about
FEWEST = 4  # parts
DRAWN = 100_000  # users at most, about, whose ids tell where parts begin
SHARED = "part int, user long, film int, rating double, moment long, held boolean"


def share_out(checked: Checked, seed: int, count: int | None = None) -> Parts:
    """Return the ratings in ``count`` parts, of each user and film the last; None: by their size.

    A quarter of each film's ratings is marked as held out, as ``split_by_film`` does.
    """
    count = count or max(FEWEST, -(-checked.total // IN_A_PART))
    starts = _starts(checked.records, count)
    shared = (
        checked.records.withColumn("slice", F.pmod(F.col("film"), F.lit(count)).cast("int"))
        .groupBy("slice")
        .applyInPandas(_splitter(checked.films["id"].to_numpy(np.int64), starts, seed), SHARED)
    )

    def pack_part(ratings: pd.DataFrame) -> pd.DataFrame:
        return pack(int(ratings["part"].iloc[0]), ratings)

    packed = shared.groupBy("part").applyInPandas(pack_part, PACKED)
    packed = packed.repartitionByRange(count, "part").persist()  # one for each task
    return Parts(packed, Facts(checked.films, checked.scale))


def _starts(records: DataFrame, count: int) -> NDArray[np.int64]:
    """Return the first id of each part but the first (count - 1,), for about equal numbers.

    They go by some of the users, who are the same in every run.
    """
    sizes = records.groupBy("user").agg(F.count("*").alias("ratings"))
    every = max(1, sizes.count() // DRAWN)
    drawn = sizes.filter(F.pmod(F.xxhash64("user"), F.lit(every)) == 0).orderBy("user").collect()
    ids = np.array([row["user"] for row in drawn], np.int64)
    before = np.cumsum([row["ratings"] for row in drawn])
    wanted = before[-1] * np.arange(1, count) / count if len(drawn) else np.zeros(0)
    return np.unique(ids[np.searchsorted(before, wanted)])


def _splitter(
    film_ids: NDArray[np.int64], starts: NDArray[np.int64], seed: int
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def split(records: pd.DataFrame) -> pd.DataFrame:
        """Return all ratings of some films as ``SHARED`` says, films by position."""
        records = records.sort_values(["user", "film", *PLACE], ignore_index=True)
        last = records.drop_duplicates(["user", "film"], keep="last", ignore_index=True)
        _, test = split_by_film(last, seed + int(records["slice"].iloc[0]))
        film = np.searchsorted(film_ids, last["film"].to_numpy(np.int64)).astype(np.int32)
        part = np.searchsorted(starts, last["user"], side="right").astype(np.int32)
        shared = last.assign(part=part, film=film, held=last.index.isin(test.index))
        return shared[["part", "user", "film", "rating", "moment", "held"]]

    return split
