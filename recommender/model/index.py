"""The index: an inverted file of KMeans cells, of which a request scores a small part.

A cell holds films whose vectors point in similar directions. Within a cell films stand on shelves,
those with the longest vectors first. A score is a length times the agreement of two directions, so
the centre of a cell and the greatest length on a shelf tell roughly how high its films may score.
Shelves are scored in that order, in batches, and only as many batches as a request reads. Without
genres, time and memory of the first batch grow with the square root of the number of films.
"""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import SHELF, Floats, Model, Rows

FIRST_BATCH = 100  # films, at least: the longest page
FLAT = 1000  # films: up to so many, scoring all of them is faster than a search
FEW = 8  # times the candidates: up to so many listed films, likewise
MANY = 1 / 16  # of all films: so many rows are looked up in a mask of them, a byte for each
BLOCK = 50_000  # films scored at a time: their vectors are copied
SPREAD = 0.35  # by how much a film's cosine with a user may exceed that of its cell's centre

NO_ROWS: Rows = np.empty(0, np.int32)

Batch = tuple[Rows, Floats]  # rows and scores, best first
Score = Callable[[Rows], Floats]  # maps rows (b,) to scores (b,)
Places = tuple[int, int]  # in an order: from the first up to but not including the last

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
        kept = ~contains_any((self.hidden,), rows)
        if self.listed is not None:
            kept &= contains_any(self.listed, rows)
        return unmarked(self.marked, rows[kept])

    def between(self, starts: Rows, ends: Rows) -> Rows:
        """Return the rows of some ranges that may be listed."""
        if self.listed is None:
            return self.among(_join_ranges(starts, ends))
        films = int((ends - starts).sum()) * len(self.listed)
        if len(self.listed) > 1 and _are_many(films, int(ends.max(initial=0))):
            return self.among(_join_ranges(starts, ends))
        found = [
            some[_join_ranges(some.searchsorted(starts), some.searchsorted(ends))]
            for some in self.listed
        ]
        rows = found[0] if len(found) == 1 else np.unique(np.concatenate([NO_ROWS, *found]))
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
    model: Model, bounds: Floats, choosable: Choosable, first: Rows = NO_ROWS
) -> Iterator[Rows]:
    """Yield the films that may be listed in batches (rows): the most promising ones first.

    These are on shelves with the highest ``bounds`` (s,). The first batch has ``candidates`` films
    and as many more as are hidden, and besides them the rows in ``first``, which may be listed.
    Each further batch has twice as many as the one before. Few films are one batch.
    """
    few = choosable.few(model)
    if few is not None:
        yield few
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
            yield np.concatenate(found)
            found, least = [], 2 * least
    if found:
        yield np.concatenate(found)


def gather(
    model: Model, batches: Iterator[Rows], score: Score, places: Places
) -> tuple[Rows, Floats, int]:
    """Return the films at some places of an order, their scores, and how many films were met.

    In this order each batch comes as a whole before the next, and its best films come first. Of a
    batch that ends before the first place nothing is scored. If fewer films were met than were
    asked for, there are no more.
    """
    met, found = 0, [(NO_ROWS, np.empty(0, np.float32))]
    for rows in batches:
        if met + len(rows) > places[0]:
            wanted = max(places[0] - met, 0), places[1] - met
            found.append(best_of(model, rows, _score_blocks(score, rows), wanted))
        met += len(rows)
        if met >= places[1]:
            break
    rows, scores = (np.concatenate(column) for column in zip(*found, strict=True))
    return rows, scores, met


def _score_blocks(score: Score, rows: Rows) -> Floats:
    if len(rows) <= BLOCK:
        return score(rows)
    return np.concatenate([score(rows[i : i + BLOCK]) for i in range(0, len(rows), BLOCK)])


def walk(
    model: Model, scores: Floats, order: Rows, choosable: Choosable, places: Places
) -> tuple[Rows, Floats, int]:
    """Return what ``gather`` does of an order (n,) that was fixed by training, by its scores."""
    few = choosable.few(model)
    if few is not None:
        return *best_of(model, few, scores[few], places), len(few)
    start, step, rows = 0, places[1] + len(choosable.hidden), NO_ROWS
    while start < len(order) and len(rows) < places[1]:
        rows = np.concatenate([rows, choosable.among(order[start : start + step])])
        start, step = start + step, 2 * step
    found = rows[slice(*places)]
    return found, scores[found], len(rows)


def best_of(model: Model, rows: Rows, scores: Floats, places: Places) -> Batch:
    """Return the films at some places by falling scores, equals by film id.

    ``scores`` (m,) belong to ``rows`` (m,).
    """
    first, last = places[0], min(places[1], len(scores))
    if first >= last:
        return NO_ROWS, np.empty(0, np.float32)
    before = 0
    if last - first < len(scores):
        low, high = len(scores) - last, len(scores) - 1 - first
        ordered = np.partition(scores, (low, high))
        kept = (scores >= ordered[low]) & (scores <= ordered[high])
        before = int(np.count_nonzero(scores > ordered[high]))
        rows, scores = rows[kept], scores[kept]
    order = np.lexsort((model.film_ids.take(rows), -scores))[first - before : last - before]
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


def contains_any(several: Sequence[Rows], rows: Rows) -> NDArray[np.bool_]:
    """Return for each row (m,) whether it is in any of several arrays of ascending rows."""
    end = max((int(some[-1]) for some in several if len(some)), default=-1)
    if _are_many(len(rows) * len(several), end):
        mask = np.zeros(end + 2, np.bool_)  # the last one is False, for what lies beyond
        for some in several:
            mask[some] = True
        return np.asarray(mask.take(rows, mode="clip"))
    found = np.zeros(len(rows), np.bool_)
    for some in several:
        found |= contains(some, rows)
    return found


def _are_many(rows: int, films: int) -> bool:
    return rows > max(MANY * films, FLAT)
