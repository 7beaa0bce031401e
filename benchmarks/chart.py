"""Draws the chart of cold starts and warm answers, and writes docs/speed.md from the results."""

import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine

DOCS = machine.ROOT / "docs"
COLORS = {"ours": "#c0392b", "large": "#d98880"}
SHORT = {
    "ours": "this API",
    "large": "… with vectors of 64 MB",
    "a": "(a) hello-world",
    "b": "(b) hello-world, compiled",
    "c": "(c) original stack",
}


def draw(cold: dict[str, Any], warm: dict[str, Any], path: Path) -> None:
    """Draw both as bars on logarithmic axes, with the spread of the measurements."""
    mpl.rcParams.update({"svg.hashsalt": "filmes", "font.family": "DejaVu Sans"})
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 2.6), layout="constrained")
    starts = [row for row in cold["starts"] if row["memory_mb"] == 512]
    bars(left, starts, "answer_ms", "quartiles_ms", "cold start to first answer, 0.29 vCPU, ms")
    bars(right, warm["handler"], "p50_ms", "medians_ms", "warm answer in the handler, 1 vCPU, ms")
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def bars(axes: Any, rows: list[dict[str, Any]], value: str, spread: str, title: str) -> None:
    """Draw one bar for each function, from the first row down."""
    for place, row in enumerate(reversed(rows)):
        low, high = row[spread]
        axes.barh(place, row[value], color=COLORS.get(row["function"], "#7f8c8d"))
        axes.plot([low, high], [place, place], color="black", linewidth=1)
        digits = 0 if row[value] >= 1000 else 3
        axes.text(high, place, f"  {row[value]:,.{digits}f}", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [SHORT[row["function"]] for row in reversed(rows)])
    axes.set_xscale("log")
    least = min(row[value] for row in rows)
    most = max(row[spread][1] for row in rows)
    axes.set_xlim(10 ** np.floor(np.log10(least) - 0.5), 4 * most)
    axes.set_title(title, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def page(cold: dict[str, Any], warm: dict[str, Any], tricks: dict[str, Any]) -> str:
    """Return the page of tables."""
    measures = [
        f"| {row['variant']} | {row['processor_ms']:.0f} | {row['of_built']:.3f} |"
        for row in tricks["rows"]
    ]
    where, packages = cold["machine"], cold["packages"]
    answers = {row["function"]: row for row in warm["handler"]}
    starts = {(row["function"], row["memory_mb"]): row for row in cold["starts"]}
    lines = []
    for function, package in packages.items():
        slow, fast, answer = starts[function, 512], starts[function, 1769], answers[function]
        low, high = slow["quartiles_ms"]
        cells = [
            package["title"],
            f"{slow['answer_ms']:,.0f} ({low:,.0f} to {high:,.0f})",
            f"{fast['answer_ms']:,.0f}",
            f"{slow['peak_mb']:.0f}",
            f"{answer['p50_ms']:.3f}",
            f"{answer['p99_ms']:.3f}",
            f"{package['zipped_mb']:.1f} / {package['unzipped_mb']:.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    of_cold, of_warm, http = cold["ratios"], warm["ratios"], warm["http"]
    return f"""# How fast it is

What `make bench` measured on {where["measured"][:10]} at commit {machine.short(where["commit"])}
({where["processors"]} × {where["processor"]}, load average {where["load_average"]} at the end): the
function as `make build` leaves it and three peers, in Lambda's container, in turns. Cold: from the
start of a process to its first answer, median (quartiles). Warm: in the handler, logs and metrics
written; (a) and (b) answer with the very bytes of this API's answer, ready made. This API is
measured with the mock data and with 62,500 synthetic films whose vectors have 64 MB, the most that
the trainer makes.

| | cold at 0.29 vCPU, ms | at 1 vCPU | peak, MB | warm p50, ms | p99 | zip / unzipped, MB |
|---|---|---|---|---|---|---|
{chr(10).join(lines)}

Cold, this API takes {of_cold["of_plain"]} of the time of the plain hello-world,
{of_cold["of_compiled"]} of that of the compiled one, and is {of_cold["faster_than_original"]} times
faster than the original's stack. Warm, it takes {of_warm["times_compiled"]} times as long as a
hello-world that computes nothing, and is {of_warm["faster_than_original"]} times faster than the
original's stack. Over HTTP, through `sam local start-api`, an answer takes {http["p50_ms"]:.1f} ms
(p99 {http["p99_ms"]:.1f}), nearly all of it the emulator's.

![Cold starts and warm answers](speed.svg)

## What each measure against cold starts is worth

Processor time from the start of a process to its first answer, on the host: the least of all runs,
and the median ratio to the function as built, run by run in turns. "Without" leaves out a measure
that the function takes, "with" adds one that it does not take. A measure stays only if it is worth
4% of a cold start.

| | processor time, ms | of the function as built |
|---|---|---|
{chr(10).join(measures)}
"""


def main() -> None:
    """Draw, and write the page."""
    cold, warm, tricks = (machine.read(name) for name in ("cold", "warm", "tricks"))
    draw(cold, warm, DOCS / "speed.svg")
    (DOCS / "speed.md").write_text(page(cold, warm, tricks), encoding="utf-8")


if __name__ == "__main__":
    main()
