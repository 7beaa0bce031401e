"""A whole training on Spark, and the same bits each time."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

from recommender.model.artifact import ARTIFACT_FILES, load
from tests.conftest import ROOT
from tests.engines.conftest import Load
from tests.engines.files import write_csv
from tests.training.small_data import as_data, block_ratings
from training.build import build_on_spark
from training.choice.folds import RATINGS
from training.data.dataset import Dataset
from training.engines import parts as parts_module
from training.engines.learning import fit
from training.engines.quantile import find_quantile
from training.model.hyperparameters import Hyperparameters

FIXED: dict[str, float] = {
    "strength": 1.0,
    "bandwidth": 8,
    "output_exponent": 0.2,
    "correction": 0.0,
    "user_exponent": 0.25,
    "film_exponent": 0.25,
    "slope": 0.8,
    "content": 0.4,
    "prior_strength": 3.0,
    "half_life": 30.0,
    "cells": 4,
    "candidates": 48,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = as_data(block_ratings())
    moments = np.random.RandomState(5).randint(10**9, 10**9 + 10**7, len(data.ratings))
    timed = data.ratings.assign(momento=moments.astype(np.int64))
    return write_csv(data.with_ratings(timed), tmp_path_factory.mktemp("blocks"))


def test_sums_have_the_same_bits_wherever_they_are_added(
    folder: Path, load_parts: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the driver if they are few, else in Spark, in blocks."""
    parts = load_parts(folder, 3)
    block = np.random.RandomState(0).standard_normal((len(parts.facts.films), 5))

    def products(part: Dataset, number: int) -> list[np.ndarray | float]:
        return [part.matrix.T @ (part.matrix @ block), float(number)]

    here, numbers = parts.add(products, block.shape, ())
    assert numbers == 0 + 1 + 2
    matrix = parts.gather(1, 1).matrix
    assert here == pytest.approx(matrix.T @ (matrix @ block))
    monkeypatch.setattr(parts_module, "ADDED_HERE", 0)
    monkeypatch.setattr(parts_module, "BLOCK", 100)
    there, _ = parts.add(products, block.shape, ())
    assert there.tobytes() == here.tobytes()


def test_groups_of_a_sample_become_those_of_all_users(folder: Path, load_parts: Load) -> None:
    """Of four blocks of users there are four groups, whoever is in the sample."""
    parts = load_parts(folder, 2)
    sample = parts.gather(0.5, 1)
    assert 0 < len(sample.users) < parts.users
    four = Hyperparameters(seed=1).with_values({**FIXED, "groups": 4})
    found, expected = (fit(parts, data, four)[0] for data in (sample, parts.gather(1, 1)))
    order = [np.lexsort(model.group_centers.T) for model in (found, expected)]
    assert found.group_centers[order[0]] == pytest.approx(
        expected.group_centers[order[1]], abs=1e-5
    )


def test_quantiles_are_exact(folder: Path, load_parts: Load) -> None:
    parts = load_parts(folder, 2)
    moments = parts.gather(1, 1).ratings["momento"].to_numpy()
    for share in (0.0, 0.3, 0.999, 1.0):
        assert find_quantile(parts, share) == pytest.approx(np.quantile(moments, share), abs=1e-3)


def test_a_model_is_built(spark: SparkSession, folder: Path, tmp_path: Path) -> None:
    """With every file of an artifact, an accuracy far above popularity's, and the same version."""
    del spark  # the session that the build uses
    fixed = {**FIXED, "decay": 5.0, "recency": 0.0, "aversion": 2.0}
    manifests = [
        build_on_spark(str(folder), tmp_path / name, 1, fixed=fixed, count=2) for name in "ab"
    ]
    assert manifests[0]["version"] == manifests[1]["version"]
    assert load(tmp_path / "a").version == manifests[0]["version"]
    assert all((tmp_path / "a" / name).stat().st_size for name in ARTIFACT_FILES)
    found = manifests[0]
    assert found["data"]["avaliacoes"] < RATINGS
    assert found["metrics"]["users"] > 50
    ours, popular = (found["metrics"][name]["ndcg"]["mean"] for name in ("padrao", "populares"))
    assert ours > 2 * popular


def test_without_pyspark_one_line_says_what_is_missing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "pyspark.py").write_text("raise ModuleNotFoundError(name='pyspark')")
    command = [
        sys.executable,
        "-m",
        "training",
        "build",
        "--engine",
        "spark",
        "--data",
        str(folder),
    ]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: --engine spark needs pyspark")
