"""The choice of hyperparameters: a function of the data it is given and of the seed."""

import numpy as np
import pytest

from recommender.ranking import Strategy
from tests.training_data import as_data, block_ratings, random_ratings
from training.choice import EASE, GRID, START, Choice, Fold, choose
from training.evaluation import make_profiles, rank_all, score_lists
from training.fit import Hyperparameters, fit
from training.splits import BY_FILM


@pytest.fixture(scope="module")
def choice() -> Choice:
    return choose(as_data(block_ratings(3, 12, 10)), 42, 600)


def test_no_step_from_what_is_chosen_is_better(choice: Choice) -> None:
    """Every setting is changed alone, by the nearest steps of its grid, without gain."""
    assert choice.complete
    chosen = choice.chosen.settings.as_dict()
    rows = [{name: row[name] for name in chosen} for row in choice.table]
    best = choice.table[rows.index(chosen)]["ndcg"]
    for name in GRID:
        others = [
            row["ndcg"]
            for row in choice.table
            if row[name] != chosen[name] and all(row[n] == chosen[n] for n in chosen if n != name)
        ]
        assert len(others) >= 2
        assert max(others) <= best


def test_the_table_is_in_order(choice: Choice) -> None:
    figures = [row["ndcg"] for row in choice.table]
    assert figures == sorted(figures, reverse=True)


def test_a_search_without_time_says_so() -> None:
    cut = choose(as_data(block_ratings(3, 12, 10)), 42, budget=0)
    assert not cut.complete
    assert len(cut.table) == 2
    assert cut.chosen.settings in (START, EASE)


def test_validation_figures_are_those_of_the_metrics() -> None:
    """What settings are judged by is the nDCG that evaluation takes, on lists of all films."""
    train, test = BY_FILM.parts(as_data(random_ratings(30, 25)), 3)
    found = Fold(train, test, 0).ndcgs(START, prior_strength=3.0)
    model = fit(train, Hyperparameters(START, prior_strength=3.0, cells=1))
    profiles = make_profiles(model, train.ratings, test.ratings)
    lists = rank_all(model, profiles, Strategy.MODEL)
    assert np.allclose(found, score_lists(lists, profiles.relevant)["ndcg"], atol=1e-6)


def test_no_setting_is_tried_twice(choice: Choice) -> None:
    tried = [tuple(value for name, value in row.items() if name != "ndcg") for row in choice.table]
    assert len(set(tried)) == len(tried)
    assert all(0 <= row["ndcg"] <= 1 for row in choice.table)


def test_the_same_data_and_seed_make_the_same_choice(choice: Choice) -> None:
    assert choose(as_data(block_ratings(3, 12, 10)), 42, 600) == choice


def test_what_is_chosen_can_be_fitted(choice: Choice) -> None:
    data = as_data(block_ratings(3, 12, 10))
    model = fit(data, choice.chosen)
    assert 1 <= model.candidates <= len(model.film_ids)


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (2, 3), (8, 1)])
def test_too_little_data_to_choose_by(shape: tuple[int, int]) -> None:
    data = as_data(random_ratings(*shape, share=1.0))
    found = choose(data, 42, 600)
    assert found.chosen.seed == 42
    assert np.isfinite(fit(data, found.chosen).vectors).all()
