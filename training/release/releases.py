"""The steps from a model in the bucket to what the alias serves, each of which may be repeated.

A release is a numbered record in the bucket. Whoever writes a number has decided what is served
next; anybody may then take the steps, which change nothing where they were taken before. A record
without an end is carried on before the next one is written.
"""

import logging
from functools import partial

from botocore.exceptions import ClientError, WaiterError

from training.release.api_function import HOPELESS, ApiFunction, Live, ReleaseError
from training.release.bucket import Body, Bucket, Ledger, Record
from training.release.canary import Canary, Progress, find_progress, stop
from training.release.decision import read_decision
from training.release.errors import NotLiveError, OvertakenError, WaitingError
from training.release.history import ABANDONED, LIVE, ROLLED_BACK, now, trainings_of
from training.release.keys import RELEASES, decision_key, deployment_key
from training.release.profile_tables import IMPORT, ProfileTables
from training.release.proof import Proof
from training.release.rollback import (
    find_older,
    is_asked_again,
    is_stopped,
    stop_model,
    take_turn,
)
from training.release.trainings import DISMISSED, PUBLISHED, WAITING, Trainings
from training.release.versions import find_layer, find_version, is_there

_log = logging.getLogger(__name__)


class Releases:
    """Releases of models by layers and versions of the API function.

    Args:
        bucket: where models and records are.
        api: the function that serves.
        canary: shifts requests step by step; None moves them all at once.
        scope: gives access to all users, for the requests by which a model is proved.
        tables: has a model's profile table imported; None for who takes no steps.
    """

    def __init__(
        self,
        bucket: Bucket,
        api: ApiFunction,
        canary: Canary | None = None,
        scope: str = "",
        tables: ProfileTables | None = None,
    ) -> None:
        self.bucket, self.api, self.canary, self.scope = bucket, api, canary, scope
        self.tables = tables
        self.ledger = Ledger(bucket, RELEASES)
        self.proof = Proof(api, scope)

    def publish(self, model: str, after: int, training: str = "") -> Body:
        """Release a model that passed the gate against release ``after``; return the end.

        Args:
            model: the version of the artifact, whose files are in the bucket.
            after: number of the release that the gate compared with, 0 if there was none.
            training: digest of the training's input.

        Raises:
            OvertakenError: there has been another release since, or the one before failed.
            WaitingError: the last release has not ended, or what was deployed last is not live.
            ReleaseError: the gate did not let the model pass, or it could not be released.
        """
        self.resume()
        live, present = self._now()
        if present == model:
            return {"outcome": LIVE}
        done, offer = self.ledger.read(after + 1), (model, training)
        if done and done.end and (done.body["model"], done.body.get("training")) == offer:
            return done.end  # of this very offer, which was sent again
        decision = read_decision(self.bucket, model, after, self.ledger.read(after))
        if live.weighted:
            raise WaitingError("a deployment runs")
        differing = self.api.find_differences(live) if training else []
        if differing:  # only a training is offered again
            raise NotLiveError(
                f"what was deployed last is not live ({', '.join(differing)}): the next "
                "deployment of code ends this"
            )
        body = {"kind": "publish", "model": model, "training": training}
        return self._release(after, {**body, "forced": not decision["passed"]}, live, present)

    def roll_back(self, model: str | None = None, request: str = "") -> Body:
        """Release a model that was live before; by default the last that stands before the present.

        The model that was live is not published again from the same input unless forced. While a
        model waits for its profile table or gets live step by step, it is that model that goes. The
        requests move at once: an alarm, which may be why, would stop a deployment.

        Args:
            model: the version of the artifact.
            request: id of the call. One that was killed and is tried again goes on. So does any
                call for what a rollback began and could not end.

        Raises:
            ReleaseError: there is no such model, or requests are being moved.
            WaitingError: what was asked for is on its way.
        """
        record = self.ledger.latest()
        asked = LIVE if record and is_asked_again(record, model, request) else None
        for _ in range(2):  # it may begin to get live step by step only now
            if (has_stopped := stop_model(self.bucket, record)) and model is None:
                asked = ROLLED_BACK
            try:
                end = self.resume()
                break
            except WaitingError as error:
                if asked:
                    raise
                waiting = error
        else:
            raise ReleaseError(f"{waiting}: try again when it has ended")
        if end and end["outcome"] == asked:
            return end
        number = self.number()
        live, present = self._now()
        if end and has_stopped and model == present:
            return end
        records = self.ledger.records()
        model = find_older(records, present, model, partial(is_there, self.bucket, records))
        if live.weighted:
            running = self.canary.find_running() if self.canary else None
            by = f"deployment {running}" if running else f"weights of alias {self.api.alias}"
            raise ReleaseError(f"requests are being moved by {by}: stop that, or wait for its end")
        body = {"kind": "rollback", "model": model, "dismissed": present, "request": request}
        return self._release(number, body, live, present)

    def resume(self) -> Body | None:
        """Carry on the last release if it has not ended; return its end, None if there is none.

        Raises:
            ReleaseError: it had to be abandoned.
            WaitingError: it waits for an import or a deployment.
        """
        record = self.ledger.latest()
        if record is None or record.end:
            return record.end if record else None
        end = self.carry_on(record)
        if end["outcome"] == WAITING:
            raise WaitingError(end["reason"])
        return end

    def carry_on(self, record: Record) -> Body:
        """Take the steps that a release still needs; return its end, or that it waits.

        Raises:
            ReleaseError: it was abandoned, and what was served before still is.
        """
        try:
            return self._take_steps(record)
        except (ReleaseError, ClientError, WaiterError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] not in HOPELESS:
                raise  # to be tried again
            live = self.api.live()
            self.api.set_layer(live.layer)
            if self.api.find_differences(live):  # the next deployment may end what it failed of
                Trainings(self.bucket).set_state(record.body.get("training", ""), WAITING)
            self._end(record, ABANDONED, reason=str(error))
            raise ReleaseError(str(error)) from error

    def number(self) -> int:
        """Return the number of the last release, 0 if there was none."""
        latest = self.ledger.latest()
        return latest.number if latest else 0

    def served(self) -> str:
        """Return the version of the model that the alias serves, as its code tells it."""
        return self._now()[1]

    def _now(self) -> tuple[Live, str]:
        """Return what the alias serves, and its model, even if that cannot be loaded."""
        live = self.api.live()
        found = self.proof.find_model(live.version)
        return live, found or (self.api.model_of(live.layer) if live.layer else None) or ""

    def _release(self, after: int, body: Body, live: Live, present: str) -> Body:
        replaces = {"model": present, "layer": live.layer}
        record = self.ledger.claim(after + 1, {**body, "replaces": replaces, "date": now()})
        if record is None:
            raise OvertakenError(f"another release came after release {after}")
        _log.info("release %d: %s", record.number, body)
        return self.carry_on(record)

    def _take_steps(self, record: Record) -> Body:
        model = record.body["model"]
        deployment = self.bucket.read(deployment_key(record.number))
        if deployment is None:
            if is_stopped(self.bucket, record):
                return self._end(record, ROLLED_BACK)
            if self.tables and (table := self.tables.prepare(model)):
                return _waiting(record, f"{IMPORT} {table}")
            if not take_turn(self.bucket, record):
                return self._end(record, ROLLED_BACK)
            live = self.api.live()
            layer = find_layer(self.bucket, self.api, self.ledger, self.proof, live, model)
            version = find_version(self.api, record, live, layer)
            decision = self.bucket.read(decision_key(model, record.number - 1)) or {}
            self.proof.check(version, model, decision.get("users", []))
            if version != live.version:
                if self.canary and record.body["kind"] != "rollback":
                    deployment = self.canary.begin(live.version, version)
                    if deployment is None:
                        return _waiting(record, "a deployment of code")
                    key, begun = deployment_key(record.number), deployment
                    if not self.bucket.create(key, begun):
                        deployment = self.bucket.read(key)  # of who took the same step
                        if deployment != begun:
                            stop(begun["deployment"])
                elif self.canary and self.canary.find_running():
                    return _waiting(record, "a deployment of code")
                else:
                    self.api.move_alias(live, version)
        if deployment is not None:
            version, progress = deployment["to"], find_progress(deployment["deployment"])
            if progress is Progress.RUNS:
                told = _waiting(record, f"deployment {deployment['deployment']}")
                return {**told, **deployment}
            if progress is Progress.FAILED:
                self.api.set_layer(self.api.live().layer)
                return self._end(record, ROLLED_BACK, version=version)
        if self.api.live().version != version:
            raise ReleaseError(f"alias {self.api.alias} does not serve version {version}")
        return self._end(record, LIVE, version=version)

    def _end(self, record: Record, outcome: str, version: str = "", reason: str = "") -> Body:
        body = {"outcome": outcome, "version": version, "reason": reason, "date": now()}
        if outcome in (LIVE, ROLLED_BACK):  # noted before the end, after which nobody carries on
            if training := record.body.get("training"):
                state = PUBLISHED if outcome == LIVE else DISMISSED
                Trainings(self.bucket).set_state(training, state)
            if outcome == LIVE and (dismissed := record.body.get("dismissed")):
                for training in trainings_of(self.ledger.records(), dismissed):
                    Trainings(self.bucket).set_state(training, DISMISSED)
        end = self.ledger.end(record.number, body)
        _log.info("release %d ended: %s", record.number, end)
        return end


def _waiting(record: Record, what: str) -> Body:
    return {"outcome": WAITING, "reason": f"release {record.number} waits for {what}"}
