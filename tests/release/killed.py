"""A release in a process of its own, which is killed at a given moment."""

import os
import signal
from itertools import count
from typing import Any

import boto3

from tests.release.world import World, releases_of

SESSION: Any = boto3.Session(region_name="us-east-1")
for _service in ("codedeploy", "lambda", "s3"):  # so that no process reads their models again
    SESSION.client(_service)


def release_until(world: World, model: str | None, after: int, moment: int) -> None:
    """Publish a model, or roll back (None), and be killed before or after the nth call of AWS.

    Even moments are those before a call is sent, odd ones those after its answer.
    """
    world.enter()
    boto3.DEFAULT_SESSION = SESSION
    moments = count()

    def pass_moment(**_: Any) -> None:
        if next(moments) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    for event in ("before-send", "response-received"):
        SESSION.events.register(event, pass_moment)
    releases = releases_of(world)
    if model:
        releases.publish(model, after, f"input-of-{model}")
    else:
        releases.roll_back()
