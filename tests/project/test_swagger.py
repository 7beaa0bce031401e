"""The script that fetches Swagger UI, against a registry of our own."""

import base64
import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import ROOT

SCRIPT = ROOT / ".ci" / "swagger.py"
FOLDER = ROOT / "recommender" / "page" / "swagger-ui"
NAMES = sorted(file.stem for file in FOLDER.glob("*.gz"))


class Registry:
    """A registry that answers every request with the same bytes, after some failures."""

    def __init__(self, package: bytes, failures: int = 0) -> None:
        self.package, self.failures = package, failures
        self.asked: list[str] = []

    @contextmanager
    def serving(self) -> Iterator[str]:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.asked.append(self.path)
                fails = len(registry.asked) <= registry.failures
                self.send_response(503 if fails else 200)
                self.end_headers()
                self.wfile.write(b"" if fails else registry.package)

            def log_message(self, *_: object) -> None: ...

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/npm/"
            finally:
                server.shutdown()
                thread.join()

    def run(self, folder: Path, script: Path = SCRIPT) -> subprocess.CompletedProcess[str]:
        """What the script does where npm is told of this registry, and of nothing else."""
        with self.serving() as url:
            return subprocess.run(
                [sys.executable, str(script), str(folder)],
                capture_output=True,
                text=True,
                env={"PATH": os.environ["PATH"], "npm_config_registry": url},
            )


def tarball(*names: str) -> bytes:
    """An npm package of these files."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    return file.getvalue()


def expecting(package: bytes, folder: Path) -> Path:
    """A copy of the script which expects this package."""
    digest = base64.b64encode(hashlib.sha512(package).digest()).decode()
    text = re.sub('(?<=^SHA512 = ")[^"]*', digest, SCRIPT.read_text(), flags=re.MULTILINE)
    copy = folder / "swagger.py"
    copy.write_text(text)
    return copy


def test_another_package_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    registry = Registry(tarball(*NAMES))
    done = registry.run(tmp_path / "ui")
    assert done.returncode == 1
    assert "has SHA-512" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert registry.asked == ["/npm/swagger-ui-dist/-/swagger-ui-dist-5.35.0.tgz"]


def test_another_package_leaves_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "ui"
    shutil.copytree(FOLDER, folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    done = Registry(tarball(*NAMES)).run(folder, expecting(b"another", tmp_path))
    assert done.returncode == 1
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    package = tarball(*NAMES)
    registry = Registry(package)
    script = expecting(package, tmp_path)
    for _ in range(2):
        assert registry.run(tmp_path / "ui", script).returncode == 0
        assert len(registry.asked) == 1


def test_only_what_is_sent_is_taken_and_always_the_same(tmp_path: Path) -> None:
    package = tarball("package.json", "index.html", "../../../escaped", *NAMES)
    script = expecting(package, tmp_path)
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        done = Registry(package).run(folder, script)
        assert (done.returncode, done.stderr) == (0, "")
        made.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert made[0] == made[1]
    assert made[0].keys() == {".done", *(f"{name}.gz" for name in NAMES)}
    for name in NAMES:
        assert gzip.decompress(made[0][f"{name}.gz"]).decode() == name
    assert {path.name for path in tmp_path.iterdir()} == {"swagger.py", "one", "two"}


def test_another_script_fetches_anew(tmp_path: Path) -> None:
    folder = tmp_path / "ui"
    shutil.copytree(FOLDER, folder)
    package = tarball(*NAMES)
    registry = Registry(package)
    assert registry.run(folder, expecting(package, tmp_path)).returncode == 0
    assert len(registry.asked) == 1
    assert gzip.decompress((folder / "LICENSE.gz").read_bytes()) == b"LICENSE"


@pytest.mark.parametrize(("failures", "status"), [(1, 0), (3, 1)])
def test_a_registry_that_fails_is_asked_again(tmp_path: Path, failures: int, status: int) -> None:
    package = tarball(*NAMES)
    registry = Registry(package, failures)
    script = expecting(package, tmp_path)
    script.write_text(script.read_text().replace("WAITS = [1, 4, None]", "WAITS = [0, 0, None]"))
    done = registry.run(tmp_path / "ui", script)
    assert done.returncode == status
    assert len(registry.asked) == min(failures + 1, 3)
    assert (tmp_path / "ui").exists() is (status == 0)
    if status:
        assert "cannot be fetched: HTTP Error 503" in done.stderr
        assert "Traceback" not in done.stderr
