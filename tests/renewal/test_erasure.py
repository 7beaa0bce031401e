"""Users who were erased, in a training: what lies under their marks is left out."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.store import Entry, lies_under
from tests.renewal.test_written import by_key, data_of, written_of
from training.data.dataset import Dataset
from training.data.tables import DataError
from training.renewal.erasure import erase, lie_under
from training.renewal.written import Written, merge

USERS, MOMENTS = st.sampled_from([2, 4, 6, 9]), st.integers(1, 6)
PAIRS = st.tuples(st.sampled_from([2, 4, 6]), st.integers(0, 2))
PACKAGED = st.dictionaries(PAIRS, st.tuples(st.sampled_from([1.0, 5.0]), MOMENTS), min_size=1)
KEYS = st.tuples(USERS, st.integers(0, 2))
RATINGS = st.tuples(st.none() | st.sampled_from([2.0, 4.0]), MOMENTS.map(float))
MARKS = st.dictionaries(USERS, st.builds(Entry, st.none(), st.just(9), MOMENTS.map(float)))


def with_marks(items: dict[Any, Any], marks: dict[int, Entry]) -> Written:
    written = written_of(items)
    return Written(written.users, written.films, written.ratings, written.moments, {}, marks)


@given(packaged=PACKAGED, items=st.dictionaries(KEYS, RATINGS), marks=MARKS, timed=st.booleans())
def test_a_training_knows_what_a_dictionary_knows(
    packaged: dict[tuple[int, int], tuple[float, int]],
    items: dict[tuple[int, int], tuple[float | None, float]],
    marks: dict[int, Entry],
    timed: bool,
) -> None:
    items = {  # those that lie under marks are passed over when the table is read
        (user, film): given
        for (user, film), given in items.items()
        if user not in marks or given[1] > (marks[user].moment or 0)
    }
    data = data_of(packaged, timed=timed)
    expected: dict[tuple[int, int], float] = {}
    for (user, film), (rating, moment) in packaged.items():
        if user not in marks or (timed and moment > (marks[user].moment or 0)):
            expected[user, film] = rating
    came_back = {user for user, _ in expected}  # in the data set, later than the mark
    for (user, film), (written, _) in items.items():
        expected.pop((user, film), None)
        if written is not None:
            expected[user, film] = written
    if not expected:
        with pytest.raises(DataError, match="nothing to train on"):
            merge(data, with_marks(items, marks))
        return
    found = merge(data, with_marks(items, marks))
    assert {key: rating for key, (rating, _) in by_key(found).items()} == expected
    raters = {user for user, _ in expected}
    assert set(found.users["id"]) == raters | came_back | ({2, 4, 6} - marks.keys())
    named = found.users.set_index("id")["nome"]
    kept = {user for user, film in packaged if (user, film) in expected}
    for user in raters & marks.keys() - kept:
        assert named[user] == f"Usuário {user}"


@given(items=st.lists(st.tuples(USERS, MOMENTS.map(float), st.integers(1, 12))), marks=MARKS)
def test_many_ratings_lie_under_marks_as_each_does(
    items: list[tuple[int, float, int]], marks: dict[int, Entry]
) -> None:
    users = np.array([user for user, _, _ in items], np.int64)
    moments = np.array([moment for _, moment, _ in items], np.float64)
    versions = np.array([version for _, _, version in items], np.int64)
    expected = [
        lies_under(marks.get(user), Entry(1.0, version, moment)) for user, moment, version in items
    ]
    assert lie_under(marks, users, moments, versions).tolist() == expected


def demonstration() -> Dataset:
    ratings = {(2, 0): (5.0, 3), (4, 0): (4.0, 3), (4, 1): (1.0, 5)}
    return data_of(ratings, timed=True)


def test_what_no_mark_lies_over_stays_the_same() -> None:
    data = demonstration()
    for marks in ({}, {9: Entry(None, 1, math.inf)}, {4: Entry(None, 1, 2.0)}):
        assert erase(data, marks) is data


def test_data_of_which_somebody_was_erased_is_no_demonstration() -> None:
    from dataclasses import replace

    data = replace(demonstration(), demonstration=True)
    assert erase(data, {2: Entry(None, 1, 2.0)}).demonstration
    assert not erase(data, {4: Entry(None, 1, 3.0)}).demonstration
    assert erase(data, {4: Entry(None, 1, 3.0)}).digest != data.digest


def test_without_anybody_nothing_is_trained() -> None:
    marks = dict.fromkeys((2, 4), Entry(None, 1, 9.0))
    for items in ({}, {(2, 0): (None, 10.0)}):
        with pytest.raises(DataError, match="deleted or erased: nothing to train on"):
            merge(demonstration(), with_marks(items, marks))


def test_later_ratings_are_enough_if_all_users_of_the_data_were_erased() -> None:
    marks = dict.fromkeys((2, 4, 6), Entry(None, 1, 9.0))
    found = merge(demonstration(), with_marks({(4, 1): (3.0, 10.0), (7, 0): (1.0, 5.0)}, marks))
    assert by_key(found) == {(4, 1): (3.0, 10), (7, 0): (1.0, 5)}
    assert found.users["id"].tolist() == [4, 7]


def test_no_rating_is_later_than_the_arrival_of_its_data_set() -> None:
    """Whatever its time is, as of a clock that goes ahead."""
    late = 17_000_000_000
    data = data_of({(2, 0): (5.0, late), (4, 0): (4.0, 3), (4, 1): (1.0, late)}, timed=True)
    found = merge(data, with_marks({}, {4: Entry(None, 1, 9.5)}), 9.0)
    assert by_key(found) == {(2, 0): (5.0, late)}
    assert found.users["id"].tolist() == [2, 6]
    found = merge(data, with_marks({}, {4: Entry(None, 1, 9.5)}), 10.0)
    assert by_key(found) == {(2, 0): (5.0, late), (4, 1): (1.0, late)}
