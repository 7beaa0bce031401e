"""HetRec 2011: tables separated by tabs, with directors and actors."""

from collections import defaultdict
from collections.abc import Iterator

from training.data.files.names import FILMS, RATINGS, normal, require
from training.data.files.ratings import Layout, read_ratings
from training.data.files.rows import Form, first_row, read_rows, require_fields
from training.data.files.source import File, Folder
from training.data.readers.films import Film, join_genres, join_people, make_films
from training.data.tables import DataError, Table, Tables

LAYOUT = "user_ratedmovies.dat or user_ratedmovies-timestamps.dat, and movies.dat"
FORM = Form("\t", quoted=False)
WITH_TIMES, WITHOUT = "user_ratedmovies-timestamps.dat", "user_ratedmovies.dat"
CAST = 10  # actors of a film that are kept, the first in its credits
GENRES, DIRECTORS, ACTORS = "movie_genres.dat", "movie_directors.dat", "movie_actors.dat"
COLUMNS = {GENRES: "genre", DIRECTORS: "directorName", ACTORS: "actorName"}
RANK = "ranking"
LAST = 1_000_000  # rank of an actor without any


def find(folder: Folder) -> list[File]:
    """Return ratings and films of a folder that has them, and what else it has of films."""
    found = [folder.get(WITH_TIMES, WITHOUT), folder.get("movies.dat")]
    more = [folder.get(name) for name in COLUMNS]
    return [file for file in [*found, *more] if file] if all(found) else []


def read(folder: Folder) -> Tables:
    """Return films and ratings."""
    ratings, movies, *_ = find(folder)
    genres, directors, actors = (_of_films(folder, name) for name in COLUMNS)
    header = first_row(movies, FORM)
    places = require(header, FILMS, ("id", "titulo"), f"{movies.name}, line 1")
    films = []
    for line, row in _after_header(movies):
        require_fields(movies, line, row, max(places.values()) + 1)
        film = row[places["id"]].strip()
        films.append(
            Film(
                line,
                film,
                row[places["titulo"]],
                join_genres(genres[film]),
                row[places["ano"]] if "ano" in places else "",
                join_people(directors[film]),
                join_people(actors[film][:CAST]),
            )
        )
    named = {ours: header[place] for ours, place in places.items()}
    return Tables(_ratings(ratings), make_films(movies, films, named))


def _ratings(file: File) -> Table:
    header = first_row(file, FORM)
    places = require(
        header, RATINGS, ("usuario_id", "filme_id", "avaliacao"), f"{file.name}, line 1"
    )
    named = {ours: header[place] for ours, place in places.items()}
    return read_ratings(file, Layout(FORM, places, len(header), header=True, named=named))


def _after_header(file: File) -> Iterator[tuple[int, list[str]]]:
    rows = read_rows(file, FORM)
    next(rows, None)
    return rows


def _of_films(folder: Folder, name: str) -> dict[str, list[str]]:
    """Return what a file says of films, by id, in the order of its ranks where it has any."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    if file := folder.get(name):
        columns = {"id": FILMS["id"], "text": (normal(COLUMNS[name]),), "rank": (RANK,)}
        places = require(first_row(file, FORM), columns, ("id",), f"{file.name}, line 1")
        if "text" not in places:
            raise DataError(f"{file.name}, line 1: no column {COLUMNS[name]}")
        for _, row in _after_header(file):
            texts = {ours: row[place].strip() for ours, place in places.items() if place < len(row)}
            rank = texts.get("rank", "")
            order = int(rank) if rank.isdecimal() and rank.isascii() else LAST
            found[texts.get("id", "")].append((order, texts.get("text", "")))
    lists: dict[str, list[str]] = defaultdict(list)
    for film, ranked in found.items():
        lists[film] = [text for _, text in sorted(ranked, key=lambda one: one[0])]
    return lists
