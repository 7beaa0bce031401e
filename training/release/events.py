"""What the release function is asked for."""

import json
from typing import Any

FIELDS = {
    "publish": {"action", "version", "after", "training", "force", "wait"},
    "resume": {"action", "age"},
    "rollback": {"action", "version"},
    "versions": {"action"},
}
NUMBERS = {"after": "the number of a release", "age": "a whole number of seconds"}
SOURCES = ("aws.codedeploy", "aws.scheduler", "aws.events")


class EventError(ValueError):
    """An event asks for nothing that this function does."""


def read_action(event: Any) -> str | None:
    """Return what an event asks for, None for the end of a deployment and for the schedule.

    Raises:
        EventError: the event is of no known kind, or has an unknown field or a wrong value.
    """
    if not isinstance(event, dict):
        raise EventError(f"event is {json.dumps(event)[:100]}, expected an object")
    if event.get("source") in SOURCES:
        return None
    action = event.get("action")
    if action not in FIELDS:
        raise EventError(f"action is {action!r}, expected one of {', '.join(FIELDS)}")
    if unknown := event.keys() - FIELDS[action]:
        known = ", ".join(sorted(FIELDS[action]))
        raise EventError(f"{', '.join(sorted(unknown))} is unknown, {action} has {known}")
    if action == "publish" and not isinstance(event.get("version"), str):
        raise EventError(f"version is {event.get('version')!r}, expected that of a model")
    for name in ("force", "wait"):
        if not isinstance(event.get(name, False), bool):
            raise EventError(f"{name} is {event[name]!r}, expected true or false")
    for name, expected in NUMBERS.items():
        number = event.get(name, 0)
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise EventError(f"{name} is {number!r}, expected {expected}")
    return str(action)
