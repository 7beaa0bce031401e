"""Cold starts: from the start of a process to its first answer, and its peak memory.

Measured in Lambda's container image, once with the 0.29 processors that Lambda gives at 512 MB and
once with a whole one. Each function has its own container; the functions take turns, and each
measurement starts a new process. Lambda's runtime client is left out: it costs every function the
same time.
"""

import statistics
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.container import SIZES, running
from benchmarks.functions import COMPILED, FUNCTIONS, ORIGINAL, OURS, PLAIN, Function, prepare

ROUNDS = {512: 25, 1769: 15}
ROUNDS_OF_ORIGINAL = 5  # each takes half a minute


def measure(memory: int) -> list[dict[str, Any]]:
    """Return a row for each function: medians, quartiles and minima of its starts."""
    found: dict[Function, list[dict[str, Any]]] = {function: [] for function in FUNCTIONS}
    with ExitStack() as stack:
        containers = {
            function: stack.enter_context(running(function, "starter.py", memory))
            for function in FUNCTIONS
        }
        for turn in range(ROUNDS[memory] + 1):
            for function, container in containers.items():
                if function is ORIGINAL and turn > ROUNDS_OF_ORIGINAL:
                    continue
                started = container.measure()
                if turn:  # the first one reads its files from disk
                    found[function].append(started)
    return [_row(function, memory, starts) for function, starts in found.items()]


def _row(function: Function, memory: int, starts: list[dict[str, Any]]) -> dict[str, Any]:
    answers = [start["answer_ms"] for start in starts]
    low, middle, high = statistics.quantiles(answers, n=4)
    return {
        "function": function.name,
        "memory_mb": memory,
        "processors": SIZES[memory],
        "starts": len(starts),
        "answer_ms": round(middle, 1),
        "quartiles_ms": [round(low, 1), round(high, 1)],
        "least_ms": round(min(answers), 1),
        "import_ms": round(statistics.median(start["import_ms"] for start in starts), 1),
        "processor_ms": round(statistics.median(start["cpu_ms"] for start in starts), 1),
        "peak_mb": round(statistics.median(start["peak_mb"] for start in starts), 1),
    }


def ratios(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return the ratios of our time to those of (a) and (b), and of (c)'s to ours, at 512 MB."""
    times = {row["function"]: row["answer_ms"] for row in rows if row["memory_mb"] == 512}
    return {
        "of_plain": round(times[OURS.name] / times[PLAIN.name], 3),
        "of_compiled": round(times[OURS.name] / times[COMPILED.name], 3),
        "faster_than_original": round(times[ORIGINAL.name] / times[OURS.name], 1),
    }


def main() -> None:
    """Print the table and write it as JSON."""
    prepare()
    packages = {
        function.name: {
            "title": function.title,
            "unzipped_mb": round(function.unzipped / 1e6, 1),
            "zipped_mb": round(function.zipped / 1e6, 1),
        }
        for function in FUNCTIONS
    }
    rows = [row for memory in SIZES for row in measure(memory)]
    print("| | processors | first answer, ms | quartiles | peak, MB | zipped, MB | unzipped, MB |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        package, (low, high) = packages[row["function"]], row["quartiles_ms"]
        print(
            f"| {package['title']} | {row['processors']} | {row['answer_ms']:,.0f} | "
            f"{low:,.0f} to {high:,.0f} | {row['peak_mb']:.0f} | "
            f"{package['zipped_mb']} | {package['unzipped_mb']} |"
        )
    found = ratios(rows)
    print("ours:", ", ".join(f"{name} {value}" for name, value in found.items()))
    machine.write("cold", {"packages": packages, "starts": rows, "ratios": found})


if __name__ == "__main__":
    main()
