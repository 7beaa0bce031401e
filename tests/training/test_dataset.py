"""Reading JSON: good data becomes a consistent data set, anything else a helpful DataError."""

import copy
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.data.catalog import MAX_ID
from recommender.model.profile import make_profile
from recommender.model.ranking import rank
from tests.training.small_data import (
    CASE,
    MOCK,
    as_data,
    as_document,
    as_json,
    block_ratings,
    from_json,
    random_ratings,
)
from training.choice.aim import Aim
from training.choice.choose import RATINGS
from training.data.columns import LONGEST
from training.data.dataset import Dataset, check
from training.data.read import read
from training.data.readers import json_file
from training.data.tables import DataError, describe
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters

Place = tuple[str | int, ...]
MISSING = object()


def good() -> dict[str, Any]:
    """Three users, four films, a dozen ratings."""
    return as_document(random_ratings(3, 4, share=1.0))


def changed(place: Place, value: object) -> dict[str, Any]:
    """The good document with one value changed or removed."""
    document: Any = copy.deepcopy(good())
    part = document
    for step in place[:-1]:
        part = part[step]
    if value is MISSING:
        del part[place[-1]]
    else:
        part[place[-1]] = value
    return dict(document)


def message(content: bytes) -> str:
    """The message with which a document is refused."""
    with pytest.raises(DataError) as refusal:
        from_json(content, "d.json")
    return str(refusal.value)


def assert_consistent(data: Dataset) -> None:
    """What holds for every data set."""
    for table in (data.users, data.films):
        assert len(table)
        assert (np.diff(table["id"]) > 0).all()
        assert table["id"].min() >= 0
    assert (data.films["titulo"].str.len() > 0).all()
    assert len(data.ratings)
    assert data.ratings["user"].between(0, len(data.users) - 1).all()
    assert data.ratings["film"].between(0, len(data.films) - 1).all()
    assert data.ratings["avaliacao"].between(data.lowest, data.highest).all()
    assert not data.ratings.duplicated(["user", "film"]).any()
    assert data.matrix.shape == (len(data.users), len(data.films))
    assert data.matrix.nnz == len(data.ratings)
    assert len(data.digest) == 64
    assert len(data.genres()) == len(data.films)


def test_the_example_data_reads() -> None:
    data = read(MOCK)
    document = json.loads(MOCK.read_text(encoding="utf-8"))
    assert_consistent(data)
    assert data.demonstration is document.pop("demonstracao") is True
    assert [len(data.users), len(data.films), len(data.ratings)] == [*map(len, document.values())]
    assert (data.lowest, data.highest, data.duplicates) == (0, 5, 0)
    row = document["avaliacoes"][1234]
    user = data.users["id"].tolist().index(row["usuario_id"])
    film = data.films["id"].tolist().index(row["filme_id"])
    assert data.matrix[user, film] == row["avaliacao"]
    assert data.films["titulo"].tolist() == [film["titulo"] for film in document["filmes"]]


def test_if_one_rating_has_a_time_all_need_one() -> None:
    document = as_document(random_ratings(4, 4))
    for row in document["avaliacoes"]:
        row["momento"] = None
    assert not from_json(as_json(document), "d.json").timed
    document["avaliacoes"][1]["momento"] = 9
    expected = "d.json: avaliacoes[0] has no momento, others have one: give it for all or for none"
    assert message(as_json(document)).startswith(expected)


@pytest.mark.parametrize("unit", [10**3, 10**6, 10**9])
def test_times_of_json_may_be_in_milliseconds_or_finer(unit: int) -> None:
    """As in text files; else an erasure, which has seconds, would be before all of them."""
    document, seconds = as_document(random_ratings(4, 4)), range(1_760_000_000, 1_760_009_999, 7)
    for row, second in zip(document["avaliacoes"], seconds, strict=False):
        row["momento"] = second
    expected = from_json(as_json(document), "d.json")
    for row in document["avaliacoes"]:
        row["momento"] *= unit
    found = from_json(as_json(document), "d.json")
    assert found.digest == expected.digest
    assert found.moments.max() < 1_760_009_999
    document["avaliacoes"][2]["momento"] = 1_760_000_000 * unit**2
    told = "d.json: avaliacoes[2]: momento is 1760000000000000"
    assert told in message(as_json(document))
    assert "expected seconds since 1970" in message(as_json(document))
    document["avaliacoes"][2]["momento"] = "yesterday"  # the others are right all the same
    assert "avaliacoes[2]: momento is 'yesterday', expected seconds" in message(as_json(document))
    for row in document["avaliacoes"]:
        row["momento"] = "yesterday"
    assert "avaliacoes[0]: momento is 'yesterday', expected seconds" in message(as_json(document))


