"""Similar films: those that the same people like, whether they are widely known or not."""

from collections.abc import Iterable, Sequence

import numpy as np

from recommender.artifact import Model
from recommender.ranking import (
    POOL,
    Ranking,
    Reason,
    Strategy,
    by_cells,
    diversify,
    films_of_genres,
    find_rows,
    gather,
    make_directions,
)


def rank_similar(
    model: Model,
    row: int,
    *,
    limit: int = 5,
    offset: int = 0,
    genres: Iterable[str] = (),
    excluded: Sequence[int] = (),
    diversity: float = 0.0,
) -> Ranking:
    """Return ``limit`` films from position ``offset`` by the cosine of their vectors with a film's.

    The film itself is left out. Length is mostly popularity, which a cosine is free of. For the
    index, the genres, what is left out and the diversity see ``ranking.rank``.
    """
    toward = make_directions(model.vectors[row : row + 1])[0]
    hidden = np.append(find_rows(model, excluded), np.int32(row))
    wanted = max(offset + limit + 1, POOL if diversity else 0)
    cells = np.argsort(-(make_directions(model.cell_centers) @ toward), kind="stable")
    rows, scores = gather(
        by_cells(
            model,
            cells,
            lambda block: np.asarray(make_directions(block) @ toward),
            hidden,
            films_of_genres(model, genres),
            wanted,
        ),
        wanted,
    )
    if diversity:
        varied = diversify(model.vectors[rows[:POOL]], scores[:POOL], diversity)
        rows[:POOL], scores[:POOL] = rows[varied], scores[varied]
    page = slice(offset, offset + limit)
    rated = np.zeros(len(rows[page]), np.bool_)
    more = len(rows) > offset + limit
    return Ranking(Strategy.MODEL, rows[page], scores[page], rated, more)


def explain_similar(row: int, ranking: Ranking) -> list[list[Reason]]:
    """Return the one reason for each similar film: the film itself, whose share is all of it."""
    scores = ranking.scores.tolist()
    return [[Reason(row, None, score)] if score > 0 else [] for score in scores]
