"""Starts a new process of a function for each line of its input."""

import json
import subprocess
import sys
import time

for _ in sys.stdin:
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603
        [sys.executable, "/bench/first.py", sys.argv[1]], stdout=subprocess.PIPE, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    print(
        json.dumps(
            {
                "import_ms": 1000 * (found["imported"] - began),
                "answer_ms": 1000 * (found["answered"] - began),
                "cpu_ms": 1000 * found["cpu"],
                "peak_mb": found["peak_kb"] / 1000,
                "status": found["status"],
            }
        ),
        flush=True,
    )