@pytest.mark.parametrize("rating", [1.0, 3.0, 5.0])
def test_where_all_ratings_are_alike_they_say_what_was_seen(rating: float) -> None:
    """They are no dislikes: who saw films of one half gets films of that half."""
    document = as_document(block_ratings(2, 12, 10))
    for row in document["avaliacoes"]:
        row["avaliacao"] = rating
    data = check(replace(json_file.parse(as_json(document), "d.json"), scale=None))
    assert (data.lowest, data.highest) == (rating, rating)
    assert data.disliked_to < rating
    assert rating >= data.liked_from
    model = fit(data, Hyperparameters().with_values(RATINGS[Aim.LIKED]))
    seen = data.matrix[0].indices
    found = rank(model, make_profile(model, [(int(film) + 1, rating) for film in seen[:3]]))
    assert np.count_nonzero(model.film_ids[found.rows] <= 10) >= 4


def test_only_data_that_says_so_is_for_demonstration() -> None:
    document = as_document(random_ratings(4, 4))
    for said, expected in (
        ({}, False),
        ({"demonstracao": False}, False),
        ({"demonstracao": True}, True),
    ):
        assert from_json(as_json(document | said), "d.json").demonstration is expected
    strange: list[object] = [1, "true", None, []]
    for wrong in strange:
        told = message(as_json(document | {"demonstracao": wrong}))
        assert told == f"d.json: demonstracao is {wrong!r}, expected true or false"


@pytest.mark.parametrize(
    "record",
    [
        "Ana Lima",
        ["Ana Lima"],
        {"id": 1, "nome": "Ana Lima"},
        {"Ana Lima": "ana@example.com"},
        {"id": "Ana Lima", "nome": "Ana Lima", "email": ""},
        {"id": 1, "nome": ["Ana Lima"], "email": ""},
        {"id": 1, "nome": "Ana Lima" * 99, "email": ""},
        {"id": 1, "nome": "Ana \ud800", "email": ""},
        {"id": 1, "nome": "A", "email": {"ana@example.com": 1}},
    ],
)
def test_messages_quote_nothing_of_a_person(record: Any) -> None:
    document: Any = as_document(random_ratings(4, 4))
    document["usuarios"][0] = record
    text = message(json.dumps(document).encode())
    assert text.startswith("d.json: usuarios[0]")
    assert "ana" not in text.lower()


@pytest.mark.parametrize(
    ("user", "told"),
    [
        ("Ana Lima +55 11 99999", "a text of 21 characters"),
        ("", "a text of 0 characters"),
        ("5", "a text of 1 character"),
        (99999, "a whole number of 5 digits"),
        (-99999.0, "a whole number of 5 digits below 0"),
        (99999.5, "a fraction"),
        (None, "missing"),
        (False, "neither a number nor a text"),
        (["Ana 99999"], "a list"),
        ({"Ana": 99999}, "an object"),
    ],
)
def test_messages_tell_what_a_users_id_is_and_do_not_quote_it(user: object, told: str) -> None:
    text = message(as_json(changed(("avaliacoes", 1, "usuario_id"), user)))
    assert text.startswith(f"d.json: avaliacoes[1]: usuario_id is {told}, expected ")
    assert "Ana" not in text
    assert "99999" not in text


def test_messages_hide_e_mail_addresses() -> None:
    document = as_document(random_ratings(4, 4))
    document["avaliacoes"][0]["avaliacao"] = "ana@example.com"
    assert "avaliacao is '…@…'" in message(as_json(document))


def test_the_original_case_reads() -> None:
    data = read(CASE)
    assert data.matrix.shape == (5, 20)
    assert data.matrix.nnz == 100


