"""The choice of hyperparameters: a local optimum, reproducible from data and seed."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recommender.model.ranking import Strategy
from tests.training.small_data import as_data, block_ratings, random_ratings
from training.choice.aim import Aim, gains
from training.choice.choose import EASE, NORMALISED_EASE, SHORT, Choice, choose
from training.choice.folds import Fold, make_folds
from training.choice.metrics import make_profiles, rank_all, score_lists
from training.choice.prior import PRIOR_STRENGTHS
from training.choice.race import Race
from training.choice.search import GRID, LOSS, REACH, Search, SearchTimeoutError
from training.data.splits import BY_FILM
from training.model.contents import components
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters, Settings


@pytest.fixture(scope="module")
def choice() -> Choice:
    return choose(as_data(block_ratings(3, 12, 10)), 42)


def test_a_climb_ends_where_no_neighbour_is_better() -> None:
    """The nearest grid steps of every setting were tried, and none has a higher nDCG."""
    search = Search(make_folds(as_data(block_ratings(3, 12, 10)), Aim.LIKED, 42), math.inf)
    best = search.climb(SHORT[0], GRID)
    for name, steps in GRID.items():
        place = steps.index(best.as_dict()[name])
        for step in (*steps[max(0, place - 1) : place], *steps[place + 1 : place + 2]):
            neighbour = best.with_value(name, step)
            assert neighbour in search.race.tried
            assert not search.race.beats(neighbour, best)


def test_a_climb_may_end_after_one_pass() -> None:
    search = Search(make_folds(as_data(block_ratings(3, 12, 10)), Aim.LIKED, 42), math.inf)
    once = search.climb(SHORT[2], GRID, passes=1)
    tried = len(search.race.tried)
    assert tried <= 1 + sum(2 * REACH for _ in GRID)
    best = search.climb(SHORT[2], GRID)
    assert len(search.race.tried) > tried
    assert not search.race.beats(once, best)


@pytest.mark.parametrize("leads", [True, False])
def test_with_many_films_full_rank_goes_on_only_if_it_leads(
    leads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    climbs: list[tuple[Settings, Settings, float]] = []
    climb = Search.climb

    def watch(search: Search, start: Settings, *args: Any, **options: Any) -> Settings:
        found = climb(search, start, *args, **options)
        climbs.append((start, found, options.get("passes", math.inf)))
        return found

    monkeypatch.setattr("training.choice.choose.MANY", 0)
    monkeypatch.setattr(Search, "climb", watch)
    monkeypatch.setattr(Search, "best", lambda _, some, folds=None: some[-1 if leads else 0])  # noqa: ARG005
    choose(as_data(block_ratings(3, 12, 10)), 42)
    place = [passes for _, _, passes in climbs].index(1)
    next_start = climbs[place + 1][0]
    assert next_start == (climbs[place][1] if leads else EASE)


def test_the_vectors_are_shortened_as_far_as_next_to_nothing_is_lost() -> None:
    folds = make_folds(as_data(block_ratings(3, 12, 10)), Aim.LIKED, 42)
    search = Search(folds, math.inf)
    long = NORMALISED_EASE.with_value("content", 0)
    whole = search.race.ndcg(long)
    bad = long.with_value("bandwidth", 1)
    assert search.race.ndcg(bad) < (1 - LOSS) * whole
    narrow = search.narrow(long, bad)
    assert narrow == long.with_value("bandwidth", narrow.bandwidth)
    assert search.race.ndcg(narrow) >= (1 - LOSS) * whole
    shorter = [bandwidth for bandwidth in GRID["bandwidth"] if bandwidth < narrow.bandwidth]
    assert shorter
    next_one = narrow.with_value("bandwidth", shorter[-1])
    assert search.race.ndcg(next_one) < (1 - LOSS) * whole
    assert search.narrow(long, narrow) == narrow


def test_the_table_lists_the_best_first(choice: Choice) -> None:
    figures = [row["ndcg"] for row in choice.settings]
    assert figures == sorted(figures, reverse=True)


def test_a_search_out_of_time_fails() -> None:
    with pytest.raises(SearchTimeoutError, match="did not end in time, 0 were tried"):
        choose(as_data(block_ratings(3, 12, 10)), 42, end=0.0)


@pytest.mark.parametrize("aim", Aim)
def test_the_choice_is_not_behind_ease(aim: Aim) -> None:
    """EASE is always tried, with all singular vectors; what is chosen loses next to nothing."""
    found = choose(as_data(block_ratings(4, 10, 8)), 7, aim)
    settings = found.chosen.settings.as_dict()
    ease = [row for row in found.settings if all(row[n] == 0 for n in ("slope", "user_exponent"))]
    assert any(row["bandwidth"] == EASE.bandwidth and row["correction"] == 1 for row in ease)
    chosen = [row for row in found.settings if all(row[n] == settings[n] for n in settings)]
    folds = chosen[0]["folds"]
    assert all(
        chosen[0]["ndcg"] >= (1 - LOSS) * row["ndcg"] for row in ease if row["folds"] == folds
    )


def test_what_counts_as_a_hit() -> None:
    """Liked is three quarters up the scale, disliked one third; the rest is half of each."""
    ratings = np.array([[1, 2, 2.5, 3], [3.5, 4, 4.5, 5]])
    data = replace(as_data(ratings), lowest=1, highest=5)
    assert gains(data, Aim.SEEN).toarray().tolist() == [[1, 1, 1, 1], [1, 1, 1, 1]]
    liked = gains(data, Aim.LIKED)
    assert liked.toarray().tolist() == [[0, 0, 0.5, 0.5], [0.5, 1, 1, 1]]
    assert liked.nnz == 6
    for lowest, highest, lowest_liked, highest_disliked in (
        (0.5, 5, 4, 2),
        (0, 5, 4, 1),
        (0, 10, 8, 3),
        (1, 10, 8, 4),
    ):
        scale = replace(data, lowest=lowest, highest=highest)
        assert highest_disliked <= scale.disliked_to < highest_disliked + 0.7
        assert lowest_liked - 1 < scale.liked_from <= lowest_liked


def test_validation_uses_the_metric_of_the_evaluation() -> None:
    """A fold's nDCG equals that of the evaluation when the ranking scores all films.

    What lists have besides, the quality floor and calibration, plays no part here.
    """
    train, test = BY_FILM.parts(as_data(np.maximum(random_ratings(30, 25), 2)), 3)
    fold = Fold(train, test, Aim.SEEN, 0, components(train.films))
    found = fold.ndcgs(SHORT[0], prior_strength=3.0)
    model = fit(train, Hyperparameters(SHORT[0], prior_strength=3.0, cells=1))
    model = replace(model, film_genres=np.zeros_like(model.film_genres))
    profiles = make_profiles(model, train.ratings, test.ratings)
    lists = rank_all(model, profiles, Strategy.MODEL)
    assert np.allclose(found, score_lists(lists, profiles.relevant)["ndcg"], atol=1e-6)


def test_no_setting_is_tried_twice(choice: Choice) -> None:
    tried = [
        tuple(value for name, value in row.items() if name not in ("ndcg", "folds"))
        for row in choice.settings
    ]
    assert len(set(tried)) == len(tried)
    assert all(0 <= row["ndcg"] <= 1 for row in choice.settings)


def test_the_same_data_and_seed_make_the_same_choice(choice: Choice) -> None:
    assert choose(as_data(block_ratings(3, 12, 10)), 42) == choice


class Judged(Fold):
    """A fold with given nDCGs that records which candidates it was asked for."""

    def __init__(self, figures: dict[str, list[float]]) -> None:
        self.figures = figures
        self.asked: list[str] = []


def answer(fold: Fold, name: str) -> np.ndarray:
    assert isinstance(fold, Judged)
    fold.asked.append(name)
    return np.array(fold.figures[name])


def test_a_candidate_that_falls_behind_is_dropped() -> None:
    folds = [
        Judged({"best": [0.5, 0.5], "behind": [0.4, 0.5], "ahead": [0.6, 0.6], "late": [0.5, 0.6]}),
        Judged({"best": [0.2, 0.2], "ahead": [0.4, 0.2], "late": [0.0, 0.1]}),
    ]
    race = Race[str](list(folds), answer)
    assert not race.beats("behind", "best")
    assert race.beats("ahead", "best")
    assert not race.beats("late", "best")
    assert not race.beats("best", "best")
    assert folds[0].asked == ["behind", "best", "ahead", "late"]
    assert folds[1].asked == ["ahead", "best", "late"]
    rows = race.standings("ahead")
    assert [(name, count) for name, _, count in rows] == [
        ("ahead", 2),
        ("best", 2),
        ("behind", 1),
        ("late", 2),
    ]
    assert np.allclose([ndcg for _, ndcg, _ in rows], [0.45, 0.35, 0.3, 0.3])


def test_the_chosen_prior_is_at_least_as_good_as_its_neighbours(choice: Choice) -> None:
    strengths = [row["prior_strength"] for row in choice.priors]
    assert strengths[0] == choice.chosen.prior_strength
    place = PRIOR_STRENGTHS.index(strengths[0])
    assert set(PRIOR_STRENGTHS[max(0, place - 1) : place + 2]) <= set(strengths)


def test_the_chosen_index_is_the_cheapest_within_the_allowed_loss(choice: Choice) -> None:
    costs = {row["cells"] + row["candidates"]: row["ndcg"] for row in choice.indices}
    chosen = (choice.chosen.cells or 0) + (choice.chosen.candidates or 0)
    assert costs[chosen] >= 0.995 * max(costs.values())
    assert all(ndcg < costs[chosen] for cost, ndcg in costs.items() if cost < chosen)


@pytest.mark.parametrize(
    "fixed",
    [
        {"bandwidth": 8, "slope": 0.7},
        {"prior_strength": 2.5, "groups": 3},
        {"cells": 4},
        {"candidates": 2},
        {"cells": 5, "candidates": 3},
        SHORT[0].as_dict(),
    ],
)
def test_given_values_are_kept(fixed: dict[str, float]) -> None:
    found = choose(as_data(block_ratings(3, 12, 10)), 42, fixed=fixed)
    chosen = found.chosen.as_dict()
    assert {name: chosen[name] for name in fixed} == fixed
    for table in (found.settings, found.priors, found.indices):
        for name in fixed:
            assert {row.get(name, fixed[name]) for row in table} <= {fixed[name]}


def test_the_choice_can_be_fitted(choice: Choice) -> None:
    data = as_data(block_ratings(3, 12, 10))
    model = fit(data, choice.chosen)
    assert 1 <= model.candidates <= len(model.film_ids)


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (2, 3), (8, 1)])
def test_data_too_small_for_folds(shape: tuple[int, int]) -> None:
    data = as_data(random_ratings(*shape, share=1.0))
    found = choose(data, 42)
    assert found.chosen.seed == 42
    assert np.isfinite(fit(data, found.chosen).vectors).all()
