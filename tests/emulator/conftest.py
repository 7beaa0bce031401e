"""Lambda functions as built, run by Amazon's emulator.

In `sam local` where a Docker engine answers, else the emulator alone. `EMULATOR` demands one of
them: `sam` makes the absence of an engine a failure, `plain` goes without Docker.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.emulator import plain, sam

used: list[str] = []  # the emulator of each cold invocation


class Invoke(Protocol):
    def __call__(self, function: str, event: Any, env: dict[str, str] | None = None) -> Any: ...


@pytest.fixture(scope="session")
def runtime_image() -> str | None:
    """The image that `sam local` runs; None where it cannot run one."""
    demanded = os.environ.get("EMULATOR", "")
    if demanded not in ("", "sam", "plain"):
        pytest.fail(f"EMULATOR={demanded} is none of sam and plain")
    image = None if demanded == "plain" else sam.runtime_image()
    if image is None and demanded == "sam":
        pytest.fail(
            "EMULATOR=sam, but no Docker engine answers with a runtime image: see .ci/engine"
        )
    return image


@pytest.fixture(scope="session")
def aws_url(runtime_image: str | None) -> Iterator[str]:
    """moto's server, which is all of AWS to the functions under test."""
    server = ThreadedMotoServer("0.0.0.0" if runtime_image else "127.0.0.1", port=0)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


@pytest.fixture(scope="session")
def model_bucket(aws_url: str) -> Any:
    """A bucket in moto, for a function that gets `env={"MODEL_BUCKET": model_bucket.name}`."""
    s3 = boto3.resource(
        "s3",
        endpoint_url=aws_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return s3.create_bucket(Bucket="modelos-de-teste")


@pytest.fixture(scope="session")
def emulator(
    runtime_image: str | None, aws_url: str, built: Path
) -> Iterator[sam.SamLocal | plain.Plain]:
    emulator = make_emulator(built, runtime_image, aws_url)
    yield emulator
    emulator.close()


def make_emulator(built: Path, image: str | None, aws_url: str) -> sam.SamLocal | plain.Plain:
    """What runs the functions in a folder as `make build` leaves it."""
    return sam.SamLocal(built, image, aws_url) if image else plain.Plain(built, aws_url)


@pytest.fixture(scope="session")
def invoke(emulator: sam.SamLocal | plain.Plain) -> Invoke:
    """Cold start and answer of a function (logical id) to an event (JSON data, or its file's path).

    `env` overrides variables that the template declares. A function that fails answers with
    Lambda's errorType, errorMessage and stackTrace.
    """
    return counted(emulator, emulator.invoke)


@pytest.fixture(scope="session")
def invoke_once(emulator: sam.SamLocal | plain.Plain) -> Invoke:
    """The same with the command that users type."""
    return counted(emulator, emulator.invoke_once)


@pytest.fixture(scope="session")
def invoke_warm(emulator: sam.SamLocal | plain.Plain) -> Invoke:
    """The same without a cold start for each, for what the function answers from its package."""

    def run(function: str, event: Any, env: dict[str, str] | None = None) -> Any:
        data = json.loads(event.read_text()) if isinstance(event, Path) else event
        return emulator.invoke_warm(function, data, env or {})

    return run


def counted(emulator: sam.SamLocal | plain.Plain, invoke: Callable[..., Any]) -> Invoke:
    def run(function: str, event: Any, env: dict[str, str] | None = None) -> Any:
        used.append(emulator.name)
        data = json.loads(event.read_text()) if isinstance(event, Path) else event
        return invoke(function, data, env or {})

    return run


@pytest.fixture(scope="session")
def api_url(emulator: sam.SamLocal | plain.Plain) -> Iterator[str]:
    """The HTTP API in front of one warm API function."""
    with emulator.api() as url:
        yield url


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if used:
        terminalreporter.write_line(f"Lambda emulator: {used[0]}, {len(used)} cold invocations")
