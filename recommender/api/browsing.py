"""Films in order of id that pass filters, a page at a time."""

from collections.abc import Sequence
from typing import NamedTuple

from recommender.data.catalog import Catalog, Words
from recommender.model import index
from recommender.model.artifact import Model, Rows
from recommender.model.index import Choosable, Marks
from recommender.model.profile import find_rows
from recommender.model.ranking import known_rows

LOOKED_AT = 30_000  # films with the words of a search, at most, in one answer
START = -1  # below all ids


class Page(NamedTuple):
    """Ids of films, how many there are in all, and after which id the next page begins.

    ``total`` is None if nobody counted, ``after`` if this is the last page.
    """

    ids: list[int]
    total: int | None
    after: int | None


def browse(
    model: Model,
    catalog: Catalog,
    words: Words,
    limit: int,
    after: int = START,
    *,
    genres: Sequence[str] = (),
    excluded: Sequence[int] = (),
    hidden: Marks | None = None,
) -> Page:
    """Return the first films with ids above ``after`` that pass filters.

    For ``genres``, ``excluded`` and ``hidden`` see ``ranking.rank``. Of a search by words,
    ``LOOKED_AT`` films are looked at. If there are more, a page may have fewer films than
    ``limit``, and the total is not known.
    """
    listed = index.films_of_genres(model, genres)
    is_free = listed is None and not excluded and hidden is None
    choosable = Choosable(known_rows(model, excluded), listed, marked=hidden)
    if words == Words():
        rows = model.rows_by_id
        return _slice(model, rows if is_free else choosable.among(rows), limit, after)
    found = catalog.search(words, after, LOOKED_AT)
    end = found[-1] if len(found) == LOOKED_AT else None
    ids = (
        found if is_free else model.film_ids.take(choosable.among(find_rows(model, found))).tolist()
    )
    total = len(ids) if end is None and after == START else None
    return Page(ids[:limit], total, ids[limit - 1] if len(ids) > limit else end)


def _slice(model: Model, rows: Rows, limit: int, after: int) -> Page:
    """Return a page of films (rows) that are in order of id."""
    if len(rows) == len(model.film_ids):
        start = int(model.film_ids.searchsorted(after, "right", sorter=rows))
    else:
        start = int(model.film_ids.take(rows).searchsorted(after, "right"))
    page = model.film_ids.take(rows[start : start + limit]).tolist()
    return Page(page, len(rows), page[-1] if start + limit < len(rows) else None)
