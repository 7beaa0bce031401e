import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [
    "handler.py",
    "recommender",
    "training",
    "template.yaml",
    "Makefile",
    "mock_data.json",
    "uv.lock",
    ".ci",
]


def newest(path: Path) -> float:
    files = (file for file in path.rglob("*") if file.suffix != ".pyc") if path.is_dir() else [path]
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0)


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder that `make build` leaves: template.yaml and one folder for each function."""
    build = ROOT / ".aws-sam" / "build"
    template = build / "template.yaml"
    if not template.exists() or template.stat().st_mtime < max(
        newest(ROOT / source) for source in SOURCES
    ):
        done = subprocess.run(["make", "build"], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return build
