"""MovieLens 100K: tabs in ``u.data``, bars and a flag for each genre in ``u.item``."""

from training.data.files.ratings import Plan, without_header
from training.data.files.rows import Form, read_rows, require_fields
from training.data.files.source import File, Folder
from training.data.readers.films import Film, join_genres, make_films
from training.data.tables import Tables

LAYOUT = "u.data and u.item"
GENRES = [
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
]  # fmt: skip
BEFORE_FLAGS = 5  # fields: id, title, two dates, address
RATINGS = without_header(Form("\t", quoted=False), "user id", "item id", "rating", "timestamp")
NAMED = {"id": "movie id", "titulo": "movie title", "genero": "the genres"}


def find(folder: Folder) -> list[File]:
    """Return both files of a folder that has them."""
    found = [folder.get("u.data"), folder.get("u.item")]
    return [file for file in found if file] if all(found) else []


def read(folder: Folder) -> Tables:
    """Return films and ratings."""
    return plan(folder).read()


def plan(folder: Folder) -> Plan:
    """Return films, and where the ratings are."""
    ratings, items = find(folder)
    films = []
    for line, row in read_rows(items, Form("|", quoted=False)):
        require_fields(items, line, row, BEFORE_FLAGS + len(GENRES))
        flags = zip(GENRES, row[BEFORE_FLAGS:], strict=False)
        genres = join_genres(name for name, flag in flags if flag == "1")
        films.append(Film(line, row[0], row[1], genres))
    return Plan([(ratings, RATINGS)], make_films(items, films, NAMED))
