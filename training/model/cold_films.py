"""Vectors for films without ratings, predicted from their traits."""

import re
from collections import Counter
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import Ridge

YEAR = re.compile(r"\((\d{4})\)\s*$")  # the end of a MovieLens title
FEWEST = 2  # films that must share a trait
PENALTY = 10.0  # of the ridge regression, as a number of films
SHARE = 0.5  # of a predicted vector, so that traits alone do not promote a film

Array = NDArray[np.float64]


def traits(films: pd.DataFrame) -> sparse.csr_matrix:
    """Return films × traits, 1 where a film has the trait: genre, director, actor, decade."""
    of_films = [_traits(*film) for film in films.drop(columns="id").itertuples(index=False)]
    counts = Counter(trait for of_film in of_films for trait in of_film)
    names = sorted(name for name, count in counts.items() if count >= FEWEST)
    place = {name: number for number, name in enumerate(names)}
    kept = [sorted(place[trait] for trait in of_film if trait in place) for of_film in of_films]
    starts = np.cumsum([0, *map(len, kept)])
    columns = np.array([column for of_film in kept for column in of_film], dtype=np.int64)
    return sparse.csr_matrix(
        (np.ones(len(columns)), columns, starts), shape=(len(films), len(names))
    )


def _traits(title: str, genres: str, director: str, actors: str) -> set[tuple[str, str]]:
    found = {
        (kind, name.strip())
        for kind, names in (("genre", genres), ("director", director), ("actor", actors))
        for name in names.split(",")
        if name.strip()
    }
    if year := YEAR.search(title):
        found.add(("decade", year[1][:3]))
    return found


class TraitVectors:
    """Ridge regression from a film's traits to its vector.

    Every rated film has the same weight, and most have few ratings. So a predicted vector is about
    as long as that of a little known film.

    Args:
        penalty: L2 penalty of the regression.
    """

    def __init__(self, penalty: float = PENALTY) -> None:
        self.penalty = penalty

    def fit(self, features: sparse.csr_matrix, vectors: Array) -> Self:
        """Learn from films × traits (n, t) and film vectors (n, d)."""
        self.ridge_ = Ridge(self.penalty, solver="sparse_cg")
        self.ridge_.fit(features, vectors)
        return self

    def predict(self, features: sparse.csr_matrix) -> Array:
        """Return predicted vectors (n, d) for films × traits (n, t)."""
        return np.asarray(self.ridge_.predict(features)).reshape(features.shape[0], -1)


def fill(vectors: Array, counts: Array, features: sparse.csr_matrix) -> Array:
    """Return film vectors (n, d) in which those of unrated films are predicted, times ``SHARE``.

    ``counts`` (n,) are the films' numbers of ratings, ``features`` (n, t) their traits.

    Why half: on MovieLens 100K, with the ratings of a tenth of the films hidden, whole predictions
    cost 0.2% to 0.8% of nDCG, because they push out better known films. Halves cost nothing and
    rank the hidden films among themselves just as well (nDCG 0.15, random order 0.04).
    """
    unrated = counts == 0
    if not unrated.any() or unrated.all() or not features.shape[1]:
        return vectors
    filled = vectors.copy()
    learned = TraitVectors().fit(features[~unrated], vectors[~unrated])
    filled[unrated] = SHARE * learned.predict(features[unrated])
    return filled
