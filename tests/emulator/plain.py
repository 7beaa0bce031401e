"""The emulator inside aws-sam-cli, run as a plain process, for hosts without Docker."""

import base64
import json
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

from tests.emulator.rapid import Process


class Plain:
    name = "aws-lambda-rie without Docker"

    def __init__(self, built: Path, aws_url: str) -> None:
        self.built = built
        self.aws_url = aws_url
        self.warm: dict[tuple[str, str], Callable[[Any], Any]] = {}  # by function and environment
        self.stack = ExitStack()
        with warnings.catch_warnings(action="ignore"):  # of SAM's own deprecations
            self.functions = SamFunctionProvider(
                SamLocalStackProvider.get_stacks(str(built / "template.yaml"))[0]
            )

    @contextmanager
    def running(self, name: str, env: dict[str, str]) -> Iterator[Callable[[Any], Any]]:
        """The function with this logical id, as something to call with an event."""
        function = self.functions.get(name)
        declared = function.environment["Variables"]
        process = Process(
            self.built / name,
            function.handler,
            name=name,
            memory=function.memory,
            timeout=function.timeout,
            aws_url=self.aws_url,
            variables={
                variable: str(value)
                for variable, value in (declared | env).items()
                if variable in declared
            }
            | {"AWS_SAM_LOCAL": "true"},
        )
        with closing(process):
            yield process.answer

    def invoke(self, function: str, event: Any, env: dict[str, str]) -> Any:
        with self.running(function, env) as call:
            return call(event)

    invoke_once = invoke

    def invoke_warm(self, function: str, event: Any, env: dict[str, str]) -> Any:
        """The same in a process that stays."""
        key = (function, json.dumps(env))
        if key not in self.warm:
            self.warm[key] = self.stack.enter_context(self.running(function, env))
        return self.warm[key](event)

    def close(self) -> None:
        """Stop what runs."""
        self.stack.close()

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
