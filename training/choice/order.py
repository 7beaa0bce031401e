"""Choosing how much the order of ratings counts, on each user's last ratings in time."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.model.profile import weigh_newness
from training.choice.folds import BLOCK, RATINGS, USERS
from training.choice.metrics import CUTOFF
from training.choice.search import Row
from training.data.dataset import Dataset
from training.model.embedding import decompose
from training.model.fit import mean_source
from training.model.hyperparameters import Hyperparameters, Values
from training.model.next_film import fit_next_film, histories
from training.model.weights import fold_in_profiles, weigh_profiles

HELD_OUT = 3  # last ratings of a user at most; at least half of them stay
DECAYS = (2.0, 3.0, 5.0, 10.0, 20.0, 50.0)
RECENCIES = tuple(step / 10 for step in range(11))

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Scores = NDArray[np.float32]


def choose_order(
    data: Dataset,
    contents: Array,
    chosen: Hyperparameters,
    fixed: Values,
    most: int | None = None,
) -> tuple[Hyperparameters, list[Row]]:
    """Choose ``decay`` and ``recency`` by the mean nDCG at 10 of users' last ratings in time.

    The last three ratings of each user are held out. Each is to be found, whatever its value, with
    the ratings before it known. ``contents`` (n, c) are those of the films, ``most`` limits the
    singular vectors.

    Returns:
        The hyperparameters with both values set, and a table of what was tried, best first.
    """
    data = data.sample(RATINGS, chosen.seed)
    judges = Judges(data, contents, chosen, most) if data.timed else None
    if judges is None or not judges.known:
        return chosen, []
    decays = (fixed["decay"],) if "decay" in fixed else DECAYS
    recencies = (fixed["recency"],) if "recency" in fixed else RECENCIES
    found: dict[float, Array] = {}
    place, before = len(decays) // 2, -1
    while place != before:
        before = place
        near = range(max(0, place - 1), min(len(decays), place + 2))
        for decay in (decays[other] for other in near if decays[other] not in found):
            found[decay] = judges.ndcgs(decay, recencies)
        place = max(near, key=lambda other: found[decays[other]].mean(axis=1).max())
    rows = [
        {"decay": decay, "recency": recency, "ndcg": round(float(ndcg), 6)}
        for decay, ndcgs in found.items()
        for recency, ndcg in zip(recencies, ndcgs.mean(axis=1), strict=True)
    ]
    best = int(found[decays[place]].mean(axis=1).argmax())
    chosen = replace(chosen, decay=decays[place], recency=recencies[best])
    return chosen, sorted(rows, key=lambda row: -row["ndcg"])


class Judges:
    """Held-out ratings, each to be found with the same user's earlier ones known.

    ``known`` holds for each judge the places of the earlier ratings in ``data.matrix``, in order
    of film; ``targets`` (j,) are the films to be found.
    """

    def __init__(
        self, data: Dataset, contents: Array, chosen: Hyperparameters, most: int | None = None
    ) -> None:
        self.data, self.chosen = data, chosen
        self.known: list[Rows] = []
        targets, held_out = [], []
        users = histories(data, chosen.seed)
        drawn = np.random.RandomState(chosen.seed).permutation(len(users)) < USERS
        for history, judges in zip(users, drawn, strict=True):
            last = min(HELD_OUT, len(history) // 2)
            held_out.append(history[-last:])
            for place in range(len(history) - last, len(history)) if judges else ():
                self.known.append(np.sort(history[:place]))
                targets.append(data.matrix.indices[history[place]])
        self.targets = np.array(targets, np.int64)
        self.train = _without(data, np.concatenate(held_out)) if held_out else data
        settings, scale = chosen.settings, (data.lowest, data.highest)
        self.spectrum = decompose(
            self.train.matrix,
            scale,
            settings.normalisation,
            chosen.seed,
            min(settings.wanted, most or settings.wanted),
            contents,
            rough=True,
        )
        self.embedding = settings.embed(self.spectrum)

    def ndcgs(self, decay: float, recencies: Sequence[float]) -> Array:
        """Return the nDCG at 10 of each judge with each recency (len(recencies), j)."""
        settings, vectors = self.chosen.settings, self.embedding.vectors_.astype(np.float32)
        moments = self.data.moments
        matrix = fit_next_film(
            self.train, self.spectrum, self.embedding, settings, decay, self.chosen.seed
        )
        size = len(matrix)
        prior = self.chosen.prior_strength * mean_source(self.embedding, self.spectrum)
        found = np.zeros((len(recencies), len(self.targets)))
        for start in range(0, len(self.targets), BLOCK):
            block = slice(start, start + BLOCK)
            profiles = self._profiles(self.known[block])
            weights = weigh_profiles(profiles, self.data.disliked_to, self.spectrum, settings)
            alike = fold_in_profiles(weights, self.embedding, settings, prior)
            newness = [weigh_newness(moments[places], decay) for places in self.known[block]]
            weights.data = np.maximum(weights.data, 0)
            change = -(weights @ self.embedding.vectors_)
            weights.data *= np.concatenate(
                [
                    np.zeros(len(places)) if weight is None else weight
                    for places, weight in zip(self.known[block], newness, strict=True)
                ]
            )
            change[:, :size] += weights @ self.embedding.vectors_[:, :size] @ matrix
            change[[weight is None for weight in newness]] = 0  # as in serving
            scores, rest = (users.astype(np.float32) @ vectors.T for users in (alike, change))
            scores[
                np.repeat(np.arange(len(scores)), np.diff(profiles.indptr)), profiles.indices
            ] = -np.inf
            targets = self.targets[block]
            some = reachable(scores + recencies[0] * rest, scores + recencies[-1] * rest, targets)
            scores, rest, targets = scores[some], rest[some], targets[some]
            for number, recency in enumerate(recencies):
                found[number, start + some] = _ndcg(scores + recency * rest, targets)
        return found

    def _profiles(self, known: list[Rows]) -> sparse.csr_matrix:
        """Return some judges' earlier ratings as judges × films."""
        places, matrix = np.concatenate(known), self.data.matrix
        starts = np.cumsum([0, *map(len, known)])
        parts = (matrix.data[places], matrix.indices[places], starts)
        return sparse.csr_matrix(parts, shape=(len(known), matrix.shape[1]))


def _without(data: Dataset, places: Rows) -> Dataset:
    """Return a data set without the ratings at some places of its matrix."""
    kept = np.ones(len(data.ratings), np.bool_)
    kept[places] = False
    ordered = data.ratings.sort_values(["user", "film"], ignore_index=True)
    return data.with_ratings(ordered[kept])


def reachable(first: Scores, last: Scores, targets: Rows) -> Rows:
    """Return which judges' targets may be among the best ten with some recency.

    ``first`` and ``last`` (j, n) are the scores with the lowest and the highest one. Scores are
    linear in it, so a film that is ahead of the target with both is so with any in between.
    """
    places = np.arange(len(targets)), targets
    ahead = (first > first[places][:, None]) & (last > last[places][:, None])
    return np.flatnonzero(ahead.sum(axis=1) < CUTOFF)


def _ndcg(scores: Scores, targets: Rows) -> Array:
    """Return the nDCG at 10 (j,) of scores (j, n) with one relevant film each."""
    reached = scores[np.arange(len(targets)), targets][:, None]
    rank = (scores > reached).sum(axis=1)
    return np.where(rank < CUTOFF, 1 / np.log2(rank + 2), 0.0)
