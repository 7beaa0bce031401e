"""The Netflix Prize: ratings below a line for each film, in up to four files."""

import io
import re
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from training.data.columns import to_seconds
from training.data.files.gathered import gather
from training.data.files.ratings import ODD
from training.data.files.rows import Row, require_fields
from training.data.files.source import File, Folder
from training.data.files.text import lines
from training.data.readers.films import Film, make_films
from training.data.tables import (
    RATING_COLUMNS,
    TIME_COLUMN,
    Faults,
    Table,
    Tables,
    counted,
    join,
)

LAYOUT = "combined_data_*.txt and movie_titles.csv"
SCALE = (1.0, 5.0)
NAMED = {
    "usuario_id": "the customer",
    "filme_id": "the film",
    "avaliacao": "the rating",
    TIME_COLUMN: "the date",
}
COLUMNS = [*RATING_COLUMNS, TIME_COLUMN]
BLOCK = 1 << 25  # bytes
FILM = re.compile(r"([0-9]{1,18}):")


def find(folder: Folder) -> list[File]:
    """Return the titles and at least one file of ratings of a folder that has them."""
    titles, ratings = (
        folder.get("movie_titles.csv", "movie_titles.txt"),
        folder.all("combined_data_*.txt"),
    )
    return [titles, *ratings] if titles and ratings else []


def read(folder: Folder) -> Tables:
    """Return films and ratings."""
    titles, *ratings = find(folder)
    films = []
    for number, line in enumerate(lines(titles), 1):
        if line.strip():
            row = line.split(",", 2)  # titles may have commas, and bear no quotation marks
            require_fields(titles, number, row, 3)
            films.append(Film(number, row[0], row[2], year=row[1]))
    names = {"id": "the film", "titulo": "the title", "ano": "the year"}
    tables = [_ratings(file) for file in ratings]
    return Tables(join(tables), make_films(titles, films, names), scale=SCALE)


def _ratings(file: File) -> Table:
    try:
        with warnings.catch_warnings(action="error"):
            frame = _by_block(file)
    except ODD:
        frame = _by_line(file)
    return Table(frame, file.name, 1, is_text=True, named=NAMED)


def _by_block(file: File) -> pd.DataFrame:
    """Return a file as numbers; raise ``ValueError`` if any line has another form."""
    parts: list[list[NDArray[Any]]] = []
    film, start = -1, 0
    for block in _blocks(file):
        # A line "7:" becomes a row of which only the first field is there.
        rows = pd.read_csv(
            io.BytesIO(block.replace(b":", b",,")),
            header=None,
            names=[0, 1, 2],
            index_col=False,
            dtype={0: "int64", 1: "float64", 2: "category"},
            skip_blank_lines=False,
        )
        heads = rows[1].isna().to_numpy()
        if heads.sum() != block.count(b":") or rows.loc[heads, 2].notna().any():
            raise ValueError("a rating is missing")
        if len(rows) != block.count(b"\n") + (not block.endswith(b"\n")):
            raise ValueError("rows are not lines")
        if not len(rows):
            raise ValueError("no rows")
        films = np.concatenate([[film], rows.loc[heads, 0].to_numpy()])[np.cumsum(heads)]
        if (films[~heads] < 0).any():
            raise ValueError("ratings before the line of a film")
        film = films[-1]
        dates = rows.loc[~heads, 2]
        if dates.isna().any() or max(films.max(), rows[0].max()) > np.iinfo(np.int32).max:
            raise ValueError("a date is missing, or an id is large")
        if is_numeric_dtype(dates.cat.categories):
            raise ValueError("dates are numbers")
        seconds = to_seconds(pd.Series(dates.cat.categories))[dates.cat.codes]
        parts.append(
            [
                (start + np.flatnonzero(~heads)).astype(np.int32),
                rows.loc[~heads, 0].to_numpy(np.int32),
                films[~heads].astype(np.int32),
                rows.loc[~heads, 1].to_numpy(),
                seconds,
            ]
        )
        start += len(rows)
    if not parts:
        raise ValueError("no ratings")
    places, *columns = (np.concatenate(column) for column in zip(*parts, strict=True))
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)), index=places, copy=False)


def _blocks(file: File) -> Iterator[bytes]:
    """Yield the content of a file in blocks of whole lines."""
    with file.path.open("rb") as content:
        while block := content.read(BLOCK):
            yield block + content.readline()


def _by_line(file: File) -> pd.DataFrame:
    """Return a file as texts; raise ``DataError`` for lines of another form."""
    wrong = Faults(file.name)

    def right_rows() -> Iterator[Row]:
        film = ""
        for number, line in enumerate(lines(file), 1):
            fields = line.split(",")
            if head := FILM.fullmatch(line.strip()):
                film = head[1]
            elif film and len(fields) == len(COLUMNS) - 1:
                yield number, [fields[0], film, *fields[1:]]
            elif line.strip():
                expected = "customer,rating,date" + ("" if film else " below a line FILM:")
                wrong.add(number, f": {counted(len(fields), 'field')}, expected {expected}")

    frame = gather(right_rows(), {name: place for place, name in enumerate(COLUMNS)})
    wrong.refuse()
    return frame
