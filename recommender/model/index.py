"""The index: an inverted file of KMeans cells, of which a request scores a small part.

A cell holds films whose vectors point in similar directions. Within a cell films stand on shelves,
those with the longest vectors first. A score is a length times the agreement of two directions, so
the centre of a cell and the greatest length on a shelf tell roughly how high its films may score.
Shelves are scored in that order, in batches, and only as many batches as a request reads. Without
genres, time and memory of the first batch grow with the square root of the number of films.
"""

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import SHELF, Floats, Model, Rows

FIRST_BATCH = 100  # films, at least: the longest page
FLAT = 1000  # films: up to so many, scoring all of them is faster than a search
FEW = 8  # times the candidates: up to so many listed films, likewise
SPREAD = 0.35  # by how much a film's cosine with a user may exceed that of its cell's centre

NO_ROWS: Rows = np.empty(0, np.int32)

Batch = tuple[Rows, Floats]  # rows and scores, best first

Marks = NDArray[np.bool_]
"""Of each film (n,), whether it is marked."""


@dataclass(frozen=True, slots=True)
class Choosable:
    """Which films may be listed: those in any of ``listed`` (None: all) except for ``hidden``.

    Rows ascend everywhere. ``few_listed`` says that the listed films are known to be few. Nor may
    those be listed that ``marked`` marks: they are hidden from everybody, and may be thousands.
    """

    hidden: Rows
    listed: tuple[Rows, ...] | None = None
    few_listed: bool = False
    marked: Marks | None = None

    def among(self, rows: Rows) -> Rows:
        """Return those of some rows that may be listed."""
        kept = ~contains(self.hidden, rows)
        if self.listed is not None:
            kept &= np.any([contains(some, rows) for some in self.listed], axis=0)
        return unmarked(self.marked, rows[kept])

    def between(self, starts: Rows, ends: Rows) -> Rows:
        """Return the rows of some ranges that may be listed."""
        rows = NO_ROWS
        for some in self.listed or ():
            places = _join_ranges(some.searchsorted(starts), some.searchsorted(ends))
            rows = np.union1d(rows, some[places])
        if self.listed is None:
            rows = _join_ranges(starts, ends)
        return unmarked(self.marked, rows[~contains(self.hidden, rows)])

    def one_in(self, model: Model) -> float:
        """Return how many films there are for each listed one (at most: genres overlap)."""
        listed = len(model.film_ids) if self.listed is None else sum(map(len, self.listed))
        return len(model.film_ids) / max(listed, 1)

    def few(self, model: Model) -> Rows | None:
        """Return all rows that may be listed if they are few, else None."""
        if self.listed is None:
            if len(model.film_ids) > FLAT:
                return None
            shown = np.ones(len(model.film_ids), np.bool_)
            shown[self.hidden] = False
            return unmarked(self.marked, shown.nonzero()[0])
        if not self.few_listed and sum(map(len, self.listed)) > FEW * model.candidates:
            return None
        rows = np.unique(np.concatenate([NO_ROWS, *self.listed]))
        return unmarked(self.marked, rows[~contains(self.hidden, rows)])


def films_of_genres(model: Model, genres: Collection[str]) -> tuple[Rows, ...] | None:
    """Return the ascending rows of each genre's films, None for no genres."""
    if not genres:
        return None
    found = np.flatnonzero(np.isin(model.genre_names, list(set(genres))))
    starts = model.genre_starts
    return tuple(model.genre_rows[starts[genre] : starts[genre + 1]] for genre in found)


def bound_scores(model: Model, user: Floats) -> Floats:
    """Return roughly how high the films of each shelf (s,) may score for a user (d,).

    A strict bound would add the whole radius of a cell. In many dimensions nearly all of a film's
    distance from its centre is orthogonal to the user, so ``SPREAD`` is enough.
    """
    reach = model.cell_centers.dot(user) + SPREAD * math.sqrt(user.dot(user))
    return np.asarray(reach.take(model.shelf_cells) * model.shelf_lengths)


