"""KMeans over films, for the index and the film groups, and over users, for the taste groups."""

import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from recommender.model.artifact import SHELF, Floats, Rows

SAMPLE = 64  # films for each cell that KMeans is fitted on; the others are only assigned
BLOCK = 100_000  # films assigned at a time
STARTS = 10  # of KMeans over users; the best is kept
MANY_USERS = 50_000  # beyond which one start is enough

Array = NDArray[np.float64]


class FilmCells:
    """KMeans over the directions of film vectors: the cells of the inverted file.

    The length of a vector is mostly popularity, so KMeans sees only directions: a cell holds films
    that the same people like. Within a cell, the shelves order films by length, see ``shelve``. The
    largest cell comes first, and none is empty.

    Args:
        cells: number of cells at most; by default the square root of the number of films.
        seed: of the starting centres.
    """

    centers_: Array  # (k, d)
    labels_: NDArray[np.int32]  # (n,)

    def __init__(self, cells: int | None = None, seed: int = 42) -> None:
        self.cells = cells
        self.seed = seed

    def fit(self, vectors: NDArray[np.floating]) -> Self:
        """Learn ``centers_`` and ``labels_`` from film vectors (n, d), which may be zero."""
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        directions = vectors / np.where(lengths > 0, lengths, 1)
        wanted = min(max(self.cells or round(np.sqrt(len(vectors))), 1), len(vectors))
        if len(vectors) <= SAMPLE * wanted:
            kmeans = _fit(KMeans(wanted, n_init=3, random_state=self.seed), directions)
            return self._keep(kmeans.cluster_centers_, kmeans.labels_)
        directions = directions.astype(np.float32)
        random = np.random.RandomState(self.seed)
        sample = random.choice(len(vectors), SAMPLE * wanted, replace=False)
        kmeans = KMeans(wanted, init="random", n_init=1, max_iter=15, random_state=self.seed)
        _fit(kmeans, directions[sample])
        blocks = [kmeans.predict(directions[i : i + BLOCK]) for i in range(0, len(vectors), BLOCK)]
        return self._keep(kmeans.cluster_centers_, np.concatenate(blocks))

    def _keep(self, centers: Array, labels: NDArray[np.int32]) -> Self:
        sizes = np.bincount(labels, minlength=len(centers))
        order = np.argsort(-sizes, kind="stable")
        self.centers_ = centers[order[: np.count_nonzero(sizes)]]
        self.labels_ = np.argsort(order).astype(np.int32)[labels]
        return self


@dataclass(frozen=True)
class Shelves:
    """The order of films in an index, and where cells and shelves begin in it; see ``Model``."""

    order: NDArray[np.intp]  # (n,) films by cell, the longest vectors of a cell first
    cell_starts: Rows  # (k + 1,)
    cell_shelves: Rows  # (k + 1,)
    shelf_cells: Rows  # (s,)
    shelf_starts: Rows  # (s + 1,)
    shelf_lengths: Floats  # (s,)


def shelve(labels: NDArray[np.int32], cells: int, vectors: Floats) -> Shelves:
    """Divide each cell into shelves of 8, 16, 32 … films, the longest vectors first.

    ``labels`` (n,) are the films' cells, ``cells`` their number, ``vectors`` (n, d).
    """
    lengths = np.linalg.norm(vectors, axis=1)
    order = np.lexsort((-lengths, labels))
    sizes = np.bincount(labels, minlength=cells)
    cell_starts = np.concatenate([[0], np.cumsum(sizes)])
    shelves = np.maximum(np.ceil(np.log2(sizes / SHELF + 1)), 1).astype(np.intp)
    cell_shelves = np.concatenate([[0], np.cumsum(shelves)])
    number = np.arange(cell_shelves[-1]) - np.repeat(cell_shelves[:-1], shelves)
    starts = np.repeat(cell_starts[:-1], shelves) + SHELF * (2**number - 1)
    ends = np.append(starts[1:], len(order))
    longest = np.append(lengths[order], 0)[starts]
    return Shelves(
        order=order,
        cell_starts=cell_starts.astype(np.int32),
        cell_shelves=cell_shelves.astype(np.int32),
        shelf_cells=np.repeat(np.arange(cells), shelves).astype(np.int32),
        shelf_starts=np.append(starts, len(order)).astype(np.int32),
        shelf_lengths=np.where(ends > starts, longest, 0).astype(np.float32),
    )


