"""Warm answers: time in the handler, including logs and metrics, and over HTTP with `sam local`.

Peers (a) and (b) return the same bytes as this API; (c) makes its own recommendations.
"""

import os
import statistics
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.container import image, running
from benchmarks.functions import COMPILED, FUNCTIONS, ORIGINAL, OURS, Function, prepare
from benchmarks.machine import ROOT

TURNS = 30  # of a hundred answers each
COMPARED = (OURS, COMPILED, ORIGINAL)
CALLS = 300  # over HTTP
MEMORY = 1769
PATH = "/filmes/1/recomendacoes"
PORT = 3799


def in_handler() -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Return a row for each function, and the ratios; they take turns of a hundred answers each."""
    found: dict[Function, list[list[float]]] = {function: [] for function in FUNCTIONS}
    with ExitStack() as stack:
        containers = {
            function: stack.enter_context(running(function, "repeat.py", MEMORY))
            for function in FUNCTIONS
        }
        for _ in range(TURNS):
            for function, container in containers.items():
                found[function].append(container.measure()["times"])
    rows = [{"function": each.name, **_spread(turns)} for each, turns in found.items()]
    return rows, ratios(*([statistics.median(turn) for turn in found[each]] for each in COMPARED))


def over_http() -> dict[str, Any]:
    """Return the times of sequential calls to the API behind `sam local start-api`."""
    command = [str(ROOT / ".venv/bin/sam"), "local", "start-api", "--port", str(PORT)]
    command += ["--warm-containers", "EAGER", "--disable-authorizer"]
    command += ["--template", str(OURS.folder.parent / "template.yaml")]
    command += ["--skip-pull-image", "--invoke-image", image()]
    environment = {
        **os.environ,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "SAM_CLI_TELEMETRY": "0",
    }
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server:  # noqa: S603
        try:
            _wait(server)
            connection = HTTPConnection("127.0.0.1", PORT, timeout=30)
            times = []
            for _ in range(CALLS):
                began = time.perf_counter()
                connection.request("GET", PATH)
                connection.getresponse().read()
                times.append(1000 * (time.perf_counter() - began))
        finally:
            server.terminate()  # it then removes its containers
    return {"function": OURS.name, **_spread([times])}


def _wait(server: "subprocess.Popen[bytes]", seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/saude").close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("benchmarks: `sam local start-api` does not answer")


def _spread(turns: list[list[float]]) -> dict[str, Any]:
    times = sorted(time for turn in turns for time in turn)
    medians = [statistics.median(turn) for turn in turns]
    return {
        "answers": len(times),
        "p50_ms": round(statistics.median(times), 4),
        "p99_ms": round(times[round(0.99 * (len(times) - 1))], 4),
        "least_ms": round(times[0], 4),
        "medians_ms": [round(min(medians), 4), round(max(medians), 4)],  # of the turns
    }


def ratios(ours: list[float], compiled: list[float], original: list[float]) -> dict[str, float]:
    """Return the ratio of our time to that of (b), and of (c)'s time to ours.

    Given are the medians of the turns. The ratio is taken turn by turn, because the machine's speed
    varies from minute to minute, and the median of all turns counts.
    """
    slower = statistics.median(a / b for a, b in zip(ours, compiled, strict=True))
    faster = statistics.median(c / a for a, c in zip(ours, original, strict=True))
    return {"times_compiled": round(slower, 2), "faster_than_original": round(faster, 1)}


def main() -> None:
    """Print the table and write it as JSON."""
    prepare()
    rows, found = in_handler()
    http = over_http()
    titles = {function.name: function.title for function in FUNCTIONS}
    print("| | p50, ms | p99, ms |\n|---|---|---|")
    for row in rows:
        print(f"| {titles[row['function']]} | {row['p50_ms']:.3f} | {row['p99_ms']:.3f} |")
    print(f"| this API over `sam local start-api` | {http['p50_ms']:.1f} | {http['p99_ms']:.1f} |")
    print("ours:", ", ".join(f"{name} {value}" for name, value in found.items()))
    machine.write("warm", {"handler": rows, "http": http, "ratios": found})


if __name__ == "__main__":
    main()
