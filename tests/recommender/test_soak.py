"""Thousands of mixed requests to one process of the function: nothing grows, nothing fails.

``make soak`` sends 100,000 of them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

COUNT = int(os.environ.get("REQUESTS", "3000"))
# What resident memory may grow by after the first tenth of all requests, when every route was
# asked and every cache is full: what the allocator keeps at hand varies by that much. In 90,000
# requests no more than 93 bytes a request are lost then.
MOST_GROWTH = 8 << 20
LARGEST = 1_000_000  # bytes of an answer


def test_nothing_grows_and_nothing_fails(artifact_dir: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.soak", str(artifact_dir), str(tmp_path), str(COUNT)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    print(found)
    statuses = {int(status): times for status, times in found["statuses"].items()}
    assert sum(statuses.values()) == COUNT
    assert [status for status in statuses if status >= 500] == []
    assert {200, 201, 204, 304, 404, 405, 412, 422} <= statuses.keys()
    assert found["largest"] <= LARGEST
    first, last = found["memory"]
    assert last - first <= MOST_GROWTH
    assert found["files"][1] <= found["files"][0]
