"""Sends requests to an app that serves ``ARTIFACT_DIR``, and prints times as JSON.

The first line has the time of loading. Each line of input is a JSON object with a ``query`` and a
list of ``users``; each line of output has the wall time and the processor time of every request in
milliseconds.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from recommender.api.application import make_app
from recommender.model.artifact import SERVED_FILES, file_digest
from recommender.settings import read_settings


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
        "server": ("localhost", 80), "aws.event": {},
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


def load(folder: Path) -> tuple[Any, dict[str, float]]:
    """Return the app, the time to load the artifact, and the time to digest its files again.

    ``folder`` is the one that the environment names.
    """
    started = time.perf_counter()
    app = make_app()
    loaded = time.perf_counter()
    for name in SERVED_FILES:
        file_digest(folder / name)
    digested = time.perf_counter()
    return app, {"load_ms": 1000 * (loaded - started), "digest_ms": 1000 * (digested - loaded)}


async def measure(app: Any, query: str, users: list[int]) -> dict[str, Any]:
    """Return the times of a request for each user, and memory after them."""
    clock, work = [], []
    for user in users:
        began, worked = time.perf_counter(), time.process_time()
        await get(app, f"/usuarios/{user}/recomendacoes", query)
        clock.append(1000 * (time.perf_counter() - began))
        work.append(1000 * (time.process_time() - worked))
    return {"clock": clock, "work": work, "memory_mb": memory_mb()}


def main() -> None:
    """Load the app, then answer each line of input."""
    app, facts = load(read_settings().artifact)
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        print(json.dumps(asyncio.run(measure(app, **json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
