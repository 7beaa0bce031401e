"""Files of ratings: by pandas where nothing is odd, otherwise row by row."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.data.columns import to_seconds
from training.data.files.gathered import gather
from training.data.files.rows import Form, Row, first_row, read_rows, unlike
from training.data.files.source import File
from training.data.files.text import find_lines, has_exponents
from training.data.tables import (
    RATING_COLUMNS,
    TIME_COLUMN,
    DataError,
    Faults,
    Scale,
    Table,
    Tables,
    counted,
    join,
)

CHUNK = 1 << 20  # fields at a time: those of reviews may be long
ID_COLUMNS = ("usuario_id", "filme_id")
WIDEST = 100  # columns: pandas fills all of them in rows of any length

# What pandas raises, or warns of, where rows are too long or values are no numbers or too large.
ODD = (ValueError, OverflowError, TypeError, Warning)

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Layout:
    """Where the columns of a file of ratings are.

    Args:
        form: how rows are taken apart.
        places: the position of each column, by our name.
        width: the number of fields in a row.
        header: whether the first row names the columns.
        named: our names, and those of the file.
        titles: the header; each file in this layout must have the same one.
    """

    form: Form
    places: Mapping[str, int]
    width: int
    header: bool
    named: Mapping[str, str] = field(default_factory=dict)
    titles: tuple[str, ...] = ()

    def refuse_header(self, first: Sequence[str]) -> str:
        """Return the end of a message about another header than that of the layout, or nothing."""
        if not self.titles or tuple(first) == self.titles:
            return ""
        return f": {counted(len(first), 'field')}, which are not the columns of the first part"


@dataclass(frozen=True)
class Plan:
    """What a layout of text files holds before any rating is read: where these are, and films.

    ``ratings`` are files with the layout of each, ``films`` and ``scale`` as in ``Tables``.
    """

    ratings: list[tuple[File, Layout]]
    films: Table | None
    scale: Scale | None = None

    def read(self) -> Tables:
        """Return films and ratings."""
        ratings = join([read_ratings(*each) for each in self.ratings])
        return Tables(ratings, self.films, scale=self.scale)


def without_header(form: Form, *names: str) -> Layout:
    """Return the layout of users, films, ratings and times, in this order and below no header.

    ``names`` are those that the publisher gives them.
    """
    columns = [*RATING_COLUMNS, TIME_COLUMN]
    places = {name: place for place, name in enumerate(columns)}
    named = dict(zip(columns, names, strict=True))
    return Layout(form, places, len(columns), header=False, named=named)


def read_ratings(file: File, layout: Layout) -> Table:
    """Return a file of ratings as a table, with those of its columns that the layout names.

    Raises:
        DataError: a row has too few or too many fields, or the header is not that of the layout.
    """
    if told := layout.refuse_header(first_row(file, layout.form)):
        raise DataError(f"{file.name}, line 1{told}")
    frame = read_by_pandas(file, layout)
    if frame is None:
        frame = read_by_row(file, layout)
    return Table(frame, file.name, 1, is_text=True, named=layout.named)


def read_by_pandas(file: File, layout: Layout) -> pd.DataFrame | None:
    """Return the columns as numbers; None if any value is not one, or any row has another form.

    The index counts lines: a file in which rows are not lines is not read here.
    """
    row = first_row(file, layout.form)
    if not row or layout.width > WIDEST or (not layout.header and len(row) != layout.width):
        return None
    parts: dict[str, list[NDArray[Any]]] = {ours: [] for ours in layout.places}
    count = 0
    try:
        for chunk in _chunks(file, layout):
            for ours, values in chunk.items():
                parts[ours].append(values)
            count += len(chunk["usuario_id"])
    except ODD:
        return None
    lines = find_lines(file.path)
    if lines is None or not count or len(lines) != count + layout.header:
        return None
    columns: Columns = {}
    for ours in layout.places:  # one by one: there may be hundreds of millions of values
        columns[ours] = np.concatenate(parts.pop(ours))
    if not np.isfinite(columns.get("avaliacao", np.ones(1))).all():
        return None
    frame = pd.DataFrame(columns, copy=False)
    frame.index = pd.Index(lines[int(layout.header) :])
    return frame


def _chunks(file: File, layout: Layout) -> Iterator[Columns]:
    """Yield the columns of some rows at a time; raise ``ValueError`` for what is no number."""
    form, places, width = layout.form, dict(layout.places), layout.width
    separator = form.separator
    if separator == "::":  # to pandas ":" is the separator, so every other column is empty
        separator, width = ":", 2 * width - 1
        places = {ours: 2 * place for ours, place in places.items()}
    between = [place for place in range(width) if form.separator == "::" and place % 2]
    types: dict[int, str] = dict.fromkeys(range(width), "str") | dict.fromkeys(between, "float64")
    for ours, place in places.items():
        types[place] = "float64" if ours == "avaliacao" else "int64"
    # pandas would take 1.2E+11 for a whole number, as which several ids of a spreadsheet are one.
    doubtful = [places[ours] for ours in ID_COLUMNS] if has_exponents(file.path) else []
    types |= dict.fromkeys(doubtful, "str")
    has_dates = TIME_COLUMN in places and _has_dates(file, layout)
    if has_dates:
        types[places[TIME_COLUMN]] = "str"
    with warnings.catch_warnings(action="error"):
        chunks = pd.read_csv(
            file.path,
            sep=separator,
            header=None,
            names=list(range(width)),
            index_col=False,
            dtype=types,
            skiprows=int(layout.header),
            quoting=0 if form.quoted else 3,
            decimal="," if separator == ";" else ".",
            encoding_errors="replace",
            chunksize=CHUNK // width,
            compression=None,
        )
        with chunks:
            for chunk in chunks:
                if chunk[between].notna().to_numpy().any():
                    raise ValueError("a field holds the separator")
                for place in doubtful:
                    if not chunk[place].str.isdecimal().all():
                        raise ValueError("an id is no whole number")
                    chunk[place] = chunk[place].astype("int64")
                found = {ours: chunk[place].to_numpy() for ours, place in places.items()}
                if has_dates:
                    found[TIME_COLUMN] = to_seconds(chunk[places[TIME_COLUMN]])
                yield found


def _has_dates(file: File, layout: Layout) -> bool:
    """Return whether times are texts, going by the first record."""
    place = layout.places[TIME_COLUMN]
    rows = (row for _, row in read_rows(file, layout.form))
    if layout.header:
        next(rows, None)
    first = next(rows, [])
    return place < len(first) and not first[place].strip().lstrip("-").isdecimal()


def read_by_row(file: File, layout: Layout, faults: Faults | None = None) -> pd.DataFrame:
    """Return the columns as texts with the lines that an editor shows, see ``gather``.

    Rows with too few fields, or more than the header, are left out and noted in ``faults``.

    Raises:
        DataError: there are such rows, and no ``faults`` to note them in.
    """
    most = max(layout.places.values()) + 1
    wrong = Faults(file.name) if faults is None else faults

    def right_rows() -> Iterator[Row]:
        rows = read_rows(file, layout.form)
        if layout.header:
            next(rows, None)
        for line, row in rows:
            if len(row) == layout.width or (
                len(row) >= most and not any(map(str.strip, row[layout.width :]))
            ):
                yield line, row
            else:
                wrong.add(line, unlike(row, layout.width))

    frame = gather(right_rows(), layout.places)
    if faults is None:
        wrong.refuse()
    if layout.form.separator != "," and "avaliacao" in frame:
        texts = frame["avaliacao"].cat
        commas = {text: text.replace(",", ".") for text in texts.categories}
        frame["avaliacao"] = frame["avaliacao"].map(commas).astype("category")
    return frame
