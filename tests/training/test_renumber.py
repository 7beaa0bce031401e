"""Numbers for ids that are none, and the file that keeps them."""

import csv
import json
import logging
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.catalog import MAX_ID
from tests.training.small_data import as_document, as_json, random_ratings
from training.__main__ import main
from training.data.dataset import Dataset
from training.data.read import read
from training.data.tables import DataError

Ids = dict[int, object]


def renamed(users: Ids | None = None, films: Ids | None = None) -> dict[str, Any]:
    """Three users and four films, some ids of which are others."""
    document: dict[str, Any] = as_document(random_ratings(3, 4, share=1.0))
    users, films = users or {}, films or {}
    for user in document["usuarios"]:
        user["id"] = users.get(user["id"], user["id"])
    for film in document["filmes"]:
        film["id"] = films.get(film["id"], film["id"])
    for rating in document["avaliacoes"]:
        rating["usuario_id"] = users.get(rating["usuario_id"], rating["usuario_id"])
        rating["filme_id"] = films.get(rating["filme_id"], rating["filme_id"])
    return document


@pytest.fixture
def numbered(tmp_path: Path) -> Any:
    """What a document becomes, and the lines of the file of numbers."""

    def number(document: dict[str, Any]) -> tuple[Dataset, list[list[str]]]:
        (tmp_path / "d.json").write_bytes(as_json(document))
        data = read(tmp_path / "d.json", tmp_path / "numbers.csv")
        file = tmp_path / "numbers.csv"
        if not file.exists():
            return data, []
        with file.open(newline="", encoding="utf-8") as lines:
            return data, list(csv.reader(lines))

    return number


def test_texts_are_numbered_in_their_order(numbered: Any) -> None:
    data, lines = numbered(renamed(films={1: "tt0113", 2: "tt0002", 3: "20", 4: "9"}))
    assert lines == [
        ["kind", "id", "original"],
        *(["film", "1", "9"], ["film", "2", "20"], ["film", "3", "tt0002"]),
        ["film", "4", "tt0113"],
    ]
    assert data.films["titulo"].tolist() == ["Film 4", "Film 3", "Film 2", "Film 1"]
    assert data.users["id"].tolist() == [1, 2, 3]  # which need no other
    whole, _ = numbered(renamed())
    assert (whole.matrix.toarray()[:, ::-1] == data.matrix.toarray()).all()


def test_ids_that_are_fine_stay_as_they_are(numbered: Any) -> None:
    data, lines = numbered(renamed({1: MAX_ID}, {2: 0}))
    assert data.users["id"].tolist() == [2, 3, MAX_ID]
    assert data.films["id"].tolist() == [0, 1, 3, 4]
    assert lines == []


@pytest.mark.parametrize("odd", [MAX_ID + 1, -1, "x@y.org", str(uuid.UUID(int=7)), 'a,\n"b"\''])
def test_one_id_that_is_none_numbers_its_kind(numbered: Any, odd: object) -> None:
    data, lines = numbered(renamed({1: odd}))
    assert data.users["id"].tolist() == [1, 2, 3]
    assert {(kind, original) for kind, _, original in lines[1:]} == {
        *(("user", "2"), ("user", "3"), ("user", str(odd)))
    }


def test_numbers_last(numbered: Any, tmp_path: Path) -> None:
    """Whatever comes and goes, a number stays that of the same film, and none is given twice."""
    first, before = numbered(renamed(films={1: "b", 2: "d"}))
    content = (tmp_path / "numbers.csv").read_bytes()
    again, _ = numbered(renamed(films={1: "b", 2: "d"}))
    assert again.digest == first.digest
    assert (tmp_path / "numbers.csv").read_bytes() == content
    later, after = numbered(renamed(films={1: "a", 2: "d"}))
    assert after[: len(before)] == before
    assert after[len(before) :] == [["film", "5", "a"]]
    assert later.titles()[5] == "Film 1"
    assert later.titles()[4] == first.titles()[4] == "Film 2"
    plain, kept = numbered(renamed())  # fine by themselves, but others have these numbers
    assert plain.films["id"].tolist() == [1, 2, 6, 7]
    assert kept == [*after, ["film", "6", "1"], ["film", "7", "2"]]


