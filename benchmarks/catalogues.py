"""Synthetic catalogues of any size, for measurements with up to a million films.

There are two kinds, so that no code is tuned to one of them. In *themes*, films lie around 3,000
themes in a space with a falling spectrum. In *smooth*, directions form no clusters, and all films
share a component. Vector lengths have a heavy tail, like popularity. Users rate films near their
own taste.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import Model
from recommender.model.profile import Profile
from training.model.clusters import FilmCells, shelve
from training.model.fit import pack_genres
from training.model.neighbours import NEAREST

KINDS = ("themes", "smooth")
DIMENSIONS = 32
THEMES = 3000
MET = 50  # films seen for each film rated
GENRES = ("acao", "animacao", "comedia", "crime", "documentario", "drama", "ficcao", "terror")
GROUPS = 5
SEED = 0

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Catalogue:
    """Vectors of films (n, d) and tastes of users (t, d)."""

    vectors: Floats
    tastes: Floats


def make_catalogue(kind: str, films: int, dimensions: int = DIMENSIONS) -> Catalogue:
    """Return a catalogue of one of the ``KINDS``."""
    random = np.random.default_rng(SEED)
    spectrum = 1 / (1 + np.arange(dimensions) / 8)
    noise = random.standard_normal((films, dimensions), np.float32) * spectrum.astype(np.float32)
    if kind == "themes":
        themes = (random.normal(size=(THEMES, dimensions)) * spectrum).astype(np.float32)
        directions = themes[random.integers(0, THEMES, films)] + np.float32(0.6) * noise
        lengths = np.minimum(random.pareto(1.2, films) + 1, 1e4) ** 0.25
        tastes = themes[random.integers(0, THEMES, (THEMES, 3))].mean(axis=1)
    else:
        directions = noise / np.linalg.norm(noise, axis=1, keepdims=True)
        directions[:, 0] += 0.3
        lengths = np.exp(0.25 * random.normal(size=films))
        tastes = (random.normal(size=(THEMES, dimensions)) * spectrum).astype(np.float32)
    return Catalogue(directions * lengths.astype(np.float32)[:, None], tastes)


def make_model(vectors: Floats) -> Model:
    """Return a model with a real index (the trainer's KMeans, √n cells); the rest is random."""
    films = len(vectors)
    random = np.random.default_rng(SEED + 1)
    cells = FilmCells(seed=SEED).fit(vectors)
    shelves = shelve(cells.labels_, len(cells.centers_), vectors)
    popularity = random.pareto(1.2, films).astype(np.float32)
    groups = random.normal(size=(GROUPS, films)).astype(np.float32)
    of_genre = [np.flatnonzero(random.random(films) < 2 ** -(g + 1)) for g in range(len(GENRES))]
    near = (films, min(NEAREST, films - 1))
    ones = np.ones(films, np.float32)
    return Model(
        film_ids=shelves.order + 1,
        rows_by_id=np.argsort(shelves.order),
        title_digests=np.arange(films, dtype=np.uint32),
        vectors=vectors[shelves.order],
        fold_in=ones,
        prior=np.zeros(vectors.shape[1], np.float32),
        user_exponent=0.25,
        rating_slope=0.3,
        rating_liked=4.0,
        rating_disliked=2.0,
        rating_aversion=0.0,
        rating_half_range=2.0,
        rating_mean=3.5,
        rating_mean_strength=5.0,
        next_film=np.zeros((0, 0), np.float32),
        rating_decay=5.0,
        recency=0.0,
        near_rows=random.integers(0, films, near, np.int32),
        near_scores=-np.sort(-random.random(near, np.float32)),
        cell_centers=cells.centers_.astype(np.float32),
        cell_starts=shelves.cell_starts,
        cell_labels=np.array([f"grupo {cell}" for cell in range(len(cells.centers_))]),
        cell_shelves=shelves.cell_shelves,
        shelf_cells=shelves.shelf_cells,
        shelf_starts=shelves.shelf_starts,
        shelf_lengths=shelves.shelf_lengths,
        candidates=1,
        popularity=popularity,
        popular_rows=np.argsort(-popularity).astype(np.int32),
        trend=popularity,
        trend_rows=np.argsort(-popularity).astype(np.int32),
        group_centers=groups,
        group_rows=np.argsort(-groups, axis=1).astype(np.int32),
        group_scale=ones,
        group_shift=ones,
        group_norms=((groups.astype(np.float64) + 1) ** 2).sum(axis=1),
        genre_names=np.array(GENRES),
        genre_starts=np.cumsum([0, *map(len, of_genre)]).astype(np.int32),
        genre_rows=np.concatenate(of_genre).astype(np.int32),
        film_genres=pack_genres(films, of_genre),
        director_names=np.empty(0, np.str_),
        director_starts=np.zeros(1, np.int32),
        director_rows=np.empty(0, np.int32),
        map_places=np.zeros((0, 2), np.float32),
    )


def make_profiles(model: Model, tastes: Floats, users: int, seed: int) -> list[Profile]:
    """Return users who have each rated 5 to 60 of the films that they have seen."""
    random = np.random.default_rng(seed)
    films = len(model.film_ids)
    profiles = []
    for _ in range(users):
        count = int(random.integers(5, 60))
        taste = tastes[random.integers(len(tastes))]
        met = random.choice(films, min(MET * count, films), replace=False)
        rated = np.sort(met[np.argsort(-(model.vectors[met] @ taste))[:count]]).astype(np.int32)
        profiles.append(Profile(rated, random.integers(1, 6, len(rated)).astype(np.float32)))
    return profiles
