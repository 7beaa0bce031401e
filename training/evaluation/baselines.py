"""The baselines that the model is compared with.

Only ``Groups`` uses the ratings themselves. The others use only who rated which films.
"""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.model.clusters import TasteGroups

BLOCK = 500  # rows of similarities in memory at a time

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


class Baseline(Protocol):
    """A model that learns from users × films ratings and scores all films for some of the users."""

    def fit(self, ratings: sparse.csr_matrix) -> Self:
        """Learn from users × films ratings."""

    def scores(self, known: sparse.csr_matrix, users: Rows) -> Array:
        """Return scores (u, n).

        ``users`` (u,) are rows of the matrix learned from, ``known`` (u, n) their ratings.
        """


@dataclass
class Groups:
    """The original algorithm: films scored by the centre of the user's KMeans cluster."""

    groups: int
    seed: int

    def fit(self, ratings: sparse.csr_matrix) -> Self:
        """Cluster the users."""
        self.groups_ = TasteGroups(self.groups, self.seed).fit(ratings)
        return self

    def scores(self, known: sparse.csr_matrix, users: Rows) -> Array:  # noqa: ARG002 part of the protocol
        """Return the centre of each user's cluster."""
        learned = self.groups_
        centers = learned.centers_ + learned.shift_
        products = known.multiply(1 / learned.scale_).tocsr() @ centers.T
        nearest = np.argmin((centers**2).sum(axis=1) - 2 * products, axis=1)
        return np.asarray(learned.centers_[nearest])


@dataclass
class UserNeighbours:
    """User k-NN: a film's score is the sum of the similarities of the neighbours who rated it.

    Similarity is the cosine, with weights by inverse document frequency if ``tfidf``.
    """

    neighbours: int
    tfidf: bool

    def fit(self, ratings: sparse.csr_matrix) -> Self:
        """Store the users' normalised rows."""
        self.ratings_ = binary(ratings)
        self.idf_ = _rarity(self.ratings_) if self.tfidf else np.ones(ratings.shape[1])
        self.users_ = _unit(self.ratings_, self.idf_)
        return self

    def scores(self, known: sparse.csr_matrix, users: Rows) -> Array:
        """Return the sums over the nearest other users."""
        similar = (_unit(binary(known), self.idf_) @ self.users_.T).toarray()
        similar[np.arange(len(users)), users] = 0
        return np.asarray(_nearest(similar, self.neighbours) @ self.ratings_.toarray())


@dataclass
class FilmNeighbours:
    """Item k-NN: a film's score is the sum of its similarities to the user's films.

    Similarity is the cosine, with weights by inverse document frequency if ``tfidf``.
    """

    neighbours: int
    tfidf: bool

    def fit(self, ratings: sparse.csr_matrix) -> Self:
        """Find the neighbours of every film."""
        films = binary(ratings).T.tocsr()
        films = _unit(films, _rarity(films) if self.tfidf else np.ones(films.shape[1]))
        kept = []
        for start in range(0, films.shape[0], BLOCK):
            similar = (films[start : start + BLOCK] @ films.T).toarray()
            similar[np.arange(len(similar)), start + np.arange(len(similar))] = 0
            kept.append(_nearest(similar, self.neighbours))
        self.similar_ = sparse.vstack(kept).tocsr()
        return self

    def scores(self, known: sparse.csr_matrix, users: Rows) -> Array:  # noqa: ARG002 part of the protocol
        """Return the sums over the known films."""
        return np.asarray((binary(known) @ self.similar_).toarray())


@dataclass
class Ease:
    """EASE (Steck, Embarrassingly Shallow Autoencoders for Sparse Data, 2019).

    With P = (XᵀX + λ)⁻¹, the weight of film j for film i is -P_ji / P_ii. If there are fewer users
    than films, P = (1 - Xᵀ (XXᵀ + λ)⁻¹ X) / λ avoids the larger inverse. The scores of known films
    include their own weight of 1; lists leave known films out anyway.

    Ratings below ``least`` count as missing; None keeps all.
    """

    strength: float
    least: float | None = None

    def fit(self, ratings: sparse.csr_matrix) -> Self:
        """Invert the smaller of the two Gram matrices."""
        users, films = ratings.shape
        self.ratings_ = self._kept(ratings)
        self.dual_ = users < films
        gram = self.ratings_ @ self.ratings_.T if self.dual_ else self.ratings_.T @ self.ratings_
        gram = gram.toarray()
        gram[np.diag_indices_from(gram)] += self.strength
        self.inverse_ = np.linalg.inv(gram)
        if self.dual_:
            own = np.asarray(self.ratings_.multiply(self.inverse_ @ self.ratings_).sum(axis=0))
            self.diagonal_ = (1 - own.ravel()) / self.strength
        else:
            self.diagonal_ = self.inverse_.diagonal()
        return self

    def scores(self, known: sparse.csr_matrix, users: Rows) -> Array:  # noqa: ARG002 part of the protocol
        """Return the sums of the weights of the known films."""
        known = self._kept(known)
        if self.dual_:
            inner = (known @ self.ratings_.T).toarray() @ self.inverse_ @ self.ratings_
            products = (known.toarray() - inner) / self.strength
        else:
            products = known @ self.inverse_
        return np.asarray(known.toarray() - products / self.diagonal_)

    def _kept(self, ratings: sparse.csr_matrix) -> sparse.csr_matrix:
        if self.least is None:
            return binary(ratings)
        kept = ratings.copy()
        kept.data = (ratings.data >= self.least).astype(np.float64)
        kept.eliminate_zeros()
        return kept


def binary(ratings: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return the matrix with each rating replaced by 1."""
    ones = np.ones(ratings.nnz)
    return sparse.csr_matrix((ones, ratings.indices, ratings.indptr), shape=ratings.shape)


def _rarity(documents: sparse.csr_matrix) -> Array:
    """Return the inverse document frequency of each column, by the formula of ``implicit``."""
    counts = np.bincount(documents.indices, minlength=documents.shape[1])
    return np.asarray(np.log(documents.shape[0]) - np.log1p(counts))


def _unit(documents: sparse.csr_matrix, weights: Array) -> sparse.csr_matrix:
    """Return the rows with weighted columns, scaled to length 1."""
    weighted = documents.multiply(weights).tocsr()
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return weighted.multiply(1 / np.where(lengths > 0, lengths, 1)[:, None]).tocsr()


def _nearest(similar: Array, count: int) -> sparse.csr_matrix:
    """Return the ``count`` highest similarities of each row; the others become 0."""
    count = min(count, similar.shape[1])
    best = np.argpartition(-similar, count - 1, axis=1)[:, :count]
    rows = np.repeat(np.arange(len(similar)), count)
    values = np.take_along_axis(similar, best, axis=1).ravel()
    return sparse.csr_matrix((values, (rows, best.ravel())), shape=similar.shape)
