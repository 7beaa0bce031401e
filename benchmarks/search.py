"""The time of a whole search and fit, compared with tuning EASE alone.

The search is all that a build does for the model that is served: the choice of hyperparameters on
validation folds, the fit, similar films and labels. ``measuring`` is the same once more on the
train part, which only serves the figures in the manifest. EASE tries thirteen ridges on five folds,
by the smaller Gram matrix (``training/evaluation``). All run in one thread, in turns, and the times
are those of the processor. The data is MovieLens 100K, and synthetic ratings of many films by few
users.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import machine, ml_100k
from benchmarks.machine import ROOT
from benchmarks.retrieval import print_row
from benchmarks.training import make_data
from training.build import evaluate
from training.choice.aim import Aim
from training.choice.choose import choose
from training.choice.folds import Fold, make_folds
from training.data.dataset import Dataset
from training.data.read import read
from training.evaluation.baselines import Ease
from training.evaluation.tuning import RIDGES, tune
from training.model.fit import complete, fit
from training.model.labels import find_leads_of

SEED = 42
TURNS = 3
FOLDS = 5
WIDE = (600, 10_000, 100_000)  # users, films, ratings


def search(data: Dataset) -> None:
    """Make the model that a build would serve."""
    fitted = fit(data, choose(data, SEED).chosen)
    complete(data, fitted, find_leads_of(data, fitted), SEED)


def five_folds(data: Dataset) -> list[Fold]:
    """Return the folds of the search, and further ones if these are fewer than five."""
    folds: list[Fold] = []
    while len(folds) < FOLDS:
        folds += make_folds(data, Aim.LIKED, SEED + len(folds))
    return folds[:FOLDS]


def measure(name: str, data: Dataset) -> dict[str, Any]:
    """Return the median processor times on a data set, and how they relate."""
    data = data.with_ratings(data.ratings.sort_values(["user", "film"]))  # as in a build
    folds = five_folds(data)
    ways: dict[str, Callable[[], Any]] = {
        "seconds": lambda: search(data),
        "ease_seconds": lambda: tune([Ease(ridge) for ridge in RIDGES], folds),
        "measuring_seconds": lambda: evaluate(data, SEED),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    with threadpool_limits(1):
        for _ in range(TURNS):
            for way, run in ways.items():
                began = time.process_time()
                run()
                times[way].append(time.process_time() - began)
    medians = {way: round(median(some), 1) for way, some in times.items()}
    users, films = data.matrix.shape
    return {
        "data": name,
        "users": users,
        "films": films,
        "ratings": len(data.ratings),
        **medians,
        "of_ease": round(median(times["seconds"]) / median(times["ease_seconds"]), 2),
    }


def main() -> None:
    """Print the table and write it as JSON."""
    (ROOT / ".local").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".local") as scratch:
        make_data(Path(scratch), *WIDE)
        wide = read(Path(scratch))
    rows: list[dict[str, Any]] = []
    for name, data in (("MovieLens 100K", read(ml_100k.fetch())), ("few users, many films", wide)):
        rows.append(measure(name, data))
        print_row(rows[-1], first=len(rows) == 1)
    machine.write("search", {"rows": rows})


if __name__ == "__main__":
    main()
