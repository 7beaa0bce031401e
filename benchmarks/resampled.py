"""The whole procedure on data sets made from MovieLens 100K: accuracy relative to that of EASE.

    python benchmarks/resampled.py [NAME ...]

Each data set is drawn five times. Everything is chosen on validation folds of a train part: our
hyperparameters, and EASE's strength for the same question. *Liked* and *any* are nDCG at 10 on a
quarter of each film's ratings with ``recencia`` 0, against EASE for liked films (the better of EASE
on all and on liked ratings) and EASE on all ratings. *Next* is that of each user's last rating in
time, as served by default. *Disliked* is the share of hits that were disliked. The ratios are those
of the means over the draws.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.ml_100k import fetch
from benchmarks.retrieval import print_row
from training.choice.aim import Aim, gains
from training.choice.choose import choose
from training.choice.folds import Fold, make_folds
from training.choice.metrics import (
    make_profiles,
    rank_all,
    score_lists,
    score_some,
    share_of_hits,
)
from training.data.dataset import Dataset
from training.data.read import read
from training.data.splits import split_by_film, split_last
from training.evaluation.baselines import Baseline, Ease
from training.evaluation.lists import best_films, positions
from training.evaluation.tuning import RIDGES, tune
from training.model.fit import fit

DRAWS = 5
SEED = 42
COPIES = 3  # of each user, where there are to be many

Lists = list[NDArray[np.int64]]


def sparse(data: Dataset, random: np.random.RandomState) -> Dataset:
    """Keep 30% of the ratings."""
    return _without_empty(data, data.ratings[random.rand(len(data.ratings)) < 0.3])


def few_users(data: Dataset, random: np.random.RandomState) -> Dataset:
    """Keep 300 users."""
    users = random.choice(len(data.users), 300, replace=False)
    return _without_empty(data, data.ratings[data.ratings["user"].isin(users)])


def many_users(data: Dataset, random: np.random.RandomState) -> Dataset:
    """Copy each user three times, with 40% of the ratings each."""
    count = len(data.users)
    parts, users = [], []
    for copy in range(COPIES):
        kept = data.ratings[random.rand(len(data.ratings)) < 0.4]
        parts.append(kept.assign(user=kept["user"] + copy * count))
        users.append(data.users.assign(id=data.users["id"] + copy * 100_000))
    whole = replace(data, users=pd.concat(users, ignore_index=True))
    return _without_empty(whole, pd.concat(parts))


def ten_points(data: Dataset, random: np.random.RandomState) -> Dataset:
    """Replace ratings by noisy ones from 0 to 10."""
    noisy = 2 * data.ratings["avaliacao"] + random.normal(0, 0.7, len(data.ratings))
    ratings = data.ratings.assign(avaliacao=np.clip(np.round(noisy), 0, 10))
    return replace(data, ratings=ratings, lowest=0.0, highest=10.0)


def half_stars(data: Dataset, random: np.random.RandomState) -> Dataset:
    """Replace ratings by noisy ones from 0.5 to 5."""
    noisy = data.ratings["avaliacao"] + random.normal(0, 0.35, len(data.ratings))
    ratings = data.ratings.assign(avaliacao=np.clip(np.round(2 * noisy) / 2, 0.5, 5))
    return replace(data, ratings=ratings, lowest=0.5, highest=5.0)


SETS: dict[str, Callable[[Dataset, np.random.RandomState], Dataset]] = {
    "whole": lambda data, _: data,
    "sparse": sparse,
    "few users": few_users,
    "many users": many_users,
    "0 to 10": ten_points,
    "half stars": half_stars,
}


def _without_empty(data: Dataset, ratings: pd.DataFrame) -> Dataset:
    """Return a data set of some ratings, without users and films that have none."""
    users, films = np.unique(ratings["user"]), np.unique(ratings["film"])
    kept = ratings.assign(
        user=np.searchsorted(users, ratings["user"]), film=np.searchsorted(films, ratings["film"])
    )
    return replace(
        data,
        users=data.users.iloc[users].reset_index(drop=True),
        films=data.films.iloc[films].reset_index(drop=True),
        ratings=kept.sort_values(["user", "film"], ignore_index=True),
    )


def measure(data: Dataset, seed: int) -> dict[str, float]:
    """Return our metrics and those of EASE, by the names of the columns they are means of."""
    found: dict[str, float] = {}
    train, test = (data.with_ratings(part) for part in split_by_film(data.ratings, seed))
    users = np.unique(test.ratings["user"])
    known, relevant = _films(train, users), _films(test, users)
    rating = test.ratings["avaliacao"]
    liked = _films(test.with_ratings(test.ratings[rating >= test.liked_from]), users)
    disliked = _films(test.with_ratings(test.ratings[rating <= test.disliked_to]), users)
    ours = _ours(train, test, seed, recency=0.0)
    found["liked"] = float(score_some(ours, liked)["ndcg"].mean())
    found["any"] = float(score_lists(ours, relevant)["ndcg"].mean())
    found["disliked"] = share_of_hits(ours, relevant, disliked) or 0.0
    folds = _folds_of_liked(train, seed)
    kinds = ([Ease(ridge, lowest) for ridge in RIDGES] for lowest in (None, train.liked_from))
    best = max((tune(tried, folds) for tried in kinds), key=lambda tuned: tuned.ndcg).best
    lists = _lists(best, train, users, known)
    found["EASE liked"] = float(score_some(lists, liked)["ndcg"].mean())
    lists = _lists(_tuned_for_any(train, seed), train, users, known)
    found["EASE any"] = float(score_lists(lists, relevant)["ndcg"].mean())
    found["EASE disliked"] = share_of_hits(lists, relevant, disliked) or 0.0

    train, test = (data.with_ratings(part) for part in split_last(data.ratings, seed))
    users = np.unique(test.ratings["user"])
    relevant = _films(test, users)
    found["next"] = float(score_lists(_ours(train, test, seed), relevant)["ndcg"].mean())
    lists = _lists(_tuned_for_any(train, seed), train, users, _films(train, users))
    found["EASE next"] = float(score_lists(lists, relevant)["ndcg"].mean())
    return found


def _films(data: Dataset, users: NDArray[np.int64]) -> Lists:
    return [data.matrix[user].indices for user in users]


def _ours(train: Dataset, test: Dataset, seed: int, recency: float | None = None) -> Lists:
    """Return our lists for the users of a test part, with the model's own recency if None."""
    model = fit(train, choose(train, seed).chosen)
    profiles = make_profiles(model, train.ratings, test.ratings)
    return positions(train, model, rank_all(model, profiles, recency=recency))


