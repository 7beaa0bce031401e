"""Where and on what a benchmark ran."""

import datetime
import os
import platform
import subprocess
from pathlib import Path


def facts() -> dict[str, str | int | float]:
    """Return date, commit, and what there is of processors, memory and Python."""
    commit = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    described = subprocess.run(  # noqa: S603 fixed
        commit, cwd=Path(__file__).parent, capture_output=True, text=True
    )
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": described.stdout.strip(),
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "gigabytes": round(pages * size / 1e9, 1),
        "python": platform.python_version(),
    }