@given(
    originals=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
            lambda text: text == text.strip()
        )
        | st.integers(-5, 2**70),
        min_size=3,
        max_size=3,
        unique_by=str,
    ),
    order=st.permutations(range(3)),
)
def test_every_id_gets_a_number_and_the_file_says_which(
    tmp_path_factory: pytest.TempPathFactory, originals: list[object], order: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("numbers")
    document = renamed(dict(enumerate(originals, 1)))
    document["usuarios"][:] = [document["usuarios"][place] for place in order]
    (folder / "d.json").write_text(json.dumps(document), encoding="utf-8")
    data = read(folder / "d.json", folder / "n.csv")
    number = dict(zip(data.users["nome"], data.users["id"].tolist(), strict=True))
    if not (folder / "n.csv").exists():
        assert number == {f"User {place}": own for place, own in enumerate(originals, 1)}
        return
    with (folder / "n.csv").open(newline="", encoding="utf-8") as lines:
        rows = {(kind, original): int(own) for kind, own, original in list(csv.reader(lines))[1:]}
    assert rows == {
        ("user", str(own)): number[f"User {place}"] for place, own in enumerate(originals, 1)
    }
    assert sorted(rows.values()) == [1, 2, 3]


def test_a_folder_of_text_files(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text("movieId,title,genres\ntt2,B,Drama\ntt1,A,Drama\n")
    (tmp_path / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\nu-b,tt1,4,9\nu-a,tt2,3,8\n\n7,tt1,2,7\n"
    )
    with pytest.raises(
        DataError, match=r"ratings\.csv, line 2: .* is a text of 3 characters, .*--renumber FILE"
    ):
        read(tmp_path)
    data = read(tmp_path, tmp_path / "numbers")
    assert data.titles() == {1: "A", 2: "B"}
    assert data.users["id"].tolist() == [1, 2, 3]
    assert (tmp_path / "numbers").read_text().splitlines()[1:] == [
        *("user,1,7", "user,2,u-a", "user,3,u-b"),
        *("film,1,tt1", "film,2,tt2"),
    ]


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("usuarios", 1, "id"), None, "usuarios[1]: id is missing, expected a whole number or"),
        (("usuarios", 1, "id"), True, "usuarios[1]: id is neither a number nor a text, expected"),
        (("usuarios", 1, "id"), 2.5, "usuarios[1]: id is a fraction, expected a whole number or"),
        (("filmes", 3, "id"), " ", "filmes[3]: id is ' ', expected a whole number or a text"),
        (("filmes", 1, "id"), "x", "filmes[1]: id is 'x', expected an id that no earlier record"),
        (("avaliacoes", 2, "filme_id"), "y", "filme_id is 'y', expected the id of a film in the"),
        (("avaliacoes", 0, "usuario_id"), "y", "usuario_id is a text of 1 character, expected the"),
    ],
)
def test_what_names_nothing_is_refused(
    tmp_path: Path, place: tuple[str, int, str], value: object, told: str
) -> None:
    document = renamed(films={1: "x"})
    key, number, field = place
    document[key][number][field] = value
    (tmp_path / "d.json").write_bytes(as_json(document))
    with pytest.raises(DataError) as refused:
        read(tmp_path / "d.json", tmp_path / "numbers.csv")
    assert told in str(refused.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.json"]


FILES = ["", "id,name\n", "kind,id,original\nuser,2,a\n", "kind,id,original\nuser,1\n", "\0"]
FILES += ["kind,id,original\nuser,1,a\nuser,1,b\n", "kind,id,original\nthing,1,a\n"]
FILES += ["kind,id,original\nuser,1,a\nuser,2,a\n", "kind,id,original\nuser,one,a\n", "caf\xe9"]


@pytest.mark.parametrize("content", FILES)
def test_a_file_of_other_content_is_not_overwritten(tmp_path: Path, content: str) -> None:
    (tmp_path / "d.json").write_bytes(as_json(renamed(films={1: "x"})))
    file = tmp_path / "numbers.csv"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(DataError, match=r"no file of numbers .* not overwritten"):
        read(tmp_path / "d.json", file)
    assert file.read_bytes() == content.encode("latin-1")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_bytes(as_json(renamed(films={1: "x"})))
    with pytest.raises(DataError, match=r"none/n\.csv cannot be written: No such file"):
        read(tmp_path / "d.json", tmp_path / "none" / "n.csv")
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read(tmp_path / "d.json", tmp_path)


def test_the_command_line_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "d.json").write_bytes(as_json(renamed(films={1: "x"})))
    numbers, command = tmp_path / "n.csv", ["build", "--out", str(tmp_path / "a")]
    given_data = ["--data", str(tmp_path / "d.json")]
    monkeypatch.setattr(sys, "argv", ["training", *command, *given_data])
    assert main() == 2
    monkeypatch.setattr(
        sys, "argv", ["training", *command, *given_data, "--renumber", str(numbers)]
    )
    with caplog.at_level(logging.INFO):
        assert main() == 0
    assert f"{numbers} has numbers of 0 users, 4 films, 4 of them new" in caplog.messages
    assert len(numbers.read_text().splitlines()) == 5


def test_films_that_only_ratings_name_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "views.csv"
    path.write_text("user,movie\nana,tt2\nbia,tt1\nana,tt1\n")
    data = read(path, tmp_path / "numbers.csv")
    assert data.films["titulo"].tolist() == ["Filme 1", "Filme 2"]
    assert data.users["id"].tolist() == [1, 2]
    assert data.matrix.toarray().tolist() == [[1, 1], [1, 0]]
    assert "film,1,tt1" in (tmp_path / "numbers.csv").read_text(encoding="utf-8")
