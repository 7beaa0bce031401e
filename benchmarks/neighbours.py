"""Retrieval from a million films: this index, faiss IVF-Flat and HNSW, and numpy on all films.

The task is a recommendation: the ten films with the highest scores that the user has not rated. All
are tuned to the same recall on some users and measured on others, in turns, in one thread. The time
includes everything from the user's ratings on. faiss returns ten films more than the user has
rated, so that rated ones can be left out.
"""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import machine
from benchmarks.catalogues import KINDS, Floats, make_catalogue, make_model, make_profiles
from benchmarks.retrieval import (
    LIMIT,
    Rows,
    find_exact,
    find_served,
    measure_recall,
    print_row,
    tune,
)
from recommender.model.artifact import Model
from recommender.model.profile import Profile, fold_in

Find = Callable[[int, Profile], Rows]

FILMS = 1_000_000
USERS = 200
CELLS = 4000  # of IVF-Flat: 4 √n, as its documentation advises
ITERATIONS = 10  # of its KMeans
LINKS = 16  # of each film in HNSW
PROBES = tuple(round(2 ** (step / 2)) for step in range(2, 23))
CANDIDATES = tuple(round(100 * 2 ** (step / 2)) for step in range(15))
DEPTHS = tuple(round(16 * 2 ** (step / 2)) for step in range(14))


@dataclass(frozen=True)
class Rival:
    """A search method: ``find(effort, profile)``, the efforts to try, and its building time."""

    find: Find
    efforts: tuple[int, ...]
    seconds: float


def make_inverted_file(vectors: Floats) -> Any:
    """Return faiss's inverted file with exact scores, over the cells of plain KMeans.

    For inner products, faiss by default uses centres of length 1 and assigns films to the cell with
    the greatest product. With such different lengths, that needs many more cells for the same
    recall.
    """
    films, dimensions = vectors.shape
    kmeans = faiss.Kmeans(dimensions, CELLS, niter=ITERATIONS)
    kmeans.train(vectors[np.random.default_rng(0).choice(films, 64 * CELLS, replace=False)])
    cells, ids = kmeans.index.search(vectors, 1)[1].ravel(), np.arange(films)
    coarse = faiss.IndexFlatIP(dimensions)
    coarse.add(kmeans.centroids)
    index = faiss.IndexIVFFlat(coarse, dimensions, CELLS, faiss.METRIC_INNER_PRODUCT)
    index.add_core(films, *map(faiss.swig_ptr, (vectors, ids, cells)))
    return index


def make_graph(vectors: Floats) -> Any:
    """Return faiss's HNSW graph."""
    index = faiss.IndexHNSWFlat(vectors.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
    index.add(vectors)
    return index


def find_by(index: Any, model: Model, profile: Profile) -> Rows:
    """Return a function that finds the ten best films with a faiss index."""
    user = fold_in(model, profile).vector[None]
    (found,) = index.search(user, LIMIT + len(profile.rows))[1]
    return np.asarray(found[~np.isin(found, profile.rows)][:LIMIT])


def make_rivals(model: Model, *, with_graph: bool) -> dict[str, Rival]:
    """Return the search methods; the graph, which is slow to build, only on request."""

    def by_cells(candidates: int, profile: Profile) -> Rows:
        return find_served(replace(model, candidates=candidates), profile)

    def by_file(index: Any) -> Find:
        def find(probes: int, profile: Profile) -> Rows:
            index.nprobe = probes
            return find_by(index, model, profile)

        return find

    def by_graph(index: Any) -> Find:
        def find(depth: int, profile: Profile) -> Rows:
            index.hnsw.efSearch = depth
            return find_by(index, model, profile)

        return find

    rivals = {
        "this": Rival(by_cells, CANDIDATES, 0.0),
        "numpy, all films": Rival(lambda _, profile: find_exact(model, profile), (0,), 0.0),
    }
    inverted, seconds = _timed(lambda: make_inverted_file(model.vectors))
    rivals["faiss IVF-Flat"] = Rival(by_file(inverted), PROBES, seconds)
    if with_graph:
        graph, seconds = _timed(lambda: make_graph(model.vectors))
        rivals["faiss HNSW"] = Rival(by_graph(graph), DEPTHS, seconds)
    return rivals


def _timed(make: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    made = make()
    return made, time.perf_counter() - started


def measure(kind: str) -> list[dict[str, Any]]:
    """Return a row for each search method on a catalogue."""
    catalogue = make_catalogue(kind, FILMS)
    model, seconds = _timed(lambda: make_model(catalogue.vectors))
    rivals = make_rivals(model, with_graph=kind == KINDS[0])
    rivals["this"] = replace(rivals["this"], seconds=seconds)
    faiss.omp_set_num_threads(1)
    with threadpool_limits(1):
        tuning = make_profiles(model, catalogue.tastes, USERS, seed=1)
        exact = [find_exact(model, profile) for profile in tuning]
        efforts = {name: tune(r.find, tuning, exact, r.efforts) for name, r in rivals.items()}
        profiles = make_profiles(model, catalogue.tastes, USERS, seed=2)
        times: dict[str, list[float]] = {name: [] for name in rivals}
        found: dict[str, list[Rows]] = {name: [] for name in rivals}
        for profile in profiles:
            for name, rival in rivals.items():
                started = time.perf_counter()
                rows = rival.find(efforts[name], profile)
                times[name].append(time.perf_counter() - started)
                found[name].append(rows)
    medians = {name: statistics.median(some) for name, some in times.items()}
    exact = found["numpy, all films"]
    return [
        {
            "catalogue": kind,
            "index": name,
            "effort": efforts[name],
            "recall_at_10": round(measure_recall(found[name], exact), 4),
            "p50_ms": round(1000 * medians[name], 3),
            "times_ours": round(medians[name] / medians["this"], 2),
            "build_s": round(rival.seconds, 1),
        }
        for name, rival in rivals.items()
    ]


def main() -> None:
    """Print the table and write it as JSON."""
    rows: list[dict[str, Any]] = []
    for kind in KINDS:
        for row in measure(kind):
            rows.append(row)
            print_row(row, first=len(rows) == 1)
    machine.write("neighbours", {"rows": rows})


if __name__ == "__main__":
    main()
