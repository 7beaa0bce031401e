"""Ratings written through the API: read from their table, and merged into a data set."""

import logging
import math
from array import array
from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.data.dynamo_items import read_film, read_id, read_item
from recommender.data.origin import ERASED, LINEAGE, MALFORMED, SCALE, TITLE, Origin
from recommender.data.store import MARK, Entry
from training.data.dataset import ROUNDING, Dataset
from training.data.tables import TIME_COLUMN, DataError
from training.renewal.erasure import erase, lie_under
from training.renewal.table import scan

MOST = 10_000_000  # ratings kept: 360 MB, and about four times as much while they are merged
KEPT, NO_USER, NO_FILM, OFF_SCALE = "kept", "no_user", "unknown_film", "off_scale"
# In order of the checks.
PASSED = (NO_USER, MALFORMED, LINEAGE, SCALE, TITLE, NO_FILM, OFF_SCALE, ERASED)
COUNTS = ("read", "marks", *PASSED, KEPT, "deleted")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Written:
    """The written ratings that a training may use, m of them, in no order.

    ``counts`` says how many items the table has (``read``), how many of them are marks of users who
    were erased, for each of ``PASSED`` how many were passed over for that reason, how many are here
    (``kept``), and how many of these are deletions (``deleted``).
    """

    users: NDArray[np.int64]  # (m,) ids, from 0
    films: NDArray[np.int32]  # (m,) positions in the data set's films
    ratings: NDArray[np.float64]  # (m,) NaN: deleted
    moments: NDArray[np.float64]  # (m,) seconds since 1970
    counts: dict[str, int]
    marks: dict[int, Entry] = field(default_factory=dict)  # by user's id


def read_written(table: str, origin: Origin, data: Dataset, end: float) -> Written:
    """Read a whole table of ratings, page by page.

    Passed over and counted are items of another lineage or scale, ratings of a film under another
    title, malformed ones, those of a user's id that no data set may have, those of films that the
    data lacks, ratings that are not on its scale or between its steps, and those that lie under the
    mark of a user who was erased.

    Args:
        table: its name; empty: there is none, and nothing was written.
        origin: which items count, from ``Lineage.origin`` of the model that is to be trained.
        data: whose films and scale hold.
        end: moment of the monotonic clock by which all must be read.

    Raises:
        ReadTimeoutError: it was not.
        DataError: the table cannot be read, or more than ``MOST`` ratings count.
    """
    places = {film_id: place for place, film_id in enumerate(data.films["id"].tolist())}
    users, films, ratings, moments = array("q"), array("i"), array("d"), array("d")
    versions, marks = array("q"), dict[int, Entry]()
    counts = Counter(dict.fromkeys(COUNTS, 0))
    for raw in scan(table, end) if table else ():
        counts["read"] += 1
        user_id, film_id = read_id(raw, "usuario_id"), read_film(raw)
        if user_id is None or user_id < 0:
            counts[NO_USER] += 1
            continue
        item = read_item(raw)
        objection = MALFORMED if film_id is None else origin.objection(film_id, item)
        if objection or film_id is None or item.entry is None:
            counts[objection or MALFORMED] += 1
            continue
        if film_id == MARK:
            counts["marks"] += 1
            marks[user_id] = item.entry
            continue
        place = places.get(film_id)
        if place is None:
            counts[NO_FILM] += 1
            continue
        if len(users) == MOST:
            raise DataError(f"table {table} has more than {MOST} ratings, too many to train on")
        users.append(user_id)
        films.append(place)
        ratings.append(np.nan if item.entry.rating is None else item.entry.rating)
        moments.append(item.entry.moment or 0.0)
        versions.append(item.entry.version)
    values, of, given = (np.array(part) for part in (ratings, users, moments))
    fits = np.isnan(values) | _on_scale(data, values)
    erased = fits & lie_under(marks, of, given, np.array(versions))
    counts[OFF_SCALE], counts[ERASED] = int((~fits).sum()), int(erased.sum())
    fits &= ~erased
    counts[KEPT] = int(fits.sum())
    counts["deleted"] = int(np.isnan(values[fits]).sum())
    _log.info(
        "written ratings: %s", ", ".join(f"{name}: {count}" for name, count in counts.items())
    )
    spots = np.array(films, np.int32)
    return Written(of[fits], spots[fits], values[fits], given[fits], dict(counts), marks)


