"""LensKit beside the other baselines, where ``make lenskit`` has set up its environment."""

import atexit
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".local/lenskit/bin/python"
WORKER = ROOT / "benchmarks/lenskit_worker.py"


@dataclass
class LensKitAls:
    """LensKit's implicit ALS, in a process of its own: the best of its algorithms here.

    The first fit of a process includes a minute of compiling by numba.
    """

    factors: int
    weight: float
    seed: int

    def fit(self, ratings: sparse.csr_matrix) -> Self:
        """Have the worker fit, and fetch the factors; those who have none score 0."""
        places = ratings.tocoo()
        self.users_ = np.zeros((ratings.shape[0], self.factors))
        self.films_ = np.zeros((ratings.shape[1], self.factors))
        with tempfile.TemporaryDirectory() as scratch:
            path = f"{scratch}/asked.npz"
            np.savez(
                path,
                users=places.row,
                films=places.col,
                features=np.array(self.factors),
                weight=np.array(self.weight),
                seed=np.array(self.seed),
            )
            _ask(path)
            found = np.load(path + ".fitted.npz")
            self.users_[found["users"]] = found["user_factors"]
            self.films_[found["films"]] = found["film_factors"]
        return self

    def scores(
        self,
        known: sparse.csr_matrix,  # noqa: ARG002 as of any Baseline
        users: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """Return products of factors."""
        return np.asarray(self.users_[users] @ self.films_.T)


@cache
def _worker() -> subprocess.Popen[str]:
    """Start the worker, once; it ends with this process."""
    worker = subprocess.Popen(  # noqa: S603 - both paths are ours
        [PYTHON, WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
    )
    atexit.register(worker.communicate)  # closes its input and waits
    return worker


def _ask(path: str) -> None:
    worker = _worker()
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write(path + "\n")
    worker.stdin.flush()
    if worker.stdout.readline().strip() != "done":
        raise RuntimeError(f"{WORKER.name} failed: try it by hand with {PYTHON}")
