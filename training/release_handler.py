"""The release function: makes a model live that passed the gate, or an older one again."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from training.release.api_function import ApiFunction, ReleaseError
from training.release.bucket import Body, Bucket
from training.release.canary import Canary
from training.release.cleanup import clean_up
from training.release.errors import NotLiveError, OvertakenError, WaitingError
from training.release.events import read_action
from training.release.history import LIVE, ROLLED_BACK, trainings_of
from training.release.keys import decision_key
from training.release.lease import PREFIX as LEASES
from training.release.overview import overview
from training.release.profile_tables import ProfileTables
from training.release.releases import Releases
from training.release.settings import read_setting
from training.release.trainings import OVERTAKEN, SETTLED, WAITING, Trainings

SECONDS_OF_A_DAY = 24 * 3600
RESERVE = 300.0  # seconds of the function's time for the steps after the import of a profile table
PATIENT = ("publish", "rollback")  # actions that wait for such an import; others only look at it

# The service's name comes from the environment.
logger = Logger(use_rfc3339=True, utc=True)
metrics = Metrics(namespace="Filmes")


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: Any, context: Any) -> dict[str, Any]:
    """Publish, roll back, list versions, or look after releases.

    ``{"action": "publish", "version": …}`` releases a model in the bucket that the gate let pass,
    with ``force`` any; ``after`` is the release that the gate compared with. Unless ``wait`` is
    false it waits for the import of the model's profile table, as long as the function's time
    allows. ``{"action": "resume"}`` carries on a release that has not ended and began at least
    ``age`` seconds ago (default 0), and tells how the last one ended. ``{"action": "rollback"}``
    brings back the model that was live before, or the one named by ``version``. ``{"action":
    "versions"}`` lists the models. The end of a deployment (an event of CodeDeploy) and the daily
    schedule carry on what has not ended, and delete what is no longer needed.

    Returns:
        what was done; ``state`` is ``live``, ``waiting`` (with a ``reason``) or ``overtaken`` after
        a ``publish``.

    Raises:
        EventError: the event is none of these.
        ReleaseError: a model could not be released; what is served stays as it was.
        SettingError: a variable of the environment has a value that is not allowed.
    """
    metrics.add_metric("Events", MetricUnit.Count, 1)
    action = read_action(event)
    patience = 0.0
    if action in PATIENT and event.get("wait", True):
        patience = context.get_remaining_time_in_millis() / 1000 - RESERVE
    releases = make_releases(patience)
    if action is None:
        return _look_after(releases)
    try:
        return ACTIONS[action](releases, event, context.aws_request_id)
    except WaitingError as error:
        logger.info("waiting: %s", error)
        if isinstance(error, NotLiveError):
            _count_not_live()
        _restart_later(releases, event, WAITING)
        return {"state": "waiting", "reason": str(error)}
    except OvertakenError as error:
        logger.info("overtaken: %s", error)
        _restart_later(releases, event, OVERTAKEN)
        _restart(releases, OVERTAKEN)
        return {"state": "overtaken", "reason": str(error)}


def make_releases(patience: float = 0.0) -> Releases:
    """Return the releases that the environment describes.

    ``patience`` is how many seconds a release may wait for the import of a profile table.
    """
    api = ApiFunction(read_setting("API_FUNCTION"), read_setting("LAYER_NAME"))
    canary = None
    if group := read_setting("DEPLOYMENT_GROUP", ""):
        canary = Canary(read_setting("DEPLOYMENT_APPLICATION"), group, api.name, api.alias)
    scope = read_setting("SERVICE_SCOPE", "")
    bucket = Bucket(read_setting("MODEL_BUCKET"))
    tables = ProfileTables(bucket, read_setting("PROFILE_TABLES"), patience)
    return Releases(bucket, api, canary, scope, tables)


def publish(releases: Releases, event: dict[str, Any], _request: str) -> dict[str, Any]:
    """Release a model."""
    version, after = str(event["version"]), event.get("after")
    if after is None:
        after = releases.number()
    if event.get("force"):
        key = decision_key(version, after)
        decided = releases.bucket.read(key) or {"passed": False, "users": [], "checks": []}
        releases.bucket.write(key, {**decided, "forced": True})
    offered = event.get("training", "")
    try:
        end = releases.publish(version, after, offered or Trainings(releases.bucket).find(version))
    except WaitingError as error:
        if offered:
            raise
        raise ReleaseError(f"{error}. Model {version} does not wait: publish it then") from error
    _count_released(end)
    return _told(end, version)


def resume(releases: Releases, event: dict[str, Any], _request: str) -> dict[str, Any]:
    """Carry on the last release, and start again what waited for its end."""
    record = releases.ledger.latest()
    if record is None:
        return {"state": "live", "version": releases.served()}
    if record.end:
        return _told(record.end, record.body["model"])
    began = datetime.fromisoformat(record.body["date"])
    if (datetime.now(UTC) - began).total_seconds() < event.get("age", 0):
        raise WaitingError(f"release {record.number} began at {began}: who began it may be at work")
    end = _carry_on(releases)
    _restart_unless_it_waits(releases)
    return _told(end or {}, record.body["model"])


def roll_back(releases: Releases, event: dict[str, Any], request: str) -> dict[str, Any]:
    """Bring back an older model."""
    try:
        end = releases.roll_back(event.get("version"), request)
    except OvertakenError as error:
        raise ReleaseError(str(error)) from error
    if end["outcome"] in (LIVE, ROLLED_BACK):
        metrics.add_metric("RolledBack", MetricUnit.Count, 1)
    served = ""
    with suppress(ClientError):  # it is done, and must not look as if it were not
        served = releases.served()
    return _told(end, served)


def versions(releases: Releases, _event: dict[str, Any], _request: str) -> dict[str, Any]:
    """List the models that were live."""
    return {"versions": overview(releases)}


ACTIONS: dict[str, Callable[[Releases, dict[str, Any], str], dict[str, Any]]] = {
    "publish": publish,
    "resume": resume,
    "rollback": roll_back,
    "versions": versions,
}


def _told(end: Body, version: str) -> dict[str, Any]:
    reason = {"reason": end["reason"]} if end.get("reason") else {}
    return {"state": end["outcome"], "version": version, **reason}


def _carry_on(releases: Releases) -> Body | None:
    """Carry on the last release as ``resume`` does, and count a model that gets live by that."""
    record = releases.ledger.latest()
    end = releases.resume()
    if end and record and not record.end and record.body["kind"] == "publish":
        _count_released(end)
    return end


def _count_released(end: Body) -> None:
    if end["outcome"] == LIVE:
        metrics.add_metric("Released", MetricUnit.Count, 1)


def _count_not_live() -> None:
    metrics.add_metric("NotLive", MetricUnit.Count, 1)


def _look_after(releases: Releases) -> dict[str, Any]:
    kept = int(read_setting("KEEP_VERSIONS", "5"))
    try:
        _carry_on(releases)
    except WaitingError as error:
        return {"state": "waiting", "reason": str(error)}
    deleted = clean_up(releases, kept)
    _restart_unless_it_waits(releases)
    _, _, card = releases.api.ask(releases.api.live().version, "/modelo", releases.scope)
    trained = datetime.fromisoformat(card["treino"]["date"])
    begun = [written for _, written in releases.bucket.dated(LEASES)]  # whatever they came to
    last = {"ModelAge": trained.timestamp(), "TrainingAge": max(begun, default=trained.timestamp())}
    for name, moment in last.items():
        metrics.add_metric(name, MetricUnit.NoUnit, (time.time() - moment) / SECONDS_OF_A_DAY)
    return {"state": "live", "version": releases.served(), "deleted": deleted}


def _restart_unless_it_waits(releases: Releases) -> None:
    """Start again what waited or came second, unless it would wait for a deployment again."""
    if releases.api.find_differences(releases.api.live()):
        _count_not_live()
    else:
        _restart(releases, WAITING, OVERTAKEN)


def _restart(releases: Releases, *states: str) -> None:
    live = trainings_of(releases.ledger.records(), releases.served())
    Trainings(releases.bucket).restart(live[0] if live else "", *states)


def _restart_later(releases: Releases, event: dict[str, Any], state: str) -> None:
    trainings, training = Trainings(releases.bucket), event.get("training", "")
    known = trainings.read(training)
    if known and known["state"] not in SETTLED:
        trainings.set_state(training, state)