def search(
    model: Model,
    bounds: Floats,
    score: Callable[[Rows], Floats],
    choosable: Choosable,
    wanted: int,
    first: Rows = NO_ROWS,
) -> Iterator[Batch]:
    """Yield the films that may be listed in batches; a batch holds its best ``wanted`` in order.

    Shelves with the highest ``bounds`` (s,) come first; ``score`` maps rows (b,) to scores (b,).
    The first batch scores ``candidates`` films and as many more as are hidden, each further
    batch twice as many as the one before. It also scores the rows in ``first``, which may be
    listed. Few films are scored in one batch.
    """

    def best(rows: Rows) -> Batch:
        return best_of(model, rows, score(rows), wanted)

    few = choosable.few(model)
    if few is not None:
        yield best(few)
        return
    # Most hidden films (those already rated) lie where a user's best films lie, so that others are
    # found only further away.
    least = max(model.candidates, FIRST_BATCH) + len(choosable.hidden)
    found: list[Rows] = [first]
    for shelves in _in_order(model, bounds, least * choosable.one_in(model)):
        starts, ends = model.shelf_starts.take(shelves), model.shelf_starts.take(shelves + 1)
        rows = choosable.between(starts, ends)
        found.append(rows[~contains(first, rows)] if len(first) else rows)
        if sum(map(len, found)) >= least:
            yield best(np.concatenate(found))
            found, least = [], 2 * least
    if found:
        yield best(np.concatenate(found))


def walk(
    model: Model, scores: Floats, order: Rows, choosable: Choosable, wanted: int
) -> Iterator[Batch]:
    """Yield the films that may be listed in an order (n,) that was fixed by training."""
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
    rows, scores = NO_ROWS, np.empty(0, np.float32)
    for more in batches:
        rows, scores = np.concatenate([rows, more[0]]), np.concatenate([scores, more[1]])
        if len(rows) >= wanted:
            break
    return rows[:wanted], scores[:wanted]


def best_of(model: Model, rows: Rows, scores: Floats, count: int) -> Batch:
    """Return the ``count`` films with the highest scores in falling order, equals by film id.

    ``scores`` (m,) belong to ``rows`` (m,).
    """
    if count < len(scores):
        ordered = scores.copy()
        ordered.partition(len(scores) - max(count, 1))
        places = (scores >= ordered[-max(count, 1)]).nonzero()[0]
        rows, scores = rows.take(places), scores.take(places)
    order = np.lexsort((model.film_ids.take(rows), -scores))[:count]
    return rows.take(order), scores.take(order)


def _in_order(model: Model, bounds: Floats, films: float) -> Iterator[NDArray[np.intp]]:
    """Yield all shelves, those with the highest bounds first: for so many films, then the others.

    As many first shelves of cells have bounds no lower than the lowest of the first part, so only
    shelves above that have to be sorted for it.
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
    """Return all numbers of the ranges from starts (m,) to ends (m,), of the type of the starts."""
    sizes = ends - starts
    ended = sizes.cumsum(dtype=starts.dtype)
    if not len(ended):
        return starts
    numbers: Rows = (ends - ended).repeat(sizes)
    numbers += np.arange(ended[-1], dtype=starts.dtype)
    return numbers


def unmarked(marks: Marks | None, rows: Rows) -> Rows:
    """Return those of some rows that are not marked."""
    return rows if marks is None else rows[~marks.take(rows)]


def contains(ascending: Rows, rows: Rows) -> NDArray[np.bool_]:
    """Return for each row (m,) whether it is one of some ascending rows.

    Both get the same type first, or numpy would convert all rows that it searches.
    """
    if not len(ascending):
        return np.zeros(len(rows), np.bool_)
    rows = rows.astype(ascending.dtype, copy=False)
    return np.asarray(ascending.take(ascending.searchsorted(rows), mode="clip") == rows)
