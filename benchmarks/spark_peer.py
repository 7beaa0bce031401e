"""One machine on the ratings that ``spark_worker.py`` kept: ``spark.py`` starts this.

Prints as JSON what a fit takes here, and how far apart the two engines' models are.
"""

import json
import pickle
import resource
import sys
import time
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.parity import CHOSEN, lists, ndcg, products_apart, profiles_of, same_first
from benchmarks.spark_worker import SEED, TRAINED
from recommender.model.artifact import Model
from training.choice.metrics import sample_users
from training.data.dataset import Dataset
from training.model.fit import fit


def compare(ours: Model, expected: Model, train: Dataset, test: Dataset) -> dict[str, Any]:
    """Return how far apart two models are, for the users of a test part."""
    one, other = (profiles_of(model, train, test) for model in (ours, expected))
    accuracy = ndcg(ours, one, 0.0), ndcg(expected, other, 0.0)
    return {
        "products": float(f"{products_apart(ours, expected):.3g}"),
        "ndcg": round(accuracy[0], 6),
        "ndcg_here": round(accuracy[1], 6),
        "same_first": round(same_first(lists(ours, one, 0.0), lists(expected, other, 0.0)), 5),
        "users": len(one.users),
    }


def main() -> None:
    """Fit, compare and print."""
    train, test, ours = pickle.loads(Path(sys.argv[1], TRAINED).read_bytes())  # noqa: S301 our own
    test = sample_users(test, SEED)
    with threadpool_limits(1):
        began = time.process_time()
        here = fit(train, CHOSEN)
        seconds = time.process_time() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    told = {
        "work_seconds": round(seconds, 1),
        "peak_bytes": peak,
        **compare(ours, here, train, test),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
