"""The packaged, read-only database: films, groups, users and their ratings."""

import json
import sqlite3
import unicodedata
import weakref
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from recommender.data.titles import shown_title

MAX_ID = 2**53 - 1
"""The largest id of a user or a film: up to here JavaScript holds every whole number."""

_AMONG = "id IN (SELECT value FROM json_each(?))"
FILMS = 10_000  # that are remembered once they were read
COUNTS = 1000  # searches whose number of films is remembered: counting visits every match
FILM_COLUMNS = "id, titulo, genero, diretor, atores, avaliacao_media, total_avaliacoes"

LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
    | {"ŧ": "t"}
)
"""Letters that Unicode does not take for others with an accent; ``casefold`` knows ß."""

Film = dict[str, Any]
"""A row of ``filmes`` by column, and ``titulo_exibido``."""

Rated = tuple[int, float, float | None]
"""A film's id, its rating, and the second since 1970 at which it was given (None: unknown)."""


@dataclass(frozen=True, slots=True)
class FilmFilter:
    """Which films to list. Names match whole words, whatever their case or accents."""

    genres: Sequence[str] = ()  # any of them
    excluded: Sequence[int] = ()  # none of these ids
    director: str | None = None
    actor: str | None = None
    text: str | None = None  # words of title, director or actors, or their beginnings
    hidden: str = ""  # none of these ids either, a JSON array: there may be thousands


def fold(text: str) -> str:
    """Return a text without case, accents and outer blanks, by which names are compared.

    Catalogues and queries are folded alike; ø is o, æ is ae, ß is ss.
    """
    parts = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in parts if not unicodedata.combining(c))
    return plain.casefold().translate(LETTERS).strip()


def _film(row: sqlite3.Row) -> Film:
    return {**row, "titulo_exibido": shown_title(row["titulo"])}


def spell(key: str, genres: Iterable[str | None]) -> str:
    """Return a genre, given by its folded name, as films spell it; else the name.

    ``genres`` are those of films: names separated by commas.
    """
    names = (name.strip() for of_film in genres for name in (of_film or "").split(","))
    return next((name for name in names if fold(name) == key), key)


