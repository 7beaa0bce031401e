"""Packed ratings: exact, small, and refused if damaged."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.catalog import MAX_ID, Rated
from recommender.data.packing import FORM, NEWEST, newest, pack, unpack

ITEM = 400 * 1024  # bytes of an item of DynamoDB, names of attributes included

moments = st.none() | st.integers(-(10**11), 10**11)
ratings = st.lists(
    st.tuples(
        st.integers(-MAX_ID, MAX_ID), st.floats(allow_nan=False, allow_infinity=False), moments
    ),
    max_size=40,
    unique_by=lambda rated: rated[0],
).map(sorted)


def random_ratings(count: int) -> list[Rated]:
    """Ratings in which nothing repeats, as far apart as they may be."""
    random = np.random.default_rng(1)
    ids = np.unique(random.integers(-MAX_ID, MAX_ID, count))
    assert len(ids) == count
    seconds = random.integers(-(2**62), 2**62, count).tolist()
    return list(zip(ids.tolist(), random.standard_normal(count).tolist(), seconds, strict=True))


@given(ratings)
def test_ratings_are_unpacked_as_they_were(rated: list[Rated]) -> None:
    found = unpack(pack(rated))
    assert found == rated
    kinds = [[type(value) for value in one] for one in found]
    assert kinds == [[type(value) for value in one] for one in rated]


@given(ratings, st.integers(1, 10))
def test_the_newest_are_those_of_the_latest_moments(rated: list[Rated], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recommender.data.packing.NEWEST", most)
        kept = list(newest(rated))
    assert kept == sorted(kept)
    assert len(kept) == min(most, len(rated))
    age = [(moment is not None, moment or 0, film_id) for film_id, _, moment in kept]
    left = [(one[2] is not None, one[2] or 0, one[0]) for one in rated if one not in kept]
    assert not left or not age or max(left) < min(age)


def test_of_one_moment_the_larger_film_ids_are_kept_and_no_moment_is_oldest() -> None:
    rated: list[Rated] = [(film, 1.0, 5) for film in range(NEWEST)]
    untimed: list[Rated] = [(film, 1.0, None) for film in range(NEWEST, NEWEST + 7)]
    assert newest([*rated, (NEWEST, 1.0, 5)]) == [*rated[1:], (NEWEST, 1.0, 5)]
    assert newest([*rated, *untimed]) == rated
    assert newest([*rated[:-1], *untimed]) == [*rated[:-1], untimed[-1]]


def test_the_largest_item_is_far_below_what_dynamodb_takes() -> None:
    rated = random_ratings(NEWEST)
    packed = pack(rated)
    assert len(packed) < ITEM / 8
    assert unpack(packed) == rated


def test_too_many_ratings_or_ratings_out_of_order_are_not_packed() -> None:
    with pytest.raises(ValueError, match=f"{NEWEST + 1} ratings are more than {NEWEST}"):
        pack(random_ratings(NEWEST + 1))
    for wrong in ([(2, 1.0, None), (1, 1.0, None)], [(1, 1.0, None), (1, 2.0, None)]):
        with pytest.raises(ValueError, match="not in ascending order"):
            pack(wrong)
    with pytest.raises(ValueError, match="outside of"):
        pack([(MAX_ID + 1, 1.0, None)])
    with pytest.raises(ValueError, match="no finite number"):
        pack([(1, float("nan"), None)])
    with pytest.raises(ValueError, match="whole seconds"):
        pack([(1, 1.0, 0.5)])


def test_what_is_not_packed_ratings_is_refused() -> None:
    whole = pack([(1, 3.5, 7), (9, 1.0, None)])
    for wrong in (b"", b"\2" + whole[1:], whole[:-1], whole + b"\0", FORM, FORM + b"text"):
        with pytest.raises(ValueError, match="pack"):
            unpack(wrong)
    for plain in (b"\0", b"\0" * 48, b"\xff" * 24, b"\0" * 24 * (NEWEST + 1)):
        with pytest.raises(ValueError, match=r"pack|order|finite"):
            unpack(FORM + zlib.compress(plain))


def test_a_small_item_that_unpacks_to_very_much_is_not_unpacked() -> None:
    with pytest.raises(ValueError, match="too many"):
        unpack(FORM + zlib.compress(bytes(100_000_000)))


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused_or_read(content: bytes) -> None:
    try:
        found = unpack(FORM + zlib.compress(content))
    except ValueError:
        return
    assert unpack(pack(found)) == found
