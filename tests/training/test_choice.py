"""The choice of hyperparameters: a local optimum, reproducible from data and seed."""

import numpy as np
import pytest

from recommender.model.ranking import Strategy
from tests.training.small_data import as_data, block_ratings, random_ratings
from training.choice.choose import EASE, START, Choice, choose
from training.choice.folds import Fold
from training.choice.metrics import make_profiles, rank_all, score_lists
from training.choice.prior import PRIOR_STRENGTHS
from training.choice.race import Race
from training.choice.search import GRID
from training.data.splits import BY_FILM
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters


@pytest.fixture(scope="module")
def choice() -> Choice:
    return choose(as_data(block_ratings(3, 12, 10)), 42, 600)


def test_no_neighbour_of_the_choice_is_better(choice: Choice) -> None:
    """The nearest grid steps of every setting were tried, and none has a higher nDCG."""
    assert choice.complete
    chosen = choice.chosen.settings.as_dict()
    rows = [{name: row[name] for name in chosen} for row in choice.settings]
    best = choice.settings[rows.index(chosen)]["ndcg"]
    for name in GRID:
        others = [
            row["ndcg"]
            for row in choice.settings
            if row[name] != chosen[name] and all(row[n] == chosen[n] for n in chosen if n != name)
        ]
        assert len(others) >= 2
        assert max(others) <= best


def test_the_table_lists_the_best_first(choice: Choice) -> None:
    figures = [row["ndcg"] for row in choice.settings]
    assert figures == sorted(figures, reverse=True)


def test_a_search_out_of_time_is_marked_incomplete() -> None:
    cut = choose(as_data(block_ratings(3, 12, 10)), 42, budget=0)
    assert not cut.complete
    assert len(cut.settings) == 2
    assert cut.chosen.settings in (START, EASE)


def test_validation_uses_the_metric_of_the_evaluation() -> None:
    """A fold's nDCG equals that of the evaluation when the ranking scores all films."""
    train, test = BY_FILM.parts(as_data(random_ratings(30, 25)), 3)
    found = Fold(train, test, 0).ndcgs(START, prior_strength=3.0)
    model = fit(train, Hyperparameters(START, prior_strength=3.0, cells=1))
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
    assert choose(as_data(block_ratings(3, 12, 10)), 42, 600) == choice


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
    assert race.surpasses("ahead", "best")
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
        START.as_dict(),
    ],
)
def test_given_values_are_kept(fixed: dict[str, float]) -> None:
    found = choose(as_data(block_ratings(3, 12, 10)), 42, 600, fixed)
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
    found = choose(data, 42, 600)
    assert found.chosen.seed == 42
    assert np.isfinite(fit(data, found.chosen).vectors).all()
