"""The catalogue: filters that mean what they say, and a database that nothing can write to."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from recommender.data.catalog import MAX_ID, Catalog, FilmFilter, fold
from tests.conftest import ROOT
from tests.training.small_data import count_rows

MOCK = json.loads((ROOT / "mock_data.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def catalog(artifact_dir: Path) -> Catalog:
    return Catalog(artifact_dir / "catalogo.sqlite3")


def given(films: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Films without what training has added to them."""
    added = ("avaliacao_media", "total_avaliacoes", "titulo_exibido")
    return [{name: film[name] for name in film if name not in added} for film in films]


def titles(catalog: Catalog, **wanted: Any) -> list[str]:
    found = catalog.list_films(FilmFilter(**wanted), 1000, 0)
    assert catalog.count_films(FilmFilter(**wanted)) == len(found)
    return [film["titulo"] for film in found]


def expected(matches: Callable[[dict[str, str]], bool]) -> list[str]:
    films = [film["titulo"] for film in MOCK["filmes"] if matches(film)]
    assert films
    return films


def test_it_holds_the_data(catalog: Catalog) -> None:
    assert count_rows(catalog._db) == {
        name: len(MOCK[name]) for name in ("usuarios", "filmes", "avaliacoes")
    }
    assert given(catalog.list_films(FilmFilter(), 1000, 0)) == MOCK["filmes"]


def test_pages_meet(catalog: Catalog) -> None:
    pages = [catalog.list_films(FilmFilter(), 7, offset) for offset in range(0, 400, 7)]
    assert given(film for page in pages for film in page) == MOCK["filmes"]
    assert catalog.list_films(FilmFilter(), 7, 10_000) == []


@hypothesis.given(
    genres=st.lists(st.sampled_from(["comédia", "DRAMA", "nenhum"]), max_size=3),
    excluded=st.lists(st.integers(-5, 400), max_size=30),
    limit=st.integers(1, 400),
    offset=st.integers(0, 400),
)
def test_a_page_of_what_passes_the_filters(
    catalog: Catalog, genres: list[str], excluded: list[int], limit: int, offset: int
) -> None:
    keys = [fold(genre) for genre in genres]
    passing = [
        film
        for film in MOCK["filmes"]
        if film["id"] not in excluded and (not keys or fold(film["genero"]) in keys)
    ]
    wanted = FilmFilter(genres, excluded)
    assert given(catalog.list_films(wanted, limit, offset)) == passing[offset : offset + limit]
    assert catalog.count_films(wanted) == len(passing)


def test_films_by_id(catalog: Catalog) -> None:
    found = catalog.films([3, 1, 3, -1, MAX_ID])
    assert sorted(found) == [1, 3]
    assert given(found[film_id] for film_id in (1, 3)) == [MOCK["filmes"][0], MOCK["filmes"][2]]
    assert catalog.films([]) == {}


