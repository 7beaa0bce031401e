"""What an artifact's database tells of ratings: mostly sums, so that those of parts add up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.data.histogram import split_scale
from training.data.dataset import Dataset
from training.model.tastes import count_likes, find_tastes

NEAR = 1e-5  # of a step: no rating is so far from a value of its scale

Array = NDArray[np.float64]
Taste = tuple[int, Sequence[str], int]
"""A user's id, the genres that the user likes more than others do, and the number of ratings."""


@dataclass(frozen=True)
class Told:
    """What is told of the ratings of all users.

    ``counts`` (n,) and ``sums`` (n,) are the number and the sum of each film's ratings,
    ``histogram`` (n, k) how many of them lie in each part of the scale, as ``split_scale`` has them
    for ``step``.
    """

    counts: Array
    sums: Array
    histogram: Array
    step: float | None
    tastes: Sequence[Taste]


def tell(data: Dataset) -> Told:
    """Return what is told of the ratings of a data set."""
    counts, sums, _, histogram = describe(data, data.step)
    return Told(counts, sums, histogram, data.step, tastes_of(data, count_likes(data)))


def describe(data: Dataset, step: float | None) -> tuple[Array, Array, Array, Array]:
    """Return ``counts`` and ``sums`` of ``Told``, how many like each film (n,), and ``histogram``.

    Those of parts of the users add up.
    """
    films, rating = data.ratings["film"].to_numpy(np.int64), data.ratings["avaliacao"].to_numpy()
    number = len(data.films)
    parts = split_scale((data.lowest, data.highest), step)
    starts = np.array([start for start, _ in parts]) - NEAR * (step or 0.0)
    part = np.searchsorted(starts, rating, side="right") - 1
    histogram = np.bincount(films * len(parts) + part, minlength=number * len(parts))
    return (
        np.bincount(films, minlength=number).astype(np.float64),
        np.bincount(films, rating, number).astype(np.float64),
        count_likes(data),
        histogram.reshape(number, len(parts)).astype(np.float64),
    )


def tastes_of(data: Dataset, likes: Array) -> list[Taste]:
    """Return the tastes of a data set's users; ``likes`` (n,) says how many of all like a film."""
    totals = np.bincount(data.ratings["user"], minlength=len(data.users)).tolist()
    found = zip(data.users["id"].tolist(), find_tastes(data, likes), totals, strict=True)
    return list(found)
