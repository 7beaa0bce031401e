"""`sam local` on a Docker engine."""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.emulator.ports import free_port

ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
IMAGES = [
    f"public.ecr.aws/lambda/python:3.13-{ARCHITECTURE}",
    "filmes-lambda:python3.13",
]  # of .ci/engine
TESTED = "filmes-lambda-test"


def docker(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], input=text, capture_output=True, text=True)


def runtime_image() -> str | None:
    try:
        return next(
            (image for image in IMAGES if docker("image", "inspect", image).returncode == 0), None
        )
    except FileNotFoundError:
        return None


class SamLocal:
    name = "sam local"

    def __init__(self, built: Path, image: str, aws_url: str) -> None:
        # `sam local` passes on only variables that the template declares, and the template knows
        # nothing of tests: the image says where AWS is. What sam built on the last one must go.
        docker("rmi", "--force", f"{TESTED}:rapid-{ARCHITECTURE}")
        endpoint = f"http://moto:{urlsplit(aws_url).port}"
        dockerfile = f"FROM {image}\nENV AWS_ENDPOINT_URL={endpoint}\n"
        done = docker("build", "--tag", TESTED, "-", text=dockerfile)
        assert done.returncode == 0, done.stderr
        self.built = built
        self.urls: dict[tuple[str, ...], str] = {}  # by environment and more options
        self.stack = ExitStack()
        self.environ = os.environ | {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": aws_url,  # sam asks STS for the account
            "SAM_CLI_TELEMETRY": "0",
        }

    def command(self, verb: str, *arguments: str) -> list[str]:
        return [
            str(Path(sys.executable).with_name("sam")),
            *("local", verb, *arguments),
            *("--template", str(self.built / "template.yaml")),
            *("--invoke-image", TESTED, "--skip-pull-image", "--add-host", "moto:host-gateway"),
        ]

    def invoke_once(self, function: str, event: Any, env: dict[str, str]) -> Any:
        """As `sam local invoke` does, most of whose time goes to its own start."""
        with variables(env) as file:
            done = subprocess.run(
                self.command("invoke", function, "--event", "-", "--env-vars", file),
                input=json.dumps(event),
                capture_output=True,
                text=True,
                env=self.environ,
            )
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def invoke(self, function: str, event: Any, env: dict[str, str]) -> Any:
        """As `sam local start-lambda` does, in a container that starts cold likewise."""
        return self.call(function, event, env)

    def invoke_warm(self, function: str, event: Any, env: dict[str, str]) -> Any:
        """The same in a container that stays."""
        return self.call(function, event, env, "--warm-containers", "LAZY", "--no-watch")

    def call(self, function: str, event: Any, env: dict[str, str], *options: str) -> Any:
        key = (json.dumps(env), *options)
        if key not in self.urls:
            self.urls[key] = self.stack.enter_context(self.lambdas(env, *options))
        url = f"{self.urls[key]}/2015-03-31/functions/{function}/invocations"
        request = urllib.request.Request(url, json.dumps(event).encode())
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def close(self) -> None:
        """Stop what runs."""
        self.stack.close()

    @contextmanager
    def lambdas(self, env: dict[str, str], *options: str) -> Iterator[str]:
        """The functions behind Lambda's own interface."""
        with (
            variables(env) as file,
            self.serving("start-lambda", "--env-vars", file, *options) as url,
        ):
            yield url

    @contextmanager
    def api(self) -> Iterator[str]:
        """The API function, warm, behind API Gateway."""
        options = ("--warm-containers", "EAGER", "--no-watch", "--disable-authorizer")
        with self.serving("start-api", *options, path="/saude") as url:
            yield url

    @contextmanager
    def serving(self, verb: str, *options: str, path: str = "/") -> Iterator[str]:
        port = free_port()
        with tempfile.TemporaryFile("w+") as log:
            command = self.command(verb, "--port", str(port), *options)
            process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environ)
            try:
                wait(f"http://127.0.0.1:{port}{path}", process)
                yield f"http://127.0.0.1:{port}"
            except TimeoutError:
                log.seek(0)
                raise AssertionError(log.read()) from None
            finally:
                process.terminate()
                process.wait()


@contextmanager
def variables(env: dict[str, str]) -> Iterator[str]:
    """A file that gives all functions these variables, as far as they declare them."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"Parameters": env}, file)
        file.flush()
        yield file.name


def wait(url: str, process: subprocess.Popen[Any], seconds: float = 60) -> None:
    """Until something answers at the URL."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url).close()
            return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)