def test_films_read_before_are_read_no_more(
    artifact_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = Catalog(artifact_dir / "catalogo.sqlite3")
    statements: list[str] = []
    catalog._db.set_trace_callback(statements.append)
    first = catalog.films([1, 2, MAX_ID])
    assert catalog.films([2, 1]) == first
    assert len(statements) == 1
    assert catalog.films([1, 3]) | first == catalog.films([1, 2, 3])
    assert len(statements) == 2
    monkeypatch.setattr("recommender.data.catalog.FILMS", 2)  # and three are known
    assert catalog.films([3, 4]).keys() == {3, 4}
    assert catalog._films.keys() == {3, 4}


@pytest.mark.parametrize("genre", ["comédia", "COMÉDIA", "comedia", " Comedia ", "come\u0301dia"])
def test_genres_whatever_their_case_and_accents(catalog: Catalog, genre: str) -> None:
    assert titles(catalog, genres=[genre]) == expected(lambda film: "comédia" in film["genero"])


def test_any_of_several_genres(catalog: Catalog) -> None:
    found = titles(catalog, genres=["terror", "sci-fi", "terror", "nenhum"])
    assert found == expected(lambda film: film["genero"] in ("terror", "sci-fi"))


@pytest.mark.parametrize("genre", ["com", "comédia romântica", "", "' OR 1=1 --", "\0", "😀"])
def test_no_such_genre(catalog: Catalog, genre: str) -> None:
    assert titles(catalog, genres=[genre]) == []


@pytest.mark.parametrize("name", ["Christopher Nolan", "christopher NOLAN", "nolan", "Nolan,"])
def test_a_director(catalog: Catalog, name: str) -> None:
    assert titles(catalog, director=name) == expected(lambda film: "Nolan" in film["diretor"])


def test_a_name_is_a_phrase_of_whole_words(catalog: Catalog) -> None:
    assert titles(catalog, director="Nolan Christopher") == []
    assert titles(catalog, director="Nola") == []
    assert titles(catalog, actor="Nolan") == []


@pytest.mark.parametrize("name", ["Fernanda Montenegro", "fernanda montenegro", "FERNANDA"])
def test_an_actor(catalog: Catalog, name: str) -> None:
    found = titles(catalog, actor=name)
    assert found == expected(lambda film: fold(name) in fold(film["atores"]))


@pytest.mark.parametrize(
    "text", ["amelie", "AMÉLIE", "Amél", "amelie !!!", "- amelie", "jeunet am"]
)
def test_words_of_title_director_or_actors(catalog: Catalog, text: str) -> None:
    assert titles(catalog, text=text) == ["Amélie"]


def test_all_filters_at_once(catalog: Catalog) -> None:
    wanted = {"genres": ["sci-fi"], "director": "nolan", "actor": "dicaprio", "text": "incep"}
    assert titles(catalog, **wanted) == ["Inception"]
    assert titles(catalog, **wanted | {"actor": "keanu reeves"}) == []


@pytest.mark.parametrize("text", ["matrix NEAR the", "NOT matrix", "titulo:matrix", "{titulo}:x"])
def test_operators_are_mere_words(catalog: Catalog, text: str) -> None:
    assert titles(catalog, text=text) == []


@pytest.mark.parametrize(
    "text", ['"matrix"', "matrix*", "^matrix", "(matrix)", "matrix -", "+matrix"]
)
def test_operators_are_mere_punctuation(catalog: Catalog, text: str) -> None:
    assert titles(catalog, text=text) == ["The Matrix"]


def test_or_is_a_word(catalog: Catalog) -> None:
    assert "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb" in titles(
        catalog, text="strangelove OR love"
    )


@pytest.mark.parametrize(
    "text", ["", " ", "!!!", '"', '""', "*", "-", ":", "( )", "😀", "\0", "\u0301", "' OR 1=1 --"]
)
def test_a_text_without_words_is_found_nowhere(catalog: Catalog, text: str) -> None:
    for field in ("text", "director", "actor"):
        assert titles(catalog, **{field: text}) == []


@hypothesis.given(text=st.text(max_size=100), genre=st.text(max_size=20))
def test_no_text_breaks_a_query(artifact_dir: Path, text: str, genre: str) -> None:
    catalog = Catalog(artifact_dir / "catalogo.sqlite3")
    for wanted in (
        FilmFilter(text=text),
        FilmFilter(director=text, actor=text),
        FilmFilter([genre], text=text),
    ):
        assert catalog.count_films(wanted) == len(catalog.list_films(wanted, 1000, 0))


def test_a_users_ratings(catalog: Catalog) -> None:
    for user in MOCK["usuarios"]:
        rated = [
            (row["filme_id"], row["avaliacao"], row["momento"])
            for row in MOCK["avaliacoes"]
            if row["usuario_id"] == user["id"]
        ]
        assert catalog.ratings(user["id"]) == sorted(rated)


def test_an_unknown_user_and_one_without_ratings(catalog: Catalog) -> None:
    silent = MOCK["usuarios"][-1]["id"]
    assert catalog.ratings(silent) == []
    for unknown in (0, -1, silent + 1, MAX_ID):
        assert catalog.ratings(unknown) is None


def test_the_database_is_read_only(artifact_dir: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(artifact_dir / "catalogo.sqlite3", tmp_path))
    before = path.read_bytes()
    catalog = Catalog(path)
    for statement in (
        "DELETE FROM avaliacoes",
        "CREATE TABLE x (y)",
        "INSERT INTO busca (busca) VALUES ('optimize')",
    ):
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            catalog._db.execute(statement)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_database_in_a_place_with_a_strange_name(artifact_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a?mode=rwc#%20 ação"
    folder.mkdir()
    catalog = Catalog(Path(shutil.copy(artifact_dir / "catalogo.sqlite3", folder)))
    assert count_rows(catalog._db)["filmes"] == len(MOCK["filmes"])


def test_no_database_is_made(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        Catalog(tmp_path / "none.sqlite3").count_films(FilmFilter())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "folded"),
    [(" Ação ", "acao"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("ﬁ", "fi"), ("", "")],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded
