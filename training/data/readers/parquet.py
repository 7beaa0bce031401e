"""Parquet: a file of ratings and one of films, or ratings alone. Its library is not everywhere."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from training.data.files.names import FILMS, RATINGS, require
from training.data.files.source import File, Folder
from training.data.files.unpack import check_size
from training.data.readers.films import Film, join_genres, join_people, make_films, require_one
from training.data.tables import TIME_COLUMN, DataError, Table, Tables, join, quote

LAYOUT = "ratings.parquet and movies.parquet"
MARK = b"PAR1"
VALUE = 8  # bytes of one at least, or of where it is
FILMS_NAMES = ("movies", "movie", "films", "filmes", "items")
MISSING = "expected fastparquet to be installed, as by uv sync --group parquet"


def find(folder: Folder) -> list[File]:
    """Return the file of ratings, and that of films if there is one."""
    found = folder.all("*.parquet")
    if folder.named and folder.named not in found and folder.named.begins(MARK):
        found = [folder.named]
    films = folder.get(*(f"{name}.parquet" for name in FILMS_NAMES))
    ratings = [file for file in found if file is not films]
    if folder.named in ratings:
        ratings = [folder.named] if folder.named else []
    ratings = ratings if len(ratings) == 1 else [f for f in ratings if f.base == "ratings.parquet"]
    return [*ratings, *([films] if films else [])] if ratings else []


def read(folder: Folder) -> Tables:
    """Return films and ratings."""
    ratings, *films = find(folder)
    parts = [take(_frame(piece), piece.name) for piece in ratings.pieces]
    return Tables(join(parts), read_films(films[0]) if films else None)


def _frame(file: File) -> pd.DataFrame:
    try:
        with warnings.catch_warnings(action="ignore"):  # of what the libraries deprecate
            check_size(_size(file.path), file.path.stat().st_size, file.name)
            frame = pd.read_parquet(file.path, engine="fastparquet")
    except ImportError:
        raise DataError(f"{file.name} is Parquet, {MISSING}") from None
    except DataError:
        raise
    except Exception as error:  # the libraries raise what they like, down to IndexError
        told = quote(str(error) or type(error).__name__)[1:-1]
        raise DataError(f"{file.name} cannot be read as Parquet: {told}") from error
    return frame.reset_index(drop=isinstance(frame.index, pd.RangeIndex))


def _size(path: Path) -> int:
    """Return how many bytes the content of a file takes once it is read, as its end says."""
    from fastparquet import ParquetFile

    found = ParquetFile(path)
    values: int = found.count() * len(found.columns)
    return max(VALUE * values, sum(int(group.total_byte_size) for group in found.row_groups))


def take(frame: pd.DataFrame, name: str) -> Table:
    """Return ratings as a table; ``name`` is what messages call the file."""
    header = list(map(str, frame.columns))
    places = require(header, RATINGS, ("usuario_id", "filme_id"), name)
    columns = {ours: frame.iloc[:, place] for ours, place in places.items()}
    if TIME_COLUMN in columns and pd.api.types.is_datetime64_any_dtype(columns[TIME_COLUMN]):
        columns[TIME_COLUMN] = columns[TIME_COLUMN].astype(str)
    if "avaliacao" in columns and columns["avaliacao"].dtype == np.float32:
        columns["avaliacao"] = _as_written(columns["avaliacao"])
    named = {ours: header[place] for ours, place in places.items()}
    return Table(pd.DataFrame(columns), name, 0, is_text=True, named=named, unit="row")


def _as_written(ratings: pd.Series) -> pd.Series:
    """Return ratings of single precision as they were meant: 0.1, not 0.10000000149."""
    values, places = np.unique(ratings.to_numpy(), return_inverse=True)
    meant = np.array([float(str(value)) for value in values])
    return pd.Series(meant[places], index=ratings.index)


def read_films(file: File) -> Table:
    """Return films as a table."""
    require_one(file)
    frame = _frame(file)
    header = list(map(str, frame.columns))
    places = require(header, FILMS, ("id", "titulo"), file.name)
    films = []
    for row, values in enumerate(frame.itertuples(index=False, name=None)):
        texts = {ours: _text(values[place]) for ours, place in places.items()}
        films.append(
            Film(
                row + 1,
                texts["id"],
                texts["titulo"],
                join_genres(texts.get("genero", "").split("|")),
                texts.get("ano", ""),
                join_people(texts.get("diretor", "").split("|")),
                join_people(texts.get("atores", "").split("|")),
            )
        )
    return make_films(file, films, {ours: header[place] for ours, place in places.items()})


def _text(value: object) -> str:
    """Return a value as text; a list, as Parquet has them, with bars."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if hasattr(value, "tolist") and not isinstance(value, str):
        value = value.tolist()
    if isinstance(value, list):
        return "|".join(map(str, value))
    return "" if value is None or value != value else str(value)
