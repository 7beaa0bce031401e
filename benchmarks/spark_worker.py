"""Trains on Spark once and prints as JSON what each stage used: ``spark.py`` starts this.

Arguments: the folder of the data, the number of cores, and a folder for what others compare, or
nothing. The settings are fixed. Spark's log of events tells what went through shuffles.
"""

import json
import pickle
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import SparkSession
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.parity import CHOSEN, ndcg, profiles_of
from benchmarks.processes import Watch
from training.bake import database
from training.choice.folds import RATINGS
from training.choice.metrics import MEASURED, sample_users
from training.engines import session
from training.engines.learning import fit
from training.engines.parts import Parts, Work
from training.engines.spark import load
from training.model.labels import find_leads_of

SEED = 1
TRAINED = "trained.pickle"  # train part, test part and model
BAKED = 11_000_000  # ratings up to which the database is written, too
DRIVER = "driver, between passes"
STAGES = {  # by the function that passes over the parts
    "_count": "counts",
    "decompose": "singular vectors",
    "_next_film": "next-film matrix",
    "_groups": "taste groups",
    "find_quantile": "trend",
    "_trend": "trend",
}

Array = NDArray[np.float64]


class Watched(Parts):
    """Parts whose passes are stages."""

    def __init__(self, parts: Parts, watch: Watch) -> None:
        super().__init__(parts.packed, parts.facts)
        self.watch = watch

    def add(self, work: Work, *shapes: tuple[int, ...]) -> list[Array]:
        """Return what ``Parts.add`` does."""
        with self.watch.stage(STAGES[getattr(work, "__qualname__", "").partition(".")[0]]):
            return super().add(work, *shapes)


def train(spark: SparkSession, folder: Path, watch: Watch, keep: Path | None) -> dict[str, Any]:
    """Return sizes and accuracy of a training on the train part of a folder's ratings.

    Both parts and the model are written to the folder ``keep``, unless it is None.
    """
    with ExitStack() as stack:
        with watch.stage("reading and sharing out"):
            whole, _ = stack.enter_context(load(spark, str(folder), {}, None, SEED, None))
        parts = Watched(whole.view(held_out=False), watch)
        with watch.stage("sample for the driver"):
            sample = parts.gather(RATINGS / whole.ratings, SEED)
        with threadpool_limits(1), watch.stage(DRIVER):
            model, totals = fit(parts, sample, CHOSEN)
        with watch.stage("lists of 10,000 users"):
            drawn = min(1.0, 2 * MEASURED / whole.users)  # of some, nothing is held out
            test = sample_users(whole.view(held_out=True).gather(drawn, SEED), SEED)
            found = ndcg(model, profiles_of(model, parts.gather(drawn, SEED), test), 0.0)
        if whole.ratings < BAKED:
            with watch.stage("database"), tempfile.TemporaryDirectory() as scratch:
                leads = find_leads_of(sample, model, totals.counts)
                database.bake(whole.gather(1, SEED), leads, Path(scratch, "catalogo.sqlite3"))
        if keep is not None:
            with watch.stage("keeping for others"):
                both = [whole.view(held_out).gather(1, SEED) for held_out in (False, True)]
                (keep / TRAINED).write_bytes(pickle.dumps((*both, model)))
    return {
        "ratings": whole.ratings,
        "users": whole.users,
        "films": len(whole.facts.films),
        "parts": whole.count,
        "dimensions": model.vectors.shape[1],
        "ndcg": round(found, 6),
    }


def shuffled(log: Path) -> int:
    """Return the bytes that all tasks wrote for others, by Spark's log of events."""
    total = 0
    for path in log.rglob("*"):
        if path.is_file():
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    if line.startswith('{"Event":"SparkListenerTaskEnd"'):
                        metrics = json.loads(line).get("Task Metrics") or {}
                        written = metrics.get("Shuffle Write Metrics", {})
                        total += written.get("Shuffle Bytes Written", 0)
    return total


def main() -> None:
    """Train and print what it took."""
    folder, cores, *keep = sys.argv[1:]
    watch = Watch("start")
    with tempfile.TemporaryDirectory() as log:
        session.SETTINGS |= {
            "spark.master": f"local[{cores}, 4]",  # attempts of a task, as on a cluster
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": Path(log).as_uri(),
            "spark.eventLog.compress": "false",
            "spark.cleaner.periodicGC.interval": "3min",  # what was shuffled leaves the disk
        }
        spark = session.open_session()
        sizes = train(spark, Path(folder), watch, Path(keep[0]) if keep else None)
        stages = {name: asdict(stage) for name, stage in watch.close().items()}
        spark.stop()
        told = {**sizes, "cores": int(cores), "shuffled": shuffled(Path(log)), "stages": stages}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
