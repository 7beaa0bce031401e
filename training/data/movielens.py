"""MovieLens folders, in any layout that they were published in, and RecBole's."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.data.dataset import (
    FILM_COLUMNS,
    RATING_COLUMNS,
    TIME_COLUMN,
    DataError,
    Dataset,
    Table,
    check,
    ids,
)

GENRES_100K = [
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
]  # fmt: skip
NO_GENRES = {"(no genres listed)", "unknown"}

Films = list[tuple[str, str, str]]  # id, title, genres joined by ", "


def read(folder: Path) -> Dataset:
    """Return the data set in a folder; its layout is told by the files that it holds.

    Raises:
        DataError: no known layout, or a record at fault.
    """
    for is_mine, read_layout in LAYOUTS:
        if is_mine(folder):
            ratings, films = read_layout(folder)
            return check(_raters(ratings), films, ratings)
    raise DataError(
        f"{folder.name} is no MovieLens folder: it needs ratings.csv and movies.csv, "
        "u.data and u.item, ratings.dat and movies.dat, or one *.inter and *.item"
    )


def _raters(ratings: Table) -> Table:
    """Return the users that the ratings name; MovieLens users have no names."""
    users = pd.Series(np.unique(ids(ratings, "usuario_id")))
    names = "Usuário " + users.astype(str)
    frame = pd.DataFrame({"id": users, "nome": names, "email": ""})
    return Table(frame, ratings.name, ratings.first, is_text=True)


def _ratings(
    path: Path, columns: Mapping[Any, str], *, sep: str = ",", header: int | None = 0
) -> Table:
    """Read a file of ratings; ``columns`` maps its column names to ours, in the file's order."""
    first = 1 if header is None else 2
    if not path.stat().st_size:
        raise DataError(f"{path.name} is empty")
    names = list(columns)
    fast = {name: "float64" if ours == "avaliacao" else "int64" for name, ours in columns.items()}
    try:
        try:
            frame = pd.read_csv(
                path, usecols=names, dtype=fast, sep=sep, header=header, skip_blank_lines=False
            )
        except (ValueError, OverflowError):  # some record is at fault: let the check name it
            frame = pd.read_csv(
                path, usecols=names, dtype=str, keep_default_na=False, sep=sep, header=header,
                encoding_errors="replace", skip_blank_lines=False,
            )  # fmt: skip
            frame = frame[(frame.fillna("") != "").any(axis=1)]  # the index still tells the line
    except (ValueError, pd.errors.ParserError) as error:
        raise DataError(f"{path.name}: {str(error).strip()}") from None
    frame = frame.rename(columns=columns)[[*RATING_COLUMNS, TIME_COLUMN]]
    return Table(frame, path.name, first, is_text=True)


def _films(path: Path, films: Films, first: int) -> Table:
    frame = pd.DataFrame(films, columns=["id", "titulo", "genero"], dtype=object)
    frame = frame.assign(diretor="", atores="")[FILM_COLUMNS]
    return Table(frame, path.name, first, is_text=True)


def _lines(path: Path, encoding: str = "utf-8-sig") -> list[str]:
    """Return a file's lines; one that is not of the encoding is named in the message."""
    content = path.read_bytes()
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{path.name}, line {line}: not {encoding} text") from None
    return [line.rstrip("\n") for line in io.StringIO(text.rstrip("\r\n"), newline=None)]


def _any_encoding(path: Path) -> list[str]:
    """Return the lines of a file of the years when MovieLens came in Latin-1."""
    try:
        return _lines(path)
    except DataError:
        return _lines(path, "latin-1")


def _joined(genres: Iterator[str] | list[str]) -> str:
    return ", ".join(name for name in genres if name and name not in NO_GENRES)


def _fields(path: Path, number: int, fields: list[str], least: int) -> list[str]:
    if len(fields) < least:
        raise DataError(f"{path.name}, line {number}: {len(fields)} fields, {least} are needed")
    return fields


def _read_csv(folder: Path) -> tuple[Table, Table]:
    path = folder / "movies.csv"
    films: Films = []
    rows = csv.reader(_lines(path))
    try:
        next(rows, None)
        for row in rows:
            film, title, genres = _fields(path, rows.line_num, row, 3)[:3]
            films.append((film, title, _joined(genres.split("|"))))
    except csv.Error as error:
        raise DataError(f"{path.name}, line {rows.line_num}: {error}") from None
    columns = {
        "userId": "usuario_id",
        "movieId": "filme_id",
        "rating": "avaliacao",
        "timestamp": TIME_COLUMN,
    }
    return _ratings(folder / "ratings.csv", columns), _films(path, films, 2)


def _read_100k(folder: Path) -> tuple[Table, Table]:
    path = folder / "u.item"
    films: Films = []
    for number, line in enumerate(_any_encoding(path), start=1):
        row = _fields(path, number, line.split("|"), 5 + len(GENRES_100K))
        flags = zip(GENRES_100K, row[5:], strict=False)
        films.append((row[0], row[1], _joined(name for name, flag in flags if flag == "1")))
    columns = dict(zip(range(4), [*RATING_COLUMNS, TIME_COLUMN], strict=True))
    ratings = _ratings(folder / "u.data", columns, sep="\t", header=None)
    return ratings, _films(path, films, 1)


def _read_dat(folder: Path) -> tuple[Table, Table]:
    path = folder / "movies.dat"
    films: Films = []
    for number, line in enumerate(_any_encoding(path), start=1):
        film, title, genres = _fields(path, number, line.split("::"), 3)[:3]
        films.append((film, title, _joined(genres.split("|"))))
    # "::" is two separators with an empty field between them.
    columns = dict(zip(range(0, 8, 2), [*RATING_COLUMNS, TIME_COLUMN], strict=True))
    ratings = _ratings(folder / "ratings.dat", columns, sep=":", header=None)
    return ratings, _films(path, films, 1)


def _read_recbole(folder: Path) -> tuple[Table, Table]:
    inter, path = next(folder.glob("*.inter")), next(folder.glob("*.item"))
    lines = _lines(path)
    names = [name.split(":")[0] for name in lines[0].split("\t")] if lines else []
    if not {"item_id", "movie_title"} <= set(names):
        raise DataError(f"{path.name}, line 1: no columns item_id and movie_title")
    films: Films = []
    for number, line in enumerate(lines[1:], start=2):
        row = dict(zip(names, _fields(path, number, line.split("\t"), len(names)), strict=False))
        year = row.get("release_year", "")
        title = f"{row['movie_title']} ({year})" if year else row["movie_title"]
        genres = row.get("class", row.get("genre", ""))
        named = [] if genres in NO_GENRES else genres.split(" ")
        films.append((row["item_id"], title, _joined(named)))
    columns = {
        "user_id:token": "usuario_id",
        "item_id:token": "filme_id",
        "rating:float": "avaliacao",
        "timestamp:float": TIME_COLUMN,
    }
    return _ratings(inter, columns, sep="\t"), _films(path, films, 2)


def _holds(*names: str) -> Callable[[Path], bool]:
    return lambda folder: all(len(list(folder.glob(name))) == 1 for name in names)


LAYOUTS = (
    (_holds("ratings.csv", "movies.csv"), _read_csv),
    (_holds("u.data", "u.item"), _read_100k),
    (_holds("ratings.dat", "movies.dat"), _read_dat),
    (_holds("*.inter", "*.item"), _read_recbole),
)
