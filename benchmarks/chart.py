"""Draws the chart of cold starts and warm answers, and writes docs/speed.md from the results."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from matplotlib.axes import Axes

from benchmarks import machine
from training.evaluation.look import ACCENT, GREY, INK, panels, save, styled

DOCS = machine.ROOT / "docs"
OURS = {"ours", "large"}
SHORT = {
    "ours": "this API",
    "large": "this API, vectors of 64 MB",
    "a": "hello-world",
    "b": "hello-world, compiled",
    "c": "the original's stack",
}


@styled
def draw(cold: dict[str, Any], warm: dict[str, Any], path: Path) -> None:
    """Draw both as bars from zero, with the spread of the measurements and the numbers."""
    figure, (left, right) = panels(2, 10, 2.6)
    starts = [row for row in cold["starts"] if row["memory_mb"] == 512]
    bars(left, starts, "answer_ms", "quartiles_ms", "cold start at 0.29 vCPU, ms", 0)
    bars(right, warm["handler"], "p50_ms", "medians_ms", "warm answer at 1 vCPU, ms", 2)
    right.tick_params(labelleft=False)
    save(figure, path)


def bars(
    axes: Axes, rows: list[dict[str, Any]], value: str, spread: str, title: str, digits: int
) -> None:
    """Draw one bar for each function, from the first row down."""
    for place, row in enumerate(reversed(rows)):
        low, high = row[spread]
        axes.barh(place, row[value], color=ACCENT if row["function"] in OURS else GREY, height=0.6)
        axes.plot([low, high], [place, place], color=INK, linewidth=1)
        number = f"{row[value]:,.{digits}f}"
        axes.annotate(number, (high, place), (6, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(rows)), [SHORT[row["function"]] for row in reversed(rows)])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_xlim(0, 1.2 * max(row[spread][1] for row in rows))
    axes.locator_params("x", nbins=5)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_title(title)


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
written; the hello-worlds answer with the very bytes of this API's answer, ready made. This API is
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

Thin lines in the chart go from quartile to quartile of the starts, and from the lowest to the
highest median of the turns of warm answers.

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
