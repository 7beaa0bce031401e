"""The packaged, read-only database: films, groups, users and their ratings."""

import json
import re
import sqlite3
import unicodedata
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from recommender.data.titles import shown_title

MAX_ID = 2**53 - 1
"""The largest id of a user or a film: up to here JavaScript holds every whole number."""

_AMONG = "id IN (SELECT value FROM json_each(?))"
FILMS = 10_000  # that are remembered once they were read
WORD = re.compile(r"[^\W_]+")
FILM_COLUMNS = "id, titulo, genero, diretor, atores, avaliacao_media, total_avaliacoes"

FORMS = 8  # words that begin alike: up to so many are searched one by one
# FTS5 reads all places of all words that begin alike before it compares any with others.
BEGUN = f"""(SELECT CASE WHEN count(*) BETWEEN 1 AND {FORMS}
    THEN '(' || group_concat('"' || palavra || '"', ' OR ') || ')' ELSE '"' || value || '" *' END
    FROM (SELECT palavra FROM palavras WHERE palavra >= value AND palavra < value || char(1114111)
    LIMIT {FORMS + 1}))"""  # noqa: S608 fixed parts
BEGUN_UNKNOWN = """('"' || value || '" *')"""  # in databases without words
SEARCH = f"""SELECT rowid FROM busca WHERE busca MATCH (SELECT group_concat(part, ' AND ') FROM
    (SELECT CASE WHEN key < ?2 THEN value ELSE {BEGUN} END AS part FROM json_each(?1)))
    AND rowid > ?3 ORDER BY rowid LIMIT ?4"""  # noqa: S608 fixed parts

LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
    | {"ŧ": "t"}
)
"""Letters that Unicode does not take for others with an accent; ``casefold`` knows ß."""

Film = dict[str, Any]
"""A row of ``filmes`` by column, and ``titulo_exibido``."""

Rated = tuple[int, float, float | None]
"""A film's id, its rating, and the second since 1970 at which it was given (None: unknown)."""


class Words(NamedTuple):
    """What films are searched by. Words match whatever their case or accents."""

    text: str | None = None  # words of title, director or actors, or their beginnings
    director: str | None = None  # words in sequence, as in ``actor``
    actor: str | None = None


def fold(text: str) -> str:
    """Return a text without case, accents and outer blanks, by which names are compared.

    Catalogues and queries are folded alike; ø is o, æ is ae, ß is ss.
    """
    parts = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in parts if not unicodedata.combining(c))
    return plain.casefold().translate(LETTERS).strip()


def split_words(text: str) -> list[str]:
    """Return the words of a text, folded, as the text search knows them."""
    return WORD.findall(fold(text))


def telling_words(text: str) -> list[str]:
    """Return the words of a text but those that others begin with: whatever has these has them."""
    words = dict.fromkeys(split_words(text))
    return [word for word in words if not any(o != word and o.startswith(word) for o in words)]


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
        """Open the database read-only. Nothing may change the file while it is open.

        Raises:
            sqlite3.DatabaseError: it is none, or none of films.
        """
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        self._db = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        weakref.finalize(self, self._db.close)
        self._films: dict[int, Film] = {}
        self._db.execute(f"SELECT {FILM_COLUMNS} FROM filmes LIMIT 0")  # noqa: S608 fixed parts
        known = "SELECT 1 FROM sqlite_master WHERE name = 'palavras'"
        self._knows_words = bool(self._db.execute(known).fetchone())

    def _rows(self, query: str, values: Sequence[float | str]) -> list[sqlite3.Row]:
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

    def titles(self, film_ids: Collection[int]) -> dict[int, dict[str, Any]]:
        """Return what names the films with these ids, by id; there may be thousands."""
        query = f"SELECT id, titulo FROM filmes WHERE {_AMONG}"  # noqa: S608 fixed parts
        cursor = self._db.cursor()
        cursor.row_factory = None
        rows = cursor.execute(query, [json.dumps(list(film_ids))])
        return {
            film_id: {"id": film_id, "titulo": title, "titulo_exibido": shown_title(title)}
            for film_id, title in rows
        }

    def all_titles(self) -> dict[int, str]:
        """Return the titles of all films by id, as the data has them."""
        return {row["id"]: row["titulo"] for row in self._rows("SELECT id, titulo FROM filmes", ())}

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

    def search(self, words: Words, after: int, most: int) -> list[int]:
        """Return the ids above ``after`` of films that have some words, in order; at most ``most``.

        A name that repeats a word is searched by what comes before that.
        """
        named = (("diretor", words.director), ("atores", words.actor))
        match = [f"{column} : {_quote(_start(name))}" for column, name in named if name is not None]
        begun = telling_words(words.text) if words.text is not None else []
        if words.text is not None and not begun:
            match.append(_quote([]))
        cursor = self._db.cursor()
        cursor.row_factory = None  # plain tuples, of which there may be many
        query = SEARCH if self._knows_words else SEARCH.replace(BEGUN, BEGUN_UNKNOWN)
        values = (json.dumps([*match, *begun]), len(match), after, most)
        return [film_id for (film_id,) in cursor.execute(query, values).fetchall()]

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

    def rated_since(self, moments: Mapping[int, float], trained: float) -> set[int]:
        """Return which of some users have ratings, all of them later than a moment of the user.

        No rating is later than ``trained``, when its model was trained.
        """
        query = "SELECT usuario_id FROM json_each(?) JOIN avaliacoes"
        query += " ON usuario_id = CAST(key AS INTEGER) GROUP BY usuario_id"
        query += " HAVING sum(CASE WHEN min(momento, ?) > value THEN 0 ELSE 1 END) = 0"
        return {row["usuario_id"] for row in self._rows(query, [json.dumps(moments), trained])}

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


def _start(name: str) -> list[str]:
    """Return the words of a name up to the first that comes again: those that also say it twice.

    The text search takes long for a sequence of words that are often neighbours.
    """
    words = split_words(name)
    return next((words[:i] for i, word in enumerate(words) if word in words[:i]), words)


def _quote(words: Sequence[str]) -> str:
    """Return words in sequence as one FTS5 string. Without any it is found nowhere."""
    return f'"{" ".join(words)}"'
