"""The index: an inverted file of KMeans cells, of which a request scores a small part.

A cell holds the films whose vectors point in like directions; within it they stand on shelves, the
longest vectors first. A score is a length times how well two directions agree, so a cell's centre
and a shelf's greatest length tell about how high its films may score. Shelves are scored in that
order, in batches; a request computes no more batches than it reads. No step of the first batch
takes time or memory that grows with the number of films faster than its root.
"""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import SHELF, Floats, Model, Rows

FIRST_BATCH = 100  # films that it must hold: the longest page
FLAT = 1000  # films of which all take less to score than to search
FEW = 8  # times as many films as candidates take less to score each than to search
SPREAD = 0.35  # cosine with a user that a film's direction may gain on its cell's centre

Batch = tuple[Rows, Floats]  # rows and scores, best first


@dataclass(frozen=True, slots=True)
class Choosable:
    """Which films may be listed: none of ``hidden``, any of ``listed`` unless that is None.

    All rows ascend. ``few_listed`` tells that the listed are known to be few.
    """

    hidden: Rows
    listed: tuple[Rows, ...] | None = None
    few_listed: bool = False

    def among(self, rows: Rows) -> Rows:
        """Return those rows that may be listed."""
        kept = ~contains(self.hidden, rows)
        if self.listed is not None:
            kept &= np.any([contains(some, rows) for some in self.listed], axis=0)
        return rows[kept]

    def between(self, starts: Rows, ends: Rows) -> Rows:
        """Return the rows from some to others that may be listed, the hidden among them."""
        if self.listed is None:
            return _join_ranges(starts, ends)
        found: list[Rows] = [np.empty(0, np.int32)]
        for some in self.listed:
            places = _join_ranges(some.searchsorted(starts), some.searchsorted(ends))
            found.append(some[places])
        return np.concatenate(found) if len(found) == 2 else np.unique(np.concatenate(found))

    def one_in(self, model: Model) -> float:
        """Return of how many films one is listed; too few where genres overlap."""
        if self.listed is None:
            return 1.0
        return len(model.film_ids) / max(sum(map(len, self.listed)), 1)

    def few(self, model: Model) -> Rows | None:
        """Return all rows that may be listed, if they are few."""
        if self.listed is None:
            films = len(model.film_ids)
            return np.delete(np.arange(films), self.hidden) if films <= FLAT else None
        if not self.few_listed and sum(map(len, self.listed)) > FEW * model.candidates:
            return None
        rows = np.unique(np.concatenate([np.empty(0, np.int32), *self.listed]))
        return rows[~contains(self.hidden, rows)]


def films_of_genres(model: Model, genres: Collection[str]) -> tuple[Rows, ...] | None:
    """Return the rows of each genre's films, for ``Choosable``; None where none is asked for."""
    if not genres:
        return None
    found = np.flatnonzero(np.isin(model.genre_names, list(set(genres))))
    starts = model.genre_starts
    return tuple(model.genre_rows[starts[genre] : starts[genre + 1]] for genre in found)


def bound_scores(model: Model, user: Floats) -> Floats:
    """Return about how high the films of each shelf (s,) may score for a user (d,).

    A bound that always holds would have to add a cell's whole radius. In many dimensions nearly all
    that a film has beside its cell's centre lies beside the user, too; ``SPREAD`` is for the rest.
    """
    reach = model.cell_centers.dot(user) + SPREAD * math.sqrt(user.dot(user))
    bounds: Floats = reach.take(model.shelf_cells)
    bounds *= model.shelf_lengths
    return bounds


def toward(vector: Floats) -> Callable[[Floats], Floats]:
    """Return what makes scores (b,) of vectors (b, d): their products with one (d,)."""
    return lambda vectors: vectors.dot(vector)


def search(
    model: Model,
    bounds: Floats,
    score: Callable[[Floats], Floats],
    choosable: Choosable,
    wanted: int,
) -> Iterator[Batch]:
    """Yield the films that may be listed in batches, each in order, of which ``wanted`` are read.

    ``bounds`` (s,) tell which shelves come first; ``score`` makes scores (b,) of vectors (b, d).
    The first batch is of ``candidates`` films, and of as many more as are hidden, each of the
    others of twice as many as the one before. Few films are one batch.
    """
    few = choosable.few(model)
    if few is not None:
        yield best_of(model, few, score(model.vectors.take(few, axis=0)), wanted)
        return
    # Where a user's best films lie, most of the hidden lie, too: they may not take the candidates'
    # places, and to find out which of them are there would take longer than to score as many more.
    least = max(model.candidates, FIRST_BATCH) + len(choosable.hidden)
    found: list[Rows] = []
    count = 0
    for shelves in _in_order(model, bounds, least * choosable.one_in(model)):
        starts, ends = model.shelf_starts.take(shelves), model.shelf_starts.take(shelves + 1)
        found.append(choosable.between(starts, ends))
        count += len(found[-1])
        if count >= least:
            yield _best_shown(model, found, score, choosable.hidden, wanted)
            found, count, least = [], 0, 2 * least
    if found:
        yield _best_shown(model, found, score, choosable.hidden, wanted)


