"""Film vectors with fewer bits: size, accuracy and speed.

Settings are chosen on the train part of MovieLens 100K. nDCG@10 is that of the serving code on the
test part. int8 has one scale for each film.
"""

import sys
import timeit
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import machine, ml_100k
from benchmarks.retrieval import print_row
from recommender.model.artifact import Model
from recommender.model.ranking import Strategy
from training.choice.choose import choose
from training.choice.metrics import make_profiles, rank_all, score_lists
from training.data.read import read
from training.data.splits import BY_FILM
from training.model.fit import fit

SEED = 42
VECTORS, DIMENSIONS, RUNS = 1000, 32, 2000

Vectors = NDArray[Any]


def to_int8(vectors: Vectors) -> tuple[Vectors, Vectors]:
    """Return vectors (n, d) as int8, and their scales (n, 1)."""
    scales = np.abs(vectors).max(axis=1, keepdims=True) / 127
    return np.rint(vectors / np.where(scales, scales, 1)).astype(np.int8), scales


def rounded(vectors: Vectors, kind: str) -> Vectors:
    """Return vectors rounded to a type, as float32."""
    if kind != "int8":
        return vectors.astype(kind).astype(np.float32)
    whole, scales = to_int8(vectors)
    return np.asarray(whole * scales, np.float32)


def microseconds(kind: str) -> float:
    """Return the microseconds that scoring takes for vectors that are already gathered."""
    random = np.random.default_rng(0)
    vectors = random.normal(size=(VECTORS, DIMENSIONS)).astype(np.float32)
    user = vectors[0].copy()
    score: Callable[[], Any]
    if kind == "int8":
        whole, scales = to_int8(vectors)
        scale = scales[:, 0]
        score = lambda: whole.astype(np.float32).dot(user) * scale  # noqa: E731
    elif kind == "float16":
        half = vectors.astype(np.float16)
        score = lambda: half.astype(np.float32).dot(user)  # noqa: E731
    else:
        score = lambda: vectors.dot(user)  # noqa: E731
    return 1e6 * min(timeit.repeat(score, number=RUNS, repeat=5)) / RUNS


def megabytes(model: Model, bytes_a_number: float) -> float:
    """Return the megabytes of a model whose vectors have ``bytes_a_number`` for each number."""
    arrays = (getattr(model, field.name) for field in fields(Model))
    total = sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))
    return (total - model.vectors.nbytes + bytes_a_number * model.vectors.size) / 1e6


def main() -> None:
    """Print the table and write it as JSON."""
    data = read(ml_100k.fetch())
    data = data.with_ratings(data.ratings.sort_values(["user", "film"]))
    rows: list[dict[str, Any]] = []
    with threadpool_limits(1):
        train, test = BY_FILM.parts(data, SEED)
        model = fit(train, choose(train, SEED).chosen)
        profiles = make_profiles(model, train.ratings, test.ratings)
        for kind, size in (("float32", 4.0), ("float16", 2.0), ("int8", 1 + 4 / DIMENSIONS)):
            served = replace(model, vectors=rounded(model.vectors, kind))
            lists = rank_all(served, profiles, Strategy.MODEL)
            rows.append(
                {
                    "type": kind,
                    "model_mb": round(megabytes(model, size), 2),
                    "ndcg": round(float(score_lists(lists, profiles.relevant)["ndcg"].mean()), 4),
                    "microseconds": round(microseconds(kind), 1),
                }
            )
            print_row(rows[-1], first=len(rows) == 1)
    machine.write("compact", {"rows": rows})


if __name__ == "__main__":
    main()
