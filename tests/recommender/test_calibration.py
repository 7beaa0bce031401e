"""Calibration: the genres that lead among a user's liked films keep their place in the list."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.model.artifact import Model
from recommender.model.calibration import FIRST, KEPT, leading_genres, raise_genres
from recommender.model.profile import Profile, make_profile
from recommender.model.ranking import rank
from tests.recommender.test_ranking import small_model
from training.model.fit import pack_genres


def fan_of(model: Model, genre: str, films: int = 6) -> Profile:
    """Who likes the least known films of a genre, and the best known film of all."""
    place = model.genre_names.tolist().index(genre)
    of_genre = model.genre_rows[model.genre_starts[place] : model.genre_starts[place + 1]]
    least_known = of_genre[np.argsort(model.popularity[of_genre], kind="stable")[:films]]
    rows = [*least_known.tolist(), int(model.popular_rows[0])]
    return make_profile(model, [(int(model.film_ids[row]), 5.0) for row in dict.fromkeys(rows)])


def of_genre(model: Model, rows: np.ndarray, genre: str) -> int:
    place = model.genre_names.tolist().index(genre)
    starts = model.genre_starts
    return int(np.isin(rows, model.genre_rows[starts[place] : starts[place + 1]]).sum())


def weaken(model: Model, genre: str) -> Model:
    """The model with hardly any score for the films of a genre."""
    place = model.genre_names.tolist().index(genre)
    vectors = model.vectors.copy()
    vectors[model.genre_rows[model.genre_starts[place] : model.genre_starts[place + 1]]] *= 0.02
    return replace(model, vectors=vectors)


def test_a_leading_genre_has_four_of_ten(model: Model) -> None:
    raised = 0
    for genre, size in zip(model.genre_names, np.diff(model.genre_starts), strict=True):
        if size < 12:
            continue
        weak = weaken(model, genre)
        bare = replace(weak, film_genres=np.zeros_like(model.film_genres))
        profile = fan_of(model, genre)
        found, plain = (rank(each, profile, limit=FIRST) for each in (weak, bare))
        assert of_genre(model, found.rows, genre) >= KEPT
        assert (np.diff(found.scores) <= 0).all()
        if of_genre(model, plain.rows, genre) >= KEPT:
            assert found.scores.tolist() == plain.scores.tolist()
        else:
            raised += 1
            others = [row for row in plain.rows.tolist() if row in found.rows.tolist()]
            assert others == [row for row in found.rows.tolist() if row in others]
    assert raised > 5


def test_pages_meet_where_a_genre_was_raised(model: Model) -> None:
    for genre in ("terror", "documentário", "faroeste"):
        profile = fan_of(model, next(n for n in model.genre_names if n[:5] == genre[:5]))
        whole = rank(model, profile, limit=100).rows.tolist()
        pages = [rank(model, profile, limit=7, offset=at).rows.tolist() for at in range(0, 98, 7)]
        assert [row for page in pages for row in page] == whole[:98]


def test_what_a_user_only_dislikes_leads_nothing(model: Model) -> None:
    films = [(int(film), 0.5) for film in model.film_ids[:5]]
    assert leading_genres(model, make_profile(model, films)) == []


def test_part_of_a_list_is_in_the_order_of_the_whole(model: Model) -> None:
    weak = weaken(model, "terror")
    profile = fan_of(model, "terror")
    whole = rank(weak, profile, limit=100)
    some = whole.rows[::3]
    found = rank(weak, profile, limit=len(some), among=model.film_ids[some].tolist())
    assert found.rows.tolist() == some.tolist()
    assert found.scores.tolist() == pytest.approx(whole.scores[::3].tolist(), abs=1e-6)


@pytest.mark.parametrize("left", range(6))
def test_no_more_is_raised_than_there_is(model: Model, left: int) -> None:
    """A genre of few films that are left: they are all among the ten."""
    profile = fan_of(model, "terror")
    place = model.genre_names.tolist().index("terror")
    rows = model.genre_rows[model.genre_starts[place] : model.genre_starts[place + 1]]
    others = [row for row in rows.tolist() if row not in profile.rows]
    hidden = model.film_ids[others[left:]].tolist()
    found = rank(model, profile, limit=FIRST, excluded=hidden)
    assert of_genre(model, found.rows, "terror") >= min(left, KEPT)


def genre_model(of_genres: list[np.ndarray], films: int) -> Model:
    """A model whose genres are called a, b, c …"""
    sizes = [len(rows) for rows in of_genres]
    return replace(
        small_model(np.random.default_rng(0), films, 3),
        genre_names=np.array(list("abcdefgh"[: len(sizes)])),
        genre_starts=np.cumsum([0, *sizes]).astype(np.int32),
        genre_rows=np.concatenate(of_genres).astype(np.int32),
        film_genres=pack_genres(films, of_genres),
    )


def test_genres_that_have_no_room_together() -> None:
    """Three genres without a film in common: ten places are enough for two."""
    films = 60
    scores = np.linspace(1, 0.1, films).astype(np.float32)
    of_genres = [np.arange(10, 25), np.arange(25, 40), np.arange(40, 60)]
    model = genre_model(of_genres, films)
    every = np.arange(films, dtype=np.int32)
    found = raise_genres(
        model,
        [2, 0, 1],
        lambda some: (every, scores) if some is None else (some, scores[some]),
    )
    assert found is not None
    best = np.argsort(-(scores + found.additions), kind="stable")[:FIRST]
    assert [int(np.isin(best, some).sum()) for some in of_genres] == [4, 0, 4]
    assert found.additions.max() < 1


def test_what_leads_comes_in_order() -> None:
    """The most frequent first, then the one of the fewest films; two at most of a single film."""
    of_genres = [np.arange(30), np.arange(20), np.arange(0, 30, 2), np.arange(1, 30, 3)]
    model = genre_model(of_genres, 30)

    def leading(*rows: int) -> list[int]:
        return leading_genres(model, Profile(np.array(rows), np.full(len(rows), 5.0, np.float32)))

    assert leading(4) == [3, 2]
    assert leading(4, 10, 16) == [3, 2, 1, 0]
    assert leading(2, 4, 22, 24) == [2, 0]


def test_two_genres_that_lead_both_have_their_place() -> None:
    """Additions are found together: raising one genre must not lower the other."""
    films = 60
    scores = np.linspace(1, 0.1, films).astype(np.float32)
    of_genres = [np.arange(30, 45), np.arange(45, 60)]
    model = genre_model(of_genres, films)
    every = np.arange(films, dtype=np.int32)

    def raised(rows: list[int]) -> list[int]:
        """How many of the first ten films are of each genre for who likes some films."""
        profile = Profile(np.array(rows), np.full(len(rows), 5.0, np.float32))
        found = raise_genres(
            model,
            leading_genres(model, profile),
            lambda some: (every, scores) if some is None else (some, scores[some]),
        )
        added = found.additions if found else 0
        best = np.argsort(-(scores + added), kind="stable")[:FIRST]
        return [int(np.isin(best, some).sum()) for some in of_genres]

    assert raised([0, 1, 2]) == [0, 0]
    assert raised([30, 31, 0]) == [KEPT, 0]
    assert raised([30, 45]) == [0, 0]
    both = np.concatenate([np.arange(40, 45), np.arange(50, 60)])
    of_genres[1] = both
    model = replace(
        model,
        genre_rows=np.concatenate(of_genres).astype(np.int32),
        film_genres=pack_genres(films, of_genres),
    )
    assert min(raised([40, 41, 42])) >= KEPT
