"""Whether lists suit people, over all films and all users: likes, dislikes, reasons."""

import json
from collections import Counter
from functools import cache

import numpy as np
import pandas as pd
import pytest

from recommender.model.artifact import Model
from recommender.model.profile import Profile, find_rows, make_profile
from recommender.model.ranking import explain, make_directions, rank
from recommender.model.similarity import rank_similar
from tests.movielens_100k import ml_100k
from tests.training.small_data import MOCK, ROOT
from training.choice.aim import Aim
from training.choice.choose import RATINGS, SHORT
from training.data.dataset import Dataset
from training.data.read import read
from training.model.fit import complete, fit
from training.model.hyperparameters import Hyperparameters
from training.model.labels import find_leads_of

PAIRS = ROOT / "tests/data/known_pairs.json"  # made before similar films were changed
RATERS = 20  # of a film that is looked at


@pytest.fixture(params=["mock", "ml-100k"])
def example(request: pytest.FixtureRequest, model: Model) -> tuple[Dataset, Model]:
    """The example data and its model, or MovieLens 100K and a model for it."""
    return (read(MOCK), model) if request.param == "mock" else movielens()


@cache
def movielens() -> tuple[Dataset, Model]:
    """The data set, and a model like the one that the trainer makes of it."""
    chosen = Hyperparameters(SHORT[0], recency=0.6, cells=21, candidates=100)
    chosen = chosen.with_values(RATINGS[Aim.LIKED])
    fitted = fit(ml_100k(), chosen)
    return ml_100k(), complete(ml_100k(), fitted, find_leads_of(ml_100k(), fitted), seed=0)


def lists(data: Dataset, model: Model, films: list[int]) -> list[set[int]]:
    """The ten films for whom some films are at the top of the scale, and at the bottom."""
    return [
        set(rank(model, make_profile(model, pairs), limit=10).rows)
        for rating in (data.highest, data.lowest)
        for pairs in [[(film, rating, float(place)) for place, film in enumerate(films)]]
    ]


def profile_of(data: Dataset, model: Model, rated: pd.DataFrame) -> Profile:
    """The profile of some ratings of the data set."""
    films = data.films["id"].to_numpy()[rated["film"]]
    columns = (films, rated["avaliacao"], rated["momento"])
    return make_profile(model, list(zip(*(column.tolist() for column in columns), strict=True)))


def test_a_dislike_is_no_like(example: tuple[Dataset, Model]) -> None:
    """Each film as the only rating: the lists differ, and its neighbours are not in the second."""
    data, model = example
    directions = make_directions(model.vectors)
    counts = np.bincount(data.ratings["film"], minlength=len(data.films))
    shared = []
    for film in data.films["id"][counts >= RATERS].tolist():
        liked, disliked = lists(data, model, [film])
        (row,) = np.flatnonzero(model.film_ids == film)
        nearest = (-directions @ directions[row]).argsort(kind="stable")[:6]
        assert not {*nearest.tolist()} & disliked, film
        shared.append(len(liked & disliked))
    assert len(shared) > 100
    assert np.mean(shared) <= 3


def test_five_dislikes_are_no_five_likes(example: tuple[Dataset, Model]) -> None:
    data, model = example
    known = model.film_ids[model.popular_rows[:200]]
    random = np.random.RandomState(0)
    drawn = [sorted(random.choice(known, 5, replace=False).tolist()) for _ in range(100)]
    shared = [len(set.intersection(*lists(data, model, films))) for films in drawn]
    assert np.mean(shared) <= 3


def test_reasons_are_films_that_the_user_liked(example: tuple[Dataset, Model]) -> None:
    """Of every user: no film rated below the user's own mean, and none twice."""
    data, model = example
    told = 0
    for _, rated in data.ratings.groupby("user"):
        profile = profile_of(data, model, rated)
        for of_film in explain(model, profile, rank(model, profile, limit=10)):
            ratings = [rating for _, rating, share in of_film if share > 0]
            assert all(rating is not None and rating >= data.liked_from for rating in ratings)
            assert all(rating + 1e-6 >= rated["avaliacao"].mean() for rating in ratings if rating)
            assert len({row for row, _, _ in of_film}) == len(of_film)
            told += len(ratings)
    assert told > 3 * len(data.users)


@pytest.mark.parametrize("recency", [0.0, None])
def test_who_likes_one_genre_gets_it(example: tuple[Dataset, Model], recency: float | None) -> None:
    """Of every user: four of ten films of a genre that leads among the liked ones, if left."""
    data, model = example
    genres = data.genres()
    counts = Counter(genre for of_film in genres for genre in of_film)
    place = {film: number for number, film in enumerate(data.films["id"].tolist())}
    looked_at = 0
    for _, rated in data.ratings.groupby("user"):
        liked = rated["film"][rated["avaliacao"] >= data.liked_from]
        of_liked = Counter(genre for film in liked for genre in genres[film])
        leading = [genre for genre, count in of_liked.items() if count >= 0.6 * len(liked)]
        if leading:
            found = rank(model, profile_of(data, model, rated), limit=10, recency=recency)
            films = [place[film] for film in model.film_ids[found.rows].tolist()]
            seen = Counter(genre for film in rated["film"] for genre in genres[film])
            for genre in leading:
                given = sum(genre in genres[film] for film in films)
                assert given >= min(4, counts[genre] - seen[genre]), (genre, films)
                looked_at += 1
    assert looked_at > 50


def test_known_pairs_are_near(example: tuple[Dataset, Model]) -> None:
    """Sequels, same director, same actor: the median rank was 17 and 6 before contents counted."""
    data, model = example
    name, most = ("mock", 8.5) if len(data.films) < 1000 else ("ml-100k", 3.0)
    pairs = json.loads(PAIRS.read_text(encoding="utf-8"))[name]
    ids = dict(zip(data.films["titulo"], data.films["id"].tolist(), strict=True))
    ranks = []
    for pair in pairs:
        ends = find_rows(model, [ids[pair["film"]], ids[pair["similar"]]]).tolist()
        for row, other in (ends, ends[::-1]):
            ranks.append(rank_similar(model, row, limit=len(ids)).rows.tolist().index(other) + 1)
    assert len(ranks) >= 120
    assert np.median(ranks) <= most