class TasteGroups:
    """The original algorithm: KMeans over users' standardised ratings, missing = 0.

    To standardise is to subtract each film's mean and to divide by its standard deviation. KMeans
    gives the same clusters if all points are shifted by the same vector. So the sparse matrix is
    only divided, and the means are subtracted from the centres afterwards. The result is that of
    the dense matrix, without its memory.

    Args:
        groups: number of clusters of users.
        seed: of the starting centres.
    """

    centers_: Array  # (g, n) means of the standardised ratings
    scale_: Array  # (n,) standard deviation of each film, 1 where it is 0
    shift_: Array  # (n,) mean of each film divided by scale_

    def __init__(self, groups: int = 5, seed: int = 42) -> None:
        self.groups = groups
        self.seed = seed

    def fit(self, ratings: sparse.csr_matrix) -> Self:
        """Learn from users × films ratings."""
        users, films = ratings.shape
        mean = np.asarray(ratings.mean(axis=0)).ravel()
        counts = np.bincount(ratings.indices, minlength=films)
        self.standardise(users, counts, mean, squares_apart(ratings, mean))
        self.centers_ = self.cluster(ratings) - self.shift_
        return self

    def standardise(self, users: int, counts: NDArray[Any], mean: Array, squares: Array) -> None:
        """Learn ``scale_`` and ``shift_`` from each film's sums over all users.

        ``counts`` (n,) are numbers of ratings, ``mean`` (n,) those of ratings where a missing one
        is 0, ``squares`` (n,) what ``squares_apart`` returns.
        """
        variance = (squares + (users - counts) * mean**2) / users
        rounding = (users * np.finfo(np.float64).eps * np.maximum(mean, 1)) ** 2
        self.scale_ = np.where(variance <= rounding, 1.0, np.sqrt(variance))
        self.shift_ = mean / self.scale_

    def cluster(self, ratings: sparse.csr_matrix) -> Array:
        """Return the centres (g, n) of KMeans over ratings divided by ``scale_``."""
        users = ratings.shape[0]
        starts = STARTS if users <= MANY_USERS else 1
        wanted = min(self.groups, users)
        kmeans = _fit(KMeans(wanted, n_init=starts, random_state=self.seed), self._divide(ratings))
        return np.asarray(kmeans.cluster_centers_)

    def sum_nearest(self, ratings: sparse.csr_matrix, centers: Array) -> tuple[Array, Array]:
        """Return the sum of the users nearest to each of some centres (g, n), and their numbers.

        Over all users, sum by number is a step of Lloyd's algorithm.
        """
        scaled = self._divide(ratings)
        nearest = np.argmin((centers**2).sum(axis=1) - 2 * (scaled @ centers.T), axis=1)
        of_groups = sparse.csr_matrix(
            (np.ones(len(nearest)), (nearest, np.arange(len(nearest)))),
            shape=(len(centers), len(nearest)),
        )
        sizes = np.bincount(nearest, minlength=len(centers)).astype(np.float64)
        return (of_groups @ scaled).toarray(), sizes

    def _divide(self, ratings: sparse.csr_matrix) -> sparse.csr_matrix:
        return ratings.multiply(1 / self.scale_).tocsr()


def squares_apart(ratings: sparse.csr_matrix, mean: Array) -> Array:
    """Return each film's sum of squared distances of its ratings from its mean (n,)."""
    apart = (ratings.data - mean[ratings.indices]) ** 2
    return np.asarray(np.bincount(ratings.indices, weights=apart, minlength=ratings.shape[1]))


def _fit(kmeans: KMeans, points: Array | sparse.csr_matrix) -> KMeans:
    """Fit without warning of fewer distinct points than clusters: some centres then coincide."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kmeans.fit(points)
