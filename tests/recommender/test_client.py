"""The Python client of docs/client.md: generated and run as told there, against a real server."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.conftest import ROOT
from tests.emulator.ports import free_port

GUIDE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")


@pytest.fixture
def server(artifact_dir: Path, tmp_path: Path) -> Iterator[str]:
    """The URL of the API, served as by `make run`."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "recommender"]
    environ = os.environ | {"ARTIFACT_DIR": str(artifact_dir), "PORT": str(port)}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        for _ in range(600):
            assert process.poll() is None, (tmp_path / "log").read_text()
            try:
                urlopen(f"{url}/saude").close()
                break
            except URLError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def test_the_client_of_the_guide_works(server: str, tmp_path: Path) -> None:
    (shell,) = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    generate = shell.splitlines()[1].replace("docs/openapi.json", str(ROOT / "docs/openapi.json"))
    environ = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(generate.split(), cwd=tmp_path, env=environ, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-c", code.replace("http://127.0.0.1:8000", server)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("O Auto da Compadecida 4.")
    assert len(lines) == 1 + 3 + 5
    assert all("['O Auto da Compadecida']" in line for line in lines[4:])
