"""Users who were erased: what lies under their marks is no part of a training."""

import json
import math
import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommender.data.store import Entry
from training.data.dataset import Dataset
from training.data.tables import TIME_COLUMN


def lie_under(
    marks: Mapping[int, Entry],
    users: NDArray[np.int64],
    moments: NDArray[np.float64],
    versions: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return which written ratings (m,) lie under the marks of their users (ids).

    They are given by user's id, moment and version; see ``recommender.data.store.lies_under``.
    """
    under = np.zeros(len(users), np.bool_)
    if marks:
        order = np.argsort(users, kind="stable")
        ids = np.array(sorted(marks), np.int64)
        starts, ends = (np.searchsorted(users[order], ids, side=side) for side in ("left", "right"))
        for user_id, start, end in zip(ids.tolist(), starts, ends, strict=True):
            of_user, mark = order[start:end], marks[user_id]
            later = moments[of_user] > (mark.moment or 0.0)
            under[of_user] = ~(later & (versions[of_user] > mark.version))
    return under


def erase(data: Dataset, marks: Mapping[int, Entry], arrived: float = math.inf) -> Dataset:
    """Return a data set without what lies under marks of users, by their ids.

    Ratings without a time are as old as any, and none is later than ``arrived``, when the data set
    came into the bucket. A user of whom no rating is left is none any more. If nothing lies under a
    mark, the data set is returned as it is.
    """
    ids = data.users["id"].to_numpy(np.int64)
    is_marked = np.isin(ids, np.fromiter(marks, np.int64, len(marks)))
    if not is_marked.any():
        return data
    since = np.full(len(ids), -np.inf)
    since[is_marked] = [marks[user_id].moment or 0.0 for user_id in ids[is_marked].tolist()]
    users = data.ratings["user"].to_numpy()
    if TIME_COLUMN in data.ratings:
        stays = np.minimum(data.ratings[TIME_COLUMN].to_numpy(), arrived) > since[users]
    else:
        stays = ~is_marked[users]
    left = ~is_marked
    left[users[stays]] = True
    if stays.all() and left.all():
        return data
    places = (np.cumsum(left) - 1).astype(users.dtype)
    ratings = data.ratings[stays].assign(user=places[users[stays]])
    return replace(
        data,
        users=data.users[left].reset_index(drop=True),
        ratings=ratings.reset_index(drop=True),
        demonstration=False,
    )


def count_erased(catalog: Path, left: Dataset | Path, marked: Collection[int]) -> dict[str, int]:
    """Return how many ``usuarios`` and ``avaliacoes`` of a model erasures took from the next one.

    Of a model with a profile table, those whom its catalogue lists are counted.

    Args:
        catalog: the model's database.
        left: the data set, or the database, of the next model.
        marked: ids of users who were erased.
    """
    ids = sorted(marked)
    before = _in_catalog(catalog, ids)
    now = _in_catalog(left, ids) if isinstance(left, Path) else _in_data(left, ids)
    names = ("usuarios", "avaliacoes")
    return {
        name: max(was - is_now, 0) for name, was, is_now in zip(names, before, now, strict=True)
    }


def _in_catalog(catalog: Path, ids: list[int]) -> tuple[int, int]:
    """Return how many of some users a database has, and how many ratings of theirs."""
    query = """SELECT count(*), ifnull(sum(total_avaliacoes), 0) FROM gostos
        WHERE usuario_id IN (SELECT value FROM json_each(?))"""
    with closing(sqlite3.connect(f"{catalog.absolute().as_uri()}?mode=ro", uri=True)) as database:
        users, ratings = database.execute(query, [json.dumps(ids)]).fetchone()
    return users, ratings


def _in_data(data: Dataset, ids: list[int]) -> tuple[int, int]:
    """Return the same of a data set."""
    is_one = np.isin(data.users["id"].to_numpy(np.int64), np.array(ids, np.int64))
    return int(is_one.sum()), int(is_one[data.ratings["user"].to_numpy()].sum())
