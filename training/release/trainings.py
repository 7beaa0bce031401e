"""What is known of each input that a model was trained on, by the digest of data and settings."""

import json
from typing import Any

import boto3

from training.release.bucket import Body, Bucket

PREFIX = "treinos/"
TRAINED = "trained"  # and in the bucket; the gate may not have decided yet
REFUSED = "refused"  # by the gate
WAITING = "waiting"  # passed the gate, while another release had not ended
OVERTAKEN = "overtaken"  # passed the gate, but another release came first
PUBLISHED = "published"
DISMISSED = "dismissed"  # was live, and rolled back
OLDER = "older"  # waited or was overtaken, until a model of newer data was live
# Not to be trained or released again unless forced.
SETTLED = {REFUSED, PUBLISHED, DISMISSED, OLDER}


class Trainings:
    """States of trainings in a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def read(self, training: str) -> Any:
        """Return what is known of an input, by its digest; None if it is new."""
        return self.bucket.read(_key(training))

    def record(
        self,
        training: str,
        model: str,
        event: Body,
        function: str,
        arrived: float = 0.0,
        like: Body | None = None,
    ) -> None:
        """Note that a model was trained, by which function ("": by none) and for which event.

        ``arrived`` is when the data came into the bucket, in seconds since 1970. ``like`` is the
        event of a training with the same settings, if the event itself names none.
        """
        facts = {"state": TRAINED, "model": model, "event": event, "function": function}
        self.bucket.write(_key(training), {**facts, "arrived": arrived, "like": like or event})

    def find(self, model: str) -> str:
        """Return the digest of the input that a model was made of last, "" if none is known."""
        found = ""
        for key, _ in sorted(self.bucket.dated(PREFIX), key=lambda one: one[1]):
            if self.bucket.read(key)["model"] == model:
                found = key.removeprefix(PREFIX).removesuffix(".json")
        return found

    def set_state(self, training: str, state: str) -> None:
        """Change the state of an input that is known."""
        if known := self.read(training):
            self.bucket.write(_key(training), {**known, "state": state})

    def restart(self, live: str, *states: str) -> None:
        """Start the training with the newest data that is in one of some states, from the gate on.

        One runs at a time, so others keep their states until the next call. Those whose data is
        older than that of the model that is live are settled, unless their events force them.

        Args:
            live: digest of the input of the model that is live, "" if it is not known.
            states: the states.
        """
        known = {key: self.bucket.read(key) for key in self.bucket.keys(PREFIX)}
        newest = known.get(_key(live), {}).get("arrived", 0.0)
        found = []
        for key, one in known.items():
            if one["state"] not in states or not one["function"]:
                continue
            if one.get("arrived", 0.0) < newest and not one["event"].get("force"):
                self.bucket.write(key, {**one, "state": OLDER})
            else:
                found.append(key)
        if not found:
            return
        key = max(found, key=lambda one: known[one].get("arrived", 0.0))
        self.bucket.write(key, {**known[key], "state": TRAINED})
        client: Any = boto3.client("lambda")
        client.invoke(
            FunctionName=known[key]["function"],
            InvocationType="Event",
            Payload=json.dumps(known[key]["event"]).encode(),
        )


def _key(training: str) -> str:
    return f"{PREFIX}{training}.json"
