"""From ratings and hyperparameters to the model that serves."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from recommender.artifact import Model
from recommender.catalog import fold
from training.clusters import FilmCells, TasteGroups
from training.dataset import Dataset
from training.embedding import MEAN_STRENGTH, Normalisation, SpectralEmbedding, Spectrum, decompose


@dataclass(frozen=True)
class Hyperparameters:
    """Everything that shapes a model besides the data."""

    normalisation: Normalisation = field(default_factory=Normalisation)
    dimensions: int = 32
    strength: float = 1.0
    output_exponent: float = 0.25
    cells: int | None = None  # by default the square root of the number of films
    probes: int | None = None  # by default a quarter of the cells
    groups: int = 5
    seed: int = 42

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for a manifest."""
        return asdict(self)


def fit(data: Dataset, chosen: Hyperparameters, spectrum: Spectrum | None = None) -> Model:
    """Fit the embedding and both KMeans models; a spectrum of the same data saves time."""
    scale = (data.lowest, data.highest)
    spectrum = spectrum or decompose(
        data.matrix, scale, chosen.normalisation, chosen.dimensions, chosen.seed
    )
    embedding = SpectralEmbedding(chosen.dimensions, chosen.strength, chosen.output_exponent).fit(
        spectrum
    )
    cells = FilmCells(chosen.cells, chosen.seed).fit(embedding.vectors_)
    groups = TasteGroups(chosen.groups, chosen.seed).fit(data.matrix)

    # Rows are films in order of cell, then id; films come in order of id.
    order = np.argsort(cells.labels_, kind="stable")
    film_ids = data.films["id"].to_numpy(np.int64)[order]
    sizes = np.bincount(cells.labels_, minlength=len(cells.centers_))
    popularity = np.bincount(data.ratings["film"], minlength=len(order))[order] / len(data.users)
    group_centers = groups.centers_[:, order].astype(np.float32)
    group_shift = groups.shift_[order]
    film_genres = data.genres()
    names, starts, rows = _genre_lists([film_genres[film] for film in order])
    return Model(
        film_ids=film_ids,
        rows_by_id=np.argsort(film_ids).astype(np.int32),
        vectors=embedding.vectors_[order].astype(np.float32),
        fold_in=embedding.fold_in_[order].astype(np.float32),
        user_exponent=chosen.normalisation.user_exponent,
        rating_slope=chosen.normalisation.slope,
        rating_half_range=spectrum.half_range,
        rating_mean=spectrum.mean,
        rating_mean_strength=MEAN_STRENGTH,
        cell_centers=cells.centers_.astype(np.float32),
        cell_starts=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        probes=chosen.probes or -(-len(sizes) // 4),
        popularity=popularity.astype(np.float32),
        popular_rows=np.lexsort((film_ids, -popularity)).astype(np.int32),
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
    )


def _genre_lists(
    genres: list[list[str]],
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return names without case and accents, and for each the rows of its films."""
    rows: dict[str, list[int]] = {}
    for row, of_film in enumerate(genres):
        for name in dict.fromkeys(fold(genre) for genre in of_film):
            rows.setdefault(name, []).append(row)
    names = sorted(rows)
    sizes = [len(rows[name]) for name in names]
    flat = [row for name in names for row in rows[name]]
    return (
        np.array(names, dtype=np.str_),
        np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int32),
        np.array(flat, dtype=np.int32),
    )
