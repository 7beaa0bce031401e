"""Ranking: a profile goes in; films, scores and reasons come out.

A ranking is one fixed order of all films that a profile may get, and a request reads a slice of it,
so pages of any size meet without gap or overlap. First come the batches of the index, then the
films that the user has rated, unless those compete with the others.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.model import calibration, index
from recommender.model.artifact import Floats, Model, Rows
from recommender.model.calibration import Raised
from recommender.model.index import NO_ROWS, Batch, Choosable, Marks, Places
from recommender.model.profile import Folded, Profile, find_rows, fold_in, user_group

POOL = 100  # best films among which diversity is sought
LEAST = 0.01  # share for or against a score that is worth telling
MOST = 5, 3  # films told for and against
MANY = 100  # shares, of which the greatest are selected before they are sorted
DIGITS = 6  # of scores and shares that are shown


class Strategy(StrEnum):
    """What a ranking goes by."""

    MODEL = "padrao"
    GROUP = "grupo"
    POPULAR = "populares"
    TRENDING = "em_alta"


class Ranking(NamedTuple):
    """A slice of a ranking: rows (l,), scores (l,), whether rated (l,), whether more films follow.

    ``strategy`` is the one that was used; ``folded`` is None unless it is the model.
    """

    strategy: Strategy
    rows: Rows
    scores: Floats
    rated: NDArray[np.bool_]
    more: bool
    folded: Folded | None = None


Reason = tuple[int, float | None, float]
"""A film (its row), the user's rating of it, and its share of a score, below 0 if it lowered it."""


def shown_score(score: float) -> float:
    """Return a score as lists show it; adding 0.0 makes 0.0 of -0.0."""
    return round(score, DIGITS) + 0.0


def known_rows(model: Model, film_ids: Sequence[int]) -> Rows:
    """Return the ascending rows of those films that the model has."""
    rows = find_rows(model, film_ids)
    return np.unique(rows[rows >= 0])


def find_cells(model: Model, rows: Rows) -> NDArray[np.intp]:
    """Return the cell of each row (m,)."""
    return model.cell_starts.searchsorted(rows, side="right") - 1


def usable(model: Model, profile: Profile, strategy: Strategy) -> Strategy:
    """Return the strategy that answers instead of one that has nothing to go by, else that one.

    Without ratings, and of what is trending without times, these are the popular films.
    """
    can = len(model.trend_rows) if strategy is Strategy.TRENDING else len(profile.rows)
    return strategy if can else Strategy.POPULAR


def rank(
    model: Model,
    profile: Profile,
    strategy: Strategy = Strategy.MODEL,
    *,
    limit: int = 5,
    offset: int = 0,
    among: Sequence[int] | None = None,
    genres: Sequence[str] = (),
    excluded: Sequence[int] = (),
    include_rated: bool | None = None,
    diversity: float = 0.0,
    recency: float | None = None,
    hidden: Marks | None = None,
) -> Ranking:
    """Return ``limit`` films from position ``offset`` of the order made for a profile.

    ``among`` are the ids of the only films to rank (None: all). ``genres`` keeps the films with any
    of them (names as in ``model.genre_names``; none: all). ``excluded`` are ids of films to leave
    out. If ``include_rated``, rated films compete with the others, else they come last; by default
    they compete unless the strategy is the model. ``diversity`` (0 to 1): see ``vary``, ``recency``
    (0 to 1): see ``fold_in``. ``hidden`` marks films that no list shows.
    """
    rated = profile.rows
    strategy = usable(model, profile, strategy)
    by_model = strategy is Strategy.MODEL
    mixed = not by_model if include_rated is None else include_rated
    listed = index.films_of_genres(model, genres)
    if among is not None:
        listed = (Choosable(NO_ROWS, listed).among(known_rows(model, among)),)
    left_out = NO_ROWS if mixed else rated
    if excluded or listed is not None or hidden is not None:
        barred = known_rows(model, excluded)
        left_out = np.union1d(left_out, barred) if len(barred) else left_out
        rated = Choosable(barred, listed, marked=hidden).among(rated)

    # Variety is sought among the first films, so a page that has one of them needs them all.
    start = 0 if diversity and offset < POOL else offset
    places = start, max(offset + limit + 1, POOL if diversity and not start else 0)
    folded = fold_in(model, profile, recency) if by_model else None
    choosable = Choosable(left_out, listed, among is not None, hidden)
    if folded:
        raised = _raise_genres(model, profile, folded.vector, choosable)
        rows, scores, met = _search(model, folded.vector, choosable, places, raised)
    else:
        fixed_scores, order = _fixed_order(model, profile, strategy)
        rows, scores, met = index.walk(model, fixed_scores, order, choosable, places)
    if not start:
        rows, scores = diversify(model, rows, scores, diversity)
    if not mixed and met < places[1] and len(rated):
        rated_scores = model.vectors[rated].dot(folded.vector) if folded else fixed_scores[rated]
        left = max(start - met, 0), places[1] - met
        last, last_scores = index.best_of(model, rated, rated_scores, left)
        rows = np.concatenate([rows, last], dtype=np.int32)
        scores = np.concatenate([scores, last_scores])
    page = slice(offset - start, offset - start + limit)
    more = len(rows) > page.stop
    rows, scores = rows[page], scores[page]
    return Ranking(strategy, rows, scores, index.contains(rated, rows), more, folded)


