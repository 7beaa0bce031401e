"""Calibration: a list keeps the genres that lead among the films that a user liked.

Ranking by score alone gives little room to lesser interests, and at times even the leading one
drowns in what everybody likes (Steck, Calibrated Recommendations, 2018).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import Floats, Model, Rows
from recommender.model.index import Batch, contains
from recommender.model.profile import Profile

LEADING = 0.6  # share of the liked films from which a genre leads
FEW = 3, 2  # of fewer liked films than three, at most two genres lead
FIRST, KEPT = 10, 4  # of the first ten films, this many are of a leading genre
POOL = 50  # best films, of all and of each leading genre, by which additions are found
PASSES = 30  # over the leading genres at most: to raise one may lower another
MARGIN = 0.01  # by which a raised film passes another, as a share of its score

Array = NDArray[np.float64]


class Raised(NamedTuple):
    """What is added to each film's score: ``additions`` (n,).

    ``best`` are the ascending rows of films that may then be among the first ten.
    """

    additions: Floats
    best: Rows


def raise_genres(
    model: Model, genres: Sequence[int], search: Callable[[Rows | None], Batch]
) -> Raised | None:
    """Return what gives each leading genre its place; None if nothing has to be added.

    If too few of the ten best films are of a genre, all its films get what the fourth of them lacks
    to be among the ten. If ten places are too few for all ``genres``, the last ones go without.
    ``search`` returns the best films, rows and scores, of some ascending rows or (None) of all.
    """
    starts, best = model.genre_starts, search(None)
    of_genres = [model.genre_rows[starts[genre] : starts[genre + 1]] for genre in genres]
    if all(np.count_nonzero(contains(rows, best[0][:FIRST])) >= KEPT for rows in of_genres):
        return None
    pools = [best, *map(search, of_genres)]
    rows, places = np.unique(np.concatenate([pool[0] for pool in pools]), return_index=True)
    scores = np.concatenate([pool[1] for pool in pools])[places].astype(np.float64)
    inside = np.array([contains(of_genre, rows) for of_genre in of_genres])
    additions = None
    while additions is None:
        additions = _settle(scores, inside)
        inside = inside[:-1]
    found = np.zeros(len(model.film_ids), np.float32)
    for of_genre, addition in zip(of_genres, additions, strict=False):
        found[of_genre] += addition
    return Raised(found, rows)


def leading_genres(model: Model, profile: Profile) -> list[int]:
    """Return the genres that at least 60% of the liked films have, the most frequent ones first.

    Of equally frequent ones, that of the fewest films comes first: it says most of a taste.
    """
    liked = profile.rows[profile.ratings >= model.rating_liked]
    counts = count_genres(model, liked)
    leading = np.flatnonzero(counts >= max(LEADING * len(liked), 1))
    if len(leading) > 1:
        sizes = np.diff(model.genre_starts)
        leading = leading[np.lexsort((sizes[leading], -counts[leading]))]
    most = FEW[1] if len(liked) < FEW[0] else len(leading)
    found: list[int] = leading[:most].tolist()
    return found


def count_genres(model: Model, rows: Rows) -> NDArray[np.int64]:
    """Return how many of some films (rows) are of each genre (t,)."""
    bits = np.unpackbits(model.film_genres.take(rows, axis=0), axis=1)
    counts: NDArray[np.int64] = bits.sum(axis=0, dtype=np.int64)[: len(model.genre_names)]
    return counts


def _settle(scores: Array, inside: NDArray[np.bool_]) -> Array | None:
    """Return additions (t,) to scores (p,) with which each genre has its place, None if none do.

    ``inside`` (t, p) says whether a film is of a genre.
    """
    additions = np.zeros(len(inside))
    for _ in range(PASSES):
        before = additions.copy()
        for genre, members in enumerate(inside):
            additions[genre] += _lacking(scores + additions @ inside, members)
        if (before == additions).all():
            return additions
    return None


def _lacking(scores: Array, members: NDArray[np.bool_]) -> float:
    """Return what the scores of a genre's members lack for enough of them to be among the ten."""
    own, others = -np.sort(-scores[members]), -np.sort(-scores[~members])
    kept = min(KEPT, len(own))
    if not kept or len(others) <= FIRST - kept or own[kept - 1] > others[FIRST - kept]:
        return 0.0
    gap = float(others[FIRST - kept] - own[kept - 1])
    return gap + MARGIN * max(gap, abs(float(others[FIRST - kept])))
