"""Fitting: a data set and hyperparameters go in, the model that serves comes out."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recommender.data.catalog import fold
from recommender.data.origin import digest_title
from recommender.model.artifact import Model
from training.data.dataset import Dataset
from training.data.tables import split_names
from training.model.clusters import FilmCells, TasteGroups, shelve
from training.model.cold_films import fill, traits
from training.model.contents import components
from training.model.embedding import MEAN_STRENGTH, SpectralEmbedding, Spectrum, decompose
from training.model.hyperparameters import Hyperparameters
from training.model.labels import Lead, label_cells
from training.model.neighbours import find_neighbours
from training.model.next_film import fit_next_film
from training.model.plane import place_films
from training.model.quality import lower, mostly_disliked
from training.model.totals import Totals, count
from training.model.trends import find_trend

DIRECTORS = 10_000  # at most: those with the most ratings
FILMS_MADE = 3  # by each of them, at least
LONGEST_NAME = 60  # characters: what is longer is rarely a name


def mean_source(embedding: SpectralEmbedding, spectrum: Spectrum) -> NDArray[np.float64]:
    """Return the mean over all ratings of what a rating adds to a user's vector (d,)."""
    weights = spectrum.ratings * embedding.fold_in_
    return np.asarray(weights @ embedding.vectors_ / max(spectrum.ratings.sum(), 1.0))


def fit(
    data: Dataset,
    chosen: Hyperparameters,
    spectrum: Spectrum | None = None,
    groups: TasteGroups | None = None,
) -> Model:
    """Fit the embedding and both KMeans models: all that ranking for users needs.

    To save time, ``spectrum`` and ``groups`` may be passed in if they were fitted on the same data.
    """
    settings = chosen.settings
    spectrum = spectrum or decompose(
        data.matrix,
        (data.lowest, data.highest),
        settings.normalisation,
        chosen.seed,
        settings.wanted,
        components(data.films),
    )
    embedding = settings.embed(spectrum)
    next_film = fit_next_film(data, spectrum, embedding, settings, chosen.decay, chosen.seed)
    groups = groups or TasteGroups(chosen.groups, chosen.seed).fit(data.matrix)
    trend = find_trend(data, chosen.half_life) if data.timed else np.zeros(0)
    totals = Totals(len(data.users), *count(data), trend)
    return assemble(data, chosen, spectrum, next_film, groups, totals)


