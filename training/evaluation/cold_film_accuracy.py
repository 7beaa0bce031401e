"""Accuracy for films without ratings, measured by hiding all ratings of some films."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import Model
from recommender.model.profile import fold_in
from training.choice.metrics import (
    CUTOFF,
    Profiles,
    make_profiles,
    rank_all,
    score_lists,
    summarise,
)
from training.data.dataset import Dataset
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters

HIDDEN = 0.1  # of the films

Rows = NDArray[np.int32]


def measure(train: Dataset, test: Dataset, chosen: Hyperparameters) -> dict[str, Any]:
    """Return nDCG at 10 of a model that was fitted without any rating of a tenth of the films.

    The result is empty if no film can be hidden. Its keys under ``ndcg``:

    - ``lists``: the lists as served; hidden films may be relevant.
    - ``lists_without``: the same with the vectors of hidden films set to 0. If ``lists`` is lower,
      cold films push out better known ones without evidence.
    - ``among_hidden``: only hidden films, in the order of their scores.
    - ``among_hidden_random``: only hidden films, in random order.
    """
    random = np.random.RandomState(chosen.seed)
    films = len(train.films)
    hidden = np.sort(random.permutation(films)[: round(HIDDEN * films)])
    kept = train.with_ratings(train.ratings[~train.ratings["film"].isin(hidden)])
    if not len(hidden) or not len(kept.ratings):
        return {}
    model = fit(kept, chosen)
    profiles = make_profiles(model, kept.ratings, test.ratings)
    rows = model.rows_by_id[hidden]  # a data set has films in order of id
    bare = model.vectors.copy()
    bare[rows] = 0
    found = {
        "lists": _served(model, profiles),
        "lists_without": _served(replace(model, vectors=bare), profiles),
    }
    relevant = [np.intersect1d(films, rows) for films in profiles.relevant]
    seekers = [
        number
        for number, known in enumerate(profiles.known)
        if len(known.rows) and len(relevant[number])
    ]
    if len(seekers) > 1:
        wanted = [relevant[number] for number in seekers]
        users = [fold_in(model, profiles.known[number], 0.0).vector for number in seekers]
        ranked = [rows[np.argsort(-(model.vectors[rows] @ user))][:CUTOFF] for user in users]
        shuffled = [random.permutation(rows)[:CUTOFF] for _ in seekers]
        found["among_hidden"] = score_lists(ranked, wanted)["ndcg"]
        found["among_hidden_random"] = score_lists(shuffled, wanted)["ndcg"]
    return {"hidden": len(hidden), "users": len(seekers), "ndcg": summarise(found)}


def _served(model: Model, profiles: Profiles) -> NDArray[np.float64]:
    return score_lists(rank_all(model, profiles, recency=0.0), profiles.relevant)["ndcg"]
