"""MovieLens 1M and 10M, and MovieTweetings: fields separated by ``::``."""

from training.data.files.ratings import Plan, without_header
from training.data.files.rows import Form, first_row, read_rows, require_fields
from training.data.files.source import File, Folder
from training.data.readers.films import Film, join_genres, make_films
from training.data.tables import Tables

LAYOUT = "ratings.dat and movies.dat"
FORM = Form("::", quoted=False)
RATINGS = without_header(FORM, "UserID", "MovieID", "Rating", "Timestamp")
NAMED = {"id": "MovieID", "titulo": "Title", "genero": "Genres"}
TWEETED = (0.0, 10.0)  # the scale of MovieTweetings; hardly anybody gives a 0
TWEETER = 2  # fields of its users: id, and that of Twitter


def find(folder: Folder) -> list[File]:
    """Return both files of a folder that has them, and the users where it has these."""
    found = [folder.get("ratings.dat"), folder.get("movies.dat")]
    return [file for file in [*found, folder.get("users.dat")] if file] if all(found) else []


def read(folder: Folder) -> Tables:
    """Return films and ratings."""
    return plan(folder).read()


def plan(folder: Folder) -> Plan:
    """Return films, and where the ratings are."""
    ratings, movies, *users = find(folder)
    films = []
    for line, row in read_rows(movies, FORM):
        require_fields(movies, line, row, 3)
        title, genres = "::".join(row[1:-1]), join_genres(row[-1].split("|"))
        films.append(Film(line, row[0], title, genres))
    scale = TWEETED if users and len(first_row(users[0], FORM)) == TWEETER else None
    return Plan([(ratings, RATINGS)], make_films(movies, films, NAMED), scale)
