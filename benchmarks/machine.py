"""The machine and the commit of a measurement, and the files of results."""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"

CHANGED = ("status", "--porcelain", "--", ":!benchmarks/results", ":!docs")  # except these


def facts() -> dict[str, Any]:
    """Return the machine, the commit (marked if files have changed since) and the time."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(": ")[1] for line in cpuinfo if line.startswith("model name")), "")
    return {
        "processor": model or platform.processor(),
        "processors": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "load_average": round(os.getloadavg()[0], 2),
        "commit": _git("rev-parse", "HEAD") + ("+" if _git(*CHANGED) else ""),
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write(name: str, content: dict[str, Any]) -> None:
    """Write results as JSON, with the facts of the machine."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"machine": facts(), **content}, indent=2, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def read(name: str) -> dict[str, Any]:
    """Return results that were written."""
    content: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return content


def short(commit: str) -> str:
    """Return a commit shortened for a page, with its mark."""
    return commit[:12] + "+" * commit.endswith("+")


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, cwd=ROOT, check=False
    ).stdout.strip()
