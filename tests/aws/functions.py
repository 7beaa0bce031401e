"""Lambda's Invoke: the functions as built, in the emulator, warm."""

import base64
import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from tests.aws.layers import Layers
from tests.emulator.rapid import ExitError, Process

CODE_BUCKET = "codigo-das-funcoes"
WARM = 4  # processes that are kept though nobody needs them now
MADE_BY_RUNTIME = {"errorMessage", "errorType", "requestId", "stackTrace"}
EMULATORS = " (rapid) "
TIMEOUT = b"Task timed out after "


class Outcome(NamedTuple):
    """What an invocation gave: JSON, that of an error if the function failed."""

    version: str
    payload: bytes
    failed: bool
    log: str


@cache
def pack(folder: Path) -> bytes:
    """A ZIP file that stands for a built function: it says where that is, and its digest.

    So `CodeSha256` changes when the function does, and nobody packs 200 MB.
    """
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            digest.update(f"{file.relative_to(folder)}\0{file.stat().st_size}\0".encode())
            digest.update(file.read_bytes())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        said = json.dumps({"folder": str(folder), "sha256": digest.hexdigest()})
        archive.writestr(zipfile.ZipInfo("built.json"), said)
    return packed.getvalue()


def store_code(s3: Any, folder: Path) -> dict[str, str]:
    """Put a function's code where Invoke finds it, and return it as CreateFunction's `Code`."""
    packed = pack(folder.resolve())
    key = f"{hashlib.sha256(packed).hexdigest()}.zip"
    s3.create_bucket(Bucket=CODE_BUCKET)
    s3.put_object(Bucket=CODE_BUCKET, Key=key, Body=packed)
    return {"S3Bucket": CODE_BUCKET, "S3Key": key}


class Functions:
    """The functions that moto knows, as something to invoke. `client` makes clients of moto."""

    def __init__(self, url: str, client: Callable[[str], Any], layers: Layers) -> None:
        self.url = url
        self.client = client
        self.layers = layers
        self.lock = Lock()
        self.idle: list[tuple[str, str, Process]] = []  # the longest unused first
        self.busy: list[tuple[str, Process]] = []

    def resolve(self, name: str, qualifier: str | None) -> dict[str, Any]:
        """The configuration of the version that an invocation gets; by an alias, by its weights.

        Raises:
            ClientError: there is none.
        """
        awslambda = self.client("lambda")
        if qualifier and qualifier != "$LATEST" and not qualifier.isdigit():
            alias = awslambda.get_alias(FunctionName=name, Name=qualifier)
            qualifier = alias["FunctionVersion"]
            weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
            drawn = random.random()
            for version, weight in weights.items():
                if drawn < weight:
                    qualifier = version
                    break
                drawn -= weight
        more = {"Qualifier": qualifier} if qualifier else {}
        found: dict[str, Any] = awslambda.get_function_configuration(FunctionName=name, **more)
        return found

    def invoke(self, name: str, qualifier: str | None, payload: bytes) -> Outcome:
        """Run a function and wait for its answer.

        Raises:
            ClientError: there is no such function or version.
        """
        configuration = self.resolve(name, qualifier)
        version = configuration["Version"]
        with self.process(configuration) as process:
            start = process.size()
            try:
                answer = process.call(payload or b"{}")
            except ExitError as exited:
                said = exited.answer or as_error("Runtime.ExitError", "Runtime exited: killed")
                return Outcome(version, said, True, own(process.written(start)))
            log = own(process.written(start))
            if answer.startswith(TIMEOUT):
                said = as_error("Sandbox.Timedout", answer.decode())
                return Outcome(version, said, True, log)
            return Outcome(version, answer, is_error(answer), log)

    @contextmanager
    def process(self, configuration: dict[str, Any]) -> Iterator[Process]:
        """A process for one invocation, warm if there is one that nobody uses."""
        name = configuration["FunctionName"]
        layers = [layer["Arn"] for layer in configuration.get("Layers", [])]
        variables = configuration.get("Environment", {}).get("Variables", {})
        key = json.dumps(
            [configuration[part] for part in ("FunctionArn", "Version", "CodeSha256", "Timeout")]
            + [layers, variables]
        )
        with self.lock:
            found = next((entry for entry in self.idle if entry[1] == key), None)
            if found:
                self.idle.remove(found)
        process = found[2] if found else self.start(configuration, layers, variables)
        with self.lock:
            self.busy.append((name, process))
        try:
            yield process
        finally:
            with self.lock:
                self.busy.remove((name, process))
                self.idle.append((name, key, process))
                alive = [entry for entry in self.idle if entry[2].process.poll() is None]
                ended = [entry for entry in self.idle if entry not in alive[-WARM:]]
                self.idle = alive[-WARM:]
            for _, _, process in ended:
                process.close()

    def start(
        self, configuration: dict[str, Any], layers: list[str], variables: dict[str, str]
    ) -> Process:
        for arn in layers:
            artifact = self.layers.unpacked(arn) / "artifact"
            if artifact.is_dir():  # Lambda has it in /opt, where the function looks by itself
                variables = variables | {"ARTIFACT_DIR": str(artifact)}
        return Process(
            self.folder(configuration["CodeSha256"]),
            configuration["Handler"],
            name=configuration["FunctionName"],
            version=configuration["Version"],
            memory=configuration["MemorySize"],
            timeout=configuration["Timeout"],
            aws_url=self.url,
            variables=variables,
        )

    def folder(self, sha256: str) -> Path:
        """Where the function with this `CodeSha256` is built."""
        key = f"{base64.b64decode(sha256).hex()}.zip"
        found = self.client("s3").get_object(Bucket=CODE_BUCKET, Key=key)["Body"].read()
        with zipfile.ZipFile(io.BytesIO(found)) as archive:
            return Path(json.loads(archive.read("built.json"))["folder"])

    def kill(self, name: str) -> int:
        """Kill a function in the midst of its work; return how many processes that were."""
        with self.lock:
            killed = [process for other, process in self.busy if other == name]
        for process in killed:
            process.kill()
        return len(killed)

    def close(self, name: str | None = None) -> None:
        """End all processes, or those of one function."""
        with self.lock:
            ended = [entry for entry in self.idle if name in (None, entry[0])]
            self.idle = [entry for entry in self.idle if entry not in ended]
            busy = [process for other, process in self.busy if name in (None, other)]
        for process in busy:
            process.kill()  # who waits for it closes it
        for _, _, process in ended:
            process.close()


def as_error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def own(log: str) -> str:
    """What the function has written, without the lines of the emulator."""
    return "".join(line for line in log.splitlines(keepends=True) if EMULATORS not in line)


def is_error(payload: bytes) -> bool:
    """Whether this is what Lambda's runtime writes for an exception; the emulator does not say."""
    if b'"errorType"' not in payload:
        return False
    data = json.loads(payload)
    return isinstance(data, dict) and set(data) == MADE_BY_RUNTIME
