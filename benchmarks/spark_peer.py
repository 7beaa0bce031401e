"""One machine on the ratings that ``spark_worker.py`` kept: ``spark.py`` starts this.

Prints as JSON what a fit takes here, and how far apart the models are. Two models are compared with
that of Spark: one of this machine as it is, and one of the same code whose singular vectors come
from ARPACK with full precision, for those of a randomised method are approximate.
"""

import json
import pickle
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.parity import CHOSEN, lists, ndcg, products_apart, profiles_of, same_first
from benchmarks.spark_worker import SEED, TRAINED
from recommender.model.artifact import Model
from training.choice.metrics import sample_users
from training.data.dataset import Dataset
from training.model.contents import components
from training.model.embedding import (
    Spectrum,
    half_of,
    normalise,
    orient,
    place_below,
    square_lengths,
)
from training.model.fit import fit


def precise(data: Dataset) -> Spectrum:
    """Return what ``training.model.embedding.decompose`` does, with full precision."""
    ratings, settings = data.matrix, CHOSEN.settings
    counts = np.bincount(ratings.indices, minlength=ratings.shape[1]).astype(np.float64)
    mean, half_range = float(ratings.data.mean()), half_of((data.lowest, data.highest))
    rows = normalise(ratings, counts, mean, half_range, settings.normalisation)
    below = place_below(components(data.films), square_lengths(rows), settings.normalisation)
    start = np.random.RandomState(SEED).standard_normal(
        min(rows.shape[0] + below.shape[1], len(counts))
    )
    _, values, vectors = svds(
        sparse.vstack([rows, below.T]).tocsr(),
        settings.wanted,
        v0=start,
        return_singular_vectors="vh",
    )
    vectors = orient(vectors[::-1].T)
    return Spectrum(settings.normalisation, vectors, values[::-1], counts, mean, half_range)


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
        exact = fit(train, CHOSEN, precise(train))
    told = {
        "work_seconds": round(seconds, 1),
        "peak_bytes": peak,
        "as_it_is": compare(ours, here, train, test),
        "precise": compare(ours, exact, train, test),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
