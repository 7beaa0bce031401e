import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.splits import PROTOCOLS, Protocol, split_by_user, split_last

SEED = 7


def random_ratings(users: int, films: int, seed: int) -> pd.DataFrame:
    """Ratings of a random half of all pairs, many of them in the same second."""
    random = np.random.default_rng(seed)
    pairs = np.argwhere(random.random((users, films)) < 0.5)
    return pd.DataFrame(
        {
            "user": pairs[:, 0],
            "film": pairs[:, 1],
            "avaliacao": random.integers(1, 6, len(pairs)).astype(float),
            "momento": random.integers(0, 6, len(pairs)),
        }
    ).sample(frac=1, random_state=seed, ignore_index=True)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
@given(users=st.integers(1, 8), films=st.integers(1, 12), seed=st.integers(0, 1000))
def test_each_rating_is_in_one_part(protocol: Protocol, users: int, films: int, seed: int) -> None:
    ratings = random_ratings(users, films, seed)
    train, test = protocol.split(ratings, SEED)
    assert not set(train.index) & set(test.index)
    pd.testing.assert_frame_equal(pd.concat([train, test]).sort_index(), ratings)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
def test_the_split_depends_on_the_seed_only(protocol: Protocol) -> None:
    ratings = random_ratings(30, 30, 1)
    _, first = protocol.split(ratings, 1)
    _, again = protocol.split(ratings, 1)
    _, other = protocol.split(ratings, 2)
    pd.testing.assert_frame_equal(first, again)
    assert set(first.index) != set(other.index)


@given(users=st.integers(1, 8), films=st.integers(1, 12), seed=st.integers(0, 1000))
def test_the_last_rating_is_held_out(users: int, films: int, seed: int) -> None:
    train, test = split_last(random_ratings(users, films, seed), SEED)
    assert test["user"].is_unique
    for user, part in train.groupby("user"):
        held = test[test["user"] == user]
        if len(part) > 1:
            assert len(held) == 1
        assert (held["momento"] >= part["momento"].max()).all()
    assert set(test["user"]) <= set(train["user"])  # a single rating is never held out


def test_ratings_in_the_same_second_are_equally_likely_to_be_last() -> None:
    users = 400
    ratings = pd.DataFrame(
        {"user": np.repeat(np.arange(users), 4), "film": np.tile(np.arange(4), users)}
    ).assign(avaliacao=3.0, momento=1)
    _, test = split_last(ratings, SEED)
    counts = np.bincount(test["film"], minlength=4)
    assert counts.min() > 70  # 100 expected, standard deviation 8.7


def test_a_fifth_of_each_users_ratings_is_held_out() -> None:
    ratings = random_ratings(20, 60, 3)
    train, _ = split_by_user(ratings, SEED)
    kept = train.groupby("user").size()
    sizes = ratings.groupby("user").size()
    assert (kept == (0.8 * sizes).round()).all()
