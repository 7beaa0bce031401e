"""Parts: whole users each, packed so that a part is read as quickly as one machine's ratings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from threadpoolctl import threadpool_limits

from training.data.dataset import Dataset, name_users
from training.data.tables import TIME_COLUMN, Scale

BLOCK = 1 << 20  # sums that are added up at a time
ADDED_HERE = 1 << 27  # bytes of all parts' sums together up to which the driver adds them up
PACKED = (
    "part int, users long, ratings long, kept long, first long, last long, "
    "ids binary, sizes binary, film binary, rating binary, moment binary, held binary"
)
Array = NDArray[np.float64]
Batches = Iterator[pd.DataFrame]
Work = Callable[[Dataset, int], Sequence[NDArray[Any] | float]]
"""What is to be done with a part and its number: arrays, which are added up over all parts."""


def pack(part: int, ratings: pd.DataFrame) -> pd.DataFrame:
    """Return one row, as ``PACKED`` says, of a part's ratings: user, film, rating, moment, held."""
    ratings = ratings.sort_values(["user", "film"])
    ids, sizes = np.unique(ratings["user"].to_numpy(np.int64), return_counts=True)
    moments = ratings["moment"].dropna().to_numpy(np.int64)
    packed = {
        "part": part,
        "users": len(ids),
        "ratings": len(ratings),
        "kept": int((~ratings["held"]).sum()),
        "first": moments.min() if len(moments) else 0,
        "last": moments.max() if len(moments) else 0,
        "ids": ids.tobytes(),
        "sizes": sizes.astype(np.int64).tobytes(),
        "film": ratings["film"].to_numpy(np.int32).tobytes(),
        "rating": ratings["rating"].to_numpy(np.float64).tobytes(),
        "moment": moments.tobytes(),
        "held": ratings["held"].to_numpy(np.bool_).tobytes(),
    }
    return pd.DataFrame([packed])


@dataclass(frozen=True)
class Facts:
    """What holds for all parts: the films, the scale, and which ratings count.

    ``held_out`` None: all of them; False: the train part, True: the test part.
    """

    films: pd.DataFrame
    scale: Scale
    held_out: bool | None = None

    def unpack(self, row: Mapping[Any, Any]) -> Dataset:
        """Return the part in a row as a data set, of whose users only the ids are known."""
        ids = np.frombuffer(row["ids"], np.int64)
        users = np.repeat(
            np.arange(len(ids), dtype=np.int32), np.frombuffer(row["sizes"], np.int64)
        )
        ratings = pd.DataFrame(
            {
                "user": users,
                "film": np.frombuffer(row["film"], np.int32),
                "avaliacao": np.frombuffer(row["rating"], np.float64),
            }
        )
        if row["moment"]:
            ratings[TIME_COLUMN] = np.frombuffer(row["moment"], np.int64)
        if self.held_out is not None:
            ratings = ratings[np.frombuffer(row["held"], np.bool_) == self.held_out]
        known = pd.DataFrame({"id": ids})
        return Dataset(known, self.films, ratings.reset_index(drop=True), *self.scale)


