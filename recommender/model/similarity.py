"""Similar films: those that the same people like, whether they are widely known or not."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from recommender.model import index, ranking
from recommender.model.artifact import Model
from recommender.model.index import Choosable
from recommender.model.ranking import POOL, Ranking, Reason, Strategy, make_directions

CANDIDATES = 5  # times those of a recommendation: without lengths the index prunes less


def rank_similar(
    model: Model,
    row: int,
    *,
    limit: int = 5,
    offset: int = 0,
    genres: Collection[str] = (),
    excluded: Sequence[int] = (),
    diversity: float = 0.0,
) -> Ranking:
    """Return ``limit`` films from position ``offset``, nearest first by the cosine with a film.

    A vector's length is mostly popularity, which a cosine leaves out. The film itself is not
    listed. For the other arguments see ``ranking.rank``.
    """
    toward = make_directions(model.vectors[row : row + 1])[0]
    hidden = np.union1d(ranking.known_rows(model, excluded), np.int32(row))
    wanted = max(offset + limit + 1, POOL if diversity else 0)
    # All shelves of a cell are equally near, because lengths do not matter.
    bounds = make_directions(model.cell_centers).dot(toward).take(model.shelf_cells)
    batches = index.search(
        replace(model, candidates=CANDIDATES * model.candidates),
        bounds,
        lambda vectors: make_directions(vectors).dot(toward),
        Choosable(hidden, index.films_of_genres(model, genres)),
        wanted,
    )
    rows, scores = ranking.diversify(model, *index.gather(batches, wanted), diversity)
    page = slice(offset, offset + limit)
    rated = np.zeros(len(rows[page]), np.bool_)
    return Ranking(Strategy.MODEL, rows[page], scores[page], rated, len(rows) > offset + limit)


def explain_similar(row: int, found: Ranking) -> list[list[Reason]]:
    """Return the one reason for each similar film: the film itself, whose share is all of it."""
    return [[(row, None, score)] if score > 0 else [] for score in found.scores.tolist()]
