"""The KMeans index on synthetic catalogues of up to a million films, against scoring every film.

Recall, the share of films scored, and time as a ratio to brute force in the same run. Films lie
around some thousands of themes in a space with a falling spectrum, their lengths are those of a
heavy-tailed popularity; a user has rated films near three themes.
"""

import json
import statistics
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))

from recommender.artifact import Model
from recommender.ranking import Profile, Strategy, rank, user_vector
from training.clusters import FilmCells

SIZES = (10_000, 100_000, 1_000_000)
PROBED = (0.015, 0.03, 0.06, 0.12)  # shares of the cells
DIMENSIONS = 32
THEMES = 3000
USERS = 200
LIMIT = 10
SEED = 0
RESULTS = Path(__file__).parent / "results" / "index.json"

Floats = NDArray[np.float32]


@dataclass
class Counted:
    """Film vectors that count how many of them are read as whole cells."""

    vectors: Floats
    scored: int = 0

    def __getitem__(self, rows: Any) -> Any:
        """Return some vectors."""
        found = self.vectors[rows]
        self.scored += len(found) if isinstance(rows, slice) else 0
        return found


def make_films(films: int) -> tuple[Floats, Floats]:
    """Return vectors (n, d) of films and of themes (t, d)."""
    random = np.random.default_rng(SEED)
    spectrum = 1 / (1 + np.arange(DIMENSIONS) / 8)
    themes = random.normal(size=(THEMES, DIMENSIONS)) * spectrum
    vectors = themes[random.integers(0, THEMES, films)]
    vectors = vectors + 0.6 * random.normal(size=vectors.shape) * spectrum
    popularity = np.minimum(random.pareto(1.2, films) + 1, 1e4)
    return (vectors * popularity[:, None] ** 0.25).astype(np.float32), themes.astype(np.float32)


def make_model(vectors: Floats) -> Model:
    """Return a model whose index is made by the trainer's own KMeans, 4 √n cells."""
    films = len(vectors)
    fitted = FilmCells(round(4 * films**0.5), SEED).fit(vectors.astype(np.float64))
    order = np.argsort(fitted.labels_, kind="stable")
    sizes = np.bincount(fitted.labels_, minlength=len(fitted.centers_))
    rows = np.arange(films, dtype=np.int32)
    ones = np.ones(films, np.float32)
    return Model(
        film_ids=rows.astype(np.int64),
        rows_by_id=rows,
        vectors=vectors[order],
        fold_in=ones,
        prior=np.zeros(DIMENSIONS, np.float32),
        user_exponent=0.25,
        rating_slope=0.3,
        rating_half_range=2.0,
        rating_mean=3.5,
        rating_mean_strength=5.0,
        cell_centers=fitted.centers_.astype(np.float32),
        cell_starts=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        cell_labels=np.full(len(sizes), ""),
        probes=1,
        popularity=ones,
        popular_rows=rows,
        group_centers=ones[None],
        group_rows=rows[None],
        group_scale=ones,
        group_shift=ones,
        group_norms=np.ones(1),
        genre_names=np.array([], np.str_),
        genre_starts=np.zeros(1, np.int32),
        genre_rows=np.array([], np.int32),
    )


def make_profiles(model: Model, themes: Floats) -> list[Profile]:
    """Return users who have each rated 5 to 60 films near the mean of three themes."""
    random = np.random.default_rng(SEED + 1)
    profiles = []
    for _ in range(USERS):
        count = int(random.integers(5, 60))
        taste = themes[random.choice(THEMES, 3)].mean(axis=0)
        met = random.choice(
            len(model.film_ids), min(50 * count, len(model.film_ids)), replace=False
        )
        rated = np.sort(met[np.argsort(-(model.vectors[met] @ taste))[:count]])
        ratings = random.integers(1, 6, len(rated)).astype(np.float32)
        profiles.append(Profile(rated.astype(np.int32), ratings))
    return profiles


def measure(model: Model, profiles: list[Profile]) -> dict[str, float]:
    """Return recall, share scored and times for a model's number of probes."""
    counted = Counted(model.vectors)
    watched = replace(model, vectors=cast(Any, counted))
    recalls, served, brute = [], [], []
    for profile in profiles:
        started = time.perf_counter()
        scores = model.vectors @ user_vector(model, profile)
        scores[profile.rows] = -np.inf
        best = np.argpartition(-scores, LIMIT)[:LIMIT]
        brute.append(time.perf_counter() - started)
        started = time.perf_counter()
        found = rank(model, profile, Strategy.MODEL, limit=LIMIT).rows
        served.append(time.perf_counter() - started)
        rank(watched, profile, Strategy.MODEL, limit=LIMIT)
        recalls.append(len(set(best.tolist()) & set(found.tolist())) / LIMIT)
    films = len(model.film_ids)
    return {
        "films": films,
        "cells": len(model.cell_centers),
        "probes": model.probes,
        "recall_at_10": round(statistics.mean(recalls), 4),
        "share_scored": round(counted.scored / USERS / films, 4),
        "rank_ms": round(1000 * statistics.median(served), 3),
        "brute_force_ms": round(1000 * statistics.median(brute), 3),
        "times_faster": round(statistics.median(brute) / statistics.median(served), 1),
    }


def main() -> None:
    """Print the table and write it as JSON."""
    with threadpool_limits(1):
        rows: list[dict[str, float]] = []
        for films in SIZES:
            vectors, themes = make_films(films)
            model = make_model(vectors)
            profiles = make_profiles(model, themes)
            for share in PROBED:
                probes = max(1, round(share * len(model.cell_centers)))
                rows.append(measure(replace(model, probes=probes), profiles))
                if len(rows) == 1:
                    print("| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
                print("| " + " | ".join(map(str, rows[-1].values())) + " |", flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
