"""Checks of one column: each returns clean values, or names the first record that is wrong."""

import math
import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.data.catalog import MAX_ID
from training.data.tables import DataError, Table, quote

REMEDY = "--renumber FILE numbers other ids"
SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can spell one, but UTF-8 cannot encode it


def refuse(table: Table, wrong: NDArray[np.bool_], column: str, expected: str) -> None:
    """Raise ``DataError`` for the first record marked as wrong (m,), if there is one."""
    if wrong.any():
        place = int(np.argmax(wrong))
        value = table.frame[column].iloc[place]
        raise DataError(f"{table.record(place)}: {column} is {quote(value)}, expected {expected}")


def numbers(table: Table, column: str, lowest: float, highest: float) -> NDArray[np.float64]:
    """Return a column as numbers (m,) within bounds.

    Text may stand for a number only in a text file. JSON has types: there "5" is refused.
    """
    raw = table.frame[column]
    if table.is_text:
        values = pd.to_numeric(raw, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    else:
        values = np.fromiter(map(_number, raw), np.float64, len(raw))
    wrong = ~((values >= lowest) & (values <= highest))
    refuse(table, wrong, column, f"a number from {lowest:g} to {highest:g}")
    return values


def _number(value: object) -> float:
    """Return a number as a float and anything else as NaN; true and false are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def ids(table: Table, column: str) -> NDArray[np.int64]:
    """Return a column of ids (m,): whole numbers from 0 to ``MAX_ID``."""
    found = read_ids(table, column)
    refuse(table, found < 0, column, f"a whole number from 0 to {MAX_ID}; {REMEDY}")
    return found


def read_ids(table: Table, column: str) -> NDArray[np.int64]:
    """Return a column of ids (m,), -1 for what is none."""
    raw = table.frame[column]
    if raw.dtype == np.int64:
        whole = raw.to_numpy()
    else:
        text = raw.astype(str)
        right = text.str.fullmatch(r"[0-9]{1,18}").to_numpy(np.bool_)
        if not table.is_text:
            right = right & np.fromiter(
                (isinstance(value, int) for value in raw), np.bool_, len(raw)
            )
        whole = text.where(right, "-1").to_numpy(dtype=np.int64)
    return np.where((whole >= 0) & (whole <= MAX_ID), whole, -1)


def unique_ids(table: Table) -> NDArray[np.int64]:
    """Return the ids (m,) of a table of users or films, where no id may come twice."""
    if not len(table.frame):
        raise DataError(f"{table.name} has no records: nothing to train on")
    found = ids(table, "id")
    repeated = pd.Series(found).duplicated().to_numpy()
    refuse(table, repeated, "id", "an id that no earlier record has")
    return found


def positions(table: Table, column: str, known: NDArray[np.int64], what: str) -> NDArray[np.int32]:
    """Return the position of each id of a column (m,) in ``known``, which is in ascending order.

    ``what`` is what messages call the owner of an id.
    """
    wanted = ids(table, column)
    places = np.searchsorted(known, wanted)
    wrong = known[np.minimum(places, len(known) - 1)] != wanted
    refuse(table, wrong, column, f"the id of a {what} in the data")
    return places.astype(np.int32)


def texts(table: Table, column: str, *, required: bool = False) -> pd.Series:
    """Return a column of texts (m,) without outer blanks; a missing one is empty."""
    raw = table.frame[column]
    present = raw.notna().to_numpy()
    is_text = np.fromiter((isinstance(value, str) for value in raw), np.bool_, len(raw))
    refuse(table, present & ~is_text, column, "text")
    filled = raw.where(present, "")
    broken = np.fromiter((bool(SURROGATE.search(value)) for value in filled), np.bool_)
    refuse(table, broken, column, "text without lone surrogates")
    stripped = filled.astype(str).str.strip()
    if required:
        refuse(table, (stripped == "").to_numpy(), column, "text that is not empty")
    return stripped
