"""Titles with the article last: shown as people say them, and found by either spelling."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from recommender.api.application import create_app
from recommender.data.catalog import MAX_ID, Catalog, FilmFilter, fold
from recommender.data.titles import ARTICLES, shown_title
from tests.recommender.conftest import FOUND, LOCAL
from tests.training.small_data import as_data, random_ratings
from training.bake.database import bake

SHOWN = {
    "Godfather, The (1972)": "The Godfather (1972)",
    "Godfather: Part II, The (1974)": "The Godfather: Part II (1974)",
    "Bug's Life, A (1998)": "A Bug's Life (1998)",
    "Unsuitable Job for a Woman, An": "An Unsuitable Job for a Woman",
    "Good, the Bad and the Ugly, The (Buono, il brutto, il cattivo, Il) (1966)": (
        "The Good, the Bad and the Ugly (Il Buono, il brutto, il cattivo) (1966)"
    ),
    "City of Lost Children, The (Cité des enfants perdus, La) (1995)": (
        "The City of Lost Children (La Cité des enfants perdus) (1995)"
    ),
    "Avventura, L' (a.k.a. Adventure, The) (1960)": "L'Avventura (a.k.a. The Adventure) (1960)",
    "Enfer, L’ (1994)": "L’Enfer (1994)",
    "Wings of Desire (Himmel über Berlin, Der) (1987)": (
        "Wings of Desire (Der Himmel über Berlin) (1987)"
    ),
    "Auto da Compadecida, O": "O Auto da Compadecida",
    "Maias, Os": "Os Maias",
    "Boas Maneiras, As (2017)": "As Boas Maneiras (2017)",
    "MATRIX, THE": "THE MATRIX",
}
AS_THEY_ARE = [
    *("Eu, Tu, Eles", "O Que É Isso, Companheiro?", "Ó Paí, Ó", "(500) Days of Summer"),
    *("I, Robot (2004)", "Seven (a.k.a. Se7en) (1995)", "The Matrix", "What, a", "(", ", The", ""),
    *("Kramer vs. Kramer, Thé", "Monsters, Inc. (2001)", "10,000 BC", "M*A*S*H (a.k.a. MASH)"),
]


@pytest.mark.parametrize(("title", "shown"), SHOWN.items())
def test_an_article_is_shown_in_front(title: str, shown: str) -> None:
    assert shown_title(title) == shown
    assert shown_title(shown) == shown


@pytest.mark.parametrize("title", AS_THEY_ARE)
def test_other_titles_are_shown_as_they_are(title: str) -> None:
    assert shown_title(title) == title


@given(st.text("aThe, ()'’L.\n", max_size=60), st.sampled_from(sorted(ARTICLES)))
def test_a_shown_title_has_the_same_letters(text: str, article: str) -> None:
    title = f"{text}, {article.title()}"
    letters = [c for c in title if c.isalnum()]
    assert sorted(c for c in shown_title(title) if c.isalnum()) == sorted(letters)


# The fold: each letter as people without its key type it.
LETTERS = [
    *[("Bjørn", "bjorn"), ("ÆGIR", "aegir"), ("Œuvre", "oeuvre"), ("Straße", "strasse")],
    *[("Łódź", "lodz"), ("Đorđe", "dorde"), ("Guðrún", "gudrun"), ("Þór", "thor")],
    *[("Kırık", "kirik"), ("İstanbul", "istanbul"), ("ﬁ", "fi"), ("𝐀", "a"), ("Ação", "acao")],
]


@pytest.mark.parametrize(("text", "folded"), LETTERS)
def test_letters_are_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=40))
def test_what_is_folded_stays_so(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(f" {text}\n") == fold(text)


TITLES = [*SHOWN, *(name for name, _ in LETTERS[:10])]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    path = tmp_path_factory.mktemp("titles") / "c.sqlite3"
    bake(as_data(random_ratings(4, len(TITLES)), TITLES), [], path)
    return Catalog(path)


def found(catalog: Catalog, text: str) -> list[str]:
    return [film["titulo"] for film in catalog.list_films(FilmFilter(text=text), 100, 0)]


@pytest.mark.parametrize(("title", "shown"), SHOWN.items())
def test_a_film_is_found_by_either_spelling(catalog: Catalog, title: str, shown: str) -> None:
    for text in (title, shown, fold(shown), shown.upper()):
        assert found(catalog, text) == [title], text


@pytest.mark.parametrize(
    ("text", "year"),
    [("l'avventura", "1960"), ("the adventure", "1960"), ("la cité des enfants", "1995")],
)
def test_a_film_is_found_by_its_other_names(catalog: Catalog, text: str, year: str) -> None:
    (title,) = found(catalog, text)
    assert title.endswith(f"({year})")


@pytest.mark.parametrize(("name", "folded"), LETTERS[:10])
def test_letters_are_found_with_and_without(catalog: Catalog, name: str, folded: str) -> None:
    for text in (name, folded, name.upper(), folded[:3], name[:3]):
        assert name in found(catalog, text), text


def test_people_and_genres_are_folded_alike(found_dir: Path) -> None:
    client = TestClient(create_app(found_dir, LOCAL))
    for query in (
        "diretor=soren+aegir",
        "ator=Łukasz",
        "ator=lukasz",
        "genero=BORN",
        "genero=Børn",
    ):
        assert [film["id"] for film in client.get(f"/filmes?{query}").json()] == [MAX_ID], query
        assert client.get(f"/filmes?{query}").headers["x-total-count"] == "1"
    listed = client.get("/filmes/populares?genero=born").json()
    assert [film["id"] for film in listed] == [MAX_ID]


def test_every_answer_bears_the_shown_title(found_dir: Path) -> None:
    """Wherever an answer holds a title, it holds the shown one next to it."""
    client = TestClient(create_app(found_dir, LOCAL))
    given_ratings = {"avaliacoes": [{"filme_id": MAX_ID, "avaliacao": 5}]}
    answers = [
        client.get("/filmes"),
        client.get(f"/filmes/{MAX_ID}"),
        client.get(f"/filmes/{MAX_ID}/similares"),
        client.get("/filmes/populares"),
        client.get("/filmes/1/recomendacoes"),
        client.get("/usuarios/1/avaliacoes"),
        client.get("/grupos"),
        client.post("/recomendacoes", json=given_ratings),
        client.post("/usuarios/1/recomendacoes", json=given_ratings),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.url
        named = list(with_titles(answer.json()))
        assert named, answer.url
        for part in named:
            assert part["titulo_exibido"] == FOUND[part["titulo"]], answer.url
    labels = " ".join(group["rotulo"] for group in client.get("/grupos").json())
    turned = {title: shown for title, shown in FOUND.items() if title != shown}
    assert [shown for shown in turned.values() if shown in labels]
    assert not [title for title in turned if title in labels]


def with_titles(part: object) -> list[dict[str, str]]:
    """All objects in an answer that name a film."""
    if isinstance(part, list):
        return [found for each in part for found in with_titles(each)]
    if not isinstance(part, dict):
        return []
    own = [part] if "titulo" in part else []
    return own + [found for each in part.values() for found in with_titles(each)]
