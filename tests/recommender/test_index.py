"""The index against scoring every film: the same order, most of it early, and little work."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.catalogues import GENRES, KINDS, SEED, make_catalogue, make_model, make_profiles
from benchmarks.retrieval import find_exact, find_served, measure_recall
from recommender.model.artifact import Floats, Model, Rows
from recommender.model.index import (
    Choosable,
    best_of,
    bound_scores,
    films_of_genres,
    gather,
    search,
)
from recommender.model.profile import Profile, fold_in, make_profile
from recommender.model.ranking import Strategy, find_cells, rank
from training.evaluation.index_share import share_scored

FILMS = 20_000
MANY = 1_000_000
NOTHING_HIDDEN = Choosable(np.empty(0, np.int32))


@pytest.fixture(scope="module", params=KINDS)
def case(request: pytest.FixtureRequest) -> tuple[Model, list[Profile]]:
    catalogue = make_catalogue(request.param, FILMS)
    model = replace(make_model(catalogue.vectors), candidates=500)
    return model, make_profiles(model, catalogue.tastes, 100, seed=1)


@pytest.fixture(scope="module")
def large() -> Model:
    catalogue = make_catalogue("smooth", MANY)
    return replace(make_model(catalogue.vectors), candidates=500)


def test_most_of_the_best_is_found_among_few_that_are_scored(
    case: tuple[Model, list[Profile]],
) -> None:
    model, profiles = case
    found = [find_served(model, profile) for profile in profiles]
    exact = [find_exact(model, profile) for profile in profiles]
    assert measure_recall(found, exact) >= 0.98
    assert share_scored(model, profiles, limit=10) <= 0.06


def test_what_is_hidden_takes_no_candidates_places(case: tuple[Model, list[Profile]]) -> None:
    """As of those who have rated most of what they like."""
    model, profiles = case
    found, exact = [], []
    for profile in profiles:
        user = fold_in(model, profile).vector
        scores = model.vectors @ user
        best = np.argsort(-scores)
        hidden = np.sort(best[:400]).astype(np.int32)
        batches = search(model, bound_scores(model, user), Choosable(hidden))
        found.append(gather(model, batches, scores.take, (0, 10))[0])
        exact.append(best[400:410])
    assert measure_recall(found, exact) >= 0.7


def test_with_all_films_for_candidates_the_order_is_the_exact_one(
    case: tuple[Model, list[Profile]],
) -> None:
    model, profiles = case
    whole = replace(model, candidates=FILMS)
    for profile in profiles[:5]:
        found = rank(whole, profile, limit=FILMS, include_rated=True)
        scores = model.vectors @ fold_in(model, profile).vector
        assert sorted(found.rows.tolist()) == list(range(FILMS))
        assert np.allclose(found.scores, np.sort(scores)[::-1], atol=1e-4)
        assert np.allclose(found.scores, scores[found.rows], atol=1e-4)


@pytest.mark.parametrize("genres", [(), GENRES[:1], GENRES[1:3], GENRES[-1:], ("nenhum",)])
def test_pages_over_many_batches_meet(
    case: tuple[Model, list[Profile]], genres: tuple[str, ...]
) -> None:
    model, profiles = case
    excluded = model.film_ids[:40].tolist()
    wanted: dict[str, Any] = {"genres": genres, "excluded": excluded}
    whole = rank(model, profiles[0], limit=FILMS, **wanted)
    assert len(set(whole.rows.tolist())) == len(whole.rows)
    of_genres = films_of_genres(model, genres)
    allowed = set(range(FILMS)) if of_genres is None else set(np.concatenate([[], *of_genres]))
    assert set(whole.rows.tolist()) == allowed - set(range(40))
    for offset in (0, 95, 400, 700, 3000, 15_000):
        page = rank(model, profiles[0], limit=100, offset=offset, **wanted)
        assert page.rows.tolist() == whole.rows[offset : offset + 100].tolist()
        assert page.more == (offset + 100 < len(whole.rows))


def test_cells_hold_like_directions_and_bounds_fall_within_them(
    case: tuple[Model, list[Profile]],
) -> None:
    model, profiles = case
    directions = model.vectors / np.linalg.norm(model.vectors, axis=1, keepdims=True)
    centers = model.cell_centers[find_cells(model, np.arange(FILMS, dtype=np.int32))]
    own = ((directions - centers) ** 2).sum(axis=1)
    others = ((directions - model.cell_centers[0]) ** 2).sum(axis=1)
    assert (own <= others + 1e-5).all()
    bounds = bound_scores(model, fold_in(model, profiles[0]).vector)
    cells = np.repeat(np.arange(len(model.cell_centers)), np.diff(model.cell_shelves))
    promising = (np.diff(cells) == 0) & (bounds[:-1] > 0)
    assert (np.diff(bounds)[promising] <= 0).all()


def test_a_shelf_of_higher_bound_is_scored_before_others(
    case: tuple[Model, list[Profile]],
) -> None:
    """Bounds that tell the best shelf beforehand: its films alone fill the first batch."""
    model, _ = case
    last = len(model.shelf_lengths) - 1
    bounds = np.zeros(last + 1, np.float32)
    bounds[last - 1], bounds[last] = 1, 2
    start = int(model.shelf_starts[last - 1])
    batches = search(model, bounds, NOTHING_HIDDEN)
    rows = next(batches)
    assert set(range(start, FILMS)) <= set(rows.tolist())
    others = np.concatenate(list(batches))
    assert sorted([*rows.tolist(), *others.tolist()]) == list(range(FILMS))


@pytest.mark.parametrize("alike", [False, True])
def test_a_part_of_an_order_is_that_of_the_whole(
    case: tuple[Model, list[Profile]], alike: bool
) -> None:
    model, _ = case
    rows = np.random.default_rng(SEED).permutation(FILMS)[:5000].astype(np.int32)
    scores = model.vectors[rows, 0].round(1) if alike else model.vectors[rows, 0]
    whole, whole_scores = best_of(model, rows, scores, (0, len(rows)))
    assert whole.tolist() == rows[np.lexsort((model.film_ids[rows], -scores))].tolist()
    for places in ((0, 1), (0, 10), (10, 20), (2500, 2600), (4990, 5010), (5000, 5001), (7, 7)):
        some, some_scores = best_of(model, rows, scores, places)
        assert some.tolist() == whole[slice(*places)].tolist()
        assert some_scores.tolist() == whole_scores[slice(*places)].tolist()


def test_a_deep_page_scores_its_own_batch_only(case: tuple[Model, list[Profile]]) -> None:
    model, profiles = case
    user, scored = fold_in(model, profiles[0]).vector, []

    def score(rows: Rows) -> Floats:
        scored.append(len(rows))
        return model.vectors[rows] @ user

    batches = [np.arange(start, start + 5000, dtype=np.int32) for start in range(0, FILMS, 5000)]
    rows, _, met = gather(model, iter(batches), score, (12_000, 12_100))
    assert (scored, met, len(rows)) == ([5000], 15_000, 100)


REQUESTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "next page": {"offset": 100},
    "hundred": {"limit": 100},
    "genre": {"genres": GENRES[:1]},
    "three genres": {"genres": GENRES[2:5]},
    "rare genre": {"genres": GENRES[-1:]},
    "excluded": {"excluded": [1, 2, 3, MANY, MANY + 1]},
    "with rated": {"include_rated": True},
    "diverse": {"diversity": 0.5},
}


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("name", REQUESTS)
def test_no_request_takes_memory_as_there_are_films(
    large: Model, name: str, strategy: Strategy
) -> None:
    """Not a byte for each film: no mask, no order, no other type of an array that is searched."""
    ratings = [(film, 1.0 + film % 5) for film in range(1, MANY, MANY // 40)]
    rank(large, make_profile(large, ratings), strategy, **REQUESTS[name])
    tracemalloc.start()
    try:
        rank(large, make_profile(large, ratings), strategy, **REQUESTS[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MANY


def test_ten_times_the_films_are_not_ten_times_the_work(
    large: Model, case: tuple[Model, list[Profile]]
) -> None:
    def scored(model: Model, profile: Profile) -> int:
        return round(share_scored(model, [profile], limit=5) * len(model.film_ids))

    model, profiles = case
    tastes = make_catalogue("smooth", 1).tastes
    small = [scored(model, profile) for profile in profiles]
    great = [scored(large, profile) for profile in make_profiles(large, tastes, 100, seed=SEED)]
    assert max(great) <= 10 * large.candidates
    assert np.median(great) <= 2 * np.median(small)


def rows_of(values: set[int]) -> NDArray[np.int32]:
    return np.array(sorted(values), np.int32)


few_rows = st.sets(st.integers(0, 60)).map(rows_of)


@given(few_rows, st.none() | st.lists(few_rows, max_size=3).map(tuple), st.data())
def test_what_may_be_listed(
    hidden: NDArray[np.int32], listed: tuple[NDArray[np.int32], ...] | None, data: st.DataObject
) -> None:
    choosable = Choosable(hidden, listed)
    ends = rows_of(data.draw(st.sets(st.integers(0, 60), min_size=1)))
    starts = np.append(np.int32(0), ends[:-1]).astype(np.int32)
    shown = data.draw(st.permutations(range(len(ends))))[: len(ends) // 2 + 1]
    ranges = [
        range(*pair) for pair in zip(starts[shown].tolist(), ends[shown].tolist(), strict=True)
    ]
    wanted = set(range(61)) if listed is None else {row for some in listed for row in some.tolist()}
    listable = [row for some in ranges for row in some if row in wanted]
    expected = [row for row in listable if row not in hidden]
    found = choosable.between(starts[shown], ends[shown])
    assert sorted(found.tolist()) == sorted(expected)
    assert found.dtype == np.int32
    rows = np.array([row for some in ranges for row in some], np.int32)
    assert choosable.among(rows).tolist() == expected
