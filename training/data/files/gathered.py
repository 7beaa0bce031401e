"""Rows gathered to columns of texts, each distinct text kept once: there may be many millions."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.data.columns import to_seconds
from training.data.files.rows import Row
from training.data.tables import TIME_COLUMN

BATCH = 1 << 16  # rows


class Codes(dict[str, int]):
    """The number of each text, which are counted as they come."""

    def __missing__(self, text: str) -> int:
        self[text] = code = len(self)
        return code


def gather(rows: Iterable[Row], places: Mapping[str, int]) -> pd.DataFrame:
    """Return the fields at some places, by our names of columns, as categories without blanks.

    Times, of which hardly two are alike, become whole seconds where they are times. The index is
    the line of each row, counted from 0.
    """
    pending, lines = iter(rows), array("q")
    codes = {ours: Codes() for ours in places}
    columns = {ours: array("i") for ours in places}
    moments: list[NDArray[Any]] = []
    while batch := list(islice(pending, BATCH)):
        lines.extend(line for line, _ in batch)
        fields = list(zip(*(row for _, row in batch), strict=False))  # to the end of the shortest
        for ours, place in places.items():
            texts = list(map(str.strip, fields[place]))
            if ours == TIME_COLUMN:
                moments.append(_moments(texts))
            else:
                columns[ours].extend(map(codes[ours].__getitem__, texts))
    frame = pd.DataFrame(index=np.array(lines, np.int64) - 1)
    for ours in places:
        if ours == TIME_COLUMN:
            found = np.concatenate(moments) if moments else np.empty(0, np.int64)
            frame[ours] = pd.Series(found, frame.index, dtype=found.dtype)
        else:
            distinct = pd.Index(list(codes[ours]), dtype=object)
            frame[ours] = pd.Categorical.from_codes(columns[ours], distinct)
    return frame


def _moments(texts: Sequence[str]) -> NDArray[Any]:
    """Return times as whole seconds, or as they are if any is no time."""
    try:
        return np.array(array("q", map(int, texts)))
    except (ValueError, OverflowError):
        pass
    try:
        return to_seconds(pd.Series(texts, dtype=object))
    except (ValueError, OverflowError):
        return np.array(texts, dtype=object)
