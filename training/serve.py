"""What ``make run`` does: trains on a data set unless that is done, and serves the model."""

import hashlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from recommender.model import artifact
from recommender.model.artifact import ArtifactError
from training.data.dataset import Dataset
from training.renewal.lineage import name_of, place_of
from training.summary import render, summarize

RUNS = Path(".local/runs")
KEPT = 3  # newest models of a data set: another process may serve one of them
DIGITS = 8  # of a digest, in names of folders

_log = logging.getLogger(__name__)


def run_folder(data: Path) -> Path:
    """Return where the models of a data set are, and the ratings that are written of its films."""
    return RUNS / f"{name_of(data)}-{_digest(os.fspath(place_of(data)))}"


def prepare(
    folder: Path, data: Dataset, options: dict[str, Any], train: Callable[[Path], object]
) -> Path:
    """Return the model of a data set in its folder, trained unless it is there.

    Models of other data, options or code have other names, so none is replaced that somebody
    serves. ``train`` writes a model to a place.
    """
    about = [data.digest, data.lowest, data.highest, data.demonstration, options, _code()]
    place = folder / f"modelo-{_digest(json.dumps(about))}"
    try:
        artifact.load(place)
        _log.info("the model of this data is there: not trained again")
        place.touch()
    except ArtifactError:
        train(place)
    newest = sorted(folder.glob("modelo-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in newest[KEPT:]:
        shutil.rmtree(old)
    return place


def serve(model: Path, folder: Path) -> NoReturn:
    """Show what a model is, and become the server of it, with its ratings in a folder."""
    print(f"{render(summarize(model))}\n", flush=True)
    os.environ["ARTIFACT_DIR"] = str(model)
    os.environ["ACCESS"] = "local"
    os.environ["RATINGS_DIR"] = str(folder / "avaliacoes")
    os.execv(sys.executable, [sys.executable, "-m", "recommender"])  # noqa: S606 it needs no shell


def _code() -> str:
    """Return a digest of what a model depends on besides data and options."""
    root = Path(__file__).parents[1]
    sources = [root / "uv.lock"]
    for package in ("recommender", "training"):
        sources += sorted((root / package).rglob("*.py"))
    found = hashlib.sha256(sys.version.encode())
    for path in sources:
        found.update(path.read_bytes())
    return found.hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