class Parts:
    """Ratings in parts of whole users, in ascending order of id.

    Args:
        packed: a row for each part, as ``PACKED`` says.
        facts: what holds for all of them.
    """

    def __init__(self, packed: DataFrame, facts: Facts) -> None:
        self.packed, self.facts = packed, facts
        info = packed.select("users", "ratings", "kept", "first", "last").collect()
        self.count = len(info)
        self.users = sum(row["users"] for row in info)
        total, kept = (sum(row[name] for row in info) for name in ("ratings", "kept"))
        self.ratings = {None: total, False: kept, True: total - kept}[facts.held_out]
        self.first = min(row["first"] for row in info)
        self.last = max(row["last"] for row in info)
        self.timed = self.first < self.last

    def view(self, held_out: bool | None) -> "Parts":
        """Return the same parts with only some of their ratings, see ``Facts``."""
        return Parts(self.packed, replace(self.facts, held_out=held_out))

    def add(self, work: Work, *shapes: tuple[int, ...]) -> list[Array]:
        """Return the sums over all parts of arrays, which have these shapes in each part.

        They are added up in the order of parts, so equal parts give equal bits.
        """
        facts = replace(self.facts, films=self.facts.films[["id"]])

        def run(batches: Batches) -> Batches:
            for row in rows_of(batches):
                with threadpool_limits(1):
                    found = work(facts.unpack(row), int(row["part"]))
                flat = np.concatenate([np.ravel(np.asarray(each, np.float64)) for each in found])
                for number, start in enumerate(range(0, len(flat), BLOCK)):
                    sums = flat[start : start + BLOCK].tobytes()
                    yield pd.DataFrame([{"block": number, "part": row["part"], "sums": sums}])

        ends = np.cumsum([prod(shape) for shape in shapes])
        rows = self.packed.mapInPandas(run, "block int, part int, sums binary")
        if 8 * int(ends[-1]) * self.count > ADDED_HERE:
            rows = rows.groupBy("block").applyInPandas(_add_up, rows.schema)
        found = pd.DataFrame(rows.collect(), columns=rows.columns)
        added = [_add_up(block)["sums"].iloc[0] for _, block in found.groupby("block")]
        flat = np.concatenate([np.frombuffer(sums) for sums in added])
        assert len(flat) == ends[-1], "the work has other shapes"
        pieces = np.split(flat, ends[:-1])
        return [piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)]

    def gather(self, share: float, seed: int) -> Dataset:
        """Return a share of the users, drawn at random, with their ratings on this machine."""

        def draw(batches: Batches) -> Batches:
            for row in rows_of(batches):
                ids, sizes = (np.frombuffer(row[name], np.int64) for name in ("ids", "sizes"))
                random = np.random.RandomState([seed, int(row["part"])])
                kept = np.flatnonzero(random.rand(len(ids)) < share)
                frame = pd.DataFrame(
                    {
                        "user": np.repeat(ids, sizes),
                        "film": np.frombuffer(row["film"], np.int32),
                        "rating": np.frombuffer(row["rating"], np.float64),
                        "held": np.frombuffer(row["held"], np.bool_),
                    }
                )
                moments = np.frombuffer(row["moment"], np.int64)
                frame["moment"] = moments if len(moments) else np.nan
                if len(kept):
                    yield pack(int(row["part"]), frame[np.isin(frame["user"], ids[kept])])

        packed = self.packed if share >= 1 else self.packed.mapInPandas(draw, PACKED)
        return self._join(packed)

    def _join(self, packed: DataFrame) -> Dataset:
        columns = [name for name in packed.columns if name not in ("first", "last")]
        rows = packed.select(*columns).orderBy("part").toLocalIterator()
        found = [self.facts.unpack(row) for row in rows]
        starts = np.cumsum([0, *(len(part.users) for part in found)])
        frames = [
            part.ratings.assign(user=(part.ratings["user"] + start).astype(np.int32))
            for part, start in zip(found, starts, strict=False)
        ]
        users = name_users(np.concatenate([part.users["id"].to_numpy(np.int64) for part in found]))
        ratings = pd.concat(frames, ignore_index=True)
        return Dataset(users, self.facts.films, ratings, *self.facts.scale)


def rows_of(batches: Batches) -> Iterator[Mapping[Any, Any]]:
    """Yield the rows of some batches."""
    for batch in batches:
        yield from batch.to_dict("records")


def _add_up(parts: pd.DataFrame) -> pd.DataFrame:
    parts = parts.sort_values("part")
    total = np.zeros(len(parts["sums"].iloc[0]) // 8)
    for sums in parts["sums"]:
        total += np.frombuffer(sums)
    return parts.iloc[:1].assign(sums=[total.tobytes()])
