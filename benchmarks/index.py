"""The KMeans index compared with scoring every film, on catalogues of up to a million films.

Measures recall of the ten best films, share of films scored, and time relative to brute force in
the same run, in one thread. The number of candidates is tuned on other users than those measured.
"""

import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import machine
from benchmarks.catalogues import KINDS, Catalogue, make_catalogue, make_model, make_profiles
from benchmarks.retrieval import (
    find_exact,
    find_served,
    measure_recall,
    print_row,
    tune,
)
from training.evaluation.index_share import share_scored

SIZES = (1_700, 17_000, 170_000, 1_000_000)
USERS = 200
CANDIDATES = tuple(round(100 * 2 ** (step / 2)) for step in range(20))


def measure(kind: str, catalogue: Catalogue) -> dict[str, float | str]:
    """Return recall, share of films scored and times for a catalogue."""
    model = make_model(catalogue.vectors)
    tuning = make_profiles(model, catalogue.tastes, USERS, seed=1)
    candidates = tune(
        lambda count, profile: find_served(replace(model, candidates=count), profile),
        tuning,
        [find_exact(model, profile) for profile in tuning],
        CANDIDATES,
    )
    model = replace(model, candidates=candidates)
    profiles = make_profiles(model, catalogue.tastes, USERS, seed=2)
    found, exact, served, brute = [], [], [], []
    for profile in profiles:
        started = time.perf_counter()
        exact.append(find_exact(model, profile))
        between = time.perf_counter()
        found.append(find_served(model, profile))
        served.append(time.perf_counter() - between)
        brute.append(between - started)
    return {
        "catalogue": kind,
        "films": len(model.film_ids),
        "cells": len(model.cell_centers),
        "candidates": candidates,
        "recall_at_10": round(measure_recall(found, exact), 4),
        "share_scored": round(share_scored(model, profiles), 5),
        "rank_ms": round(1000 * statistics.median(served), 3),
        "brute_force_ms": round(1000 * statistics.median(brute), 3),
        "times_faster": round(statistics.median(brute) / statistics.median(served), 1),
    }


def main() -> None:
    """Print the table and write it as JSON."""
    rows: list[dict[str, float | str]] = []
    with threadpool_limits(1):
        for kind in KINDS:
            for films in SIZES:
                rows.append(measure(kind, make_catalogue(kind, films)))
                print_row(rows[-1], first=len(rows) == 1)
    machine.write("index", {"rows": rows})


if __name__ == "__main__":
    main()
