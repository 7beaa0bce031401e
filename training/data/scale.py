"""The scale of ratings: what a person says that it is, or what the ratings tell."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.data.tables import DataError, Scale, Table, and_more, quote

NARROW, WIDE, PERCENT = 5.0, 10.0, 100.0  # tops of the scales that people use
HALF = 0.5
LOWS = (0.0, HALF, 1.0)  # where they start
RARE = 0.001  # share of the ratings; a value that fewer have may be a slip
MOST = 1000.0  # of a scale that a person gives, either way
SEEN: Scale = (1.0, 1.0)  # where the data only says who saw what
GIVE_ONE = "for another scale give --scale LOW:HIGH"

Values = NDArray[np.float64]


def parse_scale(text: str) -> Scale:
    """Return a scale such as ``1:5`` or ``-10:10``; raise ``DataError`` for anything else."""
    try:
        lowest, highest = map(float, text.split(":"))
    except ValueError:
        lowest, highest = math.nan, math.nan
    if not -MOST <= lowest <= highest <= MOST:
        told = f"LOW:HIGH, two numbers from {-MOST:g} to {MOST:g} of which the first is not higher"
        raise DataError(f"scale is {quote(text)}, expected {told}")
    return lowest, highest


def widest(values: Values) -> Scale:
    """Return between which bounds ratings (m,) must be if nobody says what their scale is.

    They may go to 100 only if at least half of them are more than 10: one slip is no such scale.
    """
    found = values[np.isfinite(values)]
    return between(found.min(), found.max(), np.median(found)) if len(found) else (0.0, WIDE)


def between(lowest: float, highest: float, median: float) -> Scale:
    """Return what ``widest`` does for ratings with such a lowest, highest and median one."""
    is_wide = highest > WIDE and lowest < highest and median > WIDE
    return 0.0, PERCENT if is_wide else WIDE


def infer(ratings: Table, values: Values) -> Scale:
    """Return the scale of ratings (m,): from the lowest to 5, 10 or 100.

    If all are alike, so are the ends of the scale: they say only what was seen.

    Raises:
        DataError: a value that hardly any rating has lies beyond a scale that the others fill.
    """
    counts = pd.Series(values).value_counts().sort_index()
    scale, stray = weigh_up(counts)
    if len(stray):
        where = ratings.record(int(np.argmax(values == stray.index[0])))
        raise DataError(f"{where}: {beyond(ratings, counts, stray, scale)}")
    return scale


def weigh_up(counts: "pd.Series[int]") -> tuple[Scale, "pd.Series[int]"]:
    """Return the scale that ratings tell, and which of them lie beyond it.

    ``counts`` says how often each value comes, in ascending order.
    """
    common = counts[counts >= RARE * counts.sum()]
    if len(common) < len(counts) and _is_complete(common.index.to_numpy()):
        lowest, highest = float(common.index[0]), float(common.index[-1])
        if lowest == 1 and (common.index % 1 == HALF).any():
            lowest = HALF  # a scale of halves
        stray = counts[(counts.index < lowest) | (counts.index > highest)]
        if len(stray):
            return (lowest, highest), stray
    lowest, highest = float(counts.index[0]), float(counts.index[-1])
    return (lowest, _top(highest) if highest > lowest else lowest), counts.iloc[:0]


def _top(highest: float) -> float:
    return next(top for top in (NARROW, WIDE, PERCENT) if highest <= top)


def _is_complete(values: Values) -> bool:
    """Return whether values are a scale that people use, without a gap between whole numbers."""
    lowest, highest = values[0], values[-1]
    whole = np.arange(math.ceil(lowest), highest + 1)
    ends = lowest in LOWS and highest in (NARROW, WIDE, PERCENT)
    return bool(ends and np.isin(whole, values).all())


def beyond(ratings: Table, counts: "pd.Series[int]", stray: "pd.Series[int]", scale: Scale) -> str:
    """Return what messages say of the first of ``stray`` values, see ``weigh_up``."""
    value, count = float(stray.index[0]), int(stray.iloc[0])
    times = "once" if count == 1 else f"{count:,} times"
    told = f"{ratings.column('avaliacao')} is {value:g}, {times} among {counts.sum():,} ratings"
    others = f"which otherwise go from {scale[0]:g} to {scale[1]:g}"
    more = and_more(int(stray.sum()) - count)
    return f"{told}{more} {others}: correct the data, or give the scale, --scale LOW:HIGH"
