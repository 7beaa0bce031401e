"""Required and measured speed, size and growth; writes docs/floors.md."""

import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine

RESULTS = (
    *("cold", "warm", "tricks", "index", "neighbours", "growth", "training", "fitting", "search"),
)


class Floor(NamedTuple):
    """A measured value and its upper limit, or its lower limit if ``at_least``."""

    what: str
    bound: float
    measured: float
    at_least: bool = False

    @property
    def row(self) -> str:
        """The row of the table."""
        kept = self.measured >= self.bound if self.at_least else self.measured <= self.bound
        sign = "≥" if self.at_least else "≤"
        return (
            f"| {self.what} | {sign} {self.bound:g} | {self.measured:g} | "
            f"{'yes' if kept else '**no**'} |"
        )


def floors() -> list[Floor]:
    """Return all floors, with values from the results."""
    cold, warm, growth = machine.read("cold"), machine.read("warm"), machine.read("growth")
    index, rivals = machine.read("index")["rows"], machine.read("neighbours")["rows"]
    training, (small, wide) = machine.read("training"), machine.read("search")["rows"]
    package, largest = cold["packages"]["ours"], training["rows"][-1]
    brute = min(row["times_faster"] for row in index if row["films"] == 1_000_000)
    inverted = max(
        round(1 / row["times_ours"], 2) for row in rivals if row["index"] == "faiss IVF-Flat"
    )
    starts, answers = cold["ratios"], warm["ratios"]
    return [
        Floor("cold start at 0.29 vCPU, of (a) a hello-world's", 0.62, starts["of_plain"]),
        Floor("… of (b) the same compiled", 1.25, starts["of_compiled"]),
        Floor("… times faster than (c) the original", 12, starts["faster_than_original"], True),
        Floor("package zipped, MB", 30, package["zipped_mb"]),
        Floor("package unzipped, MB", 80, package["unzipped_mb"]),
        Floor("warm answer, times (b)'s", 10, answers["times_compiled"]),
        Floor("… times faster than (c)", 25, answers["faster_than_original"], True),
        Floor(
            "warm p50 at a million films, times that at 1,700", 2, growth["ratios"]["request_ms"]
        ),
        Floor("scoring a million films, times faster than numpy over all", 20, brute, True),
        Floor("… of faiss IVF-Flat's time at the same recall", 2, inverted),
        Floor("training in MovieLens 25M's shape, processor s", 900, largest["seconds"]),
        Floor("… memory, GB", 10, largest["gigabytes"]),
        Floor("… exponent of time over ratings", 1.1, training["exponent"]),
        Floor("search and fit on MovieLens 100K, times EASE's tuning", 2, small["of_ease"]),
        Floor(f"… with {wide['users']} users and {wide['films']:,} films", 2, wide["of_ease"]),
    ]


def page() -> str:
    """Return the page."""
    runs = {name: machine.read(name)["machine"] for name in RESULTS}
    machines = sorted({f"{run['processors']} × {run['processor']}" for run in runs.values()})
    commits = sorted({machine.short(run["commit"]) for run in runs.values()})
    times = sorted(run["measured"] for run in runs.values())
    table = "\n".join(floor.row for floor in floors())
    return f"""# What was asked, and what `make bench` measured

Measured from {times[0][:16]} to {times[-1][:16]} UTC at commit {", ".join(commits)} on
{" or ".join(machines)}.
[speed.md](speed.md) and [growth.md](growth.md) tell how.

| | asked | measured | kept |
|---|---|---|---|
{table}
"""


def main() -> None:
    """Write the page and print it."""
    text = page()
    (machine.ROOT / "docs" / "floors.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
