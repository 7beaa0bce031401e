"""Checks of one column: each returns clean values, or names the first record that is wrong."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.data.catalog import MAX_ID
from training.data.tables import DataError, Scale, Table, and_more

REMEDY = "--renumber FILE numbers other ids"
SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can spell one, but UTF-8 cannot encode it
WHOLE = re.compile(r"[0-9]{1,18}")
WHOLE_TEXT = re.compile(r"([0-9]{1,18})(\.0*)?")  # with the point of those who keep ids as floats
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799  # of the years 1 to 9999
A_TIME = "seconds since 1970, or a date such as 2005-04-02 23:53:47"
A_TIME_OF_JSON = "seconds since 1970"
AN_ID = f"a whole number from 0 to {MAX_ID}"
FINER, UNITS = 1000, 3  # milliseconds, microseconds and nanoseconds
# Characters of a text at most, so that answers with many of them stay small.
LONGEST = {"titulo": 300, "genero": 500, "diretor": 500, "atores": 2000, "nome": 200, "email": 320}


def refuse(
    table: Table,
    wrong: NDArray[np.bool_],
    column: str,
    expected: str,
    remedy: str = "",
    count: int | None = None,
) -> None:
    """Raise ``DataError`` for the first record marked as wrong (m,), if there is one.

    ``count`` is how many are wrong; None: as many as are marked.
    """
    if wrong.any():
        place = int(np.argmax(wrong))
        told = f"{table.column(column)} is {table.value(column, place)}, expected {expected}"
        more = and_more((int(np.count_nonzero(wrong)) if count is None else count) - 1)
        raise DataError(f"{table.record(place)}: {told}{more}{remedy}")


def _each(raw: pd.Series, convert: Callable[[pd.Series], NDArray[Any]]) -> NDArray[Any]:
    """Return a column (m,) converted, each distinct text once."""
    if isinstance(raw.dtype, pd.CategoricalDtype):
        return convert(pd.Series(raw.cat.categories, dtype=object))[raw.cat.codes.to_numpy()]
    return convert(raw)


def numbers(table: Table, column: str) -> NDArray[np.float64]:
    """Return a column as numbers (m,), NaN where there is none.

    Text may stand for a number only in a text file. JSON has types: there "5" is none.
    """
    raw = table.frame[column]
    if table.is_text:
        return _each(raw, _to_numbers)
    return np.fromiter(map(_number, raw), np.float64, len(raw))


def within(
    table: Table, column: str, values: NDArray[np.float64], bounds: Scale, remedy: str = ""
) -> NDArray[np.float64]:
    """Return the numbers of a column (m,), all within bounds; a remedy is told if they are not."""
    lowest, highest = bounds
    wrong = ~((values >= lowest) & (values <= highest))
    refuse(table, wrong, column, f"a number from {lowest:g} to {highest:g}", remedy)
    return values


def _to_numbers(texts: pd.Series) -> NDArray[np.float64]:
    return pd.to_numeric(texts, errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _number(value: object) -> float:
    """Return a number as a float and anything else as NaN; true and false are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def is_blank(table: Table, column: str) -> bool:
    """Return whether a column of texts has none at all, as if it were not there."""
    raw = table.frame[column]
    return raw.dtype == object and bool((raw == "").all())


def moments(table: Table, column: str) -> NDArray[np.int64]:
    """Return a column of times as whole seconds since 1970 (m,).

    All may be in milliseconds or finer. In a text file a time may also be a date (ISO 8601).
    """
    raw = table.frame[column]
    values = times(table, column) if table.is_text else numbers(table, column)
    is_number = isinstance(raw.dtype, np.dtype) and raw.dtype.kind in "iu"
    exact = raw.to_numpy(np.int64) if is_number else None
    with np.errstate(invalid="ignore"):
        for _ in range(UNITS):
            known = values[~np.isnan(values)]
            if not known.size or not np.median(known) > LAST_SECOND:
                break
            values = values / FINER
            exact = exact // FINER if exact is not None else None
        wrong = ~((values >= FIRST_SECOND) & (values <= LAST_SECOND))
    refuse(table, wrong, column, A_TIME if table.is_text else A_TIME_OF_JSON)
    return np.floor(values).astype(np.int64) if exact is None else exact


