"""Lineages: what is inherited, what begins anew, and which written ratings then count."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.catalog import fold
from recommender.data.origin import Origin, digest_title
from recommender.model.artifact import CATALOG_FILE
from tests.expectations import FILMS
from tests.training.small_data import CASE, as_document, as_json, from_json, random_ratings
from training.data.dataset import Dataset
from training.data.read import read
from training.renewal.lineage import Lineage, begin, lineage_of, name_of, titles_of

INCUMBENT = {"linhagem": "b", "primeira_linhagem": "a"}
WORDS = st.text("aáAbç ()19", min_size=1, max_size=4).filter(
    lambda text: re.search("[^ 0-9]", text)
)
TITLES = st.dictionaries(st.integers(0, 60), WORDS, min_size=1)


def data_of(titles: dict[int, str]) -> Dataset:
    """A data set with such films by id."""
    document = as_document(random_ratings(2, len(titles)), list(titles.values()))
    ids = dict(enumerate(titles, 1))
    for film in document["filmes"]:
        film["id"] = ids[film["id"]]
    for rating in document["avaliacoes"]:
        rating["filme_id"] = ids[rating["filme_id"]]
    return from_json(as_json(document), "data.json")


def numbered(count: int, changed: int = 0) -> dict[int, str]:
    return {n: f"Film {n} ({1980 + (n < changed)})" for n in range(count)}


def follow(titles: dict[int, str], data: Dataset, incumbent: dict[str, Any] = INCUMBENT) -> Lineage:
    return lineage_of(incumbent, titles, data.titles(), "filmes", data.digest)


def is_inherited(lineage: Lineage) -> bool:
    return lineage.id == "b"


@pytest.mark.parametrize(("changed", "inherited"), [(0, True), (2, True), (3, False), (40, False)])
def test_a_lineage_lasts_while_95_percent_keep_their_titles(changed: int, inherited: bool) -> None:
    found = follow(numbered(40), data_of(numbered(40, changed)))
    assert is_inherited(found) is inherited
    assert found.first == "a"


def test_films_that_come_and_go_do_not_matter() -> None:
    new = {n: f"New {n}" for n in range(100, 200)}
    assert is_inherited(
        follow(numbered(40), data_of({n: f"Film {n} (1980)" for n in (1, 2)} | new))
    )


def test_without_shared_films_a_lineage_is_new() -> None:
    assert not is_inherited(follow({1: "A"}, data_of({2: "A"})))
    assert not is_inherited(follow({}, data_of({2: "A"})))


def test_case_and_accents_of_a_title_do_not_matter_but_its_year_does() -> None:
    before = {1: "Amélie (2001)", 2: "CIDADE DE DEUS"}
    assert is_inherited(follow(before, data_of({1: "AMELIE (2001) ", 2: "Cidade de Deus"})))
    assert not is_inherited(follow(before, data_of({1: "Amélie (2002)", 2: "Cidade de Deus"})))


def test_an_incumbent_older_than_lineages_has_written_what_is_there() -> None:
    """Its ratings bear no lineage, so they belong to the first one."""
    same, other = data_of(numbered(40)), data_of(numbered(40, 40))
    assert follow(numbered(40), same, {}) == Lineage("filmes", "filmes")
    new = follow(numbered(40), other, {})
    assert new == Lineage(f"filmes-{other.digest[:8]}", "")
    after = follow(dict(enumerate(other.films["titulo"])), other, new.facts())
    assert after == new


@given(titles=TITLES, after=TITLES, old=st.sampled_from(["b", "filmes"]), twice=st.booleans())
def test_a_lineage_is_inherited_or_new(
    titles: dict[int, str], after: dict[int, str], old: str, twice: bool
) -> None:
    data = data_of(after)
    taken = f"filmes-{data.digest[:8]}" if twice else "a"
    incumbent = {"linhagem": old, "primeira_linhagem": taken}
    found = follow(titles, data, incumbent)
    assert found.first == taken
    assert found == follow(titles, data, incumbent)
    shared = titles.keys() & after.keys()
    if found.id == old:
        same = [film for film in shared if fold(titles[film]) == fold(after[film])]
        assert same
        assert 0.95 * len(shared) <= len(same) + 1e-9
    else:
        assert found.id not in (old, taken)
        assert found.id == name_of(Path(f"{found.id}.json"))
    again = follow(after, data, found.facts())
    assert again == found  # the same data once more changes nothing


def test_an_origin_says_which_written_ratings_count() -> None:
    origin = Lineage("b", "a").origin(data_of(numbered(4)))
    assert origin == Origin("b", "a", "0:5")
    assert origin.title(3) == f"{digest_title('Film 3 (1980)'):08x}"
    assert origin.title(4) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("mock_data.json", "mock_data"),
        ("dados/ml-1m.v2/", "ml-1m.v2"),
        ("Filmes de São João.JSON", "filmes-de-sao-joao"),
        ("..hidden.json", "hidden"),
        ("映画.json", "dados"),
        ("a" * 60 + ".json", "a" * 40),
        ("ml-100k.zip", "ml-100k"),
        ("ml-100k.tar.gz", "ml-100k"),
        ("vistos.csv.gz", "vistos"),
        ("ml-100k/ratings.csv", "ml-100k"),
        ("ml-100k/u.data", "ml-100k"),
        ("x" * 39 + "-y.json", "x" * 39),
    ],
)
def test_a_data_set_names_its_lineage(tmp_path: Path, path: str, name: str) -> None:
    place = tmp_path / path
    place.parent.mkdir(exist_ok=True)
    if path.endswith("/"):
        place.mkdir()
    else:
        place.touch()
    assert name_of(place) == name


def test_a_folder_named_by_a_dot_has_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ml-100k").mkdir()
    monkeypatch.chdir(tmp_path / "ml-100k")
    assert name_of(Path()) == "ml-100k"


def test_the_titles_of_an_artifact_are_read(artifact_dir: Path) -> None:
    titles = titles_of(artifact_dir / CATALOG_FILE)
    assert titles == {film: row["titulo"] for film, row in FILMS.items()}


def test_the_example_data_goes_on_from_the_original_case(artifact_dir: Path) -> None:
    """Its first films are those of the original case."""
    titles = titles_of(artifact_dir / CATALOG_FILE)
    before = begin(name_of(CASE))
    assert follow(titles, read(CASE), before.facts()) == before
