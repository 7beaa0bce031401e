"""Profiles of users as parts for DynamoDB's import, packed where the ratings are."""

import tempfile
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from pyspark import StorageLevel
from pyspark.sql import functions as F  # noqa: N812

from recommender.data.catalog import Rated
from recommender.model.artifact import part_name
from training.data.dataset import Dataset
from training.data.tables import TIME_COLUMN
from training.engines.parts import Batches, Parts, rows_of
from training.profiles.parts import PART_BYTES, Kept, write_part

FILES = "part int, number int, users long, ratings long, content binary"


def write_profiles(parts: Parts, folder: Path, most: int = PART_BYTES) -> Kept:
    """Write all users' newest ratings as ``training.profiles.parts.write_parts`` does.

    A part of the ratings gives one file or more, of at most about ``most`` bytes. The driver takes
    one after the other, packed, and keeps none in memory.
    """
    facts = parts.facts
    films = facts.films["id"].to_numpy(np.int64)

    def pack(batches: Batches) -> Batches:
        for row in rows_of(batches):
            users = _profiles(facts.unpack(row), films)
            for number in count():
                with tempfile.TemporaryDirectory() as scratch:
                    path = Path(scratch, part_name(0))
                    kept = write_part(users, path, most)
                    content = path.read_bytes()
                if not kept.users:
                    break
                place = {"part": row["part"], "number": number}
                yield pd.DataFrame([{**place, **kept._asdict(), "content": content}])

    ordered = parts.packed.sortWithinPartitions("part")
    files = ordered.mapInPandas(pack, FILES).persist(StorageLevel.DISK_ONLY)
    (total,) = files.agg(F.sum("users"), F.sum("ratings")).collect()
    for place, file in enumerate(files.select("content").toLocalIterator()):
        path = folder / part_name(place)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(file["content"])
    files.unpersist()
    return Kept(*total)


def _profiles(part: Dataset, film_ids: np.ndarray) -> Iterator[tuple[int, list[Rated]]]:
    """Yield the ids of a part's users, each with all ratings in order of film id."""
    ratings = part.ratings
    films = film_ids[ratings["film"]].tolist()
    values = ratings["avaliacao"].tolist()
    timed = TIME_COLUMN in ratings
    moments = ratings[TIME_COLUMN].tolist() if timed else [None] * len(films)
    starts = part.matrix.indptr.tolist()
    for user_id, (start, end) in zip(part.users["id"].tolist(), pairwise(starts), strict=True):
        block = slice(start, end)
        yield user_id, list(zip(films[block], values[block], moments[block], strict=True))
