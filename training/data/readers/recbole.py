"""RecBole's atomic files: tabs, column names with types, genres separated by blanks."""

from training.data.files.names import FILMS, RATINGS, require
from training.data.files.ratings import Layout, Plan
from training.data.files.rows import Form, first_row, read_rows, require_fields
from training.data.files.source import File, Folder
from training.data.readers.films import NO_GENRES, Film, join_genres, make_films
from training.data.tables import DataError, Table, Tables

LAYOUT = "*.inter and *.item"
FORM = Form("\t", quoted=False)
PARTS = ("train", "valid", "test")  # of a benchmark split, which together are the data


def find(folder: Folder) -> list[File]:
    """Return the interactions of one data set, and the items if it has a file of them.

    A file that a person named says which data set is meant where a folder holds several.
    """
    sets: dict[str, list[File]] = {}
    for file in folder.files:
        stem, _, rest = file.base.partition(".")
        if rest and {"inter", "item"} & set(rest.split(".")):
            sets.setdefault(stem, []).append(file)
    kept = [each for each in sets.values() if not folder.named or folder.named in each]
    if len(kept) != 1:
        return []
    inter = [file for file in kept[0] if "inter" in file.base.split(".")]
    whole = [file for file in inter if not set(PARTS) & set(file.base.split("."))]
    items = [file for file in kept[0] if "item" in file.base.split(".")]
    inter = sorted(whole or inter, key=lambda file: _part(file.base))
    return [*inter, *items[:1]] if inter and len(whole) <= 1 and len(items) <= 1 else []


def _part(base: str) -> list[bool]:
    return [part not in base.split(".") for part in PARTS]


def read(folder: Folder) -> Tables:
    """Return films and ratings; without a file of items only the ratings name the films."""
    return plan(folder).read()


def plan(folder: Folder) -> Plan:
    """Return films, and where the ratings are."""
    found = find(folder)
    items = [file for file in found if "item" in file.base.split(".")]
    ratings = [(file, _layout(file)) for file in found if file not in items]
    return Plan(ratings, _films(items[0]) if items else None)


def _header(file: File) -> list[str]:
    header = first_row(file, FORM)
    if not header:
        raise DataError(f"{file.name} is empty")
    return header


def _layout(file: File) -> Layout:
    header = _header(file)
    plain = [name.partition(":")[0] for name in header]
    places = require(plain, RATINGS, ("usuario_id", "filme_id"), f"{file.name}, line 1")
    named = {ours: plain[place] for ours, place in places.items()}
    return Layout(FORM, places, len(header), header=True, named=named)


def _films(file: File) -> Table:
    header = [name.partition(":")[0] for name in _header(file)]
    places = require(header, FILMS, ("id", "titulo"), f"{file.name}, line 1")
    rows = list(read_rows(file, FORM))[1:]
    for line, row in rows:
        require_fields(file, line, row, len(header))
    place = places.get("genero")
    texts = ["" if place is None else row[place].strip() for _, row in rows]
    separator = next((sign for sign in "|," if any(sign in text for text in texts)), " ")
    films = []
    for (line, row), genres in zip(rows, texts, strict=True):
        year = row[places["ano"]] if "ano" in places else ""
        listed = "" if genres in NO_GENRES else join_genres(genres.split(separator))
        films.append(Film(line, row[places["id"]], row[places["titulo"]], listed, year))
    return make_films(file, films, {ours: header[place] for ours, place in places.items()})
