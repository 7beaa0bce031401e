"""MovieLens as published since 2015 (ml-latest, ml-20m, ml-25m, ml-32m): CSV files in UTF-8."""

import csv
from pathlib import Path

from training.data.readers.text_files import (
    Films,
    holds,
    join_genres,
    make_films,
    read_lines,
    read_ratings,
    require_fields,
)
from training.data.tables import TIME_COLUMN, DataError, Tables

LAYOUT = "ratings.csv and movies.csv"
COLUMNS = {
    "userId": "usuario_id",
    "movieId": "filme_id",
    "rating": "avaliacao",
    "timestamp": TIME_COLUMN,
}


def is_mine(path: Path) -> bool:
    """Return whether the path is a folder with both files."""
    return holds(path, "ratings.csv", "movies.csv")


def read(path: Path) -> Tables:
    """Return films and ratings."""
    movies = path / "movies.csv"
    films: Films = []
    rows = csv.reader(read_lines(movies))
    try:
        next(rows, None)
        for row in rows:
            film, title, genres = require_fields(movies, rows.line_num, row, 3)[:3]
            films.append((film, title, join_genres(genres.split("|"))))
    except csv.Error as error:
        raise DataError(f"{movies.name}, line {rows.line_num}: {error}") from None
    ratings = read_ratings(path / "ratings.csv", COLUMNS)
    return Tables(make_films(movies, films, 2), ratings)
