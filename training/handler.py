"""The training function: renews the model from data in the bucket and ratings in the table."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("MPLCONFIGDIR", tempfile.gettempdir())  # Lambda can write only there

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from training.release.settings import read_setting
from training.release.stack import ask_release_function

# Figures of the gate by check: the metric's name, and the figure's.
METRICS = {
    "settings not worse": {"Ndcg": "ndcg", "NdcgOfIncumbent": "ndcg of the incumbent's"},
    "gain over popularity not lost": {"GainOverPopularity": "now"},
}
TOLD = ("state", "version", "reason", "before")  # of an answer, in the log
SEARCH_SHARE = 0.8  # of the function's time; a search that takes longer fails
MARGIN = 10.0  # seconds before the end of the function's time at which a training fails
RELEASES = ("publish", "resume", "rollback", "versions")  # what the release function does

# The service's name comes from the environment.
logger = Logger(use_rfc3339=True, utc=True)
metrics = Metrics(namespace="Filmes")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: Any, context: Any) -> dict[str, Any]:
    """Train on data in the bucket, judge the model, and offer it for release.

    An event of S3 names the data, a schedule takes the key in ``DATA_KEY``. A direct call may name
    it as ``data_key``, and set ``seed``, ``objetivo`` (``gostar`` or ``ver``), ``hyperparameters``,
    which are then not chosen, ``dry_run`` and ``force``. With ``candidate``, the address of an
    artifact in the bucket, nothing is trained: that artifact is judged and offered. An ``action``
    of the release function is passed on to it.

    Returns:
        ``state``, and what it is about: see ``training.renew``.

    Raises:
        DataError: the event, the data or a parameter is wrong; the message names the value.
        LeaseError: another training runs.
        ReleaseError: the release function fails; the message is its own.
        SettingError: a variable of the environment has a value that is not allowed.
        TimeoutError: the training took longer than the function may.
    """
    metrics.add_metric("Events", MetricUnit.Count, 1)
    if isinstance(event, dict) and event.get("action") in RELEASES:
        return ask_release_function(read_setting("RELEASE_FUNCTION"), event)
    # These imports take longer than Lambda's init may.
    from training.renewal.events import IgnoredEventError, read_start

    bucket = read_setting("MODEL_BUCKET")
    try:
        start = read_start(event, bucket, read_setting("DATA_KEY"))
    except IgnoredEventError as error:
        logger.info("ignored: %s", error)
        return {"state": "ignored", "reason": str(error)}
    return _renew(start, bucket, context)


def _renew(start: Any, bucket_name: str, context: Any) -> dict[str, Any]:
    from training.candidate import take
    from training.release.api_function import ApiFunction
    from training.release.bucket import Bucket
    from training.release.lease import lease
    from training.renew import renew
    from training.renewal.events import Candidate
    from training.renewal.offer import Surroundings

    seconds = context.get_remaining_time_in_millis() / 1000
    end = time.monotonic() + SEARCH_SHARE * seconds
    bucket, function = Bucket(bucket_name), read_setting("API_FUNCTION", "")
    around = Surroundings(
        bucket,
        ApiFunction(function, read_setting("LAYER_NAME")) if function else None,
        read_setting("RATINGS_TABLE", ""),
        read_setting("RELEASE_FUNCTION", ""),
        context.function_name,
        lambda name, taken: metrics.add_metric(f"{name}Time", MetricUnit.Seconds, taken),
        read_setting("PROFILES", "package") == "table",
    )
    with (
        lease(bucket, context.aws_request_id, seconds),
        tempfile.TemporaryDirectory() as scratch,
        _failing_after(seconds - MARGIN),
    ):
        if isinstance(start, Candidate):
            answer = take(start, around, Path(scratch), end)
        else:
            answer = renew(start, around, Path(scratch), end)
    logger.info("renewal", extra={"renewal": {k: answer[k] for k in TOLD if k in answer}})
    metrics.add_metric("Refused", MetricUnit.Count, int(answer["state"] == "refused"))
    for check in answer.get("decision", {}).get("checks", []):
        for name, figure in METRICS.get(check["name"], {}).items():
            if check["figures"].get(figure) is not None:
                metrics.add_metric(name, MetricUnit.NoUnit, check["figures"][figure])
    return answer


@contextmanager
def _failing_after(seconds: float) -> Iterator[None]:
    """Fail in words before Lambda kills the function without any."""

    def fail(*_: Any) -> None:
        raise TimeoutError("the training did not end in the function's time: give it more memory")

    before = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0))  # 0: never
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
