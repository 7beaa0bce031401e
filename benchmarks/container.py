"""A function's container, with the processor share and the memory that Lambda would give."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.functions import EVENT, Function

SIZES = {512: 0.29, 1769: 1.0}  # MB of memory: processors
IMAGES = ("filmes-lambda:python3.13", "public.ecr.aws/lambda/python:3.13")
INSIDE = Path(__file__).parent / "inside"
ENVIRONMENT = {
    "PYTHONPATH": "/var/task:/opt/python:/var/runtime",
    "PYTHONDONTWRITEBYTECODE": "1",  # /var/task is read-only on Lambda
    "LAMBDA_TASK_ROOT": "/var/task",
    "AWS_LAMBDA_FUNCTION_NAME": "funcao",
    "AWS_REGION": "us-east-1",
}


class Container:
    """A running script of ``inside/``. Each line sent to it triggers one measurement."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def measure(self) -> dict[str, Any]:
        """Trigger a measurement and return its result."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        if found.pop("status") != 200:
            raise SystemExit("benchmarks: a function did not answer 200")
        return found


@contextmanager
def running(function: Function, script: str, memory: int) -> Iterator[Container]:
    """Run a script of ``inside/`` in a function's container with ``memory`` in MB."""
    command = ["docker", "run", "--rm", "--interactive", "--network", "none"]
    command += ["--cpus", str(SIZES[memory]), "--memory", f"{memory}m", "--workdir", "/var/task"]
    command += ["--volume", f"{function.folder}:/var/task:ro", "--volume", f"{INSIDE}:/bench:ro"]
    command += ["--volume", f"{EVENT}:/event.json:ro", "--entrypoint", "python3.13"]
    for name, value in (ENVIRONMENT | {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory)}).items():
        command += ["--env", f"{name}={value}"]
    command += [image(), f"/bench/{script}", "/event.json"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
    with process:
        try:
            yield Container(process)
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait()


def image() -> str:
    """Return the local image of Lambda's runtime, ours or Amazon's."""
    for name in IMAGES:
        found = subprocess.run(  # noqa: S603
            ["docker", "images", "--quiet", name],  # noqa: S607
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if found.stdout.strip():
            return name
    raise SystemExit("benchmarks: no Docker engine with Lambda's runtime answers: see .ci/engine")
