"""Ratings as Spark reads them: each batch of lines goes through the reader of one machine."""

import csv
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce
from itertools import groupby
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
from training.data.tables import TIME_COLUMN, DataError, Faults, Table, join
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
    schemas = _schemas(spark, source)

    def kind(file: tuple[int, Any]) -> tuple[Layout | None, StructType | None]:
        number, (*_, layout) = file
        return layout, schemas[number]

    for (layout, _), alike in groupby(enumerate(source.ratings), kind):
        files = {number: (address, name) for number, (address, name, _) in alike}
        addresses = [address for address, _ in files.values()]
        lines = spark.read.text(addresses) if layout else spark.read.parquet(*addresses)
        names = {number: name for number, (_, name) in files.items()}
        placed = _place(spark, lines, dict(zip(names, addresses, strict=True)))
        raw += [placed] * len(files)
        read_ones.append(placed.mapInPandas(_parser(names, layout), SCHEMA))
    return raw, reduce(DataFrame.unionAll, read_ones)


def _schemas(spark: SparkSession, source: Source) -> list[StructType | None]:
    """Return the columns of each file of Parquet; refuse unlike ones, and those not known.

    Spark itself reads all files with the columns of one, and gives nulls where another has none.
    """
    schemas: list[StructType | None] = []
    heads = []
    for address, name, layout in source.ratings:
        schema = None if layout else spark.read.parquet(address).schema
        schemas.append(schema)
        if schema is not None:
            heads.append(take(pd.DataFrame(columns=schema.names), name))
    if heads:
        join(heads)
    return schemas


def _place(spark: SparkSession, lines: DataFrame, addresses: dict[int, str]) -> DataFrame:
    """Return records with the columns of ``PLACE``; ``addresses`` are by number of file."""
    one = next(iter(addresses)) if len(addresses) == 1 else None
    encoded = F.replace(F.input_file_name(), F.lit("+"), F.lit("%2B"))  # a plus stays one
    name = F.url_decode(encoded)
    placed = lines.select(
        F.lit(one).cast("int").alias("file"),
        F.substring_index(name, "/", -1).alias("base"),
        F.expr("input_file_block_start()").alias("block"),
        F.monotonically_increasing_id().alias("line"),
        "*",
    )
    if one is not None:
        return placed.drop("base")
    known = [(number, address.rpartition("/")[2]) for number, address in addresses.items()]
    numbers = spark.createDataFrame(known, "file int, base string")
    joined = placed.drop("file").join(F.broadcast(numbers), "base", "left")
    numbered = F.coalesce("file", F.raise_error("a file that was not listed").cast("int"))
    return joined.select(
        numbered.alias("file"), *(n for n in placed.columns if n not in ("file", "base"))
    )


def as_frame(few: DataFrame) -> pd.DataFrame:
    """Return a few records on this machine."""
    return pd.DataFrame([tuple(row) for row in few.collect()], columns=few.columns)


def _parser(names: dict[int, str], layout: Layout | None) -> Callable[[Batches], Batches]:
    """Return what takes records of files apart; ``names`` are those of files by their number."""

    def parse(batches: Batches) -> Batches:
        begun: set[int] = set()
        for batch in batches:
            for number in batch["file"].unique().tolist():
                name = names[number]
                records = batch[batch["file"] == number].reset_index(drop=True)
                if layout is None:
                    table = take(records.drop(columns=PLACE), name)
                    yield _typed(records, table, np.arange(len(records)), odd=False)
                    continue
                if layout.header and number not in begun:
                    first = _find_header(records)
                    begun.update([number] * len(first))
                    if len(first) and number != min(names):  # the layout is that of the first
                        yield from _refuse_header(records.loc[first], layout)
                    records = records.drop(index=first).reset_index(drop=True)
                if (records["value"].str.strip() != "").any():
                    yield from _parse_lines(records, name, layout)

    return parse


def _find_header(records: pd.DataFrame) -> pd.Index:
    """Return where the first line of a file that is not blank is, if it is among some lines."""
    first = (records["block"] == 0) & (records["value"].str.strip() != "")
    return records.index[first.to_numpy()][:1]


def _refuse_header(line: pd.DataFrame, layout: Layout) -> Batches:
    """Yield the header of a part as a fault if it is not that of the first part."""
    text = line["value"].iloc[0].removeprefix("\ufeff")
    first = next(csv.reader([text], delimiter=layout.form.separator), [])
    if told := layout.refuse_header(first):
        yield _faulty(line, 1, told, 0)


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
