"""Similar films: those that the same people like, and that have something in common."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from recommender.model import index, ranking
from recommender.model.artifact import Floats, Model, Rows
from recommender.model.index import Batch, Choosable, Marks, Places
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
    hidden: Marks | None = None,
) -> Ranking:
    """Return ``limit`` films from position ``offset``, nearest first, without the film itself.

    The first are those that training found, see ``training.model.neighbours``. The others follow by
    the cosine with the film: a vector's length is mostly popularity, which a cosine leaves out.
    Their scores are cosines times the lowest similarity of the first. For the other arguments see
    ``ranking.rank``.
    """
    left_out = np.union1d(ranking.known_rows(model, excluded), np.int32(row))
    listed = index.films_of_genres(model, genres)
    start = 0 if diversity and offset < POOL else offset
    places = start, max(offset + limit + 1, POOL if diversity and not start else 0)
    near, similarities = model.near_rows[row], model.near_scores[row]
    kept = np.isin(near, Choosable(left_out, listed, marked=hidden).among(near))
    rows, scores = near[kept][slice(*places)], similarities[kept][slice(*places)]
    known = int(np.count_nonzero(kept))
    if known < places[1]:
        choosable = Choosable(np.union1d(left_out, near), listed, marked=hidden)
        left = max(start - known, 0), places[1] - known
        more, cosines = _by_cosine(model, row, choosable, left)
        lowest = max(float(similarities[-1]), 0.0) if len(similarities) else 1.0
        rows, scores = np.concatenate([rows, more]), np.concatenate([scores, lowest * cosines])
    if not start:
        rows, scores = ranking.diversify(model, rows, scores, diversity)
    page = slice(offset - start, offset - start + limit)
    rated = np.zeros(len(rows[page]), np.bool_)
    return Ranking(Strategy.MODEL, rows[page], scores[page], rated, len(rows) > page.stop)


def _by_cosine(model: Model, row: int, choosable: Choosable, places: Places) -> Batch:
    """Return films by the cosine with a film, and their cosines."""
    toward = make_directions(model.vectors[row : row + 1])[0]
    # All shelves of a cell are equally near, because lengths do not matter.
    bounds = make_directions(model.cell_centers).dot(toward).take(model.shelf_cells)
    wide = replace(model, candidates=CANDIDATES * model.candidates)

    def score(rows: Rows) -> Floats:
        vectors = model.vectors.take(rows, axis=0)
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        cosines: Floats = vectors.dot(toward) / np.where(lengths > 0, lengths, 1)
        return cosines

    return index.gather(model, index.search(wide, bounds, choosable), score, places)[:2]


def explain_similar(row: int, found: Ranking) -> list[list[Reason]]:
    """Return the one reason for each similar film: the film itself, whose share is all of it."""
    return [[(row, None, score)] if score > 0 else [] for score in found.scores.tolist()]
