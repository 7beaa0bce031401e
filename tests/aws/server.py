"""The server: moto and what moto lacks of Lambda and CodeDeploy, over real HTTP."""

import json
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from tests.aws import WHOAMI
from tests.aws.arrivals import Arrivals
from tests.aws.deployments import Deployments
from tests.aws.functions import Functions
from tests.aws.imports import Imports
from tests.aws.invocations import Invocations
from tests.aws.layers import Layers
from tests.aws.rules import Rules
from tests.aws.stack import Stack, functions_of, make_stack, read_template
from tests.aws.wsgi import Answer, Environ, Moto, Start
from tests.emulator.rapid import REGION

PATIENT = Config(connect_timeout=60, read_timeout=960, retries={"total_max_attempts": 1})


class QuietHandler(MotoRequestHandler):
    """Logs no requests."""

    def log(self, *_: Any) -> None: ...


class Server:
    """AWS at `url`. What it holds ends with it."""

    def __init__(self, host: str, port: int, scratch: Path) -> None:
        self.moto = Moto(DomainDispatcherApplication(create_backend_app))
        self.http = make_server(
            host, port, self.application, threaded=True, request_handler=QuietHandler
        )
        self.url = f"http://127.0.0.1:{self.http.port}"
        self.client = cache(partial(new_client, self.url))
        self.layers = Layers(self.moto, scratch / "layers", self.client("s3"))
        self.functions = Functions(self.url, self.client, self.layers)
        self.invocations = Invocations(self.functions)
        self.rules = Rules(self.moto, self.layers)
        self.deployments = Deployments(self.moto, self.client)
        self.imports = Imports(self.moto)
        self.arrivals = Arrivals(self.client)

    def application(self, environ: Environ, start: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] == WHOAMI:
            return Answer(200, json.dumps({"pid": os.getpid()}).encode()).send(start)
        parts = (self.invocations, self.rules, self.deployments, self.imports)
        answers = (part.answer(environ) for part in parts)
        answer = next(filter(None, answers), None)
        if answer is None:
            answer = self.moto.pass_on(environ)
            self.arrivals.told(environ, answer)
        return answer.send(start)

    def watch(self, stack: Stack, built: Path) -> None:
        """From now on, objects that arrive start functions as the template's rules say."""
        functions = functions_of(read_template(built))
        self.arrivals.watch(functions, stack["ModelBucket"], stack.names)

    def close(self) -> None:
        self.invocations.close()
        self.functions.close()


def new_client(url: str, service: str) -> Any:
    """A client of a service at `url`, as patient as a training takes."""
    session = boto3.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
    )
    return session.client(service, endpoint_url=url, config=PATIENT)  # type: ignore[call-overload]


@contextmanager
def serving(host: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """A server at work. moto's state belongs to the process: one server at a time."""
    with tempfile.TemporaryDirectory(prefix="aws-here-") as scratch:
        server = Server(host, port, Path(scratch))
        thread = threading.Thread(target=server.http.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.close()
            server.http.shutdown()
            thread.join()
            server.http.server_close()
            server.functions.close()  # of what came in last


class Here:
    """The server for tests: each has stacks of its own in it."""

    def __init__(self, server: Server, built: Path) -> None:
        self.server = server
        self.built = built
        self.url = server.url
        self.client = server.client
        self.numbers = count(1)

    def make_stack(
        self, parameters: Mapping[str, str] | None = None, built: Path | None = None
    ) -> Stack:
        """A new stack with names that no other has; `parameters` are those of the template.

        `built` is a folder as `sam build` leaves it, by default that which all share.
        """
        name = f"filmes-{next(self.numbers)}"
        return make_stack(self.client, built or self.built, name, parameters)

    def watch(self, stack: Stack) -> None:
        """From now on, objects that arrive start the stack's functions, as on AWS."""
        self.server.watch(stack, self.built)

    def settle(self, seconds: float = 600) -> None:
        """Wait until no event of any function is at work."""
        self.server.invocations.settle(seconds)

    def kill(self, stack: Stack, function: str) -> int:
        """SIGKILL to a function (logical id) that is at work; how many processes that were."""
        return self.server.functions.kill(stack[function])

    def forget(self, stack: Stack) -> None:
        """End the processes of a stack's functions."""
        for name in stack.names.values():
            self.server.functions.close(name)
