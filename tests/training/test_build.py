"""A whole training: the artifact is complete and depends only on data and seed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from recommender.data.catalog import Catalog
from recommender.model.artifact import ARTIFACT_FILES, CATALOG_FILE, Artifact, file_digest, load
from recommender.model.profile import make_profile
from recommender.model.ranking import Strategy, rank
from tests.training.small_data import (
    CASE,
    ROOT,
    as_data,
    as_document,
    as_json,
    block_ratings,
    count_rows,
    from_json,
    random_ratings,
)
from training.bake import picture
from training.build import build, evaluate
from training.choice.metrics import METRICS
from training.data.dataset import Dataset
from training.data.read import read
from training.renewal.lineage import Lineage

RATINGS = random_ratings(30, 24)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return as_data(RATINGS)


@pytest.fixture(scope="module")
def artifact(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder = tmp_path_factory.mktemp("built") / "artifact"
    build(data, folder, seed=42)
    return load(folder)


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_the_manifest_is_complete(artifact: Artifact, data: Dataset) -> None:
    text = (artifact.path / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text, parse_constant=refuse)
    assert manifest == artifact.manifest
    assert manifest["files"] == {name: file_digest(artifact.path / name) for name in ARTIFACT_FILES}
    assert len(manifest["version"]) == 64
    assert isinstance(manifest["format"], int)
    assert manifest["data"] == {
        "digest": data.digest,
        "usuarios": 30,
        "filmes": 24,
        "avaliacoes": len(data.ratings),
        "duplicadas": 0,
        "demonstracao": False,
        "escala": [0, 5],
        "passo": 0.5,
        "linhagem": data.digest[:12],
        "primeira_linhagem": data.digest[:12],
    }
    assert datetime.fromisoformat(manifest["training"]["date"]).tzinfo is not None
    assert manifest["training"]["seconds"] >= 0
    assert manifest["training"]["seed"] == 42
    assert manifest["training"]["objetivo"] == "gostar"
    assert "seed 42" in manifest["metrics"]["protocol"]
    assert manifest["metrics"]["cutoff"] == 10
    assert 0 < manifest["metrics"]["users"] <= 30
    for strategy in Strategy:
        metrics = dict(manifest["metrics"][strategy.value])
        disliked, liked = metrics.pop("disliked"), metrics.pop("gostar")
        assert 0 <= disliked <= 1
        for part in (metrics, liked):
            assert set(part) == set(METRICS)
            assert all(0 <= value["mean"] <= 1 and value["margin"] >= 0 for value in part.values())
    hyperparameters = manifest["hyperparameters"]
    assert hyperparameters["cells"] == len(artifact.model.cell_centers)
    assert hyperparameters["candidates"] == artifact.model.candidates
    assert hyperparameters["groups"] == 5
    tables = hyperparameters["validation"]
    for name in ("settings", "priors"):
        best = [row["ndcg"] for row in tables[name]]
        assert best == sorted(best, reverse=True)
    assert 0 < len(tables["settings"]) <= hyperparameters["tried"]
    assert tables["priors"][0]["prior_strength"] == hyperparameters["prior_strength"]
    last = tables["indices"][-1]
    assert last["cells"] >= 1
    assert last["candidates"] >= 1


def test_the_folder_has_the_artifact_files_and_no_others(artifact: Artifact) -> None:
    found = sorted(path.name for path in artifact.path.iterdir())
    assert found == sorted([*ARTIFACT_FILES, "manifest.json"])
    assert [path.name for path in artifact.path.parent.iterdir()] == ["artifact"]


def test_catalogue_and_model_agree_with_the_data(artifact: Artifact, data: Dataset) -> None:
    catalog = Catalog(artifact.path / CATALOG_FILE)
    counts = count_rows(catalog._db)
    assert counts == {"usuarios": 30, "filmes": 24, "avaliacoes": len(data.ratings)}
    assert sorted(artifact.model.film_ids.tolist()) == data.films["id"].tolist()


def version(data: Dataset, folder: Path, seed: int = 42) -> str:
    return str(build(data, folder, seed)["version"])


def test_another_seed_or_other_data_changes_the_version(
    artifact: Artifact, data: Dataset, tmp_path: Path
) -> None:
    other = RATINGS.copy()
    other[0, 0] = 5.0 if other[0, 0] != 5 else 4.0
    versions = [
        artifact.version,
        version(data, tmp_path / "b", seed=43),
        version(as_data(other), tmp_path / "c"),
        version(as_data(RATINGS, ["Another", *"bcdefghijklmnopqrstuvwx"]), tmp_path / "d"),
    ]
    assert len(set(versions)) == 4
    assert version(data, tmp_path / "b") == artifact.version  # replaces the artifact of seed 43


def test_the_order_of_the_ratings_does_not_change_the_version(
    data: Dataset, artifact: Artifact, tmp_path: Path
) -> None:
    shuffled = data.with_ratings(data.ratings.sample(frac=1, random_state=1))
    assert not shuffled.ratings.equals(data.ratings)
    assert build(shuffled, tmp_path / "artifact", seed=42)["version"] == artifact.version


def test_the_manifest_names_the_lineage_which_does_not_change_the_version(
    data: Dataset, artifact: Artifact, tmp_path: Path
) -> None:
    lineage = Lineage("outra", "primeira")
    manifest = build(data, tmp_path / "artifact", seed=42, lineage=lineage)
    assert manifest["version"] == artifact.version
    assert manifest["data"] == artifact.manifest["data"] | {
        "linhagem": "outra",
        "primeira_linhagem": "primeira",
    }


def test_every_process_makes_the_same_version(tmp_path: Path) -> None:
    """The hash seed and the number of threads make no difference."""
    path = tmp_path / "data.json"
    path.write_bytes(as_json(as_document(block_ratings(3, 16, 16))))
    processes = []
    for number in (1, 4):
        command = [sys.executable, "-m", "training", "build", "--data", str(path), "--out"]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(number))
        environment = os.environ | threads | {"PYTHONHASHSEED": str(number)}
        processes.append(
            subprocess.Popen(
                [*command, str(tmp_path / str(number))],
                cwd=ROOT,
                env=environment,
                stderr=subprocess.DEVNULL,
            )
        )
    assert [process.wait() for process in processes] == [0, 0]
    expected = version(read(path), tmp_path / "here")
    assert [load(tmp_path / str(number)).version for number in (1, 4)] == [expected] * 2


TINY: dict[str, Callable[[], Dataset]] = {
    "one user, one film": lambda: as_data(random_ratings(1, 1)),
    "one user": lambda: as_data(random_ratings(1, 12, share=1.0)),
    "one film": lambda: as_data(random_ratings(12, 1, share=1.0)),
    "one user measured": lambda: as_data(random_ratings(3, 1, share=1.0)),
    "all alike": lambda: as_data(random_ratings(6, 6, share=1.0) * 0 + 4),
    "all zero": lambda: as_data(random_ratings(6, 6, share=1.0) * 0),
    "the original case": lambda: read(CASE),
}


@pytest.mark.parametrize("make", TINY.values(), ids=TINY.keys())
def test_tiny_data_builds_and_serves(make: Callable[[], Dataset], tmp_path: Path) -> None:
    data = make()
    build(data, tmp_path / "artifact", seed=42)
    text = (tmp_path / "artifact/manifest.json").read_text(encoding="utf-8")
    json.loads(text, parse_constant=refuse)
    model = load(tmp_path / "artifact").model
    profile = make_profile(model, [(int(data.films["id"][0]), 3.0)])
    for strategy in Strategy:
        ranking = rank(model, profile, strategy, limit=100)
        assert sorted(model.film_ids[ranking.rows].tolist()) == data.films["id"].tolist()


def test_without_held_out_ratings_there_are_no_metrics() -> None:
    evaluation = evaluate(as_data(random_ratings(1, 9, share=1.0)), 42)
    assert (evaluation.users, evaluation.metrics) == (0, {})


def test_a_failed_training_leaves_the_folder_unchanged(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "artifact"
    build(data, folder, seed=42)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(picture, "draw", fail)
    with pytest.raises(OSError, match="no space left"):
        build(from_json(as_json(as_document(RATINGS[:20])), "d.json"), folder, seed=42)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["artifact"]
