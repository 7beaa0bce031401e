"""Small data sets for the tests of the training half."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.dataset import Dataset, check
from training.data.readers import json_file

ROOT = Path(__file__).resolve().parents[2]
MOCK = ROOT / "mock_data.json"
CASE = ROOT / "tests/data/caso_original.json"

Document = dict[str, list[dict[str, Any]]]
Matrix = NDArray[np.float64]


def as_document(ratings: Matrix, titles: list[str] | None = None) -> Document:
    """Users × films ratings, NaN where there is none, as a document like mock_data.json."""
    users, films = ratings.shape
    titles = titles or [f"Film {film + 1}" for film in range(films)]
    return {
        "usuarios": [
            {"id": user + 1, "nome": f"User {user + 1}", "email": f"u{user + 1}@example.com"}
            for user in range(users)
        ],
        "filmes": [
            {
                "id": film + 1,
                "titulo": title,
                "genero": ("drama", "comédia", "drama, ação")[film % 3],
                "diretor": f"Director {film % 4}",
                "atores": f"Actor {film}, Actor {film + 1}",
            }
            for film, title in enumerate(titles)
        ],
        "avaliacoes": [
            {"usuario_id": int(u) + 1, "filme_id": int(f) + 1, "avaliacao": float(ratings[u, f])}
            for u, f in np.argwhere(~np.isnan(ratings))
        ],
    }


def as_json(document: object) -> bytes:
    """A document's bytes."""
    return json.dumps(document, ensure_ascii=False).encode()


def from_json(content: bytes, name: str) -> Dataset:
    """The data set in a document's bytes."""
    return check(json_file.parse(content, name))


def as_data(ratings: Matrix, titles: list[str] | None = None) -> Dataset:
    """Users × films ratings, NaN where there is none, as a data set."""
    return from_json(as_json(as_document(ratings, titles)), "data.json")


def random_ratings(users: int, films: int, share: float = 0.4, seed: int = 0) -> Matrix:
    """Ratings from 0 to 5 in half steps for a share of all pairs; every user and film has one."""
    random = np.random.default_rng(seed)
    ratings = random.integers(0, 11, (users, films)) / 2
    missing = random.random((users, films)) >= share
    missing[np.arange(users), np.arange(users) % films] = False
    missing[np.arange(films) % users, np.arange(films)] = False
    return np.where(missing, np.nan, ratings)


def block_ratings(blocks: int = 4, users: int = 15, films: int = 12, seed: int = 0) -> Matrix:
    """Users and films in blocks; each user rates three quarters of the films of one block."""
    random = np.random.default_rng(seed)
    ratings = np.full((blocks * users, blocks * films), np.nan)
    for user in range(blocks * users):
        own = user // users * films + random.permutation(films)[: films * 3 // 4]
        ratings[user, own] = random.integers(3, 6, len(own))
    return ratings


def count_rows(database: sqlite3.Connection) -> dict[str, int]:
    """The number of rows in each table."""
    tables = ("usuarios", "filmes", "avaliacoes")
    return {t: database.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}
