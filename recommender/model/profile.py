"""Profiles: a user's ratings, and the vector that they fold in to."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import Floats, Model, Rows
from recommender.model.index import NO_ROWS


class Profile(NamedTuple):
    """A user's ratings: ``rows`` of films (m,), ascending, and ``ratings`` (m,) as in the data.

    ``moments`` (m,) are the seconds at which they were given, None where these are not known.
    """

    rows: Rows
    ratings: Floats
    moments: NDArray[np.float64] | None = None


class Folded(NamedTuple):
    """A user's vector (d,), whose product with a film's vector is the film's score.

    It is ``weights`` (m,) times ``sources`` (m, d), the rated films' vectors, plus ``recent`` (m,)
    times their images under the next-film matrix, plus the prior. ``recent`` is None if all 0.
    """

    vector: Floats
    weights: Floats
    sources: Floats
    recent: Floats | None = None


def find_rows(model: Model, film_ids: Sequence[int]) -> Rows:
    """Return the row of each film id (m,), -1 where the model has no such film."""
    ids = np.asarray(film_ids, dtype=np.int64)
    places = model.film_ids.searchsorted(ids, sorter=model.rows_by_id)
    rows = model.rows_by_id.take(places, mode="clip")
    return np.where(model.film_ids.take(rows) == ids, rows, -1).astype(np.int32)


def find_title_digest(model: Model, film_id: int) -> int | None:
    """Return the digest of a film's title, None where the model has none."""
    (row,) = find_rows(model, [film_id])
    known = 0 <= row < len(model.title_digests)
    return int(model.title_digests[row]) if known else None


Rated = tuple[int, float] | tuple[int, float, float | None]
"""A film's id, its rating and, where known, the second at which it was given."""


def make_profile(model: Model, ratings: Sequence[Rated]) -> Profile:
    """Return the profile of ratings without those of films that the model lacks.

    Without the moment of each of them, nothing is known of their order.
    """
    if not ratings:
        return Profile(NO_ROWS, np.empty(0, np.float32))
    film_ids, values, *rest = zip(*ratings, strict=True)
    rows = find_rows(model, film_ids)
    order = rows.argsort(kind="stable")[np.count_nonzero(rows < 0) :]
    moments = np.array(rest[0], np.float64)[order] if rest and None not in rest[0] else None
    return Profile(rows[order].astype(np.intp), np.asarray(values, np.float32)[order], moments)


def films_rated(model: Model, profile: Profile) -> dict[int, tuple[float, float | None]]:
    """Return the ratings of a profile, and when they were given, by film id."""
    ids, ratings = model.film_ids.take(profile.rows).tolist(), profile.ratings.tolist()
    moments = [None] * len(ids) if profile.moments is None else profile.moments.tolist()
    return dict(zip(ids, zip(ratings, moments, strict=True), strict=True))


def fold_in(model: Model, profile: Profile, recency: float | None = None) -> Folded:
    """Fold at least one rating in; a new user or a new rating needs no training.

    ``recency`` (0 to 1; None: the model's) goes from what all ratings say to what the latest say of
    the film to come, on which a disliked one has no say. It has no effect without times.
    """
    rows, ratings, moments = profile
    strength = model.rating_mean_strength
    total = sum(ratings.tolist()) + strength * model.rating_mean
    scale = len(rows) ** -model.user_exponent
    slope = scale * model.rating_slope / model.rating_half_range
    weights = slope * ratings
    weights += scale - slope * total / (len(rows) + strength)
    if model.rating_aversion:
        least = scale * model.rating_aversion / len(rows)
        np.minimum(weights, -least, out=weights, where=ratings <= model.rating_disliked)
    weights *= model.fold_in.take(rows)
    sources = model.vectors.take(rows, axis=0)
    prior = scale * model.prior
    share, size = model.recency if recency is None else recency, len(model.next_film)
    newness = weigh_newness(moments, model.rating_decay) if share and size else None
    if newness is None:
        return Folded(weights.dot(sources) + prior, weights, sources)
    liking = share * np.maximum(weights, 0)
    weights -= liking
    recent = newness * liking
    vector = weights.dot(sources) + prior
    vector[:size] += recent.dot(sources[:, :size]).dot(model.next_film)
    return Folded(vector, weights, sources, recent)


def weigh_newness(moments: NDArray[np.float64] | None, decay: float) -> Floats | None:
    """Return what each of a user's ratings weighs for the film to come (m,), with mean 1.

    The weights fall by e with every ``decay`` later ratings. Of the other ratings of the same
    moment, half count as later. None if nothing is known of an order: all have the same moment.
    """
    if moments is None:
        return None
    ordered, count = np.sort(moments), len(moments)
    if ordered[0] == ordered[-1]:
        return None
    first, last = ordered.searchsorted(moments), ordered.searchsorted(moments, "right")
    weights = np.exp(((first + last + 1) / 2 - count) / decay)
    return np.asarray(weights * (count / weights.sum()), np.float32)


def user_group(model: Model, profile: Profile) -> int:
    """Return the KMeans cluster of a user, which is that of the nearest centre.

    Ratings are standardised by film as in training. Shifting all points and centres alike does not
    change distances, so only the films that the user has rated are looked at.
    """
    rows = profile.rows
    ratings = (profile.ratings / model.group_scale[rows]).astype(np.float64)
    centers = model.group_centers[:, rows].astype(np.float64) + model.group_shift[rows]
    return int(np.argmin(model.group_norms - 2 * centers.dot(ratings)))
