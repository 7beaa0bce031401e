"""The quality floor: what becomes of films that most of their raters disliked."""

import numpy as np
from numpy.typing import NDArray

STRENGTH = 5.0  # ratings of an average film that are added to a film's own
MOST = 0.5  # share of its raters who disliked a film, from which the floor holds

Array = NDArray[np.float64]


def mostly_disliked(counts: Array, disliked: Array) -> NDArray[np.bool_]:
    """Return which films (n,) most raters disliked, by a share shrunk towards that of all films.

    ``counts`` (n,) are the films' numbers of ratings, ``disliked`` (n,) how many of these say that
    a user disliked the film.
    """
    shares = disliked + STRENGTH * (disliked.sum() / counts.sum())
    return np.asarray(shares / (counts + STRENGTH) > MOST)


def lower(vectors: Array, disliked: NDArray[np.bool_], common: Array) -> Array:
    """Return film vectors (n, d), those of some films without what speaks for them in general.

    ``common`` (d,) is what all users like. Vectors of ``disliked`` films (n,) that point that way
    are made orthogonal to it, so that such a film has a high score only by what sets a user apart.
    """
    along = vectors @ common / max(float(common @ common), 1e-12)
    lowered = disliked & (along > 0)
    return vectors - np.outer(np.where(lowered, along, 0.0), common)
