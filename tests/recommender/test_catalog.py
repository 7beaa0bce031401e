"""The catalogue: filters that mean what they say, and a database that nothing can write to."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import pytest
from hypothesis import strategies as st

from recommender.api.browsing import START, Page, browse
from recommender.data.catalog import MAX_ID, Catalog, Words, fold
from recommender.model.artifact import Model, load
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


class Films(NamedTuple):
    """A catalogue, and the model of the same films."""

    catalog: Catalog
    model: Model

    def page(self, limit: int, after: int = START, **wanted: Any) -> tuple[list[Any], Page]:
        """The films of a page, and what is known of it."""
        words = {name: wanted.pop(name) for name in Words._fields if name in wanted}
        page = browse(self.model, self.catalog, Words(**words), limit, after, **wanted)
        films = self.catalog.films(page.ids)
        return [films[film_id] for film_id in page.ids], page


@pytest.fixture(scope="module")
def films(artifact_dir: Path, catalog: Catalog) -> Films:
    return Films(catalog, load(artifact_dir).model)


def titles(films: Films, **wanted: Any) -> list[str]:
    found, page = films.page(1000, **wanted)
    assert (page.total, page.after) == (len(found), None)
    return [film["titulo"] for film in found]


def expected(matches: Callable[[dict[str, str]], bool]) -> list[str]:
    films = [film["titulo"] for film in MOCK["filmes"] if matches(film)]
    assert films
    return films


def test_it_holds_the_data(films: Films) -> None:
    assert count_rows(films.catalog._db) == {
        name: len(MOCK[name]) for name in ("usuarios", "filmes", "avaliacoes")
    }
    assert given(films.page(1000)[0]) == MOCK["filmes"]


@pytest.mark.parametrize("wanted", [{}, {"excluded": [7]}, {"genres": ["drama"]}, {"text": "a"}])
def test_pages_meet(films: Films, wanted: dict[str, Any]) -> None:
    whole, found = films.page(1000, **wanted)[0], list[Any]()
    after: int | None = START
    while after is not None:
        some, page = films.page(7, after, **wanted)
        found += some
        after = page.after
        assert len(some) == 7 or after is None
    assert found == whole
    assert films.page(7, 10_000, **wanted)[1].ids == []


@hypothesis.given(
    genres=st.lists(st.sampled_from(["comedia", "drama", "nenhum"]), max_size=3),
    excluded=st.lists(st.integers(-5, 400), max_size=30),
    limit=st.integers(1, 400),
    after=st.integers(-1, 400),
)
def test_a_page_of_what_passes_the_filters(
    films: Films, genres: list[str], excluded: list[int], limit: int, after: int
) -> None:
    passing = [
        film
        for film in MOCK["filmes"]
        if film["id"] not in excluded and (not genres or fold(film["genero"]) in genres)
    ]
    found, page = films.page(limit, after, genres=genres, excluded=excluded)
    following = [film for film in passing if film["id"] > after]
    assert given(found) == following[:limit]
    assert page.total == len(passing)
    assert page.after == (found[-1]["id"] if len(following) > limit else None)


@pytest.mark.parametrize("wanted", [{"text": "o"}, {"actor": "fernanda montenegro"}])
def test_a_page_looks_at_so_many_films_that_have_the_words(
    films: Films, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = films.page(1000, **wanted)[1].ids
    monkeypatch.setattr("recommender.api.browsing.LOOKED_AT", 2)
    after: int | None = START
    found: list[int] = []
    while after is not None:
        _, page = films.page(1000, after, excluded=whole[:3], **wanted)
        assert page.total is None or page.after is None
        found += page.ids
        after = page.after
    assert found == whole[3:]


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
def test_genres_whatever_their_case_and_accents(films: Films, genre: str) -> None:
    assert titles(films, genres=[fold(genre)]) == expected(lambda film: "comédia" in film["genero"])


def test_any_of_several_genres(films: Films) -> None:
    found = titles(films, genres=["terror", "sci-fi", "terror", "nenhum"])
    assert found == expected(lambda film: film["genero"] in ("terror", "sci-fi"))


@pytest.mark.parametrize("genre", ["com", "comédia romântica", "", "' OR 1=1 --", "\0", "😀"])
def test_no_such_genre(films: Films, genre: str) -> None:
    assert titles(films, genres=[genre]) == []


@pytest.mark.parametrize("name", ["Christopher Nolan", "christopher NOLAN", "nolan", "Nolan,"])
def test_a_director(films: Films, name: str) -> None:
    assert titles(films, director=name) == expected(lambda film: "Nolan" in film["diretor"])


def test_a_name_is_a_phrase_of_whole_words(films: Films) -> None:
    assert titles(films, director="Nolan Christopher") == []
    assert titles(films, director="Nola") == []
    assert titles(films, actor="Nolan") == []


@pytest.mark.parametrize("name", ["Fernanda Montenegro", "fernanda montenegro", "FERNANDA"])
def test_an_actor(films: Films, name: str) -> None:
    found = titles(films, actor=name)
    assert found == expected(lambda film: fold(name) in fold(film["atores"]))


@pytest.mark.parametrize(
    "text", ["amelie", "AMÉLIE", "Amél", "amelie !!!", "- amelie", "jeunet am"]
)
def test_words_of_title_director_or_actors(films: Films, text: str) -> None:
    assert titles(films, text=text) == ["Amélie"]


def test_all_filters_at_once(films: Films) -> None:
    wanted = {"genres": ["sci-fi"], "director": "nolan", "actor": "dicaprio", "text": "incep"}
    assert titles(films, **wanted) == ["Inception"]
    assert titles(films, **wanted | {"actor": "keanu reeves"}) == []


@pytest.mark.parametrize("text", ["matrix NEAR the", "NOT matrix", "titulo:matrix", "{titulo}:x"])
def test_operators_are_mere_words(films: Films, text: str) -> None:
    assert titles(films, text=text) == []


@pytest.mark.parametrize(
    "text", ['"matrix"', "matrix*", "^matrix", "(matrix)", "matrix -", "+matrix"]
)
def test_operators_are_mere_punctuation(films: Films, text: str) -> None:
    assert titles(films, text=text) == ["The Matrix"]


def test_or_is_a_word(films: Films) -> None:
    assert "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb" in titles(
        films, text="strangelove OR love"
    )


@pytest.mark.parametrize(
    "text", ["", " ", "!!!", '"', '""', "*", "-", ":", "( )", "😀", "\0", "\u0301", "' OR 1=1 --"]
)
def test_a_text_without_words_is_found_nowhere(films: Films, text: str) -> None:
    for field in ("text", "director", "actor"):
        assert titles(films, **{field: text}) == []


@hypothesis.given(text=st.text(max_size=100), genre=st.text(max_size=20))
def test_no_text_breaks_a_query(artifact_dir: Path, text: str, genre: str) -> None:
    catalog = Catalog(artifact_dir / "catalogo.sqlite3")
    for words in (Words(text), Words(director=text, actor=text), Words(text, genre, genre)):
        found = catalog.search(words, START, 1000)
        assert found == sorted(set(found))


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
        Catalog(tmp_path / "none.sqlite3").films([1])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "folded"),
    [(" Ação ", "acao"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("ﬁ", "fi"), ("", "")],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded
