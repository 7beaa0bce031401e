"""Accuracy metrics, measured with the ranking code that serves requests."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.model.artifact import Model, Rows
from recommender.model.profile import Profile
from recommender.model.ranking import Strategy, rank
from training.choice.aim import Aim
from training.data.dataset import Dataset
from training.data.tables import TIME_COLUMN

CUTOFF = 10
DISCOUNTS = 1 / np.log2(np.arange(CUTOFF) + 2)  # of a film at each rank, for nDCG
MEASURED = 10_000  # users at most whose lists are measured, of a manifest's metrics and at the gate
BY_DEFAULT = "padrao_com_recencia"  # the model's lists with its own recency
PROTOCOL = (
    "another model, trained by the same procedure on three quarters of each film's ratings (seed "
    "{seed}), is measured on the others; rated films are left out of the lists; means over the "
    "users with a relevant film (a sample of 10,000 if there are more); k = 10; every held-out "
    "film is relevant; under gostar, only the liked ones; disliked is the share of hits that the "
    "user disliked; recencia is 0, except in padrao_com_recencia, where it is the model's"
)
METRICS = ("ndcg", "map", "precision", "recall", "hit_rate", "mrr")

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Profiles:
    """Users with held-out ratings.

    ``users`` (u,) are positions in the data set, ``known`` their other ratings, ``relevant`` the
    rows of their held-out films.
    """

    users: NDArray[np.int64]
    known: list[Profile]
    relevant: list[NDArray[np.int32]]


def make_profiles(model: Model, train: pd.DataFrame, test: pd.DataFrame) -> Profiles:
    """Return the profiles, in rows of a model, of the users in the ratings ``test``.

    ``train`` and ``test`` are ratings as in ``Dataset.ratings``.
    """
    users = np.unique(test["user"])
    row_of_film = model.rows_by_id.astype(np.int32)
    empty = Profile(np.empty(0, np.int32), np.empty(0, np.float32))
    train = train.assign(row=row_of_film[train["film"].to_numpy()]).sort_values(["user", "row"])
    known = {
        user: Profile(
            part["row"].to_numpy(),
            part["avaliacao"].to_numpy(np.float32),
            part[TIME_COLUMN].to_numpy(np.float64) if TIME_COLUMN in part else None,
        )
        for user, part in train[train["user"].isin(users)].groupby("user")
    }
    return Profiles(users, [known.get(user, empty) for user in users], films_of(model, test, users))


def films_of(
    model: Model, ratings: pd.DataFrame, users: NDArray[np.int64]
) -> list[NDArray[np.int32]]:
    """Return the rows of each user's films (u,) in some ratings; none for a user without any."""
    row_of_film = model.rows_by_id.astype(np.int32)  # a data set has films in order of id
    rows = {user: row_of_film[films] for user, films in ratings.groupby("user")["film"]}
    return [rows.get(user, np.empty(0, np.int32)) for user in users]


def sample_users(test: Dataset, seed: int) -> Dataset:
    """Return a test part with the ratings of at most ``MEASURED`` of its users, drawn at random."""
    users = np.unique(test.ratings["user"])
    if len(users) > MEASURED:
        users = np.random.RandomState(seed).choice(users, MEASURED, replace=False)
    return test.with_ratings(test.ratings[test.ratings["user"].isin(users)])


def measure(model: Model, train: Dataset, test: Dataset) -> dict[str, dict[str, Any]]:
    """Return the metrics of each strategy's lists for the users of a test part.

    Lists are made with recency 0, because the test part is drawn at random. Those with the model's
    own recency are measured under ``BY_DEFAULT``.

    Each metric counts every held-out film as relevant; those under ``gostar`` count liked ones
    only. ``disliked`` is the share of hits that were disliked, None without any hit.
    """
    profiles = make_profiles(model, train.ratings, test.ratings)
    rating = test.ratings["avaliacao"]
    liked, disliked = (
        films_of(model, test.ratings[kept], profiles.users)
        for kept in (rating >= test.liked_from, rating <= test.disliked_to)
    )
    found: dict[str, dict[str, Any]] = {}
    asked = [(strategy.value, strategy, 0.0) for strategy in Strategy]
    if model.recency:
        asked.append((BY_DEFAULT, Strategy.MODEL, model.recency))
    for name, strategy, recency in asked:
        lists = rank_all(model, profiles, strategy, recency=recency)
        found[name] = dict(summarise(score_lists(lists, profiles.relevant)))
        if any(map(len, liked)):
            found[name][Aim.LIKED.value] = summarise(score_some(lists, liked))
        found[name]["disliked"] = share_of_hits(lists, profiles.relevant, disliked)
    return found


def share_of_hits(
    lists: Iterable[NDArray[Any]], relevant: Iterable[NDArray[Any]], part: Iterable[NDArray[Any]]
) -> float | None:
    """Return which share of the relevant films in lists belongs to a part of them; None for none.

    ``part`` holds some of each user's ``relevant`` films.
    """
    hits = counted = 0
    for films, wanted, some in zip(lists, relevant, part, strict=True):
        hits += int(np.isin(films, wanted).sum())
        counted += int(np.isin(films, some).sum())
    return round(counted / hits, 6) if hits else None


def rank_all(
    model: Model,
    profiles: Profiles,
    strategy: Strategy = Strategy.MODEL,
    *,
    diversity: float = 0.0,
    recency: float | None = None,
) -> list[Rows]:
    """Return each user's list of ten films (rows), as it would be served, without rated films."""
    asked: dict[str, Any] = {"limit": CUTOFF, "diversity": diversity, "recency": recency}
    return [
        rank(model, profile, strategy, include_rated=False, **asked).rows
        for profile in profiles.known
    ]


def score_lists(
    lists: Iterable[NDArray[Any]], relevant: Iterable[NDArray[Any]]
) -> dict[str, Array]:
    """Return each metric (u,) of lists of at most ten films, best first.

    Relevance is binary. nDCG: gain 1, discount log2(rank + 1), ideal list of min(10, relevant)
    films. MAP: the sum of the precision at each hit, divided by the number of relevant films.
    """
    found: dict[str, list[float]] = {name: [] for name in METRICS}
    for films, wanted in zip(lists, relevant, strict=True):
        hits = np.zeros(CUTOFF)
        hits[: len(films)] = np.isin(films, wanted)
        places = np.arange(CUTOFF) + 1
        found["ndcg"].append(float(hits @ DISCOUNTS / DISCOUNTS[: len(wanted)].sum()))
        found["map"].append(float((np.cumsum(hits) / places) @ hits / len(wanted)))
        found["precision"].append(float(hits.mean()))
        found["recall"].append(float(hits.sum() / len(wanted)))
        found["hit_rate"].append(float(hits.any()))
        found["mrr"].append(float((hits / places).max()))
    return {name: np.array(values) for name, values in found.items()}


def score_some(lists: Sequence[NDArray[Any]], relevant: Sequence[NDArray[Any]]) -> dict[str, Array]:
    """Return what ``score_lists`` does for those users who have any relevant film."""
    some = [place for place, films in enumerate(relevant) if len(films)]
    return score_lists([lists[place] for place in some], [relevant[place] for place in some])


def summarise(metrics: dict[str, Array]) -> dict[str, dict[str, float | None]]:
    """Return each metric's mean over users, and half the width of its 95% confidence interval.

    Half the width is 1.96 standard errors, as for independent values; None for a single user.
    """
    return {
        name: {"mean": round(float(values.mean()), 6), "margin": _margin(values)}
        for name, values in metrics.items()
    }


def _margin(values: Array) -> float | None:
    if len(values) < 2:
        return None
    return round(1.96 * float(values.std(ddof=1)) / math.sqrt(len(values)), 6)
