"""MovieLens 1M and 10M: fields separated by ``::``."""

from pathlib import Path

from training.data.readers.text_files import (
    Films,
    holds,
    join_genres,
    make_films,
    read_ratings,
    read_utf8_or_latin1,
    require_fields,
)
from training.data.tables import RATING_COLUMNS, TIME_COLUMN, Tables

LAYOUT = "ratings.dat and movies.dat"
# To pandas ":" is the separator, so every other column is empty.
COLUMNS = dict(zip(range(0, 8, 2), [*RATING_COLUMNS, TIME_COLUMN], strict=True))


def is_mine(path: Path) -> bool:
    """Return whether the path is a folder with both files."""
    return holds(path, "ratings.dat", "movies.dat")


def read(path: Path) -> Tables:
    """Return films and ratings."""
    movies = path / "movies.dat"
    films: Films = []
    for number, line in enumerate(read_utf8_or_latin1(movies), start=1):
        film, title, genres = require_fields(movies, number, line.split("::"), 3)[:3]
        films.append((film, title, join_genres(genres.split("|"))))
    ratings = read_ratings(path / "ratings.dat", COLUMNS, sep=":", header=None)
    return Tables(make_films(movies, films, 1), ratings)
