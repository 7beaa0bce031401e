"""Amazon's emulator around one function, as a plain process. It comes with aws-sam-cli."""

import json
import os
import platform
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import samcli

from tests.emulator.ports import free_port

ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
EMULATOR = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{ARCHITECTURE}"
RUNTIME = Path(__file__).parent.parent.parent / ".local" / "runtime"
REGION = "us-east-1"


class ExitError(AssertionError):
    """The function's process, or the emulator, is no more; the message is its log.

    `answer` is what the emulator says of it, as JSON; empty if the emulator itself is gone.
    """

    def __init__(self, log: str, answer: bytes = b"") -> None:
        super().__init__(log)
        self.answer = answer


class Process:
    """A function as built that starts cold, then answers one event after another.

    `task` is its folder, `variables` are those of its configuration.
    """

    def __init__(
        self,
        task: Path,
        handler: str,
        *,
        name: str,
        memory: int,
        timeout: int,
        aws_url: str,
        variables: Mapping[str, str],
        version: str = "$LATEST",
    ) -> None:
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{task}:{RUNTIME / 'var' / 'runtime'}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "LAMBDA_TASK_ROOT": str(task),
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": aws_url,
            **{variable: str(value) for variable, value in variables.items()},
        }
        port = free_port()
        command = [
            str(EMULATOR),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
            *("--runtime-api-address", f"127.0.0.1:{free_port()}"),
            *(str(RUNTIME / "python3.13"), "-m", "awslambdaric", handler),
        ]
        self.url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        self.log = tempfile.TemporaryFile("w+b")  # noqa: SIM115 (closed by close)
        self.process = subprocess.Popen(
            command,
            cwd=task,
            env=environ,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def call(self, payload: bytes) -> bytes:
        """The function's answer to an event, as JSON.

        Raises:
            ExitError: there is none.
        """
        request = urllib.request.Request(self.url, payload)
        said = b""
        end = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < end:
            try:
                with urllib.request.urlopen(request) as answer:
                    content: bytes = answer.read()
                    return content
            except urllib.error.HTTPError as error:  # the function's process exited
                with error:
                    said = error.read()
                break
            except ConnectionError:
                break
            except OSError:  # not listening yet
                time.sleep(0.05)
        if not said:  # the emulator is gone, or going
            self.kill()
            self.process.wait()
        raise ExitError(self.written(), said)

    def answer(self, event: Any) -> Any:
        """The same in terms of JSON data."""
        return json.loads(self.call(json.dumps(event).encode()))

    def written(self, start: int = 0) -> str:
        """What it has written, from a byte on."""
        content = os.pread(self.log.fileno(), self.size() - start, start)
        return content.decode(errors="replace")

    def size(self) -> int:
        """How many bytes it has written."""
        return os.fstat(self.log.fileno()).st_size

    def kill(self) -> None:
        """Kill it and all that it has started, at whatever it is.

        The emulator starts the function's runtime in a group of its own, but in the same session.
        """
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has just ended
                of_process = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(of_process[3]) == self.process.pid:
                    os.kill(int(folder.name), signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill it, and forget its log."""
        self.kill()
        self.process.wait()
        self.log.close()
