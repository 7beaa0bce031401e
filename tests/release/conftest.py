"""Worlds in the server that all tests share."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.aws.permissions import permitted
from tests.aws.policies import Resolved
from tests.aws.server import Here
from tests.release.world import World, make_world, outside

NUMBERS = count(1)


@pytest.fixture
def world(here: Here, monkeypatch: pytest.MonkeyPatch) -> World:
    """A new world in which nothing was released."""
    return _made(here, monkeypatch, canary=False)


@pytest.fixture
def canary_world(here: Here, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same with deployments step by step."""
    return _made(here, monkeypatch, canary=True)


@pytest.fixture
def permitted_world(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The world of the test, in which our code may do what the release role may."""
    names = {"ApiFunction": world.function, "ModelBucket": world.bucket}
    stack = Resolved(world.tables.removesuffix("-"), names=names)
    with permitted(monkeypatch, stack, "ReleaseRole"):
        yield world


def _made(here: Here, monkeypatch: pytest.MonkeyPatch, *, canary: bool) -> World:
    outside(monkeypatch)
    return make_world(here.url, here.client, f"mundo-{next(NUMBERS)}", canary=canary)
