"""Similar films: the nearest of each, by who likes them and by what they have in common."""

import re
from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recommender.data.catalog import fold
from recommender.model.ranking import make_directions
from training.data.dataset import Dataset
from training.model.cold_films import YEAR, traits
from training.model.embedding import MEAN_STRENGTH

NEAREST = 50  # films kept for each
CONTENT = 0.25  # weight of what films have in common; the rest is that of their raters
SHRINK = 20.0  # common raters at which a correlation counts half
RARE = 5, 0.01  # films at most that share a telling word of their titles: number, share of all
WORD = 0.5  # weight of such a word against a trait of the same rarity
BLOCK = 500  # films compared with all at a time
RATINGS = 1_000_000  # at most; of larger data, some users are drawn

Floats = NDArray[np.float32]


def find_neighbours(
    data: Dataset, vectors: NDArray[np.float64], seed: int
) -> tuple[NDArray[np.int32], Floats]:
    """Return the nearest films of each film (n, k) and their similarities, nearest first.

    The similarity is a weighted mean of three. The cosine of two films' ``vectors`` (n, d) says who
    rates both, and so holds for films of the same months, too. The correlation of their ratings
    says who likes both more than other films; it is shrunk towards 0 where few rated both (Koren,
    Factorization Meets the Neighborhood, 2008). Their contents are genres, people, decade, and rare
    words of their titles.
    """
    directions = make_directions(vectors.astype(np.float32))
    contents = describe(data.films)
    tastes, rated = _tastes(data.sample(RATINGS, seed))
    films = len(data.films)
    kept = min(NEAREST, films - 1)
    rows = np.zeros((films, kept), np.int32)
    scores = np.zeros((films, kept), np.float32)
    for start in range(0, films, BLOCK):
        block = slice(start, min(start + BLOCK, films))
        common = (rated[:, block].T @ rated).toarray()
        alike = (tastes[:, block].T @ tastes).toarray() * common / (common + SHRINK)
        found = (1 - CONTENT) / 2 * (directions[block] @ directions.T + alike)
        found += CONTENT * (contents[block] @ contents.T).toarray()
        found[np.arange(len(found)), np.arange(block.start, block.stop)] = -np.inf
        order = np.argsort(-found, axis=1, kind="stable")[:, :kept]
        rows[block], scores[block] = order, np.take_along_axis(found, order, axis=1)
    return rows, scores


def describe(films: pd.DataFrame) -> sparse.csr_matrix:
    """Return films × features of length 1, weighted by inverse document frequency.

    Features are the traits of ``cold_films.traits``, and words of titles that few films share.
    """
    words = [
        set(re.findall(r"[^\W\d_]{2,}", fold(YEAR.sub("", title)))) for title in films["titulo"]
    ]
    counts = Counter(word for of_film in words for word in of_film)
    most = max(RARE[0], RARE[1] * len(films))
    names = sorted(word for word, count in counts.items() if 1 < count <= most)
    place = {word: number for number, word in enumerate(names)}
    columns = [sorted(place[word] for word in of_film if word in place) for of_film in words]
    told = sparse.csr_matrix(
        (
            np.full(sum(map(len, columns)), WORD),
            np.concatenate([*columns, []]).astype(np.int64),
            np.cumsum([0, *map(len, columns)]),
        ),
        shape=(len(films), len(names)),
    )
    features = sparse.hstack([traits(films), told]).tocsr()
    frequency = np.bincount(features.indices, minlength=features.shape[1])
    features.data *= np.log(len(films) / np.maximum(frequency, 1))[features.indices]
    lengths = np.sqrt(np.asarray(features.multiply(features).sum(axis=1)).ravel())
    return sparse.diags(1 / np.where(lengths > 0, lengths, 1)) @ features


def _tastes(data: Dataset) -> tuple[sparse.csc_matrix, sparse.csc_matrix]:
    """Return what ratings say beyond their user's and film's mean, and where there are ratings.

    Both are users × films. The columns of the first have length 1.
    """
    ratings = data.matrix
    sizes, counts = (
        np.diff(ratings.indptr),
        np.bincount(ratings.indices, minlength=ratings.shape[1]),
    )
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
