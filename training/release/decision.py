"""What the gate decided about a model, as its release needs it."""

from training.release.api_function import ReleaseError
from training.release.bucket import Body, Bucket, Record
from training.release.errors import OvertakenError
from training.release.history import LIVE
from training.release.keys import decision_key


def read_decision(bucket: Bucket, model: str, after: int, last: Record | None) -> Body:
    """Return what the gate decided about a model against a release.

    Args:
        bucket: where decisions are.
        model: the version of the artifact.
        after: number of the release, 0 if there was none.
        last: that release.

    Raises:
        ReleaseError: it did not let the model pass.
        OvertakenError: it compared with the model of that release, which did not get live then.
    """
    decision: Body = bucket.read(decision_key(model, after)) or {"passed": False, "forced": False}
    if decision["forced"]:
        return decision
    if not decision["passed"]:
        raise ReleaseError(f"the gate did not let model {model} pass after release {after}")
    has_failed = last is not None and last.end is not None and last.end["outcome"] != LIVE
    if last and has_failed and decision.get("incumbent") == last.body["model"]:
        raise OvertakenError(f"model {decision['incumbent']}, which it passed against, is not live")
    return decision
