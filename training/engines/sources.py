"""What a path or an address holds: films, and files of ratings for Spark to read."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 as Spark's documentation calls it

from training.data.files.ratings import Layout, Plan
from training.data.files.source import ADDRESS, File, Folder, arrange
from training.data.read import open_path, recognise
from training.data.readers import csv_files, dat_files, movielens_100k, parquet, recbole
from training.data.tables import DataError, Scale, Table, join, one_line

READ_HERE = (csv_files, dat_files, movielens_100k, recbole)  # besides Parquet
WHOLE = 1 << 28  # bytes of a file that is fetched whole; of larger ones the first lines are
FIRST_LINES = 1000


@dataclass(frozen=True)
class Source:
    """Ratings that nobody has read yet, and films.

    ``ratings`` are addresses of files, what messages call each, and its layout, None for Parquet.
    ``films`` and ``scale`` are as in ``Tables``.
    """

    ratings: Sequence[tuple[str, str, Layout | None]]
    films: Table | None
    scale: Scale | None = None


def address_of(path: Path) -> str:
    """Return the address of a file of this machine, spelled as Hadoop does: nothing is encoded."""
    return f"file://{path.resolve()}"


@contextmanager
def find(spark: SparkSession, place: str, columns: Mapping[str, str]) -> Iterator[Source]:
    """Give the source at a path of this machine, or at an address that Spark can read.

    Archives of this machine are unpacked to a temporary folder, which executors have to see.

    Raises:
        DataError: there is none, or its layout is one that only a single machine reads.
    """
    name = one_line(place)
    with ExitStack() as stack:
        if ADDRESS in place:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            addresses, levels = _listed(spark, place, name, scratch)
        else:
            addresses, levels = {}, stack.enter_context(open_path(Path(place), name))

        def address(file: File) -> str:
            return addresses.get(file.name) or address_of(file.path)

        reader, folder = recognise(levels, name, columns)
        yield _source(reader, folder, address)


def _source(reader: Any, folder: Folder, address: Callable[[File], str]) -> Source:
    if reader is parquet:
        ratings, *films = parquet.find(folder)
        table = parquet.read_films(films[0]) if films else None
        return Source([(address(piece), piece.name, None) for piece in ratings.pieces], table)
    if not isinstance(reader, ModuleType) or reader not in READ_HERE:
        known = "; ".join(each.LAYOUT for each in (*READ_HERE, parquet))
        raise DataError(f"{folder.name}: --engine spark does not read {reader.LAYOUT}, but {known}")
    plan: Plan = reader.plan(folder)
    heads = [(pd.DataFrame(columns=list(layout.places)), file) for file, layout in plan.ratings]
    join([Table(head, file.name, 1) for head, file in heads])  # refuses unlike columns
    files = [(address(file), file.name, layout) for file, layout in plan.ratings]
    return Source(files, plan.films, plan.scale)


def _listed(
    spark: SparkSession, place: str, name: str, scratch: Path
) -> tuple[dict[str, str], list[list[Folder]]]:
    """Return the addresses of files by name, and the folders of these as ``open_source`` does."""
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
    try:
        listing = files.load(place).select("path", "length").collect()
    except Exception as error:  # of which kind depends on the file system
        raise DataError(f"{name} cannot be listed: {one_line(str(error))}") from error
    addresses: dict[str, str] = {}
    found = []
    root = place.partition(ADDRESS)[2].rstrip("/")
    for path, length in sorted((row["path"], row["length"]) for row in listing):
        inside = PurePosixPath(path.partition(f"{root}/")[2] or path.rpartition("/")[2])
        called = one_line(path if path.endswith(root) else f"{name.rstrip('/')}/{inside}")
        addresses[called] = path
        copy = scratch / str(len(addresses)) / inside.name
        fetch = partial(_fetch, spark, path, length <= WHOLE, copy)
        found.append((inside, File(inside.name.lower().removesuffix(".gz"), called, fetch)))
    if len(found) == 1 and path.endswith(root):
        file = found[0][1]
        return addresses, [[Folder(name, (file,), file)]]
    return addresses, arrange(name, found)


def _fetch(spark: SparkSession, path: str, whole: bool, copy: Path) -> Path:
    """Return where a copy of a file, or of its first lines, is."""
    copy.parent.mkdir(exist_ok=True)
    if whole and not path.endswith(".gz"):
        (row,) = spark.read.format("binaryFile").load(path).select("content").collect()
        copy.write_bytes(row["content"])
    else:
        lines = spark.read.text(path).limit(FIRST_LINES if not whole else 1 << 30)
        texts = (row["value"] for row in lines.select(F.col("value")).toLocalIterator())
        copy.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return copy
