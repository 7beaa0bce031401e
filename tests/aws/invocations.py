"""Lambda's interface for invocations: those that wait, and those that do not."""

import base64
import json
import re
import threading
import time
from typing import Any
from urllib.parse import parse_qs

from botocore.exceptions import ClientError

from tests.aws.functions import Functions
from tests.aws.rules import split
from tests.aws.wsgi import Answer, Environ, error, read

PATH = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations/?$")
RETRIES = 2  # Lambda's default
PAUSE = 0.1  # seconds before a retry, for Lambda's minutes


class Invocations:
    """Answers invocations; those of the type Event run on in threads."""

    def __init__(self, functions: Functions) -> None:
        self.functions = functions
        self.running: list[threading.Thread] = []
        self.closed = False

    def answer(self, environ: Environ) -> Answer | None:
        """The answer to an invocation; None to any other request."""
        found = PATH.match(environ["PATH_INFO"])
        if not found or environ["REQUEST_METHOD"] != "POST":
            return None
        name, qualifier = split(found["name"])
        qualifier = parse_qs(environ["QUERY_STRING"]).get("Qualifier", [qualifier])[0]
        payload = read(environ) or b"{}"
        kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        try:
            json.loads(payload)
            if kind == "DryRun":
                return Answer(204)
            if kind == "Event":
                version = self.functions.resolve(name, qualifier)["Version"]
                self.start(name, qualifier, payload)
                return Answer(202, b"", [("X-Amz-Executed-Version", version)])
            tail = environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail"
            return self.wait(name, qualifier, payload, tail=tail)
        except ValueError as failed:
            message = f"Could not parse request body into json: {failed}"
            return error(400, "InvalidRequestContentException", message)
        except ClientError as failed:
            said = failed.response["Error"]
            status = failed.response["ResponseMetadata"]["HTTPStatusCode"]
            return error(status, said["Code"], said["Message"])

    def wait(self, name: str, qualifier: str | None, payload: bytes, *, tail: bool) -> Answer:
        outcome = self.functions.invoke(name, qualifier, payload)
        headers = [("Content-Type", "application/json")]
        headers += [("X-Amz-Executed-Version", outcome.version)]
        if outcome.failed:
            headers += [("X-Amz-Function-Error", "Unhandled")]
        if tail:
            log = base64.b64encode(outcome.log.encode()[-4096:]).decode()
            headers += [("X-Amz-Log-Result", log)]
        return Answer(200, outcome.payload, headers)

    def start(self, name: str, qualifier: str | None, payload: bytes) -> None:
        thread = threading.Thread(target=self.run, args=(name, qualifier, payload), daemon=True)
        self.running = [one for one in self.running if one.is_alive()] + [thread]
        thread.start()

    def run(self, name: str, qualifier: str | None, payload: bytes) -> None:
        for _ in range(1 + self.retries(name)):
            if self.closed or not self.functions.invoke(name, qualifier, payload).failed:
                return
            time.sleep(PAUSE)

    def retries(self, name: str) -> int:
        """How often a failed event is tried again, as the function's configuration says."""
        try:
            found = self.functions.client("lambda").get_function_event_invoke_config(
                FunctionName=name
            )
        except ClientError:
            return RETRIES
        return int(found.get("MaximumRetryAttempts", RETRIES))

    def running_now(self) -> int:
        """How many events are at work."""
        return sum(thread.is_alive() for thread in self.running)

    def settle(self, seconds: float = 600) -> None:
        """Wait until no event is at work, nor any that such a one has started.

        Raises:
            TimeoutError: that took too long.
        """
        end = time.monotonic() + seconds
        while busy := [thread for thread in self.running if thread.is_alive()]:
            busy[0].join(max(0, end - time.monotonic()))
            if time.monotonic() > end:
                raise TimeoutError(f"{len(busy)} events are still at work")

    def close(self) -> None:
        self.closed = True


def payload_of(answer: dict[str, Any]) -> Any:
    """The JSON data in the answer of boto3's `invoke`."""
    return json.loads(answer["Payload"].read() or b"null")
