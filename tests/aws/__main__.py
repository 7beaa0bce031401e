"""Starts and stops AWS on one's own machine, with the stack `filmes` in it.

    python -m tests.aws start|stop|serve [--port PORT] [--host HOST]

The HTTP API listens on the next port.
"""

import argparse
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.aws import WHOAMI

if TYPE_CHECKING:
    from tests.aws.server import Server
    from tests.aws.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / ".aws-sam" / "build"
LOCAL = ROOT / ".local"
VARIABLES, FOR_SAM, LOG = "aws-here.env", "aws-here.json", "aws-here.log"
STACK = "filmes"
DATA = ROOT / "mock_data.json"
DATA_KEY = "dados/dados.json"
PATIENCE = 60  # seconds for an end
NEXT = """\
AWS is here, at {url}, with the stack {stack}; its HTTP API is at {api}.
{data} lies in its bucket as {key}. In a shell:

  . {file}
  .venv/bin/sam remote invoke TrainingFunction --stack-name {stack} --event '{{"seed": 7}}'
  curl -i {api}/saude

make aws-here-stop ends it, and all that it holds."""


def main() -> None:
    """Start, stop or serve, as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.aws", description=__doc__)
    parser.add_argument("verb", choices=["start", "stop", "serve"])
    parser.add_argument("--port", type=int, default=5005)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets containers in")
    parser.add_argument("--files", type=Path, default=LOCAL, help="the folder of what it writes")
    arguments = parser.parse_args()
    verbs = {"start": start, "stop": stop, "serve": serve}
    verbs[arguments.verb](arguments.host, arguments.port, arguments.files)


def start(host: str, port: int, files: Path) -> None:
    """Serve in the background; nothing to do if that is so already."""
    if whoami(port) is None:
        for needed in (port, port + 1):
            if taken(needed):
                sys.exit(f"port {needed} is taken by another program: see PORT_AWS=")
        if not (BUILT / "template.yaml").exists():
            sys.exit("nothing is built yet: see make build")
        (files / VARIABLES).unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.aws", "serve", "--port", str(port)]
        command += ["--host", host, "--files", str(files.resolve())]
        with (files / LOG).open("w") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        while not (files / VARIABLES).exists():
            if process.poll() is not None:
                sys.exit(f"AWS could not start here:\n{(files / LOG).read_text()}")
            time.sleep(0.1)
    print(instructions(port, files))


def stop(_: str, port: int, files: Path) -> None:
    """End what `start` began; nothing to do if there is none."""
    found = whoami(port)
    if found is None:
        print(f"AWS does not run on port {port}")
        return
    os.kill(found["pid"], signal.SIGTERM)
    end = time.monotonic() + PATIENCE
    while whoami(port):
        if time.monotonic() > end:
            sys.exit(f"process {found['pid']} does not end: see {files / LOG}")
        time.sleep(0.1)


def serve(host: str, port: int, files: Path) -> None:
    """Serve until a signal says to end."""
    from tests.aws.server import serving  # takes seconds, and the other verbs do without
    from tests.aws.stack import make_stack

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with serving(host, port) as server:
        stack = make_stack(server.client, BUILT, STACK)
        server.client("s3").upload_file(str(DATA), stack["ModelBucket"], DATA_KEY)
        server.watch(stack, BUILT)
        with http_api(stack, host, port + 1):
            describe(server, stack, port, files)
            while not ended.wait(1):  # wakes up, should a signal come to another thread
                pass
        for file in (VARIABLES, FOR_SAM):  # before the port is free, which `stop` waits for
            (files / file).unlink(missing_ok=True)


@contextmanager
def http_api(stack: "Stack", host: str, port: int) -> Iterator[None]:
    """The HTTP API before the alias of the API function."""
    from tests.aws.stack import ALIAS
    from tests.emulator.plain import gateway

    def call(event: Any) -> Any:
        answer = stack.invoke("ApiFunction", event, ALIAS)
        return answer if "statusCode" in answer else {"statusCode": 502, "body": "{}"}

    with ThreadingHTTPServer((host, port), gateway(call)) as http:
        threading.Thread(target=http.serve_forever).start()
        try:
            yield
        finally:
            http.shutdown()


def describe(server: "Server", stack: "Stack", port: int, files: Path) -> None:
    """Write the files that tell a shell and `sam local` where things are."""
    from tests.emulator.rapid import REGION

    names = {
        "API_URL": f"http://127.0.0.1:{port + 1}",
        "MODEL_BUCKET": stack["ModelBucket"],
        "API_FUNCTION": stack["ApiFunction"],
        "TRAINING_FUNCTION": stack["TrainingFunction"],
    }
    if "ReleaseFunction" in stack.names:
        names["RELEASE_FUNCTION"] = stack["ReleaseFunction"]
    variables = {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "SAM_CLI_TELEMETRY": "0",
    }
    functions = {}
    for logical_id, name in stack.names.items():
        if logical_id.endswith("Function"):
            found = server.client("lambda").get_function_configuration(FunctionName=name)
            functions[logical_id] = found.get("Environment", {}).get("Variables", {})
    (files / FOR_SAM).write_text(json.dumps(functions, indent=2) + "\n")
    lines = [f"export {name}={shlex.quote(value)}" for name, value in (variables | names).items()]
    written = files / f"{VARIABLES}.new"  # who waits for the file finds it whole
    written.write_text("\n".join(["unset AWS_PROFILE AWS_SESSION_TOKEN", *lines, ""]))
    written.replace(files / VARIABLES)


def instructions(port: int, files: Path) -> str:
    """What to do next."""
    url, api = (f"http://127.0.0.1:{number}" for number in (port, port + 1))
    file = os.path.relpath(files / VARIABLES, Path.cwd())
    return NEXT.format(url=url, api=api, stack=STACK, data=DATA.name, key=DATA_KEY, file=file)


def whoami(port: int) -> dict[str, Any] | None:
    """What a server of ours says of itself; None if there is none on this port."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{WHOAMI}", timeout=10) as answer:
            found = json.load(answer)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "pid" in found else None


def taken(port: int) -> bool:
    """Whether somebody listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


if __name__ == "__main__":
    main()
