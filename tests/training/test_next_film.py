"""The next-film matrix: what follows what, equal times, and the choice of how much order counts."""

import numpy as np
import pandas as pd
import pytest

from recommender.model.profile import fold_in, make_profile
from recommender.model.ranking import rank
from tests.training.small_data import as_data, random_ratings
from training.choice.choose import SHORT, choose
from training.choice.order import DECAYS, RECENCIES, Judges, choose_order, reachable
from training.data.dataset import Dataset
from training.model.contents import components
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters
from training.model.next_film import LEADING, histories

FILMS = 30
STEP = 7  # after film f comes film f + STEP
PLAIN = Hyperparameters(SHORT[0], decay=2.0, recency=1.0)


def walks(users: int = 120, length: int = 12) -> Dataset:
    """Users who start anywhere and go on by the same step; who rates what says little else."""
    random = np.random.RandomState(0)
    rows = []
    for user in range(users):
        film = int(random.randint(FILMS))
        for place in range(length):
            rows.append((user, film, float(random.choice([4.0, 5.0])), 1000 * user + place))
            film = (film + STEP) % FILMS
    ratings = pd.DataFrame(rows, columns=["user", "film", "avaliacao", "momento"])
    whole = as_data(np.full((users, FILMS), 5.0))
    return whole.with_ratings(ratings.astype({"user": np.int32, "film": np.int32}))


def next_films(data: Dataset, chosen: Hyperparameters) -> list[int]:
    """The film recommended first after each film and the one before it, as positions."""
    model = fit(data, chosen)
    found = []
    for film in range(FILMS):
        rated = [((film - STEP) % FILMS + 1, 5.0, 1.0), (film + 1, 5.0, 2.0)]
        ranked = rank(model, make_profile(model, rated), limit=1)
        found.append(int(model.film_ids[ranked.rows[0]]) - 1)
    return found


def test_what_comes_next_is_learnt_from_the_order() -> None:
    data = walks()
    expected = [(film + STEP) % FILMS for film in range(FILMS)]
    assert next_films(data, PLAIN) == expected
    reverse = data.with_ratings(data.ratings.assign(momento=-data.ratings["momento"]))
    assert np.mean(np.equal(next_films(reverse, PLAIN), expected)) < 0.2


@pytest.mark.parametrize("moments", [None, 0])
def test_without_an_order_there_is_no_matrix(moments: int | None) -> None:
    data = walks()
    ratings = data.ratings.drop(columns="momento")
    model = fit(
        data.with_ratings(ratings if moments is None else ratings.assign(momento=moments)), PLAIN
    )
    assert model.next_film.shape == (0, 0)
    assert model.recency == 0
    alone = make_profile(model, [(1, 5.0, 1.0), (2, 4.0, 2.0)])
    ranked = [rank(model, alone, recency=recency).rows.tolist() for recency in (0.0, 1.0)]
    assert ranked[0] == ranked[1]


def test_histories_are_in_order_and_ties_are_drawn() -> None:
    data = walks()
    tied = data.with_ratings(data.ratings.assign(momento=data.ratings["momento"] // 4))
    films = data.matrix.indices
    for user, history in enumerate(histories(data, 1)):
        expected = data.ratings["film"][data.ratings["user"] == user]
        assert films[history].tolist() == expected.tolist()
    drawn = [np.concatenate(histories(tied, seed)) for seed in (1, 1, 2)]
    assert (np.diff(tied.moments[drawn[0]]) >= 0).all()
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()


def test_the_matrix_keeps_lengths_and_is_small() -> None:
    """Over all users, the part of the film to come is as long as that of all ratings alike."""
    data = walks()
    model = fit(data, PLAIN)
    assert len(model.next_film) == min(LEADING, model.vectors.shape[1])
    alike, to_come = 0.0, 0.0
    ids = data.films["id"].to_numpy()
    for _, rated in data.ratings.groupby("user"):
        columns = (ids[rated["film"]], rated["avaliacao"], rated["momento"])
        profile = make_profile(model, list(zip(*(c.tolist() for c in columns), strict=True)))
        prior = len(profile.rows) ** -model.user_exponent * model.prior
        alike += float(((fold_in(model, profile, 0.0).vector - prior) ** 2).sum())
        to_come += float(((fold_in(model, profile, 1.0).vector - prior) ** 2).sum())
    assert to_come == pytest.approx(alike, rel=1e-3)


def test_order_counts_where_it_tells_something() -> None:
    """Much with walks, next to nothing with the same ratings in random order."""
    data = walks()
    choice = choose(data, 1)
    assert choice.chosen.recency > 0
    assert choice.chosen.decay in DECAYS
    assert choice.order[0]["ndcg"] > 0.9
    assert all(row["ndcg"] < 0.85 for row in choice.order if row["recency"] == 0)
    shuffled = np.random.RandomState(3).permutation(len(data.ratings))
    mixed = data.with_ratings(data.ratings.assign(momento=shuffled))
    kept, rows = choose_order(mixed, components(mixed.films), PLAIN, {})
    assert kept.recency <= 0.3
    assert len(rows) >= 2 * len(RECENCIES)
    assert rows == sorted(rows, key=lambda row: -row["ndcg"])
    assert choose(data.with_ratings(data.ratings.drop(columns="momento")), 1).order == []


def test_fixed_values_stay() -> None:
    data = walks()
    chosen, rows = choose_order(
        data, components(data.films), PLAIN, {"decay": 7.0, "recency": 0.25}
    )
    assert (chosen.decay, chosen.recency) == (7.0, 0.25)
    assert [(row["decay"], row["recency"]) for row in rows] == [(7.0, 0.25)]


def test_the_judges_know_no_order_of_one_rating() -> None:
    """Whatever the recency, they are served what they would be served without an order."""
    data = walks(length=2)
    judges = Judges(data, components(data.films), PLAIN)
    assert {len(known) for known in judges.known} == {1}
    found = judges.ndcgs(2.0, RECENCIES)
    assert found.any()
    assert (found == found[0]).all()


def test_judges_whose_target_is_out_of_reach_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    data = as_data(random_ratings(30, 80, 0.2))
    shuffled = np.random.RandomState(3).permutation(len(data.ratings))
    data = data.with_ratings(data.ratings.assign(momento=shuffled))
    judges = Judges(data, components(data.films), PLAIN)
    found = judges.ndcgs(2.0, RECENCIES)
    left: list[int] = []

    def keep_all(first: np.ndarray, last: np.ndarray, targets: np.ndarray) -> np.ndarray:
        left.append(len(targets) - len(reachable(first, last, targets)))
        return np.arange(len(targets))

    monkeypatch.setattr("training.choice.order.reachable", keep_all)
    assert (judges.ndcgs(2.0, RECENCIES) == found).all()
    assert sum(left) > 0


def test_the_judges_see_only_what_came_before() -> None:
    data = walks()
    judges = Judges(data, components(data.films), PLAIN)
    assert len(judges.targets) == 3 * len(data.users)
    films, moments = data.matrix.indices, data.moments
    for known, target in zip(judges.known, judges.targets, strict=True):
        user = int(moments[known[0]] // 1000)
        rated = data.ratings[data.ratings["user"] == user]
        (moment,) = rated["momento"][rated["film"] == target].head(1)
        assert (moments[known] < moment).all()
        assert target not in films[known]
    assert len(judges.train.ratings) == len(data.ratings) - 3 * len(data.users)
