"""What the readers of text files share: ratings by pandas, films line by line."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from training.data.tables import FILM_COLUMNS, RATING_COLUMNS, TIME_COLUMN, DataError, Table

NO_GENRES = {"(no genres listed)", "unknown"}

Films = list[tuple[str, str, str]]  # id, title, genres joined by ", "


def holds(path: Path, *patterns: str) -> bool:
    """Return whether a folder has exactly one file for each pattern."""
    return path.is_dir() and all(len(list(path.glob(pattern))) == 1 for pattern in patterns)


def read_ratings(
    path: Path, columns: Mapping[Any, str], *, sep: str = ",", header: int | None = 0
) -> Table:
    """Return a file of ratings as a table.

    ``columns`` maps the names of the file's columns to ours, in the order of the file.
    """
    if not path.stat().st_size:
        raise DataError(f"{path.name} is empty")
    try:
        frame = _read_csv(path, columns, sep, header)
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path.name}: {str(error).strip()}") from None
    frame = frame.rename(columns=columns)[[*RATING_COLUMNS, TIME_COLUMN]]
    return Table(frame, path.name, 1 if header is None else 2, is_text=True)


def _read_csv(path: Path, columns: Mapping[Any, str], sep: str, header: int | None) -> pd.DataFrame:
    """Return the columns as numbers, or as texts if any value is not a number."""
    names = list(columns)
    types = {name: "float64" if ours == "avaliacao" else "int64" for name, ours in columns.items()}
    try:
        return pd.read_csv(
            path, usecols=names, dtype=types, sep=sep, header=header, skip_blank_lines=False
        )
    except (ValueError, OverflowError):
        frame = pd.read_csv(
            path, usecols=names, dtype=str, keep_default_na=False, sep=sep, header=header,
            encoding_errors="replace", skip_blank_lines=False,
        )  # fmt: skip
        return frame[(frame.fillna("") != "").any(axis=1)]  # the index still gives the line


def make_films(path: Path, films: Films, first: int) -> Table:
    """Return films as a table; ``first`` is the line of the first one."""
    frame = pd.DataFrame(films, columns=["id", "titulo", "genero"], dtype=object)
    frame = frame.assign(diretor="", atores="")[FILM_COLUMNS]
    return Table(frame, path.name, first, is_text=True)


def read_lines(path: Path, encoding: str = "utf-8-sig") -> list[str]:
    """Return the lines of a file; raise ``DataError`` for a line not in the encoding."""
    content = path.read_bytes()
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{path.name}, line {line}: not {encoding} text") from None
    return [line.rstrip("\n") for line in io.StringIO(text.rstrip("\r\n"), newline=None)]


def read_utf8_or_latin1(path: Path) -> list[str]:
    """Return the lines of a file in UTF-8 or in Latin-1, which the older data sets use."""
    try:
        return read_lines(path)
    except DataError:
        return read_lines(path, "latin-1")


def join_genres(names: Iterable[str]) -> str:
    """Return genres joined by ", ", without the words that mean none."""
    return ", ".join(name for name in names if name and name not in NO_GENRES)


def require_fields(path: Path, number: int, fields: list[str], least: int) -> list[str]:
    """Return the fields of a line; raise ``DataError`` if they are too few."""
    if len(fields) < least:
        raise DataError(f"{path.name}, line {number}: {len(fields)} fields, {least} are needed")
    return fields
