"""Releases in processes of their own, each of which is killed at a given moment.

Run as a module it reads a line of JSON for each release and answers with how its process ended. It
forks, so that no process takes a second to import boto3.
"""

import json
import os
import signal
import sys
from dataclasses import asdict
from itertools import count
from subprocess import PIPE, Popen
from types import TracebackType
from typing import Any, Self

import boto3

from tests.conftest import ROOT
from tests.release.world import World, releases_of


class Killer:
    """Makes releases that are killed; a context."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", __name__]
        self.process = Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=ROOT)
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def release_until(self, world: World, model: str | None, after: int, moment: int) -> int:
        """Publish a model, or roll back (None), and be killed before the nth call of AWS is sent.

        Returns the exit status: 0 if there was no such call, a negative number for a signal.
        """
        assert self.process.stdin
        assert self.process.stdout
        print(
            json.dumps([asdict(world), model, after, moment]), file=self.process.stdin, flush=True
        )
        return int(self.process.stdout.readline())


def release(session: Any, world: World, model: str | None, after: int, moment: int) -> None:
    """What a process does until it is killed."""
    boto3.DEFAULT_SESSION = session
    moments = count()

    def pass_moment(**_: Any) -> None:
        if next(moments) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    session.events.register("before-send", pass_moment)
    releases = releases_of(world)
    if model:
        releases.publish(model, after, f"input-of-{model}")
    else:
        releases.roll_back()


def main() -> None:
    """Fork for each line."""
    session: Any = boto3.Session(region_name="us-east-1")
    for service in (
        "codedeploy",
        "dynamodb",
        "lambda",
        "s3",
    ):  # so that no process reads their models again
        session.client(service, aws_access_key_id="test", aws_secret_access_key="test")
    for line in sys.stdin:
        names, *asked = json.loads(line)
        world = World(**names)
        world.enter()
        if (process := os.fork()) == 0:
            release(session, world, *asked)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
