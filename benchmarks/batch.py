"""Lists of all users in a Parquet file, up to a million users: ``python -m training recommend``.

The catalogue has as many films as MovieLens 25M, with the largest vectors that the trainer makes.
Each size is an artifact of its own, and the command runs as people run it, with a process for each
processor. Arguments select sizes; without the largest one nothing is written.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.growth import RATINGS, write_artifact
from benchmarks.machine import ROOT
from benchmarks.retrieval import print_row

SIZES = (10_000, 100_000, 1_000_000)  # users
FILMS = 59_000
DIMENSIONS = 256
LIMIT = 10


def measure(users: int) -> dict[str, float]:
    """Return time and memory of writing the lists of so many users."""
    with tempfile.TemporaryDirectory(dir=ROOT / ".local") as scratch:
        folder, out = Path(scratch, "artifact"), Path(scratch, "lists.parquet")
        write_artifact(folder, FILMS, DIMENSIONS, users)
        command = [sys.executable, "-m", "training", "recommend", "--all", "--quiet"]
        command += ["--artifact", str(folder), "--out", str(out), "--limit", str(LIMIT)]
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT)  # noqa: S603 fixed but for a folder
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        if status:
            raise RuntimeError(f"lists of {users} users failed with status {status}")
        megabytes = out.stat().st_size / 1e6
    work = used.ru_utime + used.ru_stime  # of all processes
    return {
        "users": users,
        "seconds": round(seconds, 1),
        "users_a_second": round(users / seconds),
        "work_seconds": round(work, 1),
        "work_ms_a_user": round(1000 * work / users, 3),
        "largest_process_mb": round(used.ru_maxrss * 1024 / 1e6),
        "file_mb": round(megabytes, 1),
    }


def main() -> None:
    """Print the table and write it as JSON."""
    (ROOT / ".local").mkdir(exist_ok=True)
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    rows = []
    for users in sizes:
        rows.append(measure(users))
        print_row(rows[-1], first=len(rows) == 1)
    if sizes[-1] == SIZES[-1]:
        shape = {"films": FILMS, "dimensions": DIMENSIONS, "ratings": RATINGS, "limit": LIMIT}
        machine.write("batch", {**shape, "rows": rows})


if __name__ == "__main__":
    main()
