"""Profiles in a table, for data of the shape of MovieLens 25M: sizes, read units, time, and films.

The data is that of ``training.py``; the hyperparameters are fixed, so that a training takes
minutes. Its artifact is exported, packaged as ``make build`` does it, and answers in Lambda's
emulator, its ratings in moto's server. Folders stay in .local/profiles; what is there is not made
again.
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.machine import ROOT
from benchmarks.training import SHAPES, make_data

SHAPE = SHAPES["25m"]
PLACE = ROOT / ".local" / "profiles"
FIXED = {
    "bandwidth": 128,  # 256 dimensions, about as many as vectors of 64 MB allow
    "strength": 5,
    "output_exponent": 0.2,
    "correction": 0,
    "user_exponent": 0.3,
    "film_exponent": 0.4,
    "slope": 0.8,
    "content": 0.1,
    "aversion": 1,
    "prior_strength": 5,
    "decay": 10,
    "recency": 0.2,
    "half_life": 90,
    "cells": 243,
    "candidates": 5000,
    "groups": 5,
}


def train() -> Path:
    """Return the artifact with packaged ratings."""
    data, whole = PLACE / "data", PLACE / "whole"
    if not (data / "movies.csv").exists():
        data.mkdir(parents=True, exist_ok=True)
        make_data(data, *SHAPE)
    if not whole.exists():
        fixed = [f"--fix={name}={value}" for name, value in FIXED.items()]
        command = [sys.executable, "-m", "training", "build", "--data", str(data)]
        command += ["--out", str(whole), "--quiet", *fixed]
        subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603
    return whole


if __name__ == "__main__":
    train()
