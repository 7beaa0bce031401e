"""What `make build` makes of the two functions, against Lambda's limits and ours."""

import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

MB = 1_000_000
FUNCTIONS = ["ApiFunction", "TrainingFunction"]


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_the_api_package_is_small(built: Path, tmp_path: Path) -> None:
    function = built / "ApiFunction"
    archive = tmp_path / "function.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
        for file in function.rglob("*"):
            package.write(file, file.relative_to(function))
    assert size(function) < 95 * MB
    assert archive.stat().st_size < 40 * MB


def test_the_training_package_unpacks_to_less_than_lambda_allows(built: Path) -> None:
    assert size(built / "TrainingFunction") < 250 * MB


def test_the_training_package_has_no_evaluation(built: Path) -> None:
    names = {path.name for path in (built / "TrainingFunction" / "training").iterdir()}
    assert {"handler.py", "model", "choice"} <= names
    assert "evaluation" not in names


@pytest.mark.parametrize("function", FUNCTIONS)
def test_packages_hold_nothing_that_lambda_brings_or_nobody_reads(
    built: Path, function: str
) -> None:
    assert not [name for name in ("boto3", "botocore", "bin") if (built / function / name).exists()]
    assert not list((built / function).rglob("tests"))
    assert not [
        path for path in (built / function).rglob("*") if path.suffix in {".pyi", ".pyx", ".h"}
    ]


def test_the_api_package_holds_no_training(built: Path) -> None:
    names = {path.name for path in (built / "ApiFunction").iterdir()}
    assert names.isdisjoint({"sklearn", "pandas", "scipy", "matplotlib", "training"})
    assert {"handler.py", "recommender", "artifact"} <= names


def test_the_api_package_is_compiled_for_a_read_only_folder(built: Path) -> None:
    function = built / "ApiFunction"
    modules = set(function.rglob("*.py"))
    assert modules
    for module in modules:
        bytecode = module.parent / "__pycache__" / f"{module.stem}.cpython-313.pyc"
        # PEP 552: a magic number, then flags: 1 is a hash of the source that nobody checks.
        assert bytecode.read_bytes()[4:8] == b"\1\0\0\0", bytecode


@pytest.mark.parametrize("function", FUNCTIONS)
def test_lambda_can_read_every_file(built: Path, function: str) -> None:
    for path in (built / function).rglob("*"):
        wanted = 0o555 if path.is_dir() else 0o444
        assert path.stat().st_mode & wanted == wanted, path


def test_no_function_has_the_library_of_parquet() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "dependency-groups"
    ]
    names = [str(group) for name in ("api", "training", "release") for group in groups[name]]
    assert [name for name in names if "parquet" in name or "pyarrow" in name] == []
