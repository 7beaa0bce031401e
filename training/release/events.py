"""What the release function is asked for."""

import reprlib
import textwrap
from collections.abc import Iterable
from typing import Any

FIELDS = {
    "publish": {"action", "version", "after", "training", "force", "wait"},
    "resume": {"action", "age"},
    "rollback": {"action", "version"},
    "versions": {"action"},
}
NUMBERS = {"after": "the number of a release", "age": "a whole number of seconds"}
TEXTS = {"version": "that of a model", "training": "the digest of an input"}
LONGEST = 100  # characters of a text that a message repeats
SOURCES = ("aws.codedeploy", "aws.scheduler", "aws.events")


class EventError(ValueError):
    """An event asks for nothing that this function does."""


def read_action(event: Any) -> str | None:
    """Return what an event asks for, None for the end of a deployment and for the schedule.

    Raises:
        EventError: the event is of no known kind, or has an unknown field or a wrong value.
    """
    if not isinstance(event, dict):
        raise EventError(f"event is {short(event)}, expected an object")
    if event.get("source") in SOURCES:
        return None
    action = event.get("action")
    if not isinstance(action, str) or action not in FIELDS:
        raise EventError(f"action is {short(action)}, expected one of {', '.join(FIELDS)}")
    if unknown := event.keys() - FIELDS[action]:
        known = ", ".join(sorted(FIELDS[action]))
        raise EventError(f"{listed(unknown)} is unknown, {action} has {known}")
    for name, expected in TEXTS.items():
        is_needed = name in event or (action, name) == ("publish", "version")
        if is_needed and not is_text(event.get(name)):
            raise EventError(f"{name} is {short(event.get(name))}, expected {expected}")
    for name in ("force", "wait"):
        if not isinstance(event.get(name, False), bool):
            raise EventError(f"{name} is {short(event[name])}, expected true or false")
    for name, expected in NUMBERS.items():
        number = event.get(name, 0)
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise EventError(f"{name} is {short(number)}, expected {expected}")
    return action


def is_text(value: Any) -> bool:
    """Return whether a value is a text that can be encoded: JSON may hold halves of characters."""
    try:
        value.encode()
    except (AttributeError, UnicodeEncodeError):
        return False
    return isinstance(value, str)


def short(value: Any) -> str:
    """Return a value as Python spells it, shortened."""
    spelling = reprlib.Repr()
    spelling.maxstring = LONGEST
    return spelling.repr(value)


def listed(names: Iterable[Any]) -> str:
    """Return names in a line that is not long, whatever they are."""
    text = ", ".join(sorted(map(str, names))).encode("utf-8", "backslashreplace").decode()
    return textwrap.shorten(text, 200, placeholder="…")
