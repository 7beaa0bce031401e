"""The moment before which a share of the ratings was given, found by counting."""

import math

import numpy as np
from numpy.typing import NDArray

from training.data.dataset import Dataset
from training.data.tables import TIME_COLUMN
from training.engines.parts import Parts

DAY = 86_400  # seconds


def find_quantile(parts: Parts, share: float) -> float:
    """Return what ``numpy.quantile`` returns of the moments of all ratings."""
    start, end = parts.first // DAY, parts.last // DAY + 1

    def count_days(part: Dataset, _: int) -> list[NDArray[np.intp]]:
        return [np.bincount(_moments(part) // DAY - start, minlength=end - start)]

    by_day = np.cumsum(parts.add(count_days, (end - start,))[0])
    place = share * (parts.ratings - 1)
    ranks = [math.floor(place), math.ceil(place)]  # in time, from 0 on
    days = np.searchsorted(by_day, ranks, side="right")

    def count_seconds(part: Dataset, _: int) -> list[NDArray[np.intp]]:
        moments = _moments(part)
        return [
            np.bincount(moments[moments // DAY == start + day] % DAY, minlength=DAY) for day in days
        ]

    earlier = np.concatenate([[0], by_day])[days]
    by_second = map(np.cumsum, parts.add(count_seconds, (DAY,), (DAY,)))
    before, after = (
        (start + day) * DAY + np.searchsorted(counts, rank - others, side="right")
        for day, counts, rank, others in zip(days, by_second, ranks, earlier, strict=True)
    )
    return float(before + (after - before) * (place - ranks[0]))


def _moments(part: Dataset) -> NDArray[np.int64]:
    return part.ratings[TIME_COLUMN].to_numpy(np.int64)
