"""MovieLens 100K for the tests, as ``make ml-100k`` leaves it: fetched once, then at hand."""

import subprocess
import sys
from functools import cache

from tests.training.small_data import ROOT
from training.data.dataset import Dataset
from training.data.read import read


@cache
def ml_100k() -> Dataset:
    """The data set; without it and without the package index the test fails, it is not skipped."""
    subprocess.run([sys.executable, ROOT / "benchmarks/ml_100k.py"], check=True)
    return read(ROOT / ".local/data/ml-100k")
