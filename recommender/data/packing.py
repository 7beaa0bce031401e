"""A user's ratings in a few bytes, as an item of a profile table holds them.

A byte for the form comes first. What follows is compressed by zlib: films' ids in ascending order,
each less the one before it; the ratings; the moments. Each column has eight bytes a rating, and all
first bytes of its numbers come before all second ones, so that bytes that are alike lie together.
"""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.data.catalog import MAX_ID, Rated

NEWEST = 2000  # ratings of a user that are kept: in any case far below the 400 KB of an item
FORM = b"\1"
UNKNOWN = np.iinfo(np.int64).min  # in the place of a moment
WIDTH = 24  # bytes of a rating: three columns


def newest(rated: Sequence[Rated]) -> Sequence[Rated]:
    """Return a user's newest ratings in order of film id, ``NEWEST`` at most.

    One without a moment is older than any other; of the same moment, the larger film id is newer.
    """
    if len(rated) <= NEWEST:
        return rated
    by_age = sorted(rated, key=lambda one: (one[2] is not None, one[2] or 0, one[0]))
    return sorted(by_age[-NEWEST:])


def pack(rated: Sequence[Rated]) -> bytes:
    """Return at most ``NEWEST`` ratings in order of film id, with moments in whole seconds.

    Raises:
        ValueError: they are not so.
    """
    if not rated:
        return FORM + zlib.compress(b"")
    film_ids, ratings, moments = zip(*rated, strict=True)
    ids, values = np.array(film_ids, np.int64), np.array(ratings, np.float64)
    whole = [UNKNOWN if moment is None else int(moment) for moment in moments]
    seconds = np.array(whole, np.int64)
    if seconds.tolist() != [UNKNOWN if moment is None else moment for moment in moments]:
        raise ValueError("moments are not in whole seconds")
    _check(ids, values)
    columns = (np.diff(ids, prepend=0), values, seconds)
    return FORM + zlib.compress(b"".join(map(_transposed, columns)), level=9)


def unpack(content: bytes) -> list[Rated]:
    """Return the ratings that ``pack`` was given.

    Raises:
        ValueError: nothing that ``pack`` returns.
    """
    if content[:1] != FORM:
        raise ValueError(f"ratings are packed in form {content[:1].hex()!r}, not {FORM.hex()}")
    reader = zlib.decompressobj()
    try:
        plain = reader.decompress(content[1:], NEWEST * WIDTH + 1)
    except zlib.error as error:
        raise ValueError(f"packed ratings are damaged: {error}") from None
    if not reader.eof or reader.unused_data or len(plain) % WIDTH:
        raise ValueError("packed ratings are cut off, too many, or followed by something else")
    planes = np.frombuffer(plain, np.uint8).reshape(3, 8, -1).transpose(0, 2, 1).copy()
    ids = planes[0].view("<i8").ravel().cumsum()
    values = planes[1].view("<f8").ravel()
    seconds = planes[2].view("<i8").ravel().tolist()
    _check(ids, values)
    moments = [None if second == UNKNOWN else second for second in seconds]
    return list(zip(ids.tolist(), values.tolist(), moments, strict=True))


def _transposed(column: NDArray[np.int64] | NDArray[np.float64]) -> bytes:
    """Return the bytes of a column of numbers, all first bytes before all second ones."""
    plain = column.astype(column.dtype.newbyteorder("<"))
    return plain.view(np.uint8).reshape(-1, 8).T.tobytes()


def _check(ids: NDArray[np.int64], ratings: NDArray[np.float64]) -> None:
    if len(ids) > NEWEST:
        raise ValueError(f"{len(ids)} ratings are more than {NEWEST}")
    if (ids[1:] <= ids[:-1]).any():
        raise ValueError("films are not in ascending order of id")
    if len(ids) and (ids[0] < -MAX_ID or ids[-1] > MAX_ID):
        raise ValueError(f"a film's id lies outside of ±{MAX_ID}")
    if not np.isfinite(ratings).all():
        raise ValueError("a rating is no finite number")
