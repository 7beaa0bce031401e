"""A whole training on Spark, and the same bits each time."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from recommender.model.artifact import ARTIFACT_FILES, CATALOG_FILE, load, part_names
from tests.engines.conftest import Load
from tests.engines.files import write_csv
from tests.training.small_data import as_data, block_ratings
from training.batch.files import ListsError
from training.batch.lists import recommend_all
from training.choice.folds import RATINGS
from training.data.dataset import Dataset
from training.engines import parts as parts_module
from training.engines.learning import fit as fit_on_spark
from training.engines.lists import write_lists
from training.engines.quantile import find_quantile
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters
from training.on_spark import build_on_spark
from training.profiles.export import export
from training.profiles.parts import read_part

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
    monkeypatch.setattr(parts_module, "BLOCK", here.size // 3)
    there, _ = parts.add(products, block.shape, ())
    assert there.tobytes() == here.tobytes()


def test_groups_of_a_sample_become_those_of_all_users(folder: Path, load_parts: Load) -> None:
    """Of four blocks of users there are four groups, whoever is in the sample."""
    parts = load_parts(folder, 2)
    sample = parts.gather(0.5, 1)
    assert 0 < len(sample.users) < parts.users
    four = Hyperparameters(seed=1).with_values({**FIXED, "groups": 4})
    found, expected = fit_on_spark(parts, sample, four)[0], fit(parts.gather(1, 1), four)
    ours, theirs = (model.group_centers[:, model.rows_by_id] for model in (found, expected))
    apart = np.abs(ours[:, None] - theirs[None]).max(axis=2)
    assert apart.min(axis=1) == pytest.approx(np.zeros(4), abs=1e-4)
    assert sorted(apart.argmin(axis=1)) == [0, 1, 2, 3]


def test_quantiles_are_exact(folder: Path, load_parts: Load) -> None:
    parts = load_parts(folder, 2)
    moments = parts.gather(1, 1).ratings["momento"].to_numpy()
    for share in (0.0, 0.3, 0.999, 1.0):
        assert find_quantile(parts, share) == pytest.approx(np.quantile(moments, share), abs=1e-3)


@pytest.fixture(scope="module")
def built(
    spark: SparkSession, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """The same artifact with packaged ratings, and with profiles."""
    del spark  # the session that the builds use
    fixed = {**FIXED, "decay": 5.0, "recency": 0.0, "aversion": 2.0}
    whole, apart = (tmp_path_factory.mktemp("built") / name for name in ("whole", "apart é"))
    for out in (whole, apart):
        profiles = out is apart
        build_on_spark(str(folder), out, 1, fixed=fixed, count=2, profiles=profiles)
    return whole, apart


def test_a_model_is_built(built: tuple[Path, Path]) -> None:
    """With every file of an artifact, an accuracy far above popularity's, and the same bits."""
    whole, apart = built
    found = load(whole).manifest
    assert all((whole / name).stat().st_size for name in ARTIFACT_FILES)
    same = ("kmeans.joblib", "mapa.svg", "mapa.png")
    again = load(apart).manifest
    assert [found["files"][name] for name in same] == [again["files"][name] for name in same]
    assert found["metrics"] == again["metrics"]
    assert found["data"]["avaliacoes"] < RATINGS
    assert found["metrics"]["users"] > 50
    ours, popular = (found["metrics"][name]["ndcg"]["mean"] for name in ("padrao", "populares"))
    assert ours > 2 * popular


def test_profiles_are_those_of_an_export(built: tuple[Path, Path], tmp_path: Path) -> None:
    whole, apart = built
    exported = export(whole, tmp_path / "exported")
    found = load(apart).manifest
    assert found["perfis"] == {**exported["perfis"], "tabela": found["perfis"]["tabela"]}
    unlike = ("digest", "linhagem", "primeira_linhagem")
    data = ({**each["data"], **dict.fromkeys(unlike)} for each in (found, exported))
    assert next(data) == next(data)
    items = [
        [item for name in part_names(each["files"]) for item in read_part(place / name)]
        for each, place in ((found, apart), (exported, tmp_path / "exported"))
    ]
    assert items[0] == items[1]
    assert tables(apart) == tables(tmp_path / "exported")


def test_workers_make_the_same_lists(
    built: tuple[Path, Path], spark: SparkSession, tmp_path: Path
) -> None:
    """By packaged ratings and by those in parts of profiles."""
    for artifact in built:
        expected = pd.concat(recommend_all(artifact, 3, processes=1), ignore_index=True)
        rows = write_lists(spark, artifact, 3, str(tmp_path / artifact.name), 40)
        assert rows == len(expected)
        found = pd.read_parquet(tmp_path / artifact.name)
        found = found.sort_values(["usuario_id", "posicao"], ignore_index=True)
        pd.testing.assert_frame_equal(found, expected)
        with pytest.raises(ListsError, match="something is there"):
            write_lists(spark, artifact, 3, str(tmp_path / artifact.name), 40)
        assert len(pd.read_parquet(tmp_path / artifact.name)) == rows


def tables(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """The rows of an artifact's database."""
    names = ("usuarios", "filmes", "avaliacoes", "histogramas", "gostos", "generos", "grupos")
    with closing(sqlite3.connect(folder / CATALOG_FILE)) as db:
        return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in names}
