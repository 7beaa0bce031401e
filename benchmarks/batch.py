"""Lists of all users in a Parquet file: ``python -m training recommend``.

The catalogue has as many films as MovieLens 25M, with about the largest vectors that the trainer
makes for so many. Each size is an artifact of its own, and the command runs as people run it, with
a process for each processor. Two sizes give the time of the start and of each user, and so that of
a million users. Arguments select other sizes, of which nothing is written.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.growth import RATINGS, write_artifact
from benchmarks.machine import ROOT
from benchmarks.retrieval import print_row

SIZES = (10_000, 100_000)  # users
MILLION = 1_000_000
FILMS = 59_000
DIMENSIONS = 256
LIMIT = 10


def measure(users: int) -> dict[str, float]:
    """Return time and memory of writing the lists of so many users."""
    with tempfile.TemporaryDirectory(dir=ROOT / ".local") as scratch:
        folder, out = Path(scratch, "artifact"), Path(scratch, "lists.parquet")
        # A process of its own, for what it needs of memory would count as the command's.
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            pool.submit(write_artifact, folder, FILMS, DIMENSIONS, users).result()
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
        "work_seconds": round(work, 1),
        "largest_process_mb": round(used.ru_maxrss * 1024 / 1e6),
        "file_mb": round(megabytes, 1),
    }


def extrapolate(rows: list[dict[str, float]], name: str) -> int:
    """Return what a million users would take: a line through two sizes."""
    (x, y), (x2, y2) = ((row["users"], row[name]) for row in rows)
    return round(y2 + (MILLION - x2) * (y2 - y) / (x2 - x))


def main() -> None:
    """Print the table and write it as JSON."""
    (ROOT / ".local").mkdir(exist_ok=True)
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    rows = []
    for users in sizes:
        rows.append(measure(users))
        print_row(rows[-1], first=len(rows) == 1)
    if len(sys.argv) > 1:
        return
    million = {name: extrapolate(rows, name) for name in ("seconds", "work_seconds", "file_mb")}
    print(f"a million users: {million}")
    shape = {"films": FILMS, "dimensions": DIMENSIONS, "ratings": RATINGS, "limit": LIMIT}
    machine.write("batch", {**shape, "rows": rows, "million": million})


if __name__ == "__main__":
    main()