def _best_shown(
    model: Model,
    found: Sequence[Rows],
    score: Callable[[Floats], Floats],
    hidden: Rows,
    wanted: int,
) -> Batch:
    """Return the best of the films found but the hidden ones, which are few."""
    rows = found[0] if len(found) == 1 else np.concatenate(found)
    scores = score(model.vectors.take(rows, axis=0))
    rows, scores = best_of(model, rows, scores, min(wanted + len(hidden), len(rows)))
    shown = ~contains(hidden, rows)
    return rows[shown][:wanted], scores[shown][:wanted]


def walk(
    model: Model, scores: Floats, order: Rows, choosable: Choosable, wanted: int
) -> Iterator[Batch]:
    """Yield the films that may be listed of an order (n,) that training has made."""
    few = choosable.few(model)
    if few is not None:
        yield best_of(model, few, scores[few], wanted)
        return
    start, step = 0, wanted + len(choosable.hidden)
    while start < len(order):
        rows = choosable.among(order[start : start + step])
        yield rows, scores[rows]
        start, step = start + step, 2 * step


def gather(batches: Iterator[Batch], wanted: int) -> Batch:
    """Join batches until they hold ``wanted`` films."""
    rows, scores = next(batches, (np.empty(0, np.int32), np.empty(0, np.float32)))
    while len(rows) < wanted:
        more = next(batches, None)
        if more is None:
            break
        rows, scores = np.concatenate([rows, more[0]]), np.concatenate([scores, more[1]])
    return rows[:wanted], scores[:wanted]


def best_of(model: Model, rows: Rows | None, scores: Floats, count: int) -> Batch:
    """Return the ``count`` films of highest score in falling order, equals by film id.

    ``scores`` (m,) are those of ``rows`` (m,), None: of all rows.
    """
    if count < len(scores):
        ordered = scores.copy()
        ordered.partition(len(scores) - max(count, 1))
        places = (scores >= ordered[-max(count, 1)]).nonzero()[0]
        rows = places if rows is None else rows.take(places)
        scores = scores.take(places)
    elif rows is None:
        rows = np.arange(len(scores))
    order = np.lexsort((model.film_ids.take(rows), -scores))[:count]
    return rows.take(order), scores.take(order)


def _in_order(model: Model, bounds: Floats, films: float) -> Iterator[NDArray[np.intp]]:
    """Yield all shelves, highest bound first; a first part, then always as many as so far.

    The first part is for so many films. As many of the cells' first shelves already have bounds at
    least as high as the lowest in it, so only shelves over that are sorted.
    """
    firsts = bounds.take(model.cell_shelves[:-1])
    count = min(math.ceil(films / SHELF), len(firsts))
    firsts.partition(len(firsts) - count)
    high = (bounds >= firsts[-count]).nonzero()[0]
    yield high.take((-bounds.take(high)).argsort(kind="stable")[:count])
    order = (-bounds).argsort(kind="stable")
    while count < len(order):
        yield order[count : 2 * count]
        count *= 2


def _join_ranges(starts: NDArray[np.integer], ends: NDArray[np.integer]) -> Rows:
    """Return all numbers from each start (m,) to its end, in the type of the starts."""
    sizes = ends - starts
    ended = sizes.cumsum(dtype=starts.dtype)
    if not len(ended):
        return starts
    numbers: Rows = (ends - ended).repeat(sizes)
    numbers += np.arange(ended[-1], dtype=starts.dtype)
    return numbers


def contains(ascending: Rows, rows: Rows) -> NDArray[np.bool_]:
    """Tell of each row (m,) whether it is among some rows, which ascend.

    These are made of the type of those, or numpy would copy all that it searches to another.
    """
    if not len(ascending):
        return np.zeros(len(rows), np.bool_)
    rows = rows.astype(ascending.dtype, copy=False)
    return np.asarray(ascending.take(ascending.searchsorted(rows), mode="clip") == rows)