def assemble(
    data: Dataset,
    chosen: Hyperparameters,
    spectrum: Spectrum,
    next_film: NDArray[np.float64],
    groups: TasteGroups,
    totals: Totals,
) -> Model:
    """Return the model of what was learned from ratings: from here on, all is as small as films.

    Of ``data`` only the films and the scale count. ``next_film`` is what ``fit_next_film`` returns.
    """
    settings = chosen.settings
    embedding = settings.embed(spectrum)
    vectors = fill(embedding.vectors_, spectrum.ratings, traits(data.films))
    common = mean_source(embedding, spectrum)
    vectors = lower(vectors, mostly_disliked(totals.counts, totals.disliked), common)
    cells = FilmCells(chosen.cells, chosen.seed).fit(vectors)

    shelves = shelve(cells.labels_, len(cells.centers_), vectors.astype(np.float32))
    order = shelves.order
    film_ids = data.films["id"].to_numpy(np.int64)[order]
    popularity = totals.counts[order] / totals.users
    trend = totals.trend[order if totals.timed else []].astype(np.float32)
    group_centers = groups.centers_[:, order].astype(np.float32)
    group_shift = groups.shift_[order]
    film_genres = data.genres()
    names, starts, rows = _lists(
        [[fold(name) for name in film_genres[film]] for film in order], sorted
    )
    directors = _directors(data.films["diretor"].iloc[order].tolist(), popularity)
    return Model(
        film_ids=film_ids,
        rows_by_id=np.argsort(film_ids).astype(np.int64),
        title_digests=data.films["titulo"].iloc[order].map(digest_title).to_numpy(np.uint32),
        vectors=vectors[order].astype(np.float32),
        fold_in=embedding.fold_in_[order].astype(np.float32),
        prior=(chosen.prior_strength * common).astype(np.float32),
        user_exponent=settings.normalisation.user_exponent,
        rating_slope=settings.normalisation.slope,
        rating_half_range=spectrum.half_range,
        rating_liked=data.liked_from,
        rating_disliked=data.disliked_to,
        rating_aversion=settings.aversion,
        rating_mean=spectrum.mean,
        rating_mean_strength=MEAN_STRENGTH,
        next_film=next_film.astype(np.float32),
        rating_decay=chosen.decay,
        recency=chosen.recency if totals.timed else 0.0,
        near_rows=np.zeros((len(order), 0), np.int32),
        near_scores=np.zeros((len(order), 0), np.float32),
        cell_centers=cells.centers_.astype(np.float32),
        cell_starts=shelves.cell_starts,
        cell_labels=np.zeros(len(cells.centers_), dtype=np.str_),
        cell_shelves=shelves.cell_shelves,
        shelf_cells=shelves.shelf_cells,
        shelf_starts=shelves.shelf_starts,
        shelf_lengths=shelves.shelf_lengths,
        candidates=chosen.candidates or -(-len(order) // 4),
        popularity=popularity.astype(np.float32),
        popular_rows=np.lexsort((film_ids, -popularity)).astype(np.int32),
        trend=trend,
        trend_rows=np.lexsort((film_ids[: len(trend)], -trend)).astype(np.int32),
        group_centers=group_centers,
        group_rows=np.stack([np.lexsort((film_ids, -center)) for center in group_centers]).astype(
            np.int32
        ),
        group_scale=groups.scale_[order].astype(np.float32),
        group_shift=group_shift.astype(np.float32),
        group_norms=((groups.centers_[:, order] + group_shift) ** 2).sum(axis=1),
        genre_names=names,
        genre_starts=starts,
        genre_rows=rows,
        film_genres=pack_genres(len(order), np.split(rows, starts[1:-1]) if names.size else []),
        director_names=directors[0],
        director_starts=directors[1],
        director_rows=directors[2],
        map_places=np.zeros((0, 2), np.float32),
    )


def complete(data: Dataset, model: Model, leads: Sequence[Lead], seed: int) -> Model:
    """Return a fitted model with what people are shown besides: similar films, labels, the map.

    ``leads`` (k,) are those of its cells.
    """
    near, similarities = find_neighbours(data, model.vectors[model.rows_by_id], seed)
    places = np.argsort(model.rows_by_id)
    return replace(
        model,
        near_rows=model.rows_by_id.astype(np.int32)[near[places]],
        near_scores=similarities[places],
        cell_labels=label_cells(leads, data.films["titulo"]),
        map_places=place_films(model),
    )


def pack_genres(films: int, of_genres: Sequence[NDArray[np.integer]]) -> NDArray[np.uint8]:
    """Return bits (films, -(-t // 8)): whether a film, by its row, is of each of t genres."""
    bits = np.zeros((films, len(of_genres)), np.uint8)
    for genre, rows in enumerate(of_genres):
        bits[rows, genre] = 1
    return np.packbits(bits, axis=1)


Lists = tuple[NDArray[np.str_], NDArray[np.int32], NDArray[np.int32]]
"""Names (t,), where the rows of each begin (t + 1,), and the rows, ascending for each name."""


def _directors(texts: Sequence[str], popularity: NDArray[np.float64]) -> Lists:
    """Return the directors of several films; ``texts`` and ``popularity`` (n,) are of each row."""

    def known(rows: dict[str, list[int]]) -> list[str]:
        several = [
            name
            for name, made in rows.items()
            if len(made) >= FILMS_MADE and len(name) <= LONGEST_NAME
        ]
        several.sort(key=lambda name: (-popularity[rows[name]].sum(), name))
        return sorted(several[:DIRECTORS])

    return _lists([split_names(text) for text in texts], known)


def _lists(
    of_films: Sequence[Sequence[str]], choose: Callable[[dict[str, list[int]]], list[str]]
) -> Lists:
    """Return the rows that bear each name; ``choose`` says which names, in which order."""
    rows: dict[str, list[int]] = {}
    for row, names in enumerate(of_films):
        for name in dict.fromkeys(names):
            rows.setdefault(name, []).append(row)
    chosen = choose(rows)
    sizes = [len(rows[name]) for name in chosen]
    flat = [row for name in chosen for row in rows[name]]
    return (
        np.array(chosen, dtype=np.str_),
        np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int32),
        np.array(flat, dtype=np.int32),
    )
