"""Whether films look like films: columns that were mixed up are found before anybody sees them."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.data.tables import DataError, Table, split_names

NUMBER = re.compile(r"[0-9]+([.,][0-9]+)?")
BAR = re.compile("[|]")
FIRST_YEAR, LAST_YEAR = 1870, 2100
YEAR_AT_END = re.compile(r"\([0-9]{4}\)$")
POSSIBLE_AT_END = re.compile(r"\((18[7-9][0-9]|19[0-9]{2}|20[0-9]{2}|2100)\)$")
FEW = 3  # films of which nothing is said
MANY = 30  # films, from which on nearly as many genres are no genres
MOST_NUMBERS = 0.9  # of the titles
MOST_BARS = 0.2  # of the titles
MOST_TITLES = 0.5  # of the genres, that end in a year
MOST_YEARS = 0.05  # of the years, that are none of a film's
MOST_GENRES = 0.8  # distinct ones, for each film


def check_films(films: Table, checked: pd.DataFrame) -> None:
    """Raise ``DataError`` if columns of a table of films hold what belongs to others.

    ``checked`` are its columns, in the same order.
    """
    if len(checked) < FEW:
        return
    titles, genres = checked["titulo"], checked["genero"]
    _refuse_share(films, "titulo", _marks(NUMBER.fullmatch, titles), MOST_NUMBERS, "a number")
    bars = _marks(BAR.search, titles)
    _refuse_share(films, "titulo", bars, MOST_BARS, "with |, as between genres")
    years = _marks(YEAR_AT_END.search, titles)
    impossible = years & ~_marks(POSSIBLE_AT_END.search, titles)
    _refuse_share(films, "titulo", impossible, MOST_YEARS, "of an impossible year", years)
    titled = _marks(YEAR_AT_END.search, genres)
    _refuse_share(films, "genero", titled, MOST_TITLES, "like a title")
    given = genres[genres != ""]
    if len(given) >= MANY:
        found = {name for text in given for name in split_names(text)}
        if len(found) > MOST_GENRES * len(given):
            told = f"{len(found)} genres for {len(given)} films"
            place = int(np.argmax((genres != "").to_numpy()))
            value = f"{films.column('genero')} is {films.value('genero', place)}"
            raise DataError(f"{films.record(place)}: {value}, {told}: are the columns mixed up?")


def _marks(test: Callable[[str], object], texts: pd.Series) -> NDArray[np.bool_]:
    return np.fromiter((bool(test(text)) for text in texts), np.bool_, len(texts))


def _refuse_share(
    films: Table,
    column: str,
    odd: NDArray[np.bool_],
    most: float,
    what: str,
    among: NDArray[np.bool_] | None = None,
) -> None:
    """Raise ``DataError`` if more than a share of the films are marked as odd (n,)."""
    count, total = int(odd.sum()), len(odd) if among is None else int(among.sum())
    if count > most * total:
        place = int(np.argmax(odd))
        told = f"{films.column(column)} is {films.value(column, place)}, {what}"
        like = f"as are {count:,} of {total:,}"
        raise DataError(f"{films.record(place)}: {told}, {like}: are the columns mixed up?")