def test_a_path_that_does_not_exist() -> None:
    with pytest.raises(DataError, match=r"^no/such\.json does not exist$"):
        read(Path("no/such.json"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "d.json is empty"),
        (b" \n\t", "d.json is empty"),
        (b"usuarios;filmes", "d.json is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"usuarios": [', "d.json is not JSON: Expecting value: line 1 column 15 (char 14)"),
        (b"[" * 100_000, "d.json is not JSON: maximum recursion depth exceeded"),
        (b'{"a": ' + b"1" * 5000 + b"}", "d.json is not JSON: Exceeds the limit"),
        ('{"nome": "Érico"}'.encode("latin-1"), "d.json is not UTF-8: byte 10 is wrong"),
        ('{"nome": "Érico"}'.encode("utf-16"), "d.json is not UTF-8: byte 0 is wrong"),
        (b"[]", "d.json: a list named usuarios is missing"),
        (b"null", "d.json: a list named usuarios is missing"),
        (b'"usuarios"', "d.json: a list named usuarios is missing"),
        (b'{"usuarios": []}', "d.json: a list named filmes is missing"),
    ],
)
def test_a_file_that_is_not_such_a_document(content: bytes, expected: str) -> None:
    assert message(content).startswith(expected)


@pytest.mark.parametrize("key", ["usuarios", "filmes", "avaliacoes"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (MISSING, "d.json: a list named {key} is missing"),
        (None, "d.json: a list named {key} is missing"),
        ({}, "d.json: a list named {key} is missing"),
        ("text", "d.json: a list named {key} is missing"),
        ([], "d.json: {key} has no records: nothing to train on"),
        ([55], "d.json: {key}[0] is a whole number of 2 digits, expected an object with "),
        ([None], "d.json: {key}[0] is missing, expected an object with "),
        ([["Ana", 2]], "d.json: {key}[0] is a list, expected an object with "),
        (["Ana"], "d.json: {key}[0] is a text of 3 characters, expected an object with "),
        ([True], "d.json: {key}[0] is neither a number nor a text, expected an object with "),
        ([{}], "d.json: {key}[0] lacks {first}, "),
    ],
)
def test_lists_that_are_wrong(key: str, value: object, expected: str) -> None:
    expected = expected.format(key=key, first=next(iter(good()[key][0])))
    assert message(as_json(changed((key,), value))).startswith(expected)


@pytest.mark.parametrize(
    ("key", "field"),
    [(key, field) for key, records in good().items() for field in records[0]],
)
def test_a_field_that_is_missing(key: str, field: str) -> None:
    text = message(as_json(changed((key, 2, field), MISSING)))
    columns = ", ".join(good()[key][0])
    assert text.startswith(f"d.json: {key}[2] lacks {field}, expected an object with {columns}")


HUGE = 10**400
WHOLE = f"a whole number from 0 to {MAX_ID}; --renumber FILE numbers other ids"


NO_RATINGS: tuple[object, ...] = (
    "5",
    "",
    True,
    False,
    None,
    [],
    [4],
    {},
    -1,
    -0.1,
    5.01,
    6,
    HUGE,
    -HUGE,
)
NO_IDS: tuple[object, ...] = ("1", True, None, 1.0, 1.5, -1, MAX_ID + 1, 2**63, HUGE, [], {})
NO_TEXTS: tuple[object, ...] = (5, True, ["a"], {})
ID_FIELDS = [("usuarios", "id"), ("filmes", "id"), ("avaliacoes", "usuario_id")]
WRONG_VALUES: list[tuple[Place, object, str]] = [
    *((("avaliacoes", 5, "avaliacao"), value, "a number from 0 to 5") for value in NO_RATINGS),
    *(((key, 1, field), value, WHOLE) for key, field in ID_FIELDS for value in NO_IDS),
    *((("avaliacoes", 1, "filme_id"), value, WHOLE) for value in NO_IDS),
    (("avaliacoes", 7, "usuario_id"), 99, "the id of a user in the data"),
    (("avaliacoes", 7, "usuario_id"), 0, "the id of a user in the data"),
    (("avaliacoes", 7, "filme_id"), 99, "the id of a film in the data"),
    (("usuarios", 2, "id"), 1, "an id that no earlier record has"),
    (("filmes", 3, "id"), 1, "an id that no earlier record has"),
    *((("filmes", 1, "titulo"), value, "text") for value in NO_TEXTS),
    *((("filmes", 1, "genero"), value, "text") for value in NO_TEXTS),
    *((("usuarios", 0, "nome"), value, "text") for value in NO_TEXTS),
    *((("filmes", 1, "titulo"), value, "text that is not empty") for value in ("", " \n ", None)),
    *((("usuarios", 0, "nome"), value, "text that is not empty") for value in ("", " \n ", None)),
]


