"""What a call for a rollback asks for."""

from collections.abc import Iterable

from training.release.api_function import ReleaseError
from training.release.bucket import Record
from training.release.history import models


def find_older(records: Iterable[Record], present: str, model: str | None) -> str:
    """Return the model to roll back to: the one that is named, or the last before the present.

    Raises:
        ReleaseError: there is no such model.
    """
    history = models(records)
    if model is None:
        names = list(history)
        before = names[: names.index(present)] if present in history else names
        model = next((name for name in reversed(before) if not history[name]), None)
        if model is None:
            raise ReleaseError(f"no model was live before {present}")
    elif model == present or model not in history:
        others = ", ".join(name for name in history if name != present) or "no model"
        raise ReleaseError(f"version is {model!r}, expected one that was live: {others}")
    return model


def is_asked_again(record: Record, model: str | None, request: str) -> bool:
    """Return whether a call for a rollback, to a model or to the last, asks for this release."""
    if record.body["kind"] != "rollback":
        return False
    if request and record.body.get("request") == request:
        return True
    return record.end is None and model in (None, record.body["model"])
