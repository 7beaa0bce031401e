"""Data as it is found: each folder of ``tests/data/found`` is a case with its right outcome.

Beside the folder ``data``, ``expected.json`` says what the case is ``about``, and what is asked:
``path`` (default ``data``), ``scale`` and ``columns`` as on the command line, ``pack`` for what is
packed before it is read. The outcome is the line of an ``error``, or of the ``data`` the numbers of
records, the scale, whether it has times, and some of its films and ratings. ``log`` are warnings.
"""

import gzip
import json
import logging
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import ROOT
from training.data.dataset import Dataset
from training.data.files.names import parse_columns
from training.data.read import read
from training.data.scale import parse_scale
from training.data.tables import DataError

FOUND = ROOT / "tests/data/found"
CASES = sorted(path.parent.name for path in FOUND.glob("*/expected.json"))
KEYS = {"about", "path", "pack", "scale", "columns", "data", "error", "log"}


def pack(data: Path, how: str, target: Path) -> Path:
    """Return the files of a folder, packed."""
    files = sorted(path for path in data.rglob("*") if path.is_file())
    if how == "zip":
        with zipfile.ZipFile(target / "data.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, path.relative_to(data))
        return target / "data.zip"
    if how == "zip of gz":
        with zipfile.ZipFile(target / "data.zip", "w") as archive:
            for path in files:
                archive.writestr(f"{path.relative_to(data)}.gz", gzip.compress(path.read_bytes()))
        return target / "data.zip"
    if how == "tar.gz":
        with tarfile.open(target / "data.tar.gz", "w:gz") as packed:
            packed.add(data, ".")
        return target / "data.tar.gz"
    if how == "gz":
        (path,) = files
        (target / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        return target / f"{path.name}.gz"
    (target / "data").mkdir()
    for path in files:
        if how == "parquet":
            pd.read_csv(path).to_parquet(target / "data" / f"{path.stem}.parquet")
        else:
            assert how == "gz members"
            (target / "data" / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    return target / "data"


def read_case(case: str, asked: dict[str, Any], scratch: Path) -> Dataset:
    """Read a case as asked; messages name its path from the folder of the case."""
    path = FOUND / case / asked.get("path", "data")
    inside = FOUND / case
    if "pack" in asked:
        path, inside = pack(path, asked["pack"], scratch), scratch
    scale = parse_scale(asked["scale"]) if "scale" in asked else None
    columns = parse_columns(asked["columns"]) if "columns" in asked else {}
    return read(path, scale=scale, columns=columns, name=str(path.relative_to(inside)))


def describe(data: Dataset) -> dict[str, Any]:
    """Return what ``expected.json`` says of data, of the first five films and ratings."""
    users, films = data.users["id"].tolist(), data.films["id"].tolist()
    given = data.ratings.head(5).to_dict("records")
    return {
        "counts": [len(users), len(films), len(data.ratings)],
        "scale": [data.lowest, data.highest],
        "timed": data.timed,
        "films": data.films.head(5).to_numpy().tolist(),
        "ratings": [
            [users[row["user"]], films[row["film"]], row["avaliacao"], row.get("momento")]
            for row in given
        ],
    }


@pytest.mark.parametrize("case", CASES)
def test_data_as_it_is_found(case: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    asked = json.loads((FOUND / case / "expected.json").read_text(encoding="utf-8"))
    assert asked.keys() <= KEYS
    with caplog.at_level(logging.WARNING):
        if "error" in asked:
            with pytest.raises(DataError) as refusal:
                read_case(case, asked, tmp_path)
            assert str(refusal.value) == asked["error"]
        else:
            assert describe(read_case(case, asked, tmp_path)) == asked["data"]
    assert caplog.messages == asked.get("log", [])


def test_cases_are_small() -> None:
    sizes = {path: path.stat().st_size for path in FOUND.rglob("*") if path.is_file()}
    assert {path for path, size in sizes.items() if size > 50_000} == set()
