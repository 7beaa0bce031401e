"""The emulator inside aws-sam-cli, run as a plain process, for hosts without Docker."""

import base64
import json
import os
import platform
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import samcli
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

from tests.emulator.ports import free_port

ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
EMULATOR = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{ARCHITECTURE}"
RUNTIME = Path(__file__).parent.parent.parent / ".local" / "runtime"


class Plain:
    name = "aws-lambda-rie without Docker"

    def __init__(self, built: Path, aws_url: str) -> None:
        self.built = built
        self.aws_url = aws_url
        with warnings.catch_warnings(action="ignore"):  # of SAM's own deprecations
            self.functions = SamFunctionProvider(
                SamLocalStackProvider.get_stacks(str(built / "template.yaml"))[0]
            )

    @contextmanager
    def running(self, name: str, env: dict[str, str]) -> Iterator[Callable[[Any], Any]]:
        """The function with this logical id, as something to call with an event."""
        function = self.functions.get(name)
        declared = function.environment["Variables"]
        task = self.built / name
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{task}:{RUNTIME / 'var' / 'runtime'}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "LAMBDA_TASK_ROOT": str(task),
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout),
            "AWS_SAM_LOCAL": "true",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": self.aws_url,
            **{
                variable: str(value)
                for variable, value in (declared | env).items()
                if variable in declared
            },
        }
        port = free_port()
        command = [
            str(EMULATOR),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
            *("--runtime-api-address", f"127.0.0.1:{free_port()}"),
            *(str(RUNTIME / "python3.13"), "-m", "awslambdaric", function.handler),
        ]
        url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        with tempfile.TemporaryFile("w+") as log:
            process = subprocess.Popen(
                command, cwd=task, env=environ, stdout=log, stderr=log, start_new_session=True
            )

            def call(event: Any) -> Any:
                request = urllib.request.Request(url, json.dumps(event).encode())
                end = time.monotonic() + 60
                while process.poll() is None and time.monotonic() < end:
                    try:
                        with urllib.request.urlopen(request) as answer:
                            return json.load(answer)
                    except urllib.error.HTTPError as error:  # the function's process exited
                        error.close()
                        break
                    except ConnectionError:
                        break
                    except OSError:  # not listening yet
                        time.sleep(0.05)
                log.seek(0)
                raise AssertionError(log.read())

            try:
                yield call
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def invoke(self, function: str, event: Any, env: dict[str, str]) -> Any:
        with self.running(function, env) as call:
            return call(event)

    invoke_once = invoke

    def close(self) -> None:
        """Nothing is left running."""

    @contextmanager
    def api(self) -> Iterator[str]:
        with (
            self.running("ApiFunction", {}) as call,
            ThreadingHTTPServer(("127.0.0.1", 0), gateway(call)) as server,
        ):
            threading.Thread(target=server.serve_forever).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()


def gateway(call: Callable[[Any], Any]) -> type[BaseHTTPRequestHandler]:
    """An HTTP API (payload format 2.0) before a function that answers one call at a time."""
    one_at_a_time = threading.Lock()

    class Gateway(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            event = {
                "version": "2.0",
                "routeKey": "ANY /{proxy+}",
                "rawPath": unquote(path),
                "rawQueryString": query,
                "headers": {
                    name.lower(): ",".join(self.headers.get_all(name, [])) for name in self.headers
                },
                "requestContext": {
                    "requestId": "local",
                    "stage": "$default",
                    "http": {
                        "method": self.command,
                        "path": unquote(path),
                        "protocol": self.request_version,
                        "sourceIp": self.client_address[0],
                        "userAgent": self.headers.get("user-agent", ""),
                    },
                },
                "isBase64Encoded": bool(body),
            }
            if query:
                values: dict[str, str] = {}
                for name, value in parse_qsl(query, keep_blank_values=True):
                    values[name] = f"{values[name]},{value}" if name in values else value
                event["queryStringParameters"] = values
            if body:
                event["body"] = base64.b64encode(body).decode()
            with one_at_a_time:
                answer = call(event)
            content = answer.get("body") or ""
            data = base64.b64decode(content) if answer.get("isBase64Encoded") else content.encode()
            self.send_response(answer.get("statusCode", 502))
            for name, value in answer.get("headers", {}).items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            for cookie in answer.get("cookies", []):
                self.send_header("set-cookie", cookie)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, *_: Any) -> None: ...

    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        setattr(Gateway, f"do_{method}", Gateway.answer)
    return Gateway
