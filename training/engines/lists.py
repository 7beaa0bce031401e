"""The lists of all users, each block of them made by a worker."""

from pathlib import Path

import numpy as np
import pandas as pd
from pyspark import SparkFiles
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from recommender.data.catalog import Catalog
from recommender.model.artifact import CATALOG_FILE, MANIFEST_FILE, SERVED_FILES, load
from training.batch.lists import rank_users
from training.data.tables import one_line
from training.engines.parts import Batches, rows_of

IN_A_BLOCK = 10_000  # users
LISTS = "usuario_id long, posicao long, filme_id long, pontuacao double"


class WriteError(Exception):
    """A place at which Spark could not write; the message says which, and why."""


def write_lists(spark: SparkSession, folder: Path, limit: int, place: str, block: int) -> int:
    """Write what ``training.batch.lists.recommend_all`` yields; return the number of rows.

    Args:
        spark: the session.
        folder: an artifact on this machine, which workers get a copy of.
        limit: films of a list.
        place: where a folder of Parquet files goes, a path or an address; one there is replaced.
        block: users at a time, one block in a task.

    Raises:
        ArtifactError: the folder is incomplete, altered, or of another format.
        WriteError: nothing can be written there.
    """
    load(folder)
    for name in (*SERVED_FILES, MANIFEST_FILE):
        spark.sparkContext.addFile(str(folder.absolute() / name))
    ids = np.array([*Catalog(folder / CATALOG_FILE).user_ids()], np.int64)
    starts = range(0, len(ids), block)
    rows = [(number, ids[start : start + block].tobytes()) for number, start in enumerate(starts)]
    blocks = spark.createDataFrame(rows, "number int, ids binary")

    def rank(batches: Batches) -> Batches:
        for row in rows_of(batches):
            users = np.frombuffer(row["ids"], np.int64).tolist()
            yield rank_users(Path(SparkFiles.getRootDirectory()), limit, users)

    lists = blocks.repartitionByRange(max(1, len(rows)), "number").mapInPandas(rank, LISTS)
    try:
        lists.write.mode("overwrite").parquet(place)
    except Exception as error:  # of which kind depends on the file system
        raise WriteError(f"{place} was not written: {one_line(str(error))}") from error
    (found,) = spark.read.parquet(place).agg(F.count("*")).collect()
    return int(found[0])
