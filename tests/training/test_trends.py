"""What is trending, and how fast ratings age."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.training.small_data import as_data, as_document, as_json, from_json, random_ratings
from training.choice.aim import Aim
from training.choice.trending import HALF_LIVES, choose_half_life
from training.data.dataset import Dataset
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters
from training.model.trends import DAY, find_trend


def timed(days: Sequence[tuple[int, int, float]], users: int, films: int) -> Dataset:
    """Ratings of 4 by user and film (from 0), given after so many days; others of 3 long ago."""
    document = as_document(np.full((users, films), np.nan))
    document["avaliacoes"] = [
        {"usuario_id": user + 1, "filme_id": film + 1, "avaliacao": 4, "momento": int(day * DAY)}
        for user, film, day in days
    ]
    return from_json(as_json(document), "d.json")


def test_a_rating_counts_half_after_each_half_life() -> None:
    data = timed([(0, 0, 100), (1, 0, 100), (0, 1, 90), (1, 2, 80)], users=2, films=4)
    whole = 1 + 1 + 1 / 2 + 1 / 4
    assert find_trend(data, 10) == pytest.approx(
        [2 / whole, 0.5 / whole, 0.25 / whole, 0], rel=0.01
    )


def test_films_that_nobody_rates_any_more_keep_their_order() -> None:
    old = [(user, 1, 0) for user in range(4)] + [(user, 2, 1) for user in range(3)]
    trend = find_trend(timed([*old, (0, 0, 20_000)], users=4, films=4), 1)
    assert trend[0] > trend[1] > trend[2] > trend[3] == 0


def test_one_rating_from_the_future_makes_no_trend() -> None:
    days = [(user, user % 3, user / 10) for user in range(2000)]
    data, wrong = (timed([*days, (0, 5, end)], 2000, 6) for end in (200, 100_000))
    assert find_trend(wrong, 10) == pytest.approx(find_trend(data, 10), rel=0.05)


def test_without_times_nothing_is_trending() -> None:
    data = as_data(random_ratings(20, 9))
    assert find_trend(data, 10).tolist() == [0] * 9
    model = fit(data, Hyperparameters())
    assert model.trend.shape == model.trend_rows.shape == (0,)
    assert choose_half_life(data, Aim.LIKED, Hyperparameters()) == (Hyperparameters(), [])


def test_the_model_holds_the_trend_by_row() -> None:
    data = timed([(u, (u + day) % 7, day) for u in range(9) for day in range(7)], 9, 7)
    model = fit(data, Hyperparameters(half_life=2))
    found = dict(zip(model.film_ids.tolist(), model.trend.tolist(), strict=True))
    assert [found[film + 1] for film in range(7)] == pytest.approx(find_trend(data, 2))
    assert (np.diff(model.trend[model.trend_rows]) <= 0).all()


@pytest.mark.parametrize(("lasting", "longest"), [(3, 14), (10_000, None)])
def test_the_half_life_is_that_of_the_fashions(lasting: int, longest: int | None) -> None:
    """Each day twenty people rate; all of them one of the three films of the hour, or of always."""
    rng = np.random.default_rng(0)
    days, films = 120, 60
    rated = []
    for day in range(days):
        first = day // lasting * 3 % films
        for person in range(20):
            film = (first + rng.integers(3)) % films if rng.random() < 0.7 else rng.integers(films)
            rated.append((day * 20 + person, int(film), day))
    data = timed(rated, days * 20, films)
    chosen, table = choose_half_life(data, Aim.SEEN, Hyperparameters())
    assert next(row["half_life"] for row in table) == chosen.half_life
    assert {row["half_life"] for row in table} == set(HALF_LIVES)
    scores = [row["ndcg"] for row in table]
    assert scores == sorted(scores, reverse=True)
    if longest:
        assert chosen.half_life <= longest
    else:
        assert chosen.half_life >= 30