def _on_scale(data: Dataset, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which ratings (m,) the API would take for a model of a data set."""
    fits = (values >= data.lowest) & (values <= data.highest)
    if step := data.step:
        steps = (values - data.lowest) / step
        fits &= np.abs(steps - np.rint(steps)) <= ROUNDING * np.maximum(1, np.abs(steps))
    return fits


def merge(data: Dataset, written: Written, arrived: float = math.inf) -> Dataset:
    """Return a data set with the written ratings, each in the place of the user's packaged one.

    A written one counts whatever the moment of the packaged one is, as it does in the API, which
    falls back on what is packaged here. A deletion removes the packaged rating. Who wrote a rating
    becomes a user, and who was erased is one only by later ratings. Times are kept in whole
    seconds; if the data set has none, neither has what is returned: times of some ratings alone
    would tell no order. No rating of the data set is later than ``arrived``, when the data set came
    into the bucket.

    What real users wrote is nothing that anybody may see: a data set for demonstration is none any
    more once a written rating, deletion or erasure counts. If none does, it is returned as it is.

    Raises:
        DataError: no rating is left.
    """
    data = erase(data, written.marks, arrived)
    number = len(data.films)
    latest = _latest(written)
    users, films, values, moments = (
        part[latest] for part in (written.users, written.films, written.ratings, written.moments)
    )
    known = data.users["id"].to_numpy(np.int64)
    joining = np.setdiff1d(users[~np.isnan(values)], known)
    user_ids = np.union1d(known, joining)

    kept = data.ratings
    packaged = np.searchsorted(user_ids, known)[kept["user"].to_numpy()] * number
    packaged = packaged + kept["film"].to_numpy()
    places = np.searchsorted(user_ids, users)
    is_user = np.isin(users, user_ids)
    keys = places * number + films

    found = is_user & np.isin(keys, packaged)
    order = np.argsort(packaged)
    rows = order[np.searchsorted(packaged, keys[found], sorter=order)]  # their packaged ratings
    counts = is_user & (found | ~np.isnan(values))
    if len(kept) and not counts.any():
        return data

    stays = np.ones(len(kept), np.bool_)
    stays[rows[counts[found]]] = False
    added = counts & ~np.isnan(values)
    merged_keys = np.concatenate([packaged[stays], keys[added]])
    if not len(merged_keys):
        raise DataError("every rating of the data was deleted or erased: nothing to train on")
    order = np.argsort(merged_keys)
    columns = {
        "user": (merged_keys // number).astype(np.int32),
        "film": (merged_keys % number).astype(np.int32),
        "avaliacao": np.concatenate([kept["avaliacao"].to_numpy()[stays], values[added]]),
    }
    if TIME_COLUMN in kept:
        seconds = np.floor(moments[added]).astype(np.int64)
        columns[TIME_COLUMN] = np.concatenate([kept[TIME_COLUMN].to_numpy()[stays], seconds])
    ratings = pd.DataFrame({name: column[order] for name, column in columns.items()})
    return replace(data, users=_with(data.users, joining), ratings=ratings, demonstration=False)


def _latest(written: Written) -> NDArray[np.intp]:
    """Return the places of each user's last rating of a film, should there be several."""
    order = np.lexsort((written.ratings, written.moments, written.films, written.users))
    users, films = written.users[order], written.films[order]
    last = np.ones(len(order), np.bool_)
    last[:-1] = (users[1:] != users[:-1]) | (films[1:] != films[:-1])
    return order[last]


def _with(users: pd.DataFrame, joining: NDArray[np.int64]) -> pd.DataFrame:
    """Return a table of users with some more, of whom only the ids are known."""
    ids = pd.Series(joining)
    more = pd.DataFrame({"id": ids, "nome": "Usuário " + ids.astype(str), "email": ""})
    return pd.concat([users, more]).sort_values("id", ignore_index=True) if len(more) else users
