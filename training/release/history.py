"""What the records of releases tell of the models that were live."""

from collections.abc import Iterable
from datetime import UTC, datetime

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


def line(records: Iterable[Record]) -> list[str]:
    """Return the models that were live one after the other, without those that were rolled back.

    A rollback takes away what came after the model that it goes back to.
    """
    found: list[str] = []
    for record in reversed(list(records)):
        if not record.end or record.end["outcome"] != LIVE:
            continue
        before, model = record.body["replaces"]["model"], record.body["model"]
        if before and found[-1:] != [before]:  # one that a deployment of code brought
            found.append(before)
        if record.body["kind"] == "rollback":
            last = len(found) - found[::-1].index(model) - 1 if model in found else -1
            del found[last:]
        found.append(model)
    return found


def trainings_of(records: Iterable[Record], model: str) -> list[str]:
    """Return the digests of the inputs that a model was released from, the last one first."""
    found = (record.body.get("training") for record in records if record.body["model"] == model)
    return list(filter(None, found))


def now() -> str:
    """Return the current time as records bear it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
