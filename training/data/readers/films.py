"""What the readers of text files make of films: titles, years, genres."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.data.files.source import File
from training.data.plausible import FIRST_YEAR, LAST_YEAR, MOST_YEARS
from training.data.tables import FILM_COLUMNS, DataError, Table, and_more, quote

NO_GENRES = {"(no genres listed)", "unknown"}
NO_YEAR = {"", "null", "nan", "none", "\\n", "0"}
YEAR = re.compile(r"([0-9]{4})(\.0+)?")


@dataclass
class Film:
    """A film as a text file has it, and the line on which it is."""

    line: int
    id: str
    title: str
    genres: str = ""
    year: str = ""
    director: str = ""
    actors: str = ""


def require_one(file: File) -> None:
    """Raise ``DataError`` if films are in several parts."""
    if len(file.pieces) > 1:
        told = f"films in {len(file.pieces)} parts, expected one file"
        raise DataError(f"{file.name} holds {told}")


def make_films(file: File, films: list[Film], named: dict[str, str] | None = None) -> Table:
    """Return films as a table; a year, where given, becomes part of the title.

    Raises:
        DataError: more than a few of the years are none of a film.
    """
    names = named or {}
    given = [film for film in films if film.year.strip().lower() not in NO_YEAR]
    wrong = [film for film in given if not _is_year(film.year)]
    if len(wrong) > MOST_YEARS * len(given):
        told = f"{names.get('ano', 'the year')} is {quote(wrong[0].year)}, expected a year from"
        bounds = f"{FIRST_YEAR} to {LAST_YEAR}{and_more(len(wrong) - 1)}"
        raise DataError(f"{file.name}, line {wrong[0].line}: {told} {bounds}")
    rows = [
        (film.id.strip(), _title(film), film.genres, film.director, film.actors) for film in films
    ]
    lines = np.array([film.line for film in films], np.int64) - 1
    frame = pd.DataFrame(rows, columns=FILM_COLUMNS, index=lines, dtype=object)
    return Table(frame, file.name, 1, is_text=True, named=names)


def _is_year(text: str) -> bool:
    found = YEAR.fullmatch(text.strip())
    return found is not None and FIRST_YEAR <= int(found[1]) <= LAST_YEAR


def _title(film: Film) -> str:
    year = film.year.strip()
    if year.lower() in NO_YEAR or not film.title.strip():
        return film.title
    return f"{film.title} ({year.partition('.')[0] if _is_year(year) else year})"


def join_genres(names: Iterable[str]) -> str:
    """Return genres joined by ", ", without the words that mean none."""
    found = (name.strip() for name in names)
    return ", ".join(name for name in found if name and name not in NO_GENRES)


def join_people(names: Iterable[str]) -> str:
    """Return names of people joined by ", "; a comma within a name would part it."""
    found = (name.replace(",", "").strip() for name in names)
    return ", ".join(dict.fromkeys(name for name in found if name))