def _raise_genres(
    model: Model, profile: Profile, user: Floats, choosable: Choosable
) -> Raised | None:
    """Return what leading genres add to scores: the same in a list and in parts of it."""
    genres = calibration.leading_genres(model, profile)
    if not genres:
        return None

    def search(listed: Rows | None) -> Batch:
        some = None if listed is None else (listed,)
        whole = Choosable(choosable.hidden, some, marked=choosable.marked)
        return _search(model, user, whole, (0, calibration.POOL))[:2]

    return calibration.raise_genres(model, genres, search)


def _search(
    model: Model, user: Floats, choosable: Choosable, places: Places, raised: Raised | None = None
) -> tuple[Rows, Floats, int]:
    """Return what ``index.gather`` does for a user's vector, with leading genres raised."""
    bounds, first = index.bound_scores(model, user), NO_ROWS
    if raised:
        bounds += np.maximum.reduceat(raised.additions, model.shelf_starts[:-1])
        first = choosable.among(raised.best)

    def score(rows: Rows) -> Floats:
        # Unlike ``dot``, this gives a film the same bits whatever others are scored with it.
        scores: Floats = np.einsum("ij,j->i", model.vectors.take(rows, axis=0), user)
        return scores + raised.additions.take(rows) if raised else scores

    return index.gather(model, index.search(model, bounds, choosable, first), score, places)


def make_directions(vectors: Floats) -> Floats:
    """Return vectors (m, d) scaled to length 1; those of length 0 stay as they are."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def diversify(model: Model, rows: Rows, scores: Floats, diversity: float) -> tuple[Rows, Floats]:
    """Return films (m,) and their scores with the best hundred re-ordered to be more varied."""
    if diversity:
        order = vary(model.vectors[rows[:POOL]], scores[:POOL], diversity)
        rows[:POOL], scores[:POOL] = rows[order], scores[order]
    return rows, scores


def vary(vectors: Floats, scores: Floats, diversity: float) -> NDArray[np.intp]:
    """Return an order of films (p,) by maximal marginal relevance (Carbonell and Goldstein 1998).

    The next film is always the one with the greatest (1 - diversity) · relevance - diversity · the
    greatest cosine of its vector (p, d) with that of a film before it, at least 0. Relevance is the
    score, scaled to 0 for the lowest and 1 for the highest.
    """
    directions = make_directions(vectors)
    spread = np.ptp(scores) if len(scores) else 0
    relevance = (scores - scores.min()) / spread if spread else np.zeros(len(scores))
    likest = np.zeros(len(scores))
    left = np.ones(len(scores), np.bool_)
    order = np.empty(len(scores), np.intp)
    for place in range(len(scores)):
        gain = (1 - diversity) * relevance - diversity * likest
        chosen = int(np.argmax(np.where(left, gain, -np.inf)))
        order[place], left[chosen] = chosen, False
        likest = np.maximum(likest, directions.dot(directions[chosen]))
    return order


def explain(model: Model, profile: Profile, ranking: Ranking) -> list[list[Reason]]:
    """Return, for each film of a ranking by the model, the others that moved it most.

    First come up to five that raised its score, then up to three that lowered it. A score is a sum
    over the rated films and the prior, so shares are exact. A film that raised it is listed if the
    user liked it and rated it no lower than the mean; one that lowered it if the user disliked it.
    """
    if ranking.folded is None:
        return [[] for _ in ranking.rows]
    _, weights, sources, recent = ranking.folded
    rows, ratings, _ = profile
    listed = model.vectors.take(ranking.rows, axis=0)
    shares = listed.dot(sources.T) * weights
    if recent is not None:
        size = len(model.next_film)
        images = listed[:, :size].dot(model.next_film.T)
        shares += images.dot(sources[:, :size].T) * recent
    given = ratings.astype(np.float64)
    liked = max(model.rating_liked, sum(given.tolist()) / len(given))
    least = (LEAST * np.abs(ranking.scores[:, None])).astype(np.float32)
    own = index.contains(rows, ranking.rows).nonzero()[0]
    shares[own, rows.searchsorted(ranking.rows[own])] = 0  # a film says nothing of itself
    raising = (shares > least) & (given >= liked)
    lowering = (shares < -least) & (given <= model.rating_disliked)
    found: list[list[Reason]] = []
    for share, raises, lowers in zip(shares, raising, lowering, strict=True):
        told = [*_greatest(share, raises, MOST[0]), *_greatest(-share, lowers, MOST[1])]
        found.append([(int(rows[i]), float(ratings[i]), float(share[i])) for i in told])
    return found


def _greatest(values: Floats, among: NDArray[np.bool_], most: int) -> list[int]:
    """Return the places of the greatest of some values (m,), in falling order."""
    places = among.nonzero()[0]
    if len(places) > MANY:  # to sort tens of thousands for each film would take half a second
        least = np.partition(values[places], -most)[-most]
        places = places[values[places] >= least]
    order = (-values[places]).argsort(kind="stable")[:most]
    found: list[int] = places[order].tolist()
    return found


def _fixed_order(model: Model, profile: Profile, strategy: Strategy) -> tuple[Floats, Rows]:
    """Return scores (n,) and rows (n,) of an order that was fixed by training."""
    if strategy is Strategy.POPULAR:
        return model.popularity, model.popular_rows
    if strategy is Strategy.TRENDING:
        return model.trend, model.trend_rows
    group = user_group(model, profile)
    return model.group_centers[group], model.group_rows[group]
