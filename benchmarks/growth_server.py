"""Serves the artifact folder ``ARTIFACT_DIR`` to itself, and prints what that takes, as JSON."""

import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from recommender.api import create_app
from recommender.artifact import SERVED_FILES, bundled_folder, file_digest

ROUTES = {
    "request_ms": "limite=5",
    "genre_ms": "genero=documentario",
    "rare_genre_ms": "genero=terror",
    "group_ms": "estrategia=grupo",
    "popular_ms": "estrategia=populares",
    "hundred_ms": "limite=100",
}
WARM, TIMED = 20, 200  # requests


def memory_mb() -> float:
    """Return the resident memory of this process."""
    status = Path("/proc/self/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in status if line.startswith("VmRSS"))
    return int(kilobytes) / 1024


async def get(app: Any, path: str, query: str) -> bytes:
    """Return the body of an answer, which must be 200."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "root_path": "", "headers": [(b"host", b"localhost")], "client": ("localhost", 1),
        "server": ("localhost", 80),
    }  # fmt: skip
    body = b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal body
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(f"{path}?{query} answered {message['status']}")
        body += message.get("body", b"")

    await app(scope, receive, send)
    return body


async def measure(users: int) -> dict[str, float]:
    """Return load time, median times of requests, and memory after them."""
    folder = bundled_folder()
    before = memory_mb()
    started = time.perf_counter()
    app = create_app(folder)
    loaded = time.perf_counter()
    for name in SERVED_FILES:
        file_digest(folder / name)
    found = {
        "load_ms": 1000 * (loaded - started),
        "digest_ms": 1000 * (time.perf_counter() - loaded),
    }
    random = np.random.default_rng(0)
    for name, query in ROUTES.items():
        times = []
        for user in random.integers(1, users + 1, WARM + TIMED).tolist():
            began = time.perf_counter()
            await get(app, f"/usuarios/{user}/recomendacoes", query)
            times.append(time.perf_counter() - began)
        found[name] = 1000 * statistics.median(times[WARM:])
        if name == "request_ms":
            found["p99_ms"] = 1000 * float(np.quantile(times[WARM:], 0.99))
            found["memory_mb"] = memory_mb()
            found["memory_grown_mb"] = found["memory_mb"] - before
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(int(os.environ["USERS"])))))