@pytest.mark.parametrize(("place", "value", "expected"), WRONG_VALUES)
def test_a_value_that_is_wrong(place: Place, value: object, expected: str) -> None:
    text = message(as_json(changed(place, value)))
    key, number, field = place
    shown = repr(value) if len(repr(value)) <= 80 else repr(value)[:80] + "…"
    if key == "usuarios" or field == "usuario_id":
        shown = describe(value)
    assert text == f"d.json: {key}[{number}]: {field} is {shown}, expected {expected}"


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("field", ["avaliacao", "usuario_id"])
def test_json_numbers_that_are_not_finite(word: str, field: str) -> None:
    content = as_json(changed(("avaliacoes", 3, field), "@")).replace(b'"@"', word.encode())
    assert message(content).startswith(f"d.json: avaliacoes[3]: {field} is ")


FIELDS = [("usuarios", "nome"), ("usuarios", "email")]
FIELDS += [("filmes", field) for field in ("titulo", "genero", "diretor", "atores")]


@pytest.mark.parametrize(("key", "field"), FIELDS)
def test_a_text_that_is_too_long(key: str, field: str) -> None:
    most = LONGEST[field]
    longest = from_json(as_json(changed((key, 1, field), f" {'é' * most} ")), "d.json")
    assert isinstance(longest, Dataset)
    document = changed((key, 1, field), "é" * 10_000_000)
    document[key][2][field] = "é" * (most + 1)
    told = f"{field} has 10,000,000 characters, expected at most {most:,} (and 1 more)"
    assert message(as_json(document)) == f"d.json: {key}[1]: {told}"


def test_a_lone_surrogate_is_refused() -> None:
    content = json.dumps(changed(("filmes", 2, "titulo"), "a\ud83c")).encode()
    assert message(content).startswith("d.json: filmes[2]: titulo is 'a\\ud83c', expected text")


def test_the_first_wrong_record_is_named() -> None:
    document = changed(("avaliacoes", 9, "avaliacao"), 7)
    document["avaliacoes"][4]["avaliacao"] = 8
    assert message(as_json(document)).startswith("d.json: avaliacoes[4]: avaliacao is 8")


def test_a_file_name_with_braces() -> None:
    with pytest.raises(DataError, match=r"^\{0\}\{a\}\.json: avaliacoes\[1\]: avaliacao is 9, "):
        from_json(as_json(changed(("avaliacoes", 1, "avaliacao"), 9)), "{0}{a}.json")


def test_a_message_is_one_short_line() -> None:
    text = message(as_json(changed(("filmes", 1, "titulo"), ["x\n" * 5000])))
    assert len(text) < 200
    assert "\n" not in text


@pytest.mark.parametrize("field", ["genero", "diretor", "atores"])
def test_unknown_fields_of_a_film_are_empty(field: str) -> None:
    assert from_json(as_json(changed(("filmes", 1, field), None)), "d").films[field][1] == ""


def test_the_last_rating_of_a_user_and_film_counts(caplog: pytest.LogCaptureFixture) -> None:
    document = good()
    pair = {key: document["avaliacoes"][0][key] for key in ("usuario_id", "filme_id")}
    document["avaliacoes"] += [pair | {"avaliacao": 1.5}, pair | {"avaliacao": 2.5}]
    with caplog.at_level(logging.WARNING):
        data = from_json(as_json(document), "d.json")
    assert data.matrix[0, 0] == 2.5
    assert data.duplicates == 2
    assert len(data.ratings) == len(good()["avaliacoes"])
    assert caplog.messages == ["ratings replaced by a later one of the same user and film: 2"]


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1)])
def test_one_user_or_one_film(shape: tuple[int, int]) -> None:
    data = as_data(random_ratings(*shape, share=1.0))
    assert_consistent(data)
    assert data.matrix.shape == shape


@pytest.mark.parametrize("rating", [0.0, 3.0, 5.0])
def test_equal_ratings(rating: float) -> None:
    data = as_data(np.full((3, 4), rating))
    assert_consistent(data)
    assert data.matrix.nnz == 12  # a rating of 0 counts


