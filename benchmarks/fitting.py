"""The time of one fit, compared with implicit's ALS on the same ratings.

Both run in one thread, in turns, with fixed settings. Our fit includes everything in a model:
embedding, vectors of films without ratings, index cells, taste groups and labels. ALS has 64
factors and 15 iterations.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from implicit.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import machine
from benchmarks.machine import ROOT
from benchmarks.retrieval import print_row
from benchmarks.training import SHAPES, make_data
from training.data.dataset import Dataset
from training.data.read import read
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters

TURNS = {"100k": 5, "1m": 3, "10m": 1}
FACTORS, ITERATIONS = 64, 15


def fit_als(data: Dataset) -> None:
    """Fit implicit's ALS with the ratings as confidences."""
    als = AlternatingLeastSquares(
        factors=FACTORS, iterations=ITERATIONS, num_threads=1, random_state=0
    )
    als.fit(data.matrix.tocsr(), show_progress=False)


def measure(name: str) -> dict[str, Any]:
    """Return the median times of both on data of a shape."""
    with tempfile.TemporaryDirectory(dir=ROOT / ".local") as scratch:
        ratings = make_data(Path(scratch), *SHAPES[name])
        data = read(Path(scratch))
    ways: dict[str, Callable[[], Any]] = {
        "seconds": lambda: fit(data, Hyperparameters()),
        "als_seconds": lambda: fit_als(data),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    with threadpool_limits(1):
        for _ in range(TURNS[name]):
            for way, run in ways.items():
                began = time.perf_counter()
                run()
                times[way].append(time.perf_counter() - began)
    medians = {way: round(median(some), 2) for way, some in times.items()}
    share = round(medians["seconds"] / medians["als_seconds"], 2)
    return {"shape": name, "ratings": ratings, **medians, "of_als": share}


def main() -> None:
    """Print the table and write it as JSON."""
    (ROOT / ".local").mkdir(exist_ok=True)
    rows: list[dict[str, Any]] = []
    for name in TURNS:
        rows.append(measure(name))
        print_row(rows[-1], first=len(rows) == 1)
    machine.write("fitting", {"rows": rows})


if __name__ == "__main__":
    main()
