"""What the release function is asked for."""

import json
from typing import Any

FIELDS = {
    "publish": {"action", "version", "after", "training", "force"},
    "rollback": {"action", "version"},
    "versions": {"action"},
}
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
    if not isinstance(event.get("force", False), bool):
        raise EventError(f"force is {event['force']!r}, expected true or false")
    after = event.get("after", 0)
    if isinstance(after, bool) or not isinstance(after, int) or after < 0:
        raise EventError(f"after is {after!r}, expected the number of a release")
    return str(action)
