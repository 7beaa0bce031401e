"""The packaged database: its tables hold the data set and are consistent."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from recommender.data.catalog import MAX_ID
from tests.training.small_data import MOCK, as_data, as_document, as_json, from_json, random_ratings
from training.bake.database import bake
from training.data.dataset import Dataset
from training.data.read import read
from training.model.labels import Lead


@pytest.fixture(scope="module")
def data() -> Dataset:
    return read(MOCK)


@pytest.fixture(scope="module")
def db(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("baked") / "c.sqlite3"
    bake(data, [Lead(["drama", "ação"], [], np.arange(1))], path)
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def test_the_tables_hold_the_data(db: sqlite3.Connection, data: Dataset) -> None:
    users = db.execute("SELECT * FROM usuarios ORDER BY id").fetchall()
    assert users == [tuple(row) for row in data.users[["id", "nome"]].to_numpy().tolist()]
    films = db.execute("SELECT id, titulo, genero, diretor, atores FROM filmes ORDER BY id")
    assert films.fetchall() == [tuple(row) for row in data.films.to_numpy().tolist()]
    ratings = db.execute("SELECT * FROM avaliacoes").fetchall()
    assert len(ratings) == len(data.ratings)
    user_at = dict(zip(data.users["id"].tolist(), range(len(users)), strict=True))
    film_at = dict(zip(data.films["id"].tolist(), range(len(data.films)), strict=True))
    matrix = data.matrix
    assert all(matrix[user_at[user], film_at[film]] == value for user, film, value, _ in ratings)
    assert sorted(moment for *_, moment in ratings) == sorted(data.ratings["momento"])


def test_ratings_without_times_have_none(tmp_path: Path) -> None:
    bake(
        from_json(as_json(as_document(random_ratings(5, 4))), "d.json"), [], tmp_path / "c.sqlite3"
    )
    with closing(sqlite3.connect(tmp_path / "c.sqlite3")) as db:
        assert db.execute("SELECT DISTINCT momento FROM avaliacoes").fetchall() == [(None,)]


def test_ratings_keep_their_times(tmp_path: Path) -> None:
    document = as_document(random_ratings(5, 4))
    for second, rating in enumerate(document["avaliacoes"]):
        rating["momento"] = 1_700_000_000 - second
    bake(from_json(as_json(document), "d.json"), [], tmp_path / "c.sqlite3")
    with closing(sqlite3.connect(tmp_path / "c.sqlite3")) as db:
        found = db.execute("SELECT usuario_id, filme_id, avaliacao, momento FROM avaliacoes")
        expected = sorted(tuple(rating.values()) for rating in document["avaliacoes"])
        assert found.fetchall() == expected
        assert db.execute("SELECT DISTINCT typeof(momento) FROM avaliacoes").fetchall() == [
            ("integer",)
        ]


def test_ratings_of_a_user_are_found_by_the_primary_key(db: sqlite3.Connection) -> None:
    (plan,) = db.execute("EXPLAIN QUERY PLAN SELECT * FROM avaliacoes WHERE usuario_id = 1")
    assert "USING PRIMARY KEY (usuario_id=?)" in plan[3]


def test_no_e_mail_is_in_the_database(data: Dataset, db: sqlite3.Connection) -> None:
    content = "\n".join(db.iterdump())
    assert [email for email in data.users["email"] if email in content] == []


def test_each_film_has_the_mean_and_the_number_of_its_ratings(db: sqlite3.Connection) -> None:
    query = """
        SELECT avaliacao_media, total_avaliacoes, round(avg(avaliacao), 2), count(avaliacao)
        FROM filmes LEFT JOIN avaliacoes ON filme_id = id GROUP BY id
    """
    rows = db.execute(query).fetchall()
    for mean, count, average, number in rows:
        assert count == number
        assert (mean is None) is (average is None)
        assert (
            mean is None or abs(mean - average) < 0.011
        )  # SQLite and NumPy round halves differently


def test_groups_are_listed(db: sqlite3.Connection) -> None:
    assert db.execute("SELECT * FROM grupos").fetchall() == [(0, "drama, ação", "")]


def test_foreign_keys_are_declared_and_hold(db: sqlite3.Connection) -> None:
    declared = {
        (row[3], row[2], row[4]) for row in db.execute("PRAGMA foreign_key_list(avaliacoes)")
    }
    assert declared == {("usuario_id", "usuarios", "id"), ("filme_id", "filmes", "id")}
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("pair", [(10**9, 1), (1, 10**9)])
def test_a_rating_needs_an_existing_user_and_film(
    pair: tuple[int, int], db: sqlite3.Connection
) -> None:
    db.execute("PRAGMA foreign_keys = ON")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"), db:
        db.execute("INSERT INTO avaliacoes VALUES (?, ?, 3, NULL)", pair)


def test_genres_and_words_ignore_case_and_accents(tmp_path: Path) -> None:
    bake(as_data(random_ratings(4, 6), ["Olá, Ação!", *"bcdef"]), [], tmp_path / "c.sqlite3")
    with closing(sqlite3.connect(tmp_path / "c.sqlite3")) as db:
        genres = db.execute("SELECT filme_id FROM generos WHERE chave = 'acao' ORDER BY 1")
        assert genres.fetchall() == [(3,), (6,)]
        found = db.execute("SELECT rowid FROM busca WHERE busca MATCH 'titulo : acao'")
        assert found.fetchall() == [(1,)]


def test_equal_data_gives_equal_bytes(tmp_path: Path) -> None:
    document = as_document(random_ratings(9, 7))
    shuffled = {key: records[::-1] for key, records in document.items()}
    for name, content in (("a", document), ("b", shuffled)):
        bake(from_json(as_json(content), "d.json"), [], tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]  # and no journal


def test_the_largest_ids_and_the_strangest_texts(tmp_path: Path) -> None:
    document = as_document(random_ratings(2, 2), ["'); DROP TABLE filmes;--", "🎬\x00\n"])
    document["usuarios"][0]["id"] = MAX_ID
    for rating in document["avaliacoes"]:
        rating["usuario_id"] = MAX_ID
    data = from_json(as_json(document), "d.json")
    bake(data, [], tmp_path / "c.sqlite3")
    with closing(sqlite3.connect(tmp_path / "c.sqlite3")) as db:
        titles = [title for (title,) in db.execute("SELECT titulo FROM filmes ORDER BY id")]
        assert titles == data.films["titulo"].tolist()
        (found,) = db.execute("SELECT DISTINCT usuario_id FROM avaliacoes").fetchall()
        assert found == (MAX_ID,)
