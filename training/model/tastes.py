"""Tastes in words: the genres that a user likes more than others do."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.data.catalog import fold
from training.data.dataset import Dataset

MOST = 2  # genres that are told
LEAST = 2  # liked films of a genre that is told
LIFT = 1.25  # times as many of a user's liked films as of everybody's are of such a genre
STRENGTH = 5.0  # liked films of everybody's that are added to a user's own


def count_likes(data: Dataset) -> NDArray[np.float64]:
    """Return how many users like each film (n,); those of parts of the users add up."""
    liked = data.ratings["film"][data.ratings["avaliacao"] >= data.liked_from]
    return np.bincount(liked, minlength=len(data.films)).astype(np.float64)


def find_tastes(data: Dataset, likes: NDArray[np.float64]) -> list[list[str]]:
    """Return the genres (at most two) that set apart what each user likes, those that tell most.

    The order is by count · log(lift), where the lift is a genre's share of the films that the user
    liked, over its share of those that all users liked, which ``likes`` (n,) counts.
    """
    names: dict[str, str] = {}  # of each folded name the first spelling
    of_films = [
        [names.setdefault(fold(name), name) and fold(name) for name in of_film]
        for of_film in data.genres()
    ]
    if not names:
        return [[] for _ in range(len(data.users))]
    spellings = np.array([*names.values()], dtype=object)
    columns = {key: number for number, key in enumerate(names)}
    pairs = sorted({(f, columns[key]) for f, of_film in enumerate(of_films) for key in of_film})
    films, genres = np.array(pairs, np.intp).T
    shape = (len(data.films), len(names))
    has = sparse.csr_matrix((np.ones(len(films)), (films, genres)), shape=shape)
    ratings = data.matrix
    liked = sparse.csr_matrix(
        ((ratings.data >= data.liked_from).astype(np.float64), ratings.indices, ratings.indptr),
        shape=ratings.shape,
    )
    counts = (liked @ has).toarray()
    totals = np.asarray(liked.sum(axis=1))
    common = (likes @ has) / max(float(likes.sum()), 1.0)
    lift = (counts + STRENGTH * common) / (totals + STRENGTH) / np.maximum(common, 1e-12)
    telling = counts * np.log(np.maximum(lift, 1.0))
    telling[(counts < LEAST) | (lift < LIFT)] = 0
    order = np.argsort(-telling, axis=1, kind="stable")[:, :MOST]
    told = np.take_along_axis(telling, order, axis=1) > 0
    return [spellings[row[kept]].tolist() for row, kept in zip(order, told, strict=True)]
