"""Worlds in the server that all tests share. In them, our code may do what the release role may."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from tests.aws.permissions import permitted
from tests.aws.policies import Resolved
from tests.aws.server import Here
from tests.release.world import World, make_world, outside

NUMBERS = count(1)


@pytest.fixture
def world(here: Here, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A new world in which nothing was released."""
    with _made(here, monkeypatch, canary=False) as world:
        yield world


@pytest.fixture
def canary_world(here: Here, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The same with deployments step by step."""
    with _made(here, monkeypatch, canary=True) as world:
        yield world


@contextmanager
def _made(here: Here, monkeypatch: pytest.MonkeyPatch, *, canary: bool) -> Iterator[World]:
    outside(monkeypatch)
    name = f"mundo-{next(NUMBERS)}"
    world = make_world(here.url, here.client, name, canary=canary)
    names = {
        "ApiFunction": world.function,
        "DeploymentApplication": world.layer,
        "DeploymentGroup": world.group,
        "ModelBucket": world.bucket,
    }
    deployment = {"Deployment": "Canary10Percent5Minutes"} if canary else {}
    with permitted(monkeypatch, Resolved(name, deployment, names), "ReleaseRole"):
        yield world
