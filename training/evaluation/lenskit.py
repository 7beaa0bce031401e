"""LensKit as a baseline, if ``make lenskit`` has set up its environment."""

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
    """LensKit's implicit ALS, the best of LensKit's algorithms here, in its own process.

    In the first fit of a process, numba compiles for about a minute.
    """

    factors: int
    weight: float
    seed: int

    def fit(self, ratings: sparse.csr_matrix) -> Self:
        """Let the worker fit, and read its factors; users and films without factors score 0."""
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
        known: sparse.csr_matrix,  # noqa: ARG002 part of the protocol
        users: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """Return the products of factors."""
        return np.asarray(self.users_[users] @ self.films_.T)


@cache
def _worker() -> subprocess.Popen[str]:
    """Start the worker on first use; it ends with this process."""
    worker = subprocess.Popen(  # noqa: S603 both paths are fixed
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
    """Send the worker a path and wait until it has written its answer next to it."""
    worker = _worker()
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write(path + "\n")
    worker.stdin.flush()
    if worker.stdout.readline().strip() != "done":
        raise RuntimeError(f"{WORKER.name} failed: run it with {PYTHON} to see why")
