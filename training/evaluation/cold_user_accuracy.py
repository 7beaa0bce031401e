"""Accuracy for users with few known ratings."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.model.artifact import Model, Rows
from recommender.model.profile import Profile
from recommender.model.ranking import Strategy, rank
from training.choice.folds import shorten
from training.choice.metrics import CUTOFF, score_some, summarise
from training.data.dataset import Dataset
from training.evaluation.baselines import Baseline
from training.evaluation.lists import best_films, positions
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters

KNOWN = (0, 1, 2, 3, 5, 10)
PARTS = 5  # of the users; the models for one part are fitted on the others

Array = NDArray[np.float64]


def measure(
    train: Dataset, test: Dataset, chosen: Hyperparameters, ease: Baseline | None
) -> dict[str, Any]:
    """Return the nDCG at 10 of users with 0, 1, 2, 3, 5, 10 and all of their ratings known.

    Under ``ndcg`` all held-out films are relevant, under ``liked`` those that the user liked.

    Measured are the users with at least ten train ratings and a held-out one, in five parts. For
    each part, the models are fitted on the train ratings of all other users, with the
    hyperparameters ``chosen``. The known ratings are drawn at random from a user's train ratings;
    the held-out films are relevant. Lists leave out all train films of the user, known or not, so
    that every number of known ratings ranks the same films. EASE cannot rank without ratings: its
    value there is that of the most popular films.

    The result is empty if there are fewer users than parts.
    """
    sizes = np.bincount(train.ratings["user"], minlength=len(train.users))
    users = np.intersect1d(np.flatnonzero(sizes >= KNOWN[-1]), test.ratings["user"])
    if len(users) < PARTS:
        return {}
    order = np.random.RandomState(chosen.seed).permutation(users)
    found: dict[str, dict[str, list[list[Array]]]] = {"ndcg": {}, "liked": {}}
    for number in range(PARTS):
        cohort = np.sort(order[number::PARTS])
        for (metric, name), ndcgs in _measure_part(train, test, cohort, chosen, ease).items():
            found[metric].setdefault(name, []).append(ndcgs)
    curves = {
        metric: {
            name: [
                summarise({"ndcg": np.concatenate(parts)})["ndcg"]
                for parts in zip(*cohorts, strict=True)
            ]
            for name, cohorts in of_names.items()
        }
        for metric, of_names in found.items()
    }
    return {"users": len(users), "known": [*KNOWN, "all"], **curves}


def _measure_part(
    train: Dataset,
    test: Dataset,
    cohort: NDArray[np.int64],
    chosen: Hyperparameters,
    ease: Baseline | None,
) -> dict[tuple[str, str], list[Array]]:
    """Return by metric and name, for each number of known ratings, the nDCG of users (u,)."""
    own = train.ratings["user"].isin(cohort)
    others = train.with_ratings(train.ratings[~own])
    whole, held_out = train.matrix[cohort], test.matrix[cohort]
    liked = held_out.copy()
    liked.data = np.where(held_out.data >= test.liked_from, 1.0, 0.0)
    liked.eliminate_zeros()
    model = fit(others, chosen)
    if ease is not None:
        ease.fit(others.matrix)
    found: dict[tuple[str, str], list[Array]] = {}
    for most in (*KNOWN, len(train.films)):
        known = shorten(whole, most, chosen.seed)
        lists = {
            strategy.value: positions(train, model, _serve(model, known, whole, strategy))
            for strategy in (Strategy.MODEL, Strategy.POPULAR)
        }
        if ease is not None and not most:  # as any real use of EASE would do
            lists["EASE"] = lists[Strategy.POPULAR.value]
        elif ease is not None:
            barred = [whole[user].indices for user in range(len(cohort))]
            lists["EASE"] = best_films(ease.scores(known, cohort), barred)
        for metric, relevant in (("ndcg", held_out), ("liked", liked)):
            wanted = [relevant[user].indices for user in range(len(cohort))]
            for name, films in lists.items():
                found.setdefault((metric, name), []).append(score_some(films, wanted)["ndcg"])
    return found


def _serve(
    model: Model, known: sparse.csr_matrix, whole: sparse.csr_matrix, strategy: Strategy
) -> list[Rows]:
    """Return the served lists of users (u,), as rows of the model.

    ``known`` and ``whole`` (u, n) are the ratings that the profile has, and all train ratings.
    """
    lists = []
    for user in range(known.shape[0]):
        films = model.rows_by_id[known[user].indices].astype(np.int32)
        order = np.argsort(films)
        profile = Profile(films[order], known[user].data.astype(np.float32)[order])
        barred = model.film_ids[model.rows_by_id[whole[user].indices]].tolist()
        ranking = rank(model, profile, strategy, limit=CUTOFF, excluded=barred, include_rated=False)
        lists.append(ranking.rows)
    return lists
