"""Validation folds: a train part, and users whose held-out films judge settings."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.choice.aim import Aim, gains
from training.choice.metrics import CUTOFF, DISCOUNTS
from training.data.dataset import Dataset
from training.data.splits import split_by_film
from training.model.contents import components
from training.model.embedding import Spectrum, decompose
from training.model.fit import mean_source
from training.model.hyperparameters import Settings
from training.model.weights import fold_in_profiles, weigh_profiles

FOLDS = (3, 10)  # fewest and most
JUDGES = 2800  # users wanted in all folds together
KEPT = 0.9  # of each film's ratings, so that folds are almost as dense as the whole data
USERS = 1000  # users of a fold at most
RATINGS = 1_000_000  # ratings at most; larger data is reduced to a sample of its users
BLOCK = 500  # users scored at a time


class Fold:
    """A train part, and users whose held-out films judge settings. Every film is scored.

    ``users`` (u,) are positions in the data set: those for whom a held-out film counts. ``known``
    (u, n) are their ratings in the train part, ``gains`` (u, n) what each held-out film counts.
    ``contents`` (n, c) are those of the films. A spectrum has ``most`` vectors at most; None: as
    many as settings want.
    """

    def __init__(
        self,
        train: Dataset,
        test: Dataset,
        aim: Aim,
        seed: int,
        contents: NDArray[np.float64],
        most: int | None = None,
    ) -> None:
        self.train, self.test, self.seed, self.contents = train, test, seed, contents
        counting = gains(test, aim)
        users = np.flatnonzero(np.diff(counting.indptr))
        if len(users) > USERS:
            users = np.sort(np.random.RandomState(seed).choice(users, USERS, replace=False))
        self.users = users
        self.known: sparse.csr_matrix = train.matrix[users]
        self.gains: sparse.csr_matrix = counting[users]
        self._most = most
        self._spectrum: Spectrum | None = None
        self._wanted = 0

    def spectrum(self, settings: Settings) -> Spectrum:
        """Return the spectrum of the train part for settings. The last one computed is cached."""
        kept, normalisation = self._spectrum, settings.normalisation
        if kept is None or kept.normalisation != normalisation or self._wanted < settings.wanted:
            self._wanted = 2 ** (settings.wanted - 1).bit_length()  # room for wider settings
            scale = (self.train.lowest, self.train.highest)
            wanted = min(self._wanted, self._most or self._wanted)
            kept = decompose(
                self.train.matrix,
                scale,
                normalisation,
                self.seed,
                wanted,
                self.contents,
                rough=True,
            )
            self._spectrum = kept
        return kept

    def ndcgs(
        self,
        settings: Settings,
        prior_strength: float = 0.0,
        known: sparse.csr_matrix | None = None,
    ) -> NDArray[np.float64]:
        """Return the users' nDCG at 10 (u,).

        ``known`` (u, n) replaces the ratings that their vectors are made of.
        """
        known = self.known if known is None else known
        spectrum = self.spectrum(settings)
        embedding = settings.embed(spectrum)
        weights = weigh_profiles(known, self.train.disliked_to, spectrum, settings)
        prior = prior_strength * mean_source(embedding, spectrum)
        users = fold_in_profiles(weights, embedding, settings, prior)
        vectors = embedding.vectors_.astype(np.float32).T
        found = []
        for start in range(0, len(self.users), BLOCK):
            block = slice(start, start + BLOCK)
            scores = users[block].astype(np.float32) @ vectors
            found.append(user_ndcgs(scores, self.known[block], self.gains[block]))
        return np.concatenate(found)


def make_folds(data: Dataset, aim: Aim, seed: int, most: int | None = None) -> list[Fold]:
    """Return independent random splits, or none if no rating that counts can be held out.

    ``most`` limits the singular vectors, see ``Fold``.
    """
    data = data.sample(RATINGS, seed)
    wanted = -(-JUDGES // min(len(data.users), USERS))
    count = min(max(wanted, FOLDS[0]), FOLDS[1])
    parts = [split_by_film(data.ratings, seed + number, KEPT) for number in range(count)]
    contents = components(data.films)
    folds = [
        Fold(data.with_ratings(train), data.with_ratings(test), aim, seed, contents, most)
        for train, test in parts
        if len(train) and len(test)
    ]
    return [fold for fold in folds if len(fold.users)]


def user_ndcgs(
    scores: NDArray[Any], known: sparse.csr_matrix, gains: sparse.csr_matrix
) -> NDArray[np.float64]:
    """Return the nDCG at 10 (u,) of scores (u, n); known films are left out of the lists.

    ``known`` (u, n) are ratings, ``gains`` (u, n) what each film counts; a user has at least one
    that counts. The discount is log2(rank + 1), the ideal list begins with the greatest gains.
    Overwrites the scores of known films.
    """
    rows = np.repeat(np.arange(len(scores)), np.diff(known.indptr))
    scores[rows, known.indices] = -np.inf
    cutoff = min(CUTOFF, scores.shape[1])
    best = np.argpartition(scores, scores.shape[1] - cutoff, axis=1)[:, -cutoff:]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    found = np.take_along_axis(best, order, axis=1)
    hits = gains[np.arange(len(found))[:, None], found].toarray()
    return np.asarray((hits @ DISCOUNTS[:cutoff]) / ideal_gains(gains))


def ideal_gains(gains: sparse.csr_matrix) -> NDArray[np.float64]:
    """Return what a list with each user's greatest gains (u, n) first would reach (u,)."""
    users = np.repeat(np.arange(gains.shape[0]), np.diff(gains.indptr))
    greatest = gains.data[np.lexsort((-gains.data, users))]
    rank = np.arange(gains.nnz) - gains.indptr[users]
    kept = rank < CUTOFF
    best = np.bincount(users[kept], greatest[kept] * DISCOUNTS[rank[kept]], gains.shape[0])
    return np.asarray(best, np.float64)


def shorten(ratings: sparse.csr_matrix, most: int, seed: int) -> sparse.csr_matrix:
    """Return users × films ratings reduced to at most ``most`` of each user, drawn at random."""
    order = np.random.RandomState(seed).rand(ratings.nnz)
    users = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))
    shuffled = np.lexsort((order, users))
    rank = np.arange(ratings.nnz) - ratings.indptr[users]
    kept = np.sort(shuffled[rank < most])
    places = (users[kept], ratings.indices[kept])
    return sparse.csr_matrix((ratings.data[kept], places), shape=ratings.shape)
