"""The packaged SQLite database: users, films, ratings, and the index of its text search."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from recommender.data.catalog import fold
from recommender.data.titles import shown_title
from training.data.dataset import Dataset
from training.data.tables import TIME_COLUMN
from training.model.labels import Lead
from training.model.told import Told, tell

BLOCK = 100_000  # ratings converted to Python objects at a time
SCHEMA = """
CREATE TABLE usuarios (id INTEGER PRIMARY KEY, nome TEXT NOT NULL); -- empty: not anybody's to see
CREATE TABLE filmes (
    id INTEGER PRIMARY KEY,
    titulo TEXT NOT NULL,
    genero TEXT NOT NULL,
    diretor TEXT NOT NULL,
    atores TEXT NOT NULL,
    avaliacao_media REAL, -- NULL without ratings
    total_avaliacoes INTEGER NOT NULL
);
CREATE TABLE avaliacoes (
    usuario_id INTEGER NOT NULL REFERENCES usuarios (id),
    filme_id INTEGER NOT NULL REFERENCES filmes (id),
    avaliacao REAL NOT NULL,
    momento INTEGER, -- seconds since 1970; NULL where unknown
    PRIMARY KEY (usuario_id, filme_id)
) WITHOUT ROWID;
CREATE TABLE histogramas (
    filme_id INTEGER NOT NULL REFERENCES filmes (id),
    parte INTEGER NOT NULL, -- of the scale, from 0 on; see recommender/data/histogram.py
    total INTEGER NOT NULL, -- of the film's ratings that lie in it, at least 1
    PRIMARY KEY (filme_id, parte)
) WITHOUT ROWID;
CREATE TABLE generos (
    chave TEXT NOT NULL, -- genre, folded
    filme_id INTEGER NOT NULL REFERENCES filmes (id),
    PRIMARY KEY (chave, filme_id)
) WITHOUT ROWID;
CREATE TABLE gostos (
    usuario_id INTEGER PRIMARY KEY REFERENCES usuarios (id),
    generos TEXT NOT NULL, -- what the user likes more than others do; names separated by commas
    total_avaliacoes INTEGER NOT NULL
);
CREATE TABLE grupos ( -- KMeans cells of films; names separated by commas
    id INTEGER PRIMARY KEY,
    generos TEXT NOT NULL,
    diretores TEXT NOT NULL
);
CREATE TABLE palavras (palavra TEXT PRIMARY KEY) WITHOUT ROWID; -- all that busca knows
CREATE VIRTUAL TABLE busca USING fts5 ( -- of folded texts, which it does not keep
    titulo, diretor, atores, content='', tokenize='unicode61 remove_diacritics 2', prefix='1 2'
);
"""


def bake(data: Dataset, groups: Sequence[Lead], path: Path, told: Told | None = None) -> None:
    """Write a data set and its groups to a new database; equal data gives equal bytes.

    E-mail addresses stay out of it, and so do names unless anybody may see the data. ``told`` is
    what is told of ratings; None: what those of the data set tell.
    """
    told = told or tell(data)
    genres = {
        (fold(genre), film_id)
        for film_id, of_film in zip(data.films["id"].tolist(), data.genres(), strict=True)
        for genre in of_film
    }
    with closing(sqlite3.connect(path)) as db:
        db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + SCHEMA)
        with db:
            db.executemany("INSERT INTO usuarios VALUES (?, ?)", _users(data))
            db.executemany("INSERT INTO filmes VALUES (?, ?, ?, ?, ?, ?, ?)", _films(data, told))
            db.executemany("INSERT INTO avaliacoes VALUES (?, ?, ?, ?)", _ratings(data))
            db.executemany("INSERT INTO histogramas VALUES (?, ?, ?)", _histograms(data, told))
            db.executemany("INSERT INTO gostos VALUES (?, ?, ?)", _tastes(told))
            db.executemany(
                "INSERT INTO grupos VALUES (?, ?, ?)",
                [(n, ", ".join(g.genres), ", ".join(g.directors)) for n, g in enumerate(groups)],
            )
            db.executemany("INSERT INTO generos VALUES (?, ?)", sorted(genres))
            db.executemany(
                "INSERT INTO busca (rowid, titulo, diretor, atores) VALUES (?, ?, ?, ?)",
                _found_by(data),
            )
            db.execute("INSERT INTO busca (busca) VALUES ('optimize')")
            db.execute("CREATE VIRTUAL TABLE temp.vocabulario USING fts5vocab (main, busca, row)")
            db.execute("INSERT INTO palavras SELECT term FROM vocabulario")
        db.execute("PRAGMA optimize")
        db.execute("VACUUM")


def _users(data: Dataset) -> Iterator[tuple[int, str]]:
    """Yield the rows of ``usuarios``."""
    names = data.users["nome"] if data.demonstration else repeat("")
    yield from zip(data.users["id"].tolist(), names, strict=False)


def _films(data: Dataset, told: Told) -> Iterator[list[Any]]:
    """Yield the rows of ``filmes``: each film with the mean and the number of its ratings."""
    given = zip(told.counts.tolist(), told.sums.tolist(), strict=True)
    for film, (count, total) in zip(data.films.to_numpy().tolist(), given, strict=True):
        yield [*film, round(total / count, 2) if count else None, int(count)]


def _histograms(data: Dataset, told: Told) -> Iterator[tuple[int, int, int]]:
    """Yield the rows of ``histogramas``, in order of their primary key."""
    films, parts = told.histogram.nonzero()
    counts = told.histogram[films, parts].astype(np.int64)
    film_ids = data.films["id"].to_numpy()[films]
    yield from zip(film_ids.tolist(), parts.tolist(), counts.tolist(), strict=True)


def _tastes(told: Told) -> Iterator[tuple[int, str, int]]:
    """Yield the rows of ``gostos``: each user's taste, and the number of their ratings."""
    for user_id, genres, total in told.tastes:
        yield user_id, ", ".join(genres), total


def _found_by(data: Dataset) -> Iterator[list[Any]]:
    """Yield the texts by which each film is found; its title in both spellings if it has two."""
    columns = ["id", "titulo", "diretor", "atores"]
    for film_id, title, *people in data.films[columns].to_numpy().tolist():
        titles = " ".join(dict.fromkeys((title, shown_title(title))))
        yield [film_id, *map(fold, (titles, *people))]


def _ratings(data: Dataset) -> Iterator[tuple[int, int, float, int | None]]:
    """Yield the rows of ``avaliacoes`` in order of their primary key: SQLite then only appends."""
    user_ids, film_ids = data.users["id"].to_numpy(), data.films["id"].to_numpy()
    order = np.lexsort((data.ratings["film"], data.ratings["user"]))
    for start in range(0, len(order), BLOCK):
        block = data.ratings.iloc[order[start : start + BLOCK]]
        yield from zip(
            user_ids[block["user"]].tolist(),
            film_ids[block["film"]].tolist(),
            block["avaliacao"].tolist(),
            block[TIME_COLUMN].tolist() if TIME_COLUMN in block else repeat(None, len(block)),
            strict=True,
        )
