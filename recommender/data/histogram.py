"""Histograms of ratings: into which parts a scale falls, for training and serving alike."""

import math
from itertools import pairwise

VALUES = 20  # of a scale, up to which each has a part of its own
PARTS = 10  # of a scale that has more
ROUNDING = 1e-9  # of a step


def split_scale(scale: tuple[float, float], step: float | None) -> list[tuple[float, float]]:
    """Return from where to where each part of a scale (lowest, highest) goes, in order.

    A scale with a step and at most ``VALUES`` values has a part for each value, whose ends are
    alike. Any other has ``PARTS`` equal parts, of which only the last holds its upper end.
    """
    lowest, highest = scale
    if step and (steps := math.floor((highest - lowest) / step + ROUNDING)) < VALUES:
        values = [_plain(lowest + place * step) for place in range(steps + 1)]
        return [(value, value) for value in values]
    inner = [_plain(lowest + place * (highest - lowest) / PARTS) for place in range(1, PARTS)]
    return list(pairwise([lowest, *inner, highest]))


def _plain(number: float) -> float:
    """Return a number without the noise of adding fractions."""
    return float(f"{number:.12g}")
