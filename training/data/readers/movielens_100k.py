"""MovieLens 100K: tabs in ``u.data``, bars and a flag for each genre in ``u.item``."""

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

LAYOUT = "u.data and u.item"
GENRES = [
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
]  # fmt: skip
BEFORE_FLAGS = 5  # fields: id, title, two dates, address
COLUMNS = dict(enumerate([*RATING_COLUMNS, TIME_COLUMN]))


def is_mine(path: Path) -> bool:
    """Return whether the path is a folder with both files."""
    return holds(path, "u.data", "u.item")


def read(path: Path) -> Tables:
    """Return films and ratings."""
    items = path / "u.item"
    films: Films = []
    for number, line in enumerate(read_utf8_or_latin1(items), start=1):
        row = require_fields(items, number, line.split("|"), BEFORE_FLAGS + len(GENRES))
        flags = zip(GENRES, row[BEFORE_FLAGS:], strict=False)
        films.append((row[0], row[1], join_genres(name for name, flag in flags if flag == "1")))
    ratings = read_ratings(path / "u.data", COLUMNS, sep="\t", header=None)
    return Tables(make_films(items, films, 1), ratings)
