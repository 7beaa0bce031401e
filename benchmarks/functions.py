"""The functions compared: ours as built by `make build`, and what people would deploy instead.

Ours is measured with a second artifact, too: a synthetic one with the largest vectors that the
trainer makes. Peers are installed in .local/peers. Packages that we also use have the versions of
uv.lock.
"""

import platform
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.growth import write_artifact
from benchmarks.machine import ROOT
from training.model.embedding import VECTOR_BYTES

PEERS = ROOT / ".local" / "peers"
PYTHON = ROOT / ".local" / "runtime" / "python3.13"
UV = ROOT / ".venv" / "bin" / "uv"
EVENT = ROOT / "events" / "recomendacoes.json"
DIMENSIONS = 256  # of vectors of 64 MB


@dataclass(frozen=True)
class Function:
    """A deployable function: its name in tables, a description, and the folder of its package."""

    name: str
    title: str
    folder: Path

    @property
    def unzipped(self) -> int:
        """Total bytes of the files."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    @property
    def zipped(self) -> int:
        """Bytes of the deployed archive."""
        with TemporaryDirectory() as scratch:
            archive = Path(scratch, "function.zip")
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
                for file in self.folder.rglob("*"):
                    package.write(file, file.relative_to(self.folder))
            return archive.stat().st_size


OURS = Function("ours", "this API", ROOT / ".aws-sam" / "build" / "ApiFunction")
LARGE = Function("large", "… with vectors of 64 MB", ROOT / ".local" / "large")
PLAIN = Function("a", "FastAPI + Mangum hello-world, as `sam build` leaves it", PEERS / "plain")
COMPILED = Function("b", "the same with bytecode compiled", PEERS / "compiled")
ORIGINAL = Function("c", "FastAPI, SQLAlchemy, scikit-learn, pandas, pickle", PEERS / "original")
FUNCTIONS = (OURS, LARGE, PLAIN, COMPILED, ORIGINAL)


def prepare() -> None:
    """Make ``LARGE``, install missing peers, and give (a) and (b) the answer of this API."""
    if not OURS.folder.is_dir():
        raise SystemExit("benchmarks: `make build` comes first.")
    shutil.rmtree(LARGE.folder, ignore_errors=True)
    shutil.copytree(OURS.folder, LARGE.folder, ignore=shutil.ignore_patterns("artifact"))
    write_artifact(LARGE.folder / "artifact", VECTOR_BYTES // (4 * DIMENSIONS), DIMENSIONS)
    _install_peers()
    answer = subprocess.run(  # noqa: S603
        [PYTHON, Path(__file__).parent / "inside" / "answer.py", EVENT],
        capture_output=True, check=True, env={"PYTHONPATH": str(OURS.folder)},
    ).stdout  # fmt: skip
    for peer in (PLAIN, COMPILED):
        (peer.folder / "answer.json").write_bytes(answer)


def _install_peers() -> None:
    parts = [*Path(__file__).parent.glob("peers/*/*"), ROOT / "uv.lock", ROOT / "mock_data.json"]
    done = PEERS / ".done"
    if done.exists() and done.stat().st_mtime > max(part.stat().st_mtime for part in parts):
        return
    shutil.rmtree(PEERS, ignore_errors=True)
    _install("hello", PLAIN.folder)
    _install("hello", COMPILED.folder)
    _compile(COMPILED.folder)
    _install("original", ORIGINAL.folder)
    _run("env", f"PYTHONPATH={ORIGINAL.folder}", "PYTHONDONTWRITEBYTECODE=1", PYTHON,
         ORIGINAL.folder / "train.py", ROOT / "mock_data.json")  # fmt: skip
    done.touch()


def _install(peer: str, folder: Path) -> None:
    shutil.copytree(Path(__file__).parent / "peers" / peer, folder)
    versions = PEERS / "versions.txt"
    _run(UV, "export", "--quiet", "--locked", "--all-groups", "--no-hashes", "-o", versions)
    machine = platform.machine().replace("arm64", "aarch64")
    _run(UV, "pip", "install", "--quiet", "--target", folder, "--only-binary", ":all:",
         "--python-version", "3.13", "--python-platform", f"{machine}-manylinux_2_28",
         "--requirements", folder / "requirements.txt", "--constraints", versions)  # fmt: skip


def _compile(folder: Path) -> None:
    _run(PYTHON, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash",
         "-s", folder, "-p", "/var/task", folder)  # fmt: skip


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)  # noqa: S603