def test_ids_in_any_order_and_of_any_size() -> None:
    document = good()
    ids = {1: MAX_ID, 2: 0, 3: 7}
    for user in document["usuarios"]:
        user["id"] = ids[user["id"]]
    for rating in document["avaliacoes"]:
        rating["usuario_id"] = ids[rating["usuario_id"]]
    data = from_json(as_json(document), "d.json")
    assert data.users["id"].tolist() == [0, 7, MAX_ID]
    assert data.users["nome"].tolist() == ["User 2", "User 3", "User 1"]
    expected = random_ratings(3, 4, share=1.0)[[1, 2, 0]]
    assert np.array_equal(data.matrix.toarray(), expected)


def test_the_digest_depends_on_the_content_only() -> None:
    document = good()
    digest = from_json(as_json(document), "d.json").digest
    shuffled = {key: list(reversed(document[key])) for key in ("avaliacoes", "filmes", "usuarios")}
    layouts = [
        as_json(shuffled),
        json.dumps(document, indent=4, sort_keys=True).encode(),  # and é as an escape
        b"\xef\xbb\xbf" + as_json(document),
        as_json(document | {"more": 1}),
    ]
    assert {from_json(content, "other.json").digest for content in layouts} == {digest}
    others = [
        changed(("avaliacoes", 0, "avaliacao"), 0.25),
        changed(("filmes", 0, "titulo"), "Another"),
        changed(("usuarios", 0, "email"), "another@example.com"),
        changed(("avaliacoes", 0), MISSING),
    ]
    digests = {from_json(as_json(other), "d.json").digest for other in others}
    assert len(digests | {digest}) == 5


def test_a_part_keeps_users_and_films() -> None:
    data = from_json(as_json(good()), "d.json")
    part = data.with_ratings(data.ratings[::3])
    assert_consistent(part)
    assert part.matrix.shape == data.matrix.shape
    assert part.matrix.nnz == 4
    assert part.digest != data.digest


def test_genres_are_split() -> None:
    data = from_json(as_json(changed(("filmes", 0, "genero"), " drama ,, Ação,")), "d.json")
    assert data.genres()[0] == ["drama", "Ação"]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 5)
    | st.floats()
    | st.text(st.characters())
    | st.just(HUGE),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=3), children, max_size=4)
    ),
    max_leaves=8,
)


def read_or_refuse(content: bytes) -> None:
    try:
        data = from_json(content, "d.json")
    except DataError as error:
        text = str(error)
    else:
        assert_consistent(data)
        return
    assert text.startswith("d.json")
    assert "\n" not in text


PLACES = [
    (key, number, field)
    for key, records in good().items()
    for number in (0, 2)
    for field in records[0]
]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), min_size=1, max_size=3),
    st.booleans(),
)
def test_any_values_are_read_or_refused(
    changes: list[tuple[tuple[str, int, str], object]], escaped: bool
) -> None:
    document = good()
    for (key, number, field), value in changes:
        document[key][number][field] = value
    text = json.dumps(document, ensure_ascii=escaped)
    read_or_refuse(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from([*good()]), st.lists(ANYTHING, max_size=3) | ANYTHING)
def test_any_records_are_read_or_refused(key: str, value: object) -> None:
    read_or_refuse(json.dumps(good() | {key: value}).encode())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=60) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    read_or_refuse(content)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6), st.randoms())
def test_the_order_of_records_does_not_matter(
    seed: int, users: int, films: int, random: Any
) -> None:
    ratings = random_ratings(users, films, seed=seed)
    document = as_document(ratings)
    data = from_json(as_json(document), "d.json")
    assert_consistent(data)
    assert np.array_equal(data.matrix.toarray(), np.nan_to_num(ratings))
    for records in document.values():
        random.shuffle(records)
    shuffled = from_json(as_json(document), "d.json")
    assert shuffled.digest == data.digest
    assert (shuffled.matrix != data.matrix).nnz == 0


@pytest.mark.parametrize(
    ("ratings", "step"),
    [
        ([0, 3, 5], 1),
        ([4, 4, 4], 1),
        ([0.5, 3, 5], 0.5),
        ([0.1, 0.3, 5], 0.1),
        ([3.75, 1, 2], 0.25),
        ([3.1415, 1, 2], None),
    ],
)
def test_the_step_divides_every_rating(ratings: list[float], step: float | None) -> None:
    document = good()
    document["avaliacoes"] = [
        {"usuario_id": rating["usuario_id"], "filme_id": rating["filme_id"], "avaliacao": value}
        for rating, value in zip(document["avaliacoes"], ratings, strict=False)
    ]
    assert from_json(json.dumps(document).encode(), "d.json").step == step
