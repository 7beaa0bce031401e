"""A first screen: lines of films, chosen and ordered for one person, no film in two of them.

Each line is a way to look for films: by all ratings, by one liked film, by a director, and so on.
All propose their best films, then they take turns, so that no line gets what is left over.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from recommender.model import index
from recommender.model.artifact import Floats, Model, Rows
from recommender.model.calibration import count_genres
from recommender.model.index import Choosable, Marks, contains, contains_any
from recommender.model.profile import Profile, fold_in, user_group
from recommender.model.ranking import Ranking, Strategy, find_cells, known_rows, rank, usable

LINES = 8
FILMS = 12  # of a line
SPARE = 2  # films more of a line, should some turn out to be the same film
LEAST = 4  # films of a line, for it to be shown
LEAST_MADE = 2  # of a director's line: few have made more
POOL = 60  # films that a line proposes at most: others may take many of them
ALIKE = 0.5  # share of the greatest similarity that films of a line have at least
COMMON = 0.5  # share of what everybody rates that is taken from what a group does
DEEP = 300  # best films among which little known ones are sought
KNOWN = 3  # one in so many films is well known
SOURCES, DIRECTORS, GENRES = 3, 2, 2  # lines of one kind at most
SEEDS = 300  # liked films among which sources are sought
GROUPED = 10  # ratings from which on a person's taste group tells something of the person
LEAST_LIKED = 3  # films of a genre, for the genre to have a line
STRENGTH = 5.0  # liked films that are added to a person's own, for the share of a genre
FIRST = 6  # films of a line that say how much a person will like it


class Kind(StrEnum):
    """What a line goes by."""

    FOR_YOU = "para_voce"
    LIKED = "porque_gostou"
    DIRECTOR = "mais_de"
    TASTE = "mesmo_gosto"
    GENRE = "genero"
    TRENDING = "em_alta"
    POPULAR = "populares"
    RARE = "pouco_vistos"


class Line(NamedTuple):
    """Films (rows), best first. ``about`` is the liked film, the director or the genre, if any.

    ``source`` is the liked film (its row) that speaks for it, -1 for none.
    """

    kind: Kind
    rows: Rows
    about: int = -1
    source: int = -1


class Wishes(NamedTuple):
    """Which films are wanted; see ``ranking.rank``."""

    genres: Sequence[str] = ()
    excluded: Sequence[int] = ()
    diversity: float = 0.0
    recency: float | None = None
    hidden: Marks | None = None


def compose(
    model: Model, profile: Profile, wishes: Wishes, lines: int = LINES, films: int = FILMS
) -> tuple[list[Line], Ranking]:
    """Return at most so many lines of at most so many films and ``SPARE``, and all their films.

    The first line is for the person, or of what is trending; the others are in order of how much
    the person will like their first films. Scores are those of the model, or of popularity for
    somebody without ratings.
    """
    if not len(profile.rows):
        drafted = _draft(list(_for_nobody(model, profile, wishes)), lines, films)
        return drafted, _as_ranking(Strategy.POPULAR, model.popularity, drafted)
    folded = fold_in(model, profile, wishes.recency)
    drafted = _draft(list(_for_somebody(model, profile, wishes, folded.vector)), lines, films)

    def liking(line: Line) -> float:
        return float(model.vectors.take(line.rows[:FIRST], axis=0).dot(folded.vector).mean())

    drafted[1:] = sorted(drafted[1:], key=liking, reverse=True)
    rows = _all_rows(drafted)
    scores = model.vectors.take(rows, axis=0).dot(folded.vector)
    rated = np.zeros(len(rows), np.bool_)
    return drafted, Ranking(Strategy.MODEL, rows, scores, rated, False, folded)


def _all_rows(lines: Sequence[Line]) -> Rows:
    return np.concatenate([index.NO_ROWS, *(line.rows for line in lines)])


def _as_ranking(strategy: Strategy, scores: Floats, lines: Sequence[Line]) -> Ranking:
    rows = _all_rows(lines)
    return Ranking(strategy, rows, scores.take(rows), np.zeros(len(rows), np.bool_), False)


def _draft(proposed: list[Line], lines: int, films: int) -> list[Line]:
    """Return the first lines that have enough films; they take turns in choosing from their own."""
    kept = proposed[:lines]
    while True:
        taken: set[int] = set()
        left = [iter(line.rows.tolist()) for line in kept]
        found: list[list[int]] = [[] for _ in kept]
        for _ in range(films + SPARE):
            for own, mine in zip(left, found, strict=True):
                film = next((row for row in own if row not in taken), None)
                if film is not None:
                    taken.add(film)
                    mine.append(film)
        short = [place for place, mine in enumerate(found) if len(mine) < _least(kept, place)]
        if not short:
            return [
                line._replace(rows=np.array(mine, np.int32))
                for line, mine in zip(kept, found, strict=True)
            ]
        proposed = [line for line in proposed if line is not kept[short[-1]]]
        kept = proposed[:lines]


def _least(lines: Sequence[Line], place: int) -> int:
    """Return how many films a line must have; the first one is better than none."""
    if place == 0:
        return 1
    return LEAST_MADE if lines[place].kind is Kind.DIRECTOR else LEAST


def _for_nobody(model: Model, profile: Profile, wishes: Wishes) -> Iterator[Line]:
    """Yield lines for somebody of whom nothing is known."""
    if usable(model, profile, Strategy.TRENDING) is Strategy.TRENDING:
        yield Line(Kind.TRENDING, _ranked(model, profile, wishes, Strategy.TRENDING))
    yield Line(Kind.POPULAR, _ranked(model, profile, wishes, Strategy.POPULAR))
    sizes = np.diff(model.genre_starts)
    for genre in np.argsort(-sizes, kind="stable")[:LINES].tolist():
        if not wishes.genres:
            of_genre = wishes._replace(genres=[str(model.genre_names[genre])])
            yield Line(Kind.GENRE, _ranked(model, profile, of_genre, Strategy.POPULAR), genre)


def _for_somebody(model: Model, profile: Profile, wishes: Wishes, user: Floats) -> Iterator[Line]:
    """Yield lines for a person, those first that a screen should have."""
    choosable = Choosable(
        np.union1d(profile.rows, known_rows(model, wishes.excluded)),
        index.films_of_genres(model, wishes.genres),
        marked=wishes.hidden,
    )
    liked = _liked(model, profile)
    because = _by_sources(model, liked, choosable, user)
    directors = _by_directors(model, profile, liked, choosable, user)
    genres = _by_genres(model, profile, liked, wishes)
    trending = usable(model, profile, Strategy.TRENDING)
    kind = Kind.TRENDING if trending is Strategy.TRENDING else Kind.POPULAR
    best = _ranked(model, profile, wishes, Strategy.MODEL, DEEP)
    yield Line(Kind.FOR_YOU, best[:POOL])
    yield from _next(because)
    yield from _next(directors)
    if len(profile.rows) >= GROUPED:
        yield Line(Kind.TASTE, _by_group(model, profile, choosable, user))
    yield Line(kind, _ranked(model, profile, wishes, trending))
    least = model.popularity[model.popular_rows[len(model.popular_rows) // KNOWN]]
    yield Line(Kind.RARE, best[model.popularity.take(best) < least][:POOL])
    yield from _next(because)
    yield from _next(genres)
    for others in (because, directors, genres):
        yield from others


def _next(lines: Iterator[Line]) -> list[Line]:
    return [line for line in [next(lines, None)] if line]


def _ranked(
    model: Model, profile: Profile, wishes: Wishes, strategy: Strategy, limit: int = POOL
) -> Rows:
    """Return the best films (rows) that the person has not rated."""
    asked: dict[str, Any] = wishes._asdict()
    found = rank(model, profile, strategy, limit=limit, include_rated=False, **asked)
    return found.rows[~found.rated]


def _liked(model: Model, profile: Profile) -> Rows:
    """Return the liked films (rows): the highest rated first, of these the newest."""
    least = max(model.rating_liked, float(profile.ratings.mean()))
    places = (profile.ratings >= least).nonzero()[0]
    moments = np.zeros(len(profile.rows)) if profile.moments is None else profile.moments
    order = np.lexsort((-moments[places], -profile.ratings[places]))
    return profile.rows[places[order]]


def _by_sources(model: Model, liked: Rows, choosable: Choosable, user: Floats) -> Iterator[Line]:
    """Yield lines of films similar to liked ones of which none is like another.

    Of the films that are similar enough, those come first that are more so and that the person will
    like more, both in shares of the greatest.
    """
    used: set[int] = set()
    near: set[int] = set()
    liked = liked[:SEEDS]
    for row, cell in zip(liked.tolist(), find_cells(model, liked).tolist(), strict=True):
        if row in near or cell in used:
            continue
        rows, alike = model.near_rows[row], model.near_scores[row]
        scores = model.vectors.take(rows, axis=0).dot(user)
        kept = contains(choosable.among(np.sort(rows)), rows) & (scores > 0)
        kept &= alike >= ALIKE * alike.max(initial=0)
        if np.count_nonzero(kept) < LEAST:
            continue
        rows, alike, scores = rows[kept], alike[kept], scores[kept]
        order = (-alike / alike.max() - scores / scores.max()).argsort(kind="stable")
        used.add(cell)
        near.update(model.near_rows[row].tolist())
        yield Line(Kind.LIKED, rows[order], row, row)
        if len(used) == SOURCES:
            return


def _by_group(model: Model, profile: Profile, choosable: Choosable, user: Floats) -> Rows:
    """Return the films that a person's taste group rates more and higher than others do (rows).

    The centre of a group is of standardised ratings, so it tells films apart that hardly anybody
    has seen. Ratings as they are, a missing one 0, tell what the group really watches. Groups are
    large, so of their films those come first that also suit the person, by the product of both;
    those that do not are left out.
    """
    group = user_group(model, profile)
    pool = np.unique(np.concatenate([model.group_rows[group, :DEEP], model.popular_rows[:DEEP]]))
    rows = choosable.among(pool)
    means = model.group_centers[group].take(rows) + (1 - COMMON) * model.group_shift.take(rows)
    watched = means * model.group_scale.take(rows)
    best = (-watched).argsort(kind="stable")[:POOL]
    rows, watched = rows[best], watched[best]
    scores = model.vectors.take(rows, axis=0).dot(user)
    suiting = (scores > 0) & (watched > 0)
    rows, watched, scores = rows[suiting], watched[suiting], scores[suiting]
    order = (-watched * scores).argsort(kind="stable")
    found: Rows = rows[order]
    return found


def _by_directors(
    model: Model, profile: Profile, liked: Rows, choosable: Choosable, user: Floats
) -> Iterator[Line]:
    """Yield lines of directors of whom the person liked more films than not."""
    if not len(model.director_names):
        return
    starts, made = model.director_starts, model.director_rows
    disliked = profile.rows[profile.ratings <= model.rating_disliked]
    likes, dislikes = (
        np.add.reduceat(contains_any((rows,), made).astype(np.int32), starts[:-1])
        for rows in (np.sort(liked), disliked)
    )
    surplus = likes - dislikes
    for director in np.argsort(-surplus, kind="stable")[: 4 * DIRECTORS].tolist():
        if surplus[director] <= 0:
            return
        whole = made[starts[director] : starts[director + 1]]
        rows = choosable.among(whole)
        if len(rows) >= LEAST_MADE:
            order = (-model.vectors.take(rows, axis=0).dot(user)).argsort(kind="stable")
            source = liked[contains(whole, liked)][0]
            yield Line(Kind.DIRECTOR, rows[order], director, int(source))


def _by_genres(model: Model, profile: Profile, liked: Rows, wishes: Wishes) -> Iterator[Line]:
    """Yield lines of the genres that set apart what the person likes."""
    if wishes.genres or not len(model.genre_names):
        return
    counts = count_genres(model, liked)
    common = np.maximum(np.diff(model.genre_starts), 1) / len(model.film_ids)
    lift = (counts + STRENGTH * common) / (len(liked) + STRENGTH) / common
    telling = np.where(counts >= LEAST_LIKED, counts * np.log(lift), 0)
    for genre in np.argsort(-telling, kind="stable")[:GENRES].tolist():
        if telling[genre] > 0:
            of_genre = wishes._replace(genres=[str(model.genre_names[genre])])
            yield Line(Kind.GENRE, _ranked(model, profile, of_genre, Strategy.MODEL), genre)


def co_directors(model: Model, director: int) -> list[str]:
    """Return the director's name, and those of others who have made exactly the same films."""
    starts, made = model.director_starts, model.director_rows
    own = made[starts[director] : starts[director + 1]]
    places = (made == own[0]).nonzero()[0]
    others = (starts.searchsorted(places, side="right") - 1).tolist()
    return [
        str(model.director_names[other])
        for other in others
        if np.array_equal(made[starts[other] : starts[other + 1]], own)
    ]
