"""The choice of hyperparameters: a function of the data it is given and of the seed."""

import numpy as np
import pytest
from training_data import as_data, block_ratings, random_ratings

from training.choice import Choice, choose
from training.fit import fit


@pytest.fixture(scope="module")
def choice() -> Choice:
    return choose(as_data(block_ratings(3, 12, 10)), 42)


def test_the_best_of_what_was_tried_is_chosen(choice: Choice) -> None:
    assert len(choice.table) > 20
    best = max(row["ndcg"] for row in choice.table)
    chosen = choice.chosen.as_dict()
    chosen |= chosen.pop("normalisation", {})
    rows = [row for row in choice.table if row["ndcg"] == best]
    assert any(all(chosen[name] == row[name] for name in row if name != "ndcg") for row in rows)


def test_no_setting_is_tried_twice(choice: Choice) -> None:
    tried = [tuple(value for name, value in row.items() if name != "ndcg") for row in choice.table]
    assert len(set(tried)) == len(tried)
    assert all(0 <= row["ndcg"] <= 1 for row in choice.table)


def test_the_same_data_and_seed_make_the_same_choice(choice: Choice) -> None:
    assert choose(as_data(block_ratings(3, 12, 10)), 42) == choice


def test_what_is_chosen_can_be_fitted(choice: Choice) -> None:
    data = as_data(block_ratings(3, 12, 10))
    model = fit(data, choice.chosen)
    assert 1 <= model.probes <= len(model.cell_centers)


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (2, 3), (8, 1)])
def test_too_little_data_to_choose_by(shape: tuple[int, int]) -> None:
    data = as_data(random_ratings(*shape, share=1.0))
    found = choose(data, 42)
    assert found.chosen.seed == 42
    assert np.isfinite(fit(data, found.chosen).vectors).all()