class Catalog:
    """Films, users and their packaged ratings. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the database read-only. Nothing may change the file while it is open."""
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        self._db = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        weakref.finalize(self, self._db.close)
        self._films: dict[int, Film] = {}
        self._count = lru_cache(COUNTS)(self._rows)

    def _rows(self, query: str, values: Sequence[int | str]) -> list[sqlite3.Row]:
        return self._db.execute(query, values).fetchall()

    def films(self, film_ids: Collection[int]) -> dict[int, Film]:
        """Return the films with these ids, by id; unknown ids are absent."""
        known = self._films
        if len(known) > FILMS:
            known.clear()
        if unread := [film_id for film_id in film_ids if film_id not in known]:
            query = f"SELECT {FILM_COLUMNS} FROM filmes WHERE {_AMONG}"  # noqa: S608 fixed parts
            known.update((row["id"], _film(row)) for row in self._rows(query, [json.dumps(unread)]))
        return {film_id: known[film_id] for film_id in film_ids if film_id in known}

    def titles(self, film_ids: Collection[int]) -> dict[int, str]:
        """Return the shown titles of the films with these ids, by id; there may be thousands."""
        query = f"SELECT id, titulo FROM filmes WHERE {_AMONG}"  # noqa: S608 fixed parts
        rows = self._rows(query, [json.dumps(list(film_ids))])
        return {row["id"]: shown_title(row["titulo"]) for row in rows}

    def genres(self, keys: Sequence[str]) -> list[str]:
        """Return some genres, given by their folded names, as films spell them."""
        query = (
            "SELECT value, (SELECT genero FROM filmes WHERE id ="
            " (SELECT filme_id FROM generos WHERE chave = value LIMIT 1)) FROM json_each(?)"
        )
        return [spell(key, [names]) for key, names in self._rows(query, [json.dumps(list(keys))])]

    def groups(self, first: int, limit: int) -> list[dict[str, Any]]:
        """Return genres and directors of the groups with ids from ``first`` on."""
        query = "SELECT id, generos, diretores FROM grupos WHERE id >= ? ORDER BY id LIMIT ?"
        return [dict(row) for row in self._rows(query, (first, limit))]

    def list_films(self, wanted: FilmFilter, limit: int, offset: int) -> list[Film]:
        """Return films in order of id."""
        where, values = _where(wanted)
        query = f"SELECT {FILM_COLUMNS} FROM filmes {where} ORDER BY id LIMIT ? OFFSET ?"  # noqa: S608 see _where
        return [_film(row) for row in self._rows(query, (*values, limit, offset))]

    def count_films(self, wanted: FilmFilter) -> int:
        """Return how many films ``list_films`` could list in all."""
        where, values = _where(wanted)
        query = f"SELECT count(*) FROM filmes {where}"  # noqa: S608 see _where
        return int(self._count(query, tuple(values))[0][0])

    def histogram(self, film_id: int) -> dict[int, int]:
        """Return how many of a film's ratings lie in each part of the scale where there are any.

        The parts are those of ``split_scale``, from 0 on.
        """
        query = "SELECT parte, total FROM histogramas WHERE filme_id = ?"
        return {row["parte"]: row["total"] for row in self._rows(query, (film_id,))}

    def users(self, limit: int, offset: int) -> list[dict[str, Any]]:
        """Return users in order of id: ``id``, ``nome``, ``generos`` and ``total_avaliacoes``."""
        query = "SELECT id, nome, generos, total_avaliacoes FROM usuarios"
        query += " JOIN gostos ON usuario_id = id ORDER BY id LIMIT ? OFFSET ?"
        return [dict(row) for row in self._rows(query, (limit, offset))]

    def user_ids(self) -> Iterator[int]:
        """Yield the id of each user, in order."""
        for row in self._db.execute("SELECT id FROM usuarios ORDER BY id"):
            yield row["id"]

    def profiles(self) -> Iterator[tuple[int, list[Rated]]]:
        """Yield each user's id and ratings, in order of the id; see ``ratings``."""
        query = "SELECT id, filme_id, avaliacao, momento FROM usuarios LEFT JOIN avaliacoes"
        cursor = self._db.cursor()
        cursor.row_factory = None
        rows = cursor.execute(query + " ON usuario_id = id ORDER BY id, filme_id")
        for user_id, of_user in groupby(rows, key=itemgetter(0)):
            rated: list[Rated] = [row[1:] for row in of_user]
            yield user_id, [] if rated[0][0] is None else rated

    def ratings(self, user_id: int) -> list[Rated] | None:
        """Return a user's ratings in order of film id, or None for no such user."""
        query = "SELECT filme_id, avaliacao, momento FROM usuarios LEFT JOIN avaliacoes"
        query += " ON usuario_id = id WHERE id = ? ORDER BY filme_id"
        cursor = self._db.cursor()
        cursor.row_factory = None  # plain tuples, of which there may be thousands
        rows: list[Rated] = cursor.execute(query, (user_id,)).fetchall()
        if not rows:
            return None
        return [] if rows[0][0] is None else rows


def _where(wanted: FilmFilter) -> tuple[str, list[str]]:
    """Return a WHERE clause made of fixed parts and marks, and the values for the marks."""
    parts, values = [], []
    if wanted.genres:
        marks = ",".join("?" * len(wanted.genres))
        parts.append(f"id IN (SELECT filme_id FROM generos WHERE chave IN ({marks}))")  # noqa: S608 only marks
        values += [fold(genre) for genre in wanted.genres]
    if wanted.excluded:
        parts.append(f"NOT {_AMONG}")
        values.append(json.dumps(list(wanted.excluded)))
    if wanted.hidden:
        parts.append(f"NOT {_AMONG}")
        values.append(wanted.hidden)
    named = (("diretor", wanted.director), ("atores", wanted.actor))
    match = [f"{column} : {_quote(fold(name))}" for column, name in named if name is not None]
    if wanted.text is not None:
        words = [word for word in wanted.text.split() if any(map(str.isalnum, word))]
        match += [_quote(fold(word)) + " *" for word in words] or [_quote("")]
    if match:
        parts.append("id IN (SELECT rowid FROM busca WHERE busca MATCH ?)")
        values.append(" AND ".join(match))
    return ("WHERE " + " AND ".join(parts) if parts else ""), values


def _quote(text: str) -> str:
    """Quote a text as one FTS5 string, in which nothing is an operator.

    A string without words is found nowhere. A null character would end the whole expression.
    """
    return '"' + text.replace('"', '""').replace("\0", " ") + '"'
