"""What the records of releases tell of the models that were live."""

from collections.abc import Iterable
from datetime import UTC, datetime

from training.release.api_function import ReleaseError
from training.release.bucket import Record

LIVE, ABANDONED, ROLLED_BACK = "live", "abandoned", "rolled_back"  # ends of a release


def models(records: Iterable[Record]) -> dict[str, bool]:
    """Return the models that were live, in the order in which they first were.

    A model's value is whether it was rolled back and has not been live since. One that came with
    the code and could not say its name, because the API did not start, is not among them.
    """
    found: dict[str, bool] = {}
    for record in reversed(list(records)):
        found.setdefault(record.body["replaces"]["model"], False)
        if record.end and record.end["outcome"] == LIVE:
            found[record.body["model"]] = False
            if record.body["kind"] == "rollback":
                found[record.body["dismissed"]] = True
    found.pop("", None)
    return found


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


def trainings_of(records: Iterable[Record], model: str) -> list[str]:
    """Return the digests of the inputs that a model was released from, the last one first."""
    found = (record.body.get("training") for record in records if record.body["model"] == model)
    return list(filter(None, found))


def now() -> str:
    """Return the current time as records bear it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
