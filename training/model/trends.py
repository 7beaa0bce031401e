"""Trends: popularity of which old ratings are a smaller part."""

import numpy as np
from numpy.typing import NDArray

from training.data.dataset import Dataset
from training.data.tables import TIME_COLUMN

DAY = 86_400.0  # seconds
NEWEST = 0.999  # share of the ratings that are not newer than now: a few times may be wrong
LEAST = 1e-4  # that a rating counts, however old: films nobody rates any more keep an order

Array = NDArray[np.float64]


def find_trend(data: Dataset, half_life: float) -> Array:
    """Return each film's share of all ratings (n,), which halve every ``half_life`` days.

    Now is when the newest ratings were given, so equal data gives an equal trend. All are 0 where
    times tell no order.
    """
    if not data.timed:
        return np.zeros(len(data.films))
    now = float(np.quantile(data.ratings[TIME_COLUMN].to_numpy(np.float64), NEWEST))
    counts, total = count_by_age(data, now, half_life)
    return counts / total


def count_by_age(data: Dataset, now: float, half_life: float) -> tuple[Array, float]:
    """Return what each film's ratings count by their age (n,), and what all count together."""
    moments = data.ratings[TIME_COLUMN].to_numpy(np.float64)
    days = np.maximum(now - moments, 0) / DAY
    weights = np.maximum(0.5 ** (days / half_life), LEAST)
    counts = np.bincount(data.ratings["film"], weights, len(data.films)).astype(np.float64)
    return counts, float(weights.sum())
