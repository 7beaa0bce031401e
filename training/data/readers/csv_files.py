"""Files with a header: MovieLens as published since 2015, its form on Kaggle, and others' own.

A file of ratings is enough. Films then have their ids as names.
"""

from collections.abc import Callable, Iterator, Mapping

from training.data.files import names
from training.data.files.names import FILM_ID, FILMS, RATINGS, normal, require
from training.data.files.ratings import Layout, Plan
from training.data.files.rows import Form, Row, first_row, read_rows, require_fields, sniff, unlike
from training.data.files.source import File, Folder
from training.data.readers.films import Film, join_genres, join_people, make_films, require_one
from training.data.tables import DataError, Table, Tables, counted, did_you_mean, listed, quote

LAYOUT = "ratings.csv and movies.csv, or one file of ratings"
RATINGS_NAMES = ("ratings", "rating", "avaliacoes", "interactions")
FILMS_NAMES = ("movies", "movie", "films", "filmes", "items")
TABLES = (".csv", ".tsv")
ENDINGS = (*TABLES, ".txt")
MOST_LOOKED_AT = 100  # files

ANYBODYS = ("name", "nome")  # not of films alone

Kind = Callable[[list[str]], bool]
"""Whether a file is of a kind, going by its header."""


def find(folder: Folder) -> list[File]:
    """Return the file of ratings, and that of films if there is one, by their names or headers."""
    texts = [file for file in folder.files if file.base.endswith(ENDINGS)]
    if folder.named and folder.named not in texts and b"\0" not in _start(folder.named):
        texts.insert(0, folder.named)
    texts = texts[:MOST_LOOKED_AT]
    films = _called(folder, FILMS_NAMES) or _only(texts, _is_films)
    ratings = _called(folder, RATINGS_NAMES)
    if folder.named in texts and folder.named is not films:
        ratings = folder.named
    others = [file for file in texts if file is not films]
    if not ratings:
        ratings = _only(others, _is_ratings) or _only_seen(folder, others)
    is_alone = len(others) == 1 and (folder.columns or others[0].base.endswith(TABLES))
    if not ratings and is_alone:
        ratings = others[0]
    found = [file for file in (ratings, films) if file]
    return found if ratings else []


def _start(file: File) -> bytes:
    with file.path.open("rb") as content:
        return content.read(1000)


def _called(folder: Folder, stems: tuple[str, ...]) -> File | None:
    return folder.get(*(stem + ending for stem in stems for ending in ENDINGS))


def _only(files: list[File], kind: Kind) -> File | None:
    """Return the file of a kind if there is exactly one."""
    found = [file for file in files if kind(_header(file))]
    return found[0] if len(found) == 1 else None


def _only_seen(folder: Folder, files: list[File]) -> File | None:
    """Return the file that says who saw what; raise ``DataError`` if several may do so."""
    found = [file for file in files if _is_seen(_header(file))]
    if len(found) > 1:
        told = f"several files that may be ratings, {listed(file.base for file in found)}"
        raise DataError(f"{folder.name} holds {told}: name one of them")
    return found[0] if found else None


def _header(file: File) -> list[str]:
    """Return the first row of a file; nothing if it cannot be taken apart."""
    try:
        return first_row(file, sniff(file))
    except DataError:
        return []


def _is_films(header: list[str]) -> bool:
    """Return whether these are surely columns of films: ids and names may be those of users."""
    found = {ours: normal(header[place]) for ours, place in names.find(header, FILMS).items()}
    titled = found.get("id") in FILM_ID or found.get("titulo") not in ANYBODYS
    return {"id", "titulo"} <= found.keys() and titled and not _is_seen(header)


def _is_ratings(header: list[str]) -> bool:
    return {"usuario_id", "filme_id", "avaliacao"} <= names.find(header, RATINGS).keys()


def _is_seen(header: list[str]) -> bool:
    return {"usuario_id", "filme_id"} <= names.find(header, RATINGS).keys()


def read(folder: Folder) -> Tables:
    """Return films and ratings."""
    return plan(folder).read()


def plan(folder: Folder) -> Plan:
    """Return films, and where the ratings are."""
    ratings, *films = find(folder)
    layout = _layout(ratings.pieces[0], folder.columns)
    pieces = [(piece, layout) for piece in ratings.pieces]
    return Plan(pieces, _films(films[0]) if films else None)


def _layout(file: File, columns: Mapping[str, str]) -> Layout:
    form = sniff(file)
    first = first_row(file, form)
    if not first:
        raise DataError(f"{file.name} is empty")
    where = f"{file.name}, line 1"
    if columns:
        places = {ours: _place(name, first, where) for ours, name in columns.items()}
        header = not all(name.isdecimal() for name in columns.values())
        header = header or _is_header(first, places)
    else:
        if sum(_is_number(text) for text in first) > 1:
            told = f"{counted(len(first), 'field')} that are no names of columns"
            said = "say which is which, as in --columns user=0,item=1,rating=2"
            raise DataError(f"{where}: {told}: {said}")
        places, header = require(first, RATINGS, ("usuario_id", "filme_id"), where), True
    is_named = {ours: header and not columns.get(ours, "").isdecimal() for ours in places}
    named = {ours: first[at] if is_named[ours] else f"column {at}" for ours, at in places.items()}
    return Layout(form, places, len(first), header, named, tuple(first) if header else ())


def _place(column: str, first: list[str], where: str) -> int:
    """Return the position of a column that a person names by its position or its name."""
    if column.isdecimal():
        if int(column) < len(first):
            return int(column)
        last = len(first) - 1
        raise DataError(f"{where}: there is no column {column}, expected one from 0 to {last}")
    plain = list(map(normal, first))
    if normal(column) not in plain:
        slip = did_you_mean(first, {column: column})
        among = counted(len(first), "field")
        raise DataError(f"{where}: no column {quote(column)} among {among}{slip}")
    return plain.index(normal(column))


def _is_header(first: list[str], places: dict[str, int]) -> bool:
    """Return whether a first row names columns: what should be a number or an id is none."""
    if "avaliacao" in places:
        return not _is_number(first[places["avaliacao"]])
    return not any(sign.isdecimal() for ours in places for sign in first[places[ours]])


def _is_number(text: str) -> bool:
    return text.strip().replace(",", "").replace(".", "").isdecimal()


def _films(file: File) -> Table:
    require_one(file)
    form = sniff(file)
    header = first_row(file, form)
    if not header:
        raise DataError(f"{file.name} is empty")
    places = require(header, FILMS, ("id", "titulo"), f"{file.name}, line 1")
    films = [_film(file, line, row, places, len(header)) for line, row in _after_header(file, form)]
    return make_films(file, films, {ours: header[place] for ours, place in places.items()})


def _after_header(file: File, form: Form) -> Iterator[Row]:
    rows = read_rows(file, form)
    next(rows, None)
    return rows


def _film(file: File, line: int, row: list[str], places: dict[str, int], width: int) -> Film:
    require_fields(file, line, row, max(places.values()) + 1)
    if any(map(str.strip, row[width:])):
        lacks = "a title may lack its quotation marks"
        raise DataError(f"{file.name}, line {line}{unlike(row, width)}: {lacks}")
    texts = {ours: row[place] for ours, place in places.items()}
    return Film(
        line,
        texts["id"],
        texts["titulo"],
        join_genres(texts.get("genero", "").split("|")),
        texts.get("ano", ""),
        _people(texts.get("diretor", "")),
        _people(texts.get("atores", "")),
    )


def _people(text: str) -> str:
    return join_people(text.split("|")) if "|" in text else text
