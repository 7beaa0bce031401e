"""Ratings as Spark reads them: each batch of lines goes through the reader of one machine."""

import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.types import (
    BooleanType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from training.data import columns
from training.data.files.ratings import Layout, read_by_pandas, read_by_row
from training.data.files.source import File
from training.data.readers.parquet import take
from training.data.scale import SEEN
from training.data.tables import TIME_COLUMN, DataError, Faults, Table
from training.engines.sources import Source

PLACE = ["file", "block", "line"]  # of a record: in this order they are as in the files
SCHEMA = StructType(
    [
        StructField("file", IntegerType()),
        StructField("block", LongType()),
        StructField("line", LongType()),
        StructField("user", LongType()),  # -1 for what is no id
        StructField("film", LongType()),  # likewise
        StructField("rating", DoubleType()),  # null for what is no number
        StructField("moment", DoubleType()),  # in the unit of the data, null for what is no time
        StructField("untimed", BooleanType()),  # nothing is said of the time
        StructField("odd", BooleanType()),  # the batch has values that are no numbers
        StructField("faults", IntegerType()),  # lines that are no records; this is the first
        StructField("fault", StringType()),  # what is wrong with it, null for a record
    ]
)
Batches = Iterator[pd.DataFrame]


def read(spark: SparkSession, source: Source) -> tuple[list[DataFrame], DataFrame]:
    """Return the records of each file as they are, and those of all, as ``SCHEMA`` says."""
    raw, read_ones = [], []
    for number, (address, name, layout) in enumerate(source.ratings):
        lines = spark.read.text(address) if layout else spark.read.parquet(address)
        if layout is None:
            take(as_frame(lines.limit(0)), name)  # refuses columns that it does not know
        placed = lines.select(
            F.lit(number).alias("file"),
            F.expr("input_file_block_start()").alias("block"),
            F.monotonically_increasing_id().alias("line"),
            "*",
        )
        raw.append(placed)
        read_ones.append(placed.mapInPandas(_parser(name, layout), SCHEMA))
    return raw, reduce(DataFrame.unionAll, read_ones)


def as_frame(few: DataFrame) -> pd.DataFrame:
    """Return a few records on this machine."""
    return pd.DataFrame([tuple(row) for row in few.collect()], columns=few.columns)


def _parser(name: str, layout: Layout | None) -> Callable[[Batches], Batches]:
    def parse(batches: Batches) -> Batches:
        block = -1
        for batch in batches:
            records = batch
            if layout is not None and layout.header and block != 0:
                records = _below_header(batch)
            block = int(batch["block"].iloc[-1]) if len(batch) else block
            if layout is None:
                table = take(records.drop(columns=PLACE), name)
                yield _typed(records, table, np.arange(len(records)), odd=False)
            elif (records["value"].str.strip() != "").any():
                yield from _parse_lines(records.reset_index(drop=True), name, layout)

    return parse


def _below_header(batch: pd.DataFrame) -> pd.DataFrame:
    """Return a batch without the first line of its file that is not blank, if that is here."""
    first = (batch["block"] == 0) & (batch["value"].str.strip() != "")
    return batch.drop(index=batch.index[first.to_numpy()][:1])


def _parse_lines(batch: pd.DataFrame, name: str, layout: Layout) -> Batches:
    faults = Faults(name)
    try:
        table, odd = read_lines(batch["value"], name, layout, faults)
    except DataError as error:  # not even rows can be told apart
        line, told = _line_of(str(error), name)
        yield _faulty(batch, line, told, 0)
        return
    if len(table.frame):
        yield _typed(batch, table, table.frame.index.to_numpy(np.int64), odd=odd)
    if faults.count:
        yield _faulty(batch, faults.line, faults.told, faults.count)


def read_lines(
    lines: pd.Series, name: str, layout: Layout, faults: Faults, *, as_text: bool = False
) -> tuple[Table, bool]:
    """Return lines as a table, and whether it is one of texts: a value may be no number."""
    layout = replace(layout, header=False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lines")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogatepass")
        file = File("lines", name, lambda: path)
        frame = None if as_text else read_by_pandas(file, layout)
        odd = frame is None
        if frame is None:
            frame = read_by_row(file, layout, faults)
    return Table(frame, name, 1, is_text=True, named=layout.named), odd


def _typed(
    batch: pd.DataFrame, table: Table, places: NDArray[np.int64], *, odd: bool
) -> pd.DataFrame:
    """Return the records of a table; ``places`` (m,) say where in a batch they are."""
    frame = pd.DataFrame({name: batch[name].to_numpy()[places] for name in PLACE})
    frame["user"] = columns.read_ids(table, "usuario_id")
    frame["film"] = columns.read_ids(table, "filme_id")
    given = "avaliacao" in table.frame
    frame["rating"] = columns.numbers(table, "avaliacao") if given else SEEN[0]
    timed = TIME_COLUMN in table.frame
    frame["moment"] = columns.times(table, TIME_COLUMN) if timed else np.nan
    raw: Any = table.frame[TIME_COLUMN] if timed else None
    frame["untimed"] = (raw == "").to_numpy() if timed and raw.dtype == object else not timed
    return frame.assign(odd=odd, faults=0, fault=None)


def _faulty(batch: pd.DataFrame, line: int, told: str, count: int) -> pd.DataFrame:
    """Return the first of some lines that are no records; a count of 0: nor is any after it."""
    place = batch[PLACE].iloc[[line - 1]]
    other = {"user": 0, "film": 0, "rating": 0.0, "moment": 0.0, "untimed": False}
    return place.assign(**other, odd=True, faults=count, fault=told)


def _line_of(message: str, name: str) -> tuple[int, str]:
    found = re.match(r", line (\d+)(.*)", message.removeprefix(name), re.DOTALL)
    return (int(found[1]), found[2]) if found else (1, f": {message}")
