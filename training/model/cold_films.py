"""Films that nobody has rated: a vector from what is known of them, learned from the others."""

import re
from collections import Counter
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import Ridge

YEAR = re.compile(r"\((\d{4})\)\s*$")  # as MovieLens ends its titles
FEWEST = 2  # films that must share a trait, for something to be learned of it
PENALTY = 10.0  # films' worth of doubt about each trait
SHARE = 0.5  # of a predicted vector: no film may be promoted by its traits alone

Array = NDArray[np.float64]


def traits(films: pd.DataFrame) -> sparse.csr_matrix:
    """Return films × traits, 1 where a film has one: genres, directors, actors, decade."""
    of_films = [_traits(*film) for film in films.drop(columns="id").itertuples(index=False)]
    counts = Counter(trait for of_film in of_films for trait in of_film)
    names = sorted(name for name, count in counts.items() if count >= FEWEST)
    place = {name: number for number, name in enumerate(names)}
    kept = [[place[trait] for trait in of_film if trait in place] for of_film in of_films]
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

    Every rated film counts alike, and most have few ratings, so a prediction has the length of an
    obscure film's vector.

    Args:
        penalty: of the regression.
    """

    def __init__(self, penalty: float = PENALTY) -> None:
        self.penalty = penalty

    def fit(self, features: sparse.csr_matrix, vectors: Array) -> Self:
        """Learn from films × traits and film vectors (n, d)."""
        self.ridge_ = Ridge(self.penalty, solver="sparse_cg")
        self.ridge_.fit(features, vectors)
        return self

    def predict(self, features: sparse.csr_matrix) -> Array:
        """Return vectors (n, d)."""
        return np.asarray(self.ridge_.predict(features)).reshape(features.shape[0], -1)


def fill(vectors: Array, counts: Array, features: sparse.csr_matrix) -> Array:
    """Return film vectors (n, d) with those of the unrated films predicted from the rated ones'.

    Halved: on MovieLens 100K with the ratings of a tenth of the films hidden, whole predictions
    cost 0.2% to 0.8% of nDCG, for they push out better known films; halves cost nothing, and order
    the hidden films among themselves just as well (nDCG 0.15 against 0.04 at random).
    """
    unrated = counts == 0
    if not unrated.any() or unrated.all() or not features.shape[1]:
        return vectors
    filled = vectors.copy()
    learned = TraitVectors().fit(features[~unrated], vectors[~unrated])
    filled[unrated] = SHARE * learned.predict(features[unrated])
    return filled
