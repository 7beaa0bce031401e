"""MovieLens 100K in ``.local/data/ml-100k``, downloaded once as part of a Python package."""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "recbole==1.2.1"
WHEEL = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"  # SHA-256
FILES = {
    "ml-100k.inter": "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
    "ml-100k.item": "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
}  # SHA-256
INSIDE = "recbole/dataset_example/ml-100k/"
FOLDER = Path(__file__).resolve().parents[1] / ".local/data/ml-100k"


def fetch(folder: Path = FOLDER) -> Path:
    """Return the folder with the data; download it if it is missing or altered.

    Raises:
        RuntimeError: the download is not the published data.
    """
    if all(_digest(folder / name) == digest for name, digest in FILES.items()):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        command = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", scratch]
        subprocess.run([sys.executable, "-m", "pip", *command, PACKAGE], check=True)  # noqa: S603 fixed words
        (wheel,) = Path(scratch).glob("*.whl")
        if _digest(wheel) != WHEEL:
            raise RuntimeError(f"{wheel.name} has SHA-256 {_digest(wheel)}, not {WHEEL}")
        with zipfile.ZipFile(wheel) as archive:
            for name in FILES:
                Path(scratch, name).write_bytes(archive.read(INSIDE + name))
                Path(scratch, name).replace(folder / name)
    return folder


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


if __name__ == "__main__":
    print(fetch())
