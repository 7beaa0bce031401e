"""RecBole's atomic files: tabs, column names with types, genres separated by blanks."""

from pathlib import Path

from training.data.readers.text_files import (
    NO_GENRES,
    Films,
    holds,
    join_genres,
    make_films,
    read_lines,
    read_ratings,
    require_fields,
)
from training.data.tables import TIME_COLUMN, DataError, Tables

LAYOUT = "one *.inter and one *.item"
COLUMNS = {
    "user_id:token": "usuario_id",
    "item_id:token": "filme_id",
    "rating:float": "avaliacao",
    "timestamp:float": TIME_COLUMN,
}


def is_mine(path: Path) -> bool:
    """Return whether the path is a folder with one file of each kind."""
    return holds(path, "*.inter", "*.item")


def read(path: Path) -> Tables:
    """Return films and ratings; the year of a film, where given, becomes part of its title."""
    items = next(path.glob("*.item"))
    lines = read_lines(items)
    names = [name.split(":")[0] for name in lines[0].split("\t")] if lines else []
    if not {"item_id", "movie_title"} <= set(names):
        raise DataError(f"{items.name}, line 1: no columns item_id and movie_title")
    films: Films = []
    for number, line in enumerate(lines[1:], start=2):
        fields = require_fields(items, number, line.split("\t"), len(names))
        row = dict(zip(names, fields, strict=False))
        films.append((row["item_id"], _title(row), _genres(row)))
    ratings = read_ratings(next(path.glob("*.inter")), COLUMNS, sep="\t")
    return Tables(make_films(items, films, 2), ratings)


def _title(row: dict[str, str]) -> str:
    year = row.get("release_year", "")
    return f"{row['movie_title']} ({year})" if year else row["movie_title"]


def _genres(row: dict[str, str]) -> str:
    listed = row.get("class", row.get("genre", ""))
    return "" if listed in NO_GENRES else join_genres(listed.split(" "))
