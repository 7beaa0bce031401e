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
    before, after = (
        _find(parts, by_day, start, rank) for rank in (math.floor(place), math.ceil(place))
    )
    return float(before + (after - before) * (place - math.floor(place)))


def _find(parts: Parts, by_day: NDArray[np.float64], start: int, rank: int) -> int:
    """Return the moment of a rating by its rank in time, from 0 on."""
    day = int(np.searchsorted(by_day, rank, side="right"))
    earlier = by_day[day - 1] if day else 0

    def count_seconds(part: Dataset, _: int) -> list[NDArray[np.intp]]:
        moments = _moments(part)
        return [np.bincount(moments[moments // DAY == start + day] % DAY, minlength=DAY)]

    by_second = np.cumsum(parts.add(count_seconds, (DAY,))[0])
    return (start + day) * DAY + int(np.searchsorted(by_second, rank - earlier, side="right"))


def _moments(part: Dataset) -> NDArray[np.int64]:
    return part.ratings[TIME_COLUMN].to_numpy(np.int64)
