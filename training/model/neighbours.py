"""Similar films: the nearest of each, by who likes them and by what they have in common."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.model.ranking import make_directions
from training.data.dataset import Dataset
from training.model.contents import describe
from training.model.embedding import MEAN_STRENGTH

NEAREST = 50  # films kept for each
TASTE = 0.65  # weight of the correlation of ratings against the cosine of vectors
CONTENT = 0.2  # weight of what films have in common; the rest is that of their raters
SHRINK = 20.0  # common raters at which a correlation counts half
FREQUENT = 0.01  # share of films from which their products with a feature are computed densely
BLOCK = 500  # films compared with all at a time
RATINGS = 1_000_000  # at most; of larger data, some users are drawn

Floats = NDArray[np.float32]


def find_neighbours(
    data: Dataset, vectors: NDArray[np.floating], seed: int
) -> tuple[NDArray[np.int32], Floats]:
    """Return the nearest films of each film (n, k) and their similarities, nearest first.

    The similarity is a weighted mean of three. The cosine of two films' ``vectors`` (n, d) says who
    rates both, and so holds for films of the same months, too. The correlation of their ratings
    says who likes both more than other films; it is shrunk towards 0 where few rated both (Koren,
    Factorization Meets the Neighborhood, 2008). Their contents are genres, people, decade, and rare
    words of their titles.
    """
    contents = describe(data.films)
    tastes, rated = _tastes(data.sample(RATINGS, seed))
    films = len(data.films)
    frequent = np.bincount(contents.indices, minlength=contents.shape[1]) > FREQUENT * films
    dense = np.hstack(
        [
            make_directions(vectors.astype(np.float32)) * ((1 - CONTENT) * (1 - TASTE)) ** 0.5,
            contents[:, frequent].toarray().astype(np.float32) * CONTENT**0.5,
        ]
    )
    rare = contents[:, ~frequent]
    kept = min(NEAREST, films - 1)
    rows = np.zeros((films, kept), np.int32)
    scores = np.zeros((films, kept), np.float32)
    for start in range(0, films if kept else 0, BLOCK):
        block = slice(start, min(start + BLOCK, films))
        found = dense[block] @ dense.T
        common = rated[:, block].T @ rated
        common.data /= common.data + SHRINK
        alike = (tastes[:, block].T @ tastes).multiply(common)
        for told, share in ((alike, (1 - CONTENT) * TASTE), (rare[block] @ rare.T, CONTENT)):
            pairs = told.tocoo()
            found[pairs.row, pairs.col] += share * pairs.data
        found[np.arange(len(found)), np.arange(block.start, block.stop)] = -np.inf
        best = np.argpartition(found, films - kept, axis=1)[:, films - kept :]
        best.sort(axis=1)  # equal ones in order of film
        values = np.take_along_axis(found, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        rows[block] = np.take_along_axis(best, order, axis=1)
        scores[block] = np.take_along_axis(values, order, axis=1)
    return rows, scores


def _tastes(data: Dataset) -> tuple[sparse.csc_matrix, sparse.csc_matrix]:
    """Return what ratings say beyond their user's and film's mean, and where there are ratings.

    Both are users × films. The columns of the first have length 1.
    """
    ratings = data.matrix
    sizes = np.diff(ratings.indptr)
    counts = np.bincount(ratings.indices, minlength=ratings.shape[1])
    users = np.repeat(np.arange(len(sizes)), sizes)
    totals = np.bincount(users, ratings.data, len(sizes))
    rest = ratings.data - (totals / np.maximum(sizes, 1))[users]
    means = np.bincount(ratings.indices, rest, len(counts)) / (counts + MEAN_STRENGTH)
    rest -= means[ratings.indices]
    lengths = np.sqrt(np.bincount(ratings.indices, rest**2, len(counts)))
    rest /= np.maximum(lengths, 1e-9)[ratings.indices]
    tastes, rated = (
        sparse.csr_matrix(
            (values.astype(np.float32), ratings.indices, ratings.indptr), ratings.shape
        )
        for values in (rest, np.ones(len(rest)))
    )
    return tastes.tocsc(), rated.tocsc()
