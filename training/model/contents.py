"""What films have in common besides their raters: genres, people, decade, words of titles."""

import re
from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from recommender.data.catalog import fold
from training.model.cold_films import YEAR, traits

RARE = 5, 0.01  # films at most that share a telling word of their titles: number, share of all
WORD = 0.5  # weight of such a word against a trait of the same rarity
COMPONENTS = 32  # principal components of the features that the embedding takes


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


def components(films: pd.DataFrame) -> NDArray[np.float64]:
    """Return the principal components of ``describe`` (n, c), with nearly the same products."""
    features = describe(films)
    count = min(COMPONENTS, *features.shape)
    if not count:
        return np.zeros((len(films), 0))
    vectors, lengths, _ = randomized_svd(features, count, random_state=0)
    return np.asarray(vectors * lengths)