def times(table: Table, column: str) -> NDArray[np.float64]:
    """Return a column of times of a text file as numbers (m,), dates in seconds since 1970."""
    raw = table.frame[column]
    is_number = isinstance(raw.dtype, np.dtype) and raw.dtype.kind in "iu"
    return raw.to_numpy(np.float64) if is_number else _each(raw, _to_times)


def _to_times(texts: pd.Series) -> NDArray[np.float64]:
    values = _to_numbers(texts).copy()
    dates = np.isnan(values)
    if dates.any():
        parsed = pd.to_datetime(texts[dates], format="ISO8601", utc=True, errors="coerce")
        values[dates] = _seconds(parsed)
    return values


def _seconds(parsed: pd.Series) -> NDArray[np.float64]:
    since = parsed - pd.Timestamp(0, tz="UTC")
    return np.asarray(since.dt.total_seconds(), np.float64)


def to_seconds(dates: pd.Series) -> NDArray[np.int64]:
    """Return dates as whole seconds since 1970; raise ``ValueError`` if any text is none."""
    parsed = pd.to_datetime(dates, format="ISO8601", utc=True)
    if parsed.isna().any():
        raise ValueError("a time is missing")
    return np.asarray(parsed.dt.as_unit("s").astype("int64"), np.int64)


def ids(table: Table, column: str) -> NDArray[np.int64]:
    """Return a column of ids (m,): whole numbers from 0 to ``MAX_ID``."""
    found = read_ids(table, column)
    refuse(table, found < 0, column, AN_ID, f"; {REMEDY}")
    return found


def read_ids(table: Table, column: str) -> NDArray[np.int64]:
    """Return a column of ids (m,), -1 for what is none."""
    raw = table.frame[column]
    if isinstance(raw.dtype, np.dtype) and raw.dtype.kind in "iu":
        whole = raw.to_numpy(np.int64)
    else:
        spelling = WHOLE_TEXT if table.is_text else WHOLE

        def convert(values: pd.Series) -> NDArray[np.int64]:
            found = (spelling.fullmatch(str(value)) for value in values)
            return np.fromiter((int(f[0].partition(".")[0]) if f else -1 for f in found), np.int64)

        whole = _each(raw, convert)
        if not table.is_text:
            is_whole = (isinstance(value, int) for value in raw)
            whole = np.where(np.fromiter(is_whole, np.bool_, len(raw)), whole, -1)
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
    """Return a column of texts (m,) without outer blanks; a missing one is empty.

    None is longer than ``LONGEST`` says.
    """
    raw = table.frame[column]
    present = raw.notna().to_numpy()
    is_text = np.fromiter((isinstance(value, str) for value in raw), np.bool_, len(raw))
    refuse(table, present & ~is_text, column, "text")
    filled = raw.where(present, "")
    broken = np.fromiter((bool(SURROGATE.search(value)) for value in filled), np.bool_)
    refuse(table, broken, column, "text without lone surrogates")
    stripped = filled.astype(str).str.strip()
    _refuse_long(table, stripped, column)
    if required:
        refuse(table, (stripped == "").to_numpy(), column, "text that is not empty")
    return stripped


def _refuse_long(table: Table, found: pd.Series, column: str) -> None:
    """Raise ``DataError`` for the first text of a column that is too long, if there is one."""
    lengths, most = found.str.len().to_numpy(np.int64), LONGEST[column]
    wrong = lengths > most
    if wrong.any():
        place = int(np.argmax(wrong))
        told = (
            f"{table.column(column)} has {lengths[place]:,} characters, expected at most {most:,}"
        )
        raise DataError(f"{table.record(place)}: {told}{and_more(int(wrong.sum()) - 1)}")