def _folds_of_liked(train: Dataset, seed: int) -> list[Fold]:
    """Return folds like those of ``make_folds``, in which only liked films count as hits."""
    folds = make_folds(train, Aim.SEEN, seed)
    for fold in folds:
        liked = fold.test.ratings["avaliacao"] >= train.liked_from
        fold.gains = gains(fold.test.with_ratings(fold.test.ratings[liked]), Aim.SEEN)
        fold.users = np.flatnonzero(np.diff(fold.gains.indptr))
        fold.known, fold.gains = fold.train.matrix[fold.users], fold.gains[fold.users]
    return folds


def _tuned_for_any(train: Dataset, seed: int) -> Baseline:
    return tune([Ease(ridge) for ridge in RIDGES], make_folds(train, Aim.SEEN, seed)).best


def _lists(baseline: Baseline, train: Dataset, users: NDArray[np.int64], known: Lists) -> Lists:
    scores = baseline.fit(train.matrix).scores(train.matrix[users], users)
    return best_films(scores, known)


def main() -> None:
    """Print a table of ratios to EASE, and of our nDCG."""
    whole = read(fetch())
    whole = whole.with_ratings(whole.ratings.sort_values(["user", "film"]))
    rows: list[dict[str, object]] = []
    for name in sys.argv[1:] or SETS:
        draws = []
        for draw in tqdm(range(DRAWS), desc=name, unit=" draws", leave=False):
            data = SETS[name](whole, np.random.RandomState(1000 + draw))
            with threadpool_limits(1):
                draws.append(measure(data, SEED + draw))
        means = {column: float(np.mean([draw[column] for draw in draws])) for column in draws[0]}
        ratios = {
            kind: round(means[kind] / means[f"EASE {kind}"], 3)
            for kind in ("liked", "any", "disliked", "next")
        }
        values = {column: round(value, 4) for column, value in means.items()}
        rows.append(
            {"data": name, **ratios}
            | {f"nDCG, {kind}": values[kind] for kind in ("liked", "any", "next")}
        )
        print_row(rows[-1], first=len(rows) == 1)


if __name__ == "__main__":
    main()
