"""What an artifact tells of ratings in parts, where these do not go into its database."""

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from recommender.data.histogram import split_scale
from training.data.dataset import STEPS, Dataset
from training.engines.parts import Batches, Parts, rows_of
from training.model.told import Taste, Told, describe, tastes_of


def tell(parts: Parts, listed: int) -> Told:
    """Return what ``training.model.told.tell`` does, but of tastes those of some users.

    ``listed`` is how many: those with the lowest ids.
    """
    films = len(parts.facts.films)
    (wrong,) = parts.add(lambda part, _: [np.array([*map(part.between, STEPS)])], (len(STEPS),))
    step = next((step for step, count in zip(STEPS, wrong, strict=True) if not count), None)
    width = len(split_scale(parts.facts.scale, step))
    counts, sums, likes, histogram = parts.add(
        lambda part, _: describe(part, step), (films,), (films,), (films,), (films, width)
    )
    return Told(counts, sums, histogram, step, _tastes(parts, likes, listed))


def digest(parts: Parts) -> str:
    """Return a SHA-256 of films and ratings; unlike ``Dataset.digest``, it depends on the parts."""

    def hash_each(batches: Batches) -> Batches:
        for row in rows_of(batches):
            content = hashlib.sha256()
            for name in ("ids", "sizes", "film", "rating", "moment"):
                content.update(row[name])
            yield pd.DataFrame([{"part": row["part"], "digest": content.hexdigest()}])

    found = parts.packed.mapInPandas(hash_each, "part int, digest string").collect()
    total = hashlib.sha256(parts.facts.films.to_csv(index=False, lineterminator="\n").encode())
    for row in sorted(found, key=lambda row: int(row["part"])):
        total.update(row["digest"].encode())
    return total.hexdigest()


def _tastes(parts: Parts, likes: Any, listed: int) -> list[Taste]:
    """Return the tastes of the users with the lowest ids, which are in the first parts."""
    sizes = sorted(parts.packed.select("part", "users").collect(), key=lambda row: int(row["part"]))
    before = np.cumsum([0, *(row["users"] for row in sizes)])
    some = [row["part"] for row, earlier in zip(sizes, before, strict=False) if earlier < listed]
    facts = parts.facts

    def find(batches: Batches) -> Batches:
        for row in rows_of(batches):
            part: Dataset = facts.unpack(row)
            yield pd.DataFrame(tastes_of(part, likes), columns=["user", "genres", "total"])

    first = parts.packed.filter(parts.packed["part"].isin(some))
    found = first.mapInPandas(find, "user long, genres array<string>, total long").collect()
    ordered = sorted(found, key=lambda row: int(row["user"]))
    return [(row["user"], list(row["genres"]), row["total"]) for row in ordered[:listed]]
