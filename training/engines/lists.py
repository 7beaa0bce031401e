"""The lists of all users, each block of them made by a worker."""

import shutil
import tempfile
import weakref
import zipfile
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import numpy as np
from pyspark import SparkFiles
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from recommender.data.catalog import Catalog
from recommender.model.artifact import (
    CATALOG_FILE,
    MANIFEST_FILE,
    SERVED_FILES,
    load,
)
from training.batch.files import ListsError
from training.batch.lists import User, rank_users
from training.data.tables import one_line
from training.engines.parts import Batches, rows_of
from training.engines.sources import address_of
from training.profiles.parts import verified_parts

IN_A_BLOCK = 10_000  # users
EXISTS = "PATH_ALREADY_EXISTS"  # as Spark calls it
LISTS = "usuario_id long, posicao long, filme_id long, pontuacao double"
ITEM = "Item struct<usuario_id: struct<N: string>, avaliacoes: struct<B: string>>"

Rank = Callable[[list[User]], Batches]


def write_lists(spark: SparkSession, folder: Path, limit: int, place: str, block: int) -> int:
    """Write what ``training.batch.lists.recommend_all`` yields; return the number of rows.

    Args:
        spark: the session.
        folder: an artifact on this machine, of which workers get a copy; but parts of profiles they
            read where they are.
        limit: films of a list.
        place: where a folder of Parquet files goes, a path or an address at which nothing is.
        block: users at a time.

    Raises:
        ArtifactError: the folder is incomplete, altered, or of another format.
        ListsError: something is there, or nothing can be written.
    """
    parts = verified_parts(load(folder))
    name = _hand_out(spark, folder)

    def rank(users: list[User]) -> Batches:
        for start in range(0, len(users), block):
            copy = Path(SparkFiles.get(name))
            yield rank_users(copy, limit, users[start : start + block])

    found = _of_parts(spark, parts, rank) if parts else _of_catalog(spark, folder, block, rank)
    try:
        found.write.mode("errorifexists").parquet(place)
    except Exception as error:  # of which kind depends on the file system
        if EXISTS in str(error):
            told = f"{place} was not written: something is there, name another folder"
            raise ListsError(told) from None
        raise ListsError(f"{place} was not written: {one_line(str(error))}") from error
    return int(spark.read.parquet(place).count())


def _hand_out(spark: SparkSession, folder: Path) -> str:
    """Give each worker a copy of what is served of an artifact; return what Spark calls it."""
    scratch = Path(tempfile.mkdtemp(prefix="filmes-"))
    # Any later task of the session may fetch it, so it stays as long.
    weakref.finalize(spark, shutil.rmtree, scratch, ignore_errors=True)
    name = f"artifact-{uuid4().hex}.zip"  # a session may hand out several
    with zipfile.ZipFile(scratch / name, "w") as archive:
        for file in (*SERVED_FILES, MANIFEST_FILE):
            archive.write(folder / file, file)
    spark.sparkContext.addArchive(str(scratch / name))
    return name


def _of_catalog(spark: SparkSession, folder: Path, block: int, rank: Rank) -> DataFrame:
    """Return the lists of users whose ratings are packaged, a block in a task."""
    ids = np.array([*Catalog(folder / CATALOG_FILE).user_ids()], np.int64)
    starts = range(0, len(ids), block)
    rows = [(number, ids[start : start + block].tobytes()) for number, start in enumerate(starts)]

    def rank_blocks(batches: Batches) -> Batches:
        for row in rows_of(batches):
            yield from rank([(user, None) for user in np.frombuffer(row["ids"], np.int64).tolist()])

    blocks = spark.createDataFrame(rows, "number int, ids binary")
    return blocks.repartitionByRange(len(rows), "number").mapInPandas(rank_blocks, LISTS)


def _of_parts(spark: SparkSession, parts: list[Path], rank: Rank) -> DataFrame:
    """Return the lists of users whose ratings are in parts of profiles, a part in a task."""

    def rank_rows(batches: Batches) -> Batches:
        for batch in batches:
            yield from rank([*zip(batch["user"].tolist(), batch["packed"].tolist(), strict=True)])

    items = spark.read.schema(ITEM).json([address_of(path) for path in parts])
    users = items.select(
        F.col("Item.usuario_id.N").cast("long").alias("user"),
        F.unbase64("Item.avaliacoes.B").alias("packed"),
    )
    return users.mapInPandas(rank_rows, LISTS)
