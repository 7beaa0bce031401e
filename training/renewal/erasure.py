"""Users who were erased: what lies under their marks is no part of a training."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recommender.data.store import Entry
from training.data.dataset import Dataset
from training.data.tables import TIME_COLUMN, DataError


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


def erase(data: Dataset, marks: Mapping[int, Entry]) -> Dataset:
    """Return a data set without what lies under marks of users, by their ids.

    Ratings without a time are as old as any. A user of whom no rating is left is none any more. If
    nothing lies under a mark, the data set is returned as it is.

    Raises:
        DataError: no rating is left.
    """
    ids = data.users["id"].to_numpy(np.int64)
    is_marked = np.isin(ids, np.fromiter(marks, np.int64, len(marks)))
    if not is_marked.any():
        return data
    since = np.full(len(ids), -np.inf)
    since[is_marked] = [marks[user_id].moment or 0.0 for user_id in ids[is_marked].tolist()]
    users = data.ratings["user"].to_numpy()
    if TIME_COLUMN in data.ratings:
        stays = data.ratings[TIME_COLUMN].to_numpy() > since[users]
    else:
        stays = ~is_marked[users]
    left = ~is_marked
    left[users[stays]] = True
    if stays.all() and left.all():
        return data
    if not stays.any():
        raise DataError("every user of the data was erased: nothing to train on")
    places = (np.cumsum(left) - 1).astype(users.dtype)
    ratings = data.ratings[stays].assign(user=places[users[stays]])
    return replace(
        data,
        users=data.users[left].reset_index(drop=True),
        ratings=ratings.reset_index(drop=True),
        demonstration=False,
    )
