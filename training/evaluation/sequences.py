"""Sequence models as baselines, if ``make sequences`` has set up their environment.

They predict a user's next film from the order of the earlier ones, so they are measured only where
the last rating in time is held out.
"""

import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.data.dataset import Dataset
from training.data.splits import split_last
from training.data.tables import TIME_COLUMN

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".local/sequences/bin/python"
WORKER = ROOT / "benchmarks/sequence_worker.py"
KINDS = ("SASRec", "GRU4Rec")
MOST = 200_000  # ratings: for 100,000, SASRec takes 40 minutes and GRU4Rec 20


@dataclass(frozen=True)
class Found:
    """Each user's list, and how it came about: settings tried, the best with nDCG, seconds."""

    lists: list[NDArray[np.int64]]
    about: dict[str, Any]


def why_left_out(train: Dataset) -> str | None:
    """Return why sequence models are left out, if they are."""
    if not PYTHON.exists():
        return "its environment is missing: run make sequences"
    if len(train.ratings) > MOST:
        return f"{len(train.ratings)} ratings, limit {MOST}"
    if np.bincount(train.ratings["user"]).max() < 3:  # one to judge, two to learn from
        return "no user has three ratings"
    return None


def best_lists(kind: str, train: Dataset, users: NDArray[np.int64], seed: int) -> Found:
    """Return the ten best new films of each user by a model of one kind.

    Its settings and the length of its training are chosen by nDCG at 10 on each user's last rating
    in the train part. With the best, a model is then fitted to the whole train part.
    """
    started = time.perf_counter()
    learned, held = split_last(train.ratings, seed + 1)
    ordered = pd.concat([learned.assign(held=False), held.assign(held=True)])
    ordered = ordered.sort_values(["user", TIME_COLUMN], kind="stable")  # held comes last
    with tempfile.TemporaryDirectory() as scratch:
        path = f"{scratch}/asked.npz"
        np.savez(
            path,
            kind=np.array(kind),
            users=ordered["user"].to_numpy(),
            films=ordered["film"].to_numpy(),
            held=ordered["held"].to_numpy(),
            seed=np.array(seed),
        )
        subprocess.run(  # noqa: S603 both paths are fixed
            [PYTHON, WORKER, path],
            check=True,
            stdout=subprocess.DEVNULL,
            env={"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        )
        found = json.loads(Path(path + ".json").read_text())
    lists = found.pop("lists")
    best = [np.array(lists.get(str(user), []), np.int64) for user in users]
    return Found(best, found | {"seconds": round(time.perf_counter() - started, 1)})
