"""Versions of the API function that deployments of code publish, beside those of releases."""

from collections.abc import Iterable
from typing import Any

from training.release.api_function import ApiFunction, Live

BY_STACK = "Release "  # begins what template.yaml and Lambda describe a stack's own version as
STEPS = "deployed step by step"  # begins what .ci/keep.py describes its versions as
AFTER = f"{STEPS} after version "
NEWEST = 2  # versions of deployments that stay in any case


def describe(before: str) -> str:
    """Return the description of a version that takes the requests of another one step by step."""
    return AFTER + before


def find_replaced(api: ApiFunction, live: Live, versions: Iterable[Any]) -> set[str]:
    """Return the versions of deployments to which nobody goes back.

    Needed are the ``NEWEST``, those that have requests, the ones that these took them from
    (`.ci/keep.py back`), and the one that the stack names, to which CloudFormation takes the alias
    back if a deployment fails. That one is described as the function is.
    """
    described = {version["Version"]: version["Description"] for version in versions}
    deployed = [number for number, told in described.items() if told.startswith((BY_STACK, STEPS))]
    serving = {live.version, *live.weighted}
    before = {described.get(number, "").removeprefix(AFTER) for number in serving}
    own = api.description()
    needed = {*deployed[-NEWEST:], *serving, *before}
    return {number for number in deployed if number not in needed and described[number] != own}
