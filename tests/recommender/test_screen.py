"""A first screen: lines for a person, no film in two of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.model import screen
from recommender.model.artifact import Model
from recommender.model.index import Marks
from recommender.model.profile import fold_in, make_profile
from recommender.model.ranking import Strategy, rank
from recommender.model.screen import FILMS, LINES, SPARE, Kind, Line, Wishes, compose
from tests.expectations import FILMS as OF_DATA
from tests.expectations import RATINGS
from tests.recommender.test_ranking import small_model

Ratings = list[tuple[int, float]]


def ids_of(model: Model, line: Line) -> list[int]:
    found: list[int] = model.film_ids[line.rows].tolist()
    return found


def of_kind(lines: list[Line], kind: Kind) -> list[Line]:
    return [line for line in lines if line.kind is kind]


def lines_for(model: Model, ratings: Ratings, **wishes: Any) -> list[Line]:
    return compose(model, make_profile(model, ratings), Wishes(**wishes))[0]


@pytest.mark.parametrize("user", [*range(1, 40), 205])
def test_no_film_is_in_two_lines_or_has_been_rated(model: Model, user: int) -> None:
    profile = make_profile(model, [*RATINGS[user].items()])
    lines, found = compose(model, profile, Wishes())
    films = [film for line in lines for film in ids_of(model, line)]
    assert len(films) == len(set(films))
    assert films == model.film_ids[found.rows].tolist()
    assert not set(films) & RATINGS[user].keys()
    assert 4 <= len(lines) <= LINES
    assert all(len(line.rows) <= FILMS + SPARE for line in lines)
    assert len({(line.kind, line.about) for line in lines}) == len(lines)


@given(
    seed=st.integers(0, 2**32 - 1),
    films=st.integers(1, 60),
    share=st.floats(0, 1),
    genres=st.lists(st.sampled_from(["acao", "drama", "nenhum"]), max_size=2),
    lines=st.integers(1, LINES),
    size=st.integers(4, FILMS),
)
def test_any_screen_holds_what_was_wished(
    seed: int, films: int, share: float, genres: list[str], lines: int, size: int
) -> None:
    rng = np.random.default_rng(seed)
    model = small_model(rng, films, int(rng.integers(1, 7)))
    model = replace(
        model,
        near_rows=np.array([rng.permutation(films)[:9] for _ in range(films)], np.int32),
        near_scores=-np.sort(-rng.random((films, min(9, films))).astype(np.float32)),
    )
    rated = rng.random(films) < share
    profile = make_profile(
        model, [(film, float(rng.integers(1, 6))) for film in model.film_ids[rated].tolist()]
    )
    hidden: Marks = rng.random(films) < 0.2
    excluded = rng.choice(model.film_ids, films // 5).tolist()
    wishes = Wishes(genres, excluded, 0.5, None, hidden)
    found, ranking = compose(model, profile, wishes, lines, size)
    rows = [row for line in found for row in line.rows.tolist()]
    assert len(rows) == len(set(rows))
    assert len(found) <= lines
    assert all(1 <= len(line.rows) <= size + SPARE for line in found)
    assert not rated[rows].any()
    assert not hidden[rows].any()
    assert not set(model.film_ids[rows].tolist()) & set(excluded)
    if genres:
        allowed = rank(model, profile, Strategy.POPULAR, genres=genres, limit=100).rows.tolist()
        assert set(rows) <= set(allowed)
    assert ranking.rows.tolist() == rows
    assert np.isfinite(ranking.scores).all()
    # Nothing that could be shown is withheld while there is no line at all.
    left = rank(model, profile, include_rated=False, **wishes._asdict())
    assert bool(found) or left.rated.all()


def test_the_first_line_is_for_the_person_and_begins_with_the_best_film(model: Model) -> None:
    profile = make_profile(model, [*RATINGS[1].items()])
    (first, *others), _ = compose(model, profile, Wishes())
    assert first.kind is Kind.FOR_YOU
    assert first.rows[0] == rank(model, profile).rows[0]
    user = fold_in(model, profile).vector
    liking = [float(model.vectors[line.rows[:6]].dot(user).mean()) for line in others]
    assert liking == sorted(liking, reverse=True)


def test_lines_differ_between_people(model: Model) -> None:
    orders = {
        tuple(line.kind for line in lines_for(model, [*RATINGS[user].items()]))
        for user in range(1, 30)
    }
    assert len(orders) > 5


def test_a_line_of_a_liked_film_has_films_similar_to_it(model: Model) -> None:
    for user in range(1, 20):
        for line in of_kind(lines_for(model, [*RATINGS[user].items()]), Kind.LIKED):
            assert line.source == line.about
            film = int(model.film_ids[line.source])
            assert RATINGS[user][film] >= model.rating_liked
            assert set(line.rows.tolist()) <= set(model.near_rows[line.source].tolist())


def test_the_newest_of_the_best_rated_films_speaks_first(model: Model) -> None:
    films = [14, 15, 20]
    for last in films:
        rated = [(film, 5.0, 100.0 + 10 * (film == last)) for film in films]
        lines, _ = compose(model, make_profile(model, rated), Wishes())
        assert int(model.film_ids[of_kind(lines, Kind.LIKED)[0].source]) in films
        sources = [int(model.film_ids[line.source]) for line in of_kind(lines, Kind.LIKED)]
        assert last in sources


def test_a_line_of_a_director_has_the_directors_unseen_films(model: Model) -> None:
    by_nolan = [f for f, film in OF_DATA.items() if "Christopher Nolan" in film["diretor"]]
    seen = by_nolan[:2]
    lines = lines_for(model, [(film, 5.0) for film in seen])
    (line,) = of_kind(lines, Kind.DIRECTOR)
    assert screen.co_directors(model, line.about) == ["Christopher Nolan"]
    everything = [film for each in lines for film in ids_of(model, each)]
    assert set(ids_of(model, line)) <= set(by_nolan) - set(seen)
    assert set(by_nolan) - set(seen) - set(ids_of(model, line)) <= set(everything)
    assert int(model.film_ids[line.source]) in seen
    assert not of_kind(lines_for(model, [(film, 0.0) for film in seen]), Kind.DIRECTOR)


def test_who_made_the_same_films_is_named_together(model: Model) -> None:
    names = model.director_names.tolist()
    expected = ["Ethan Coen", "Joel Coen"]
    assert screen.co_directors(model, names.index("Joel Coen")) == expected


def test_little_known_films_are_not_among_the_best_known_third(model: Model) -> None:
    known = set(model.popular_rows[: len(model.film_ids) // 3].tolist())
    found = 0
    for user in range(1, 20):
        for line in of_kind(lines_for(model, [*RATINGS[user].items()]), Kind.RARE):
            assert not known & set(line.rows.tolist())
            found += 1
    assert found > 15


def test_who_only_dislikes_gets_lines_without_praise(model: Model) -> None:
    lines = lines_for(model, [(1, 0.0), (2, 0.0)])
    assert lines[0].kind is Kind.FOR_YOU
    assert not {Kind.LIKED, Kind.DIRECTOR, Kind.GENRE} & {line.kind for line in lines}


def test_without_times_the_popular_films_stand_for_what_is_trending(model: Model) -> None:
    timeless = replace(model, trend=model.trend[:0], trend_rows=model.trend_rows[:0])
    for ratings in ([], [*RATINGS[1].items()]):
        kinds = [line.kind for line in lines_for(timeless, ratings)]
        assert Kind.TRENDING not in kinds
        assert kinds.count(Kind.POPULAR) == 1


def test_nobody_in_particular_gets_popular_films_and_genres(model: Model) -> None:
    lines, found = compose(model, make_profile(model, []), Wishes())
    kinds = [line.kind for line in lines]
    assert kinds == [Kind.TRENDING, Kind.POPULAR, *[Kind.GENRE] * (LINES - 2)]
    assert found.strategy is Strategy.POPULAR
    assert lines[0].rows[0] == model.trend_rows[0]
