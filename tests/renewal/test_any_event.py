"""Whatever starts the training or the release function: it is read, or refused in a line."""

import json
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.damage import alter
from tests.expectations import EVENTS
from tests.fuzzing import fuzzed
from tests.renewal.test_events import BUCKET, DEFAULT, WAYS
from training.data.tables import DataError
from training.release.events import EventError, read_action
from training.renewal.events import Candidate, IgnoredEventError, Start, read_start

LONGEST = 1000  # characters of a message
FEW = 1000
ALL = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(EVENTS.glob("*.json"))]
TRAININGS = [*WAYS.values(), *ALL]
CALLS: list[dict[str, Any]] = [
    {"data_key": "a", "version_id": "b", "seed": 3, "objetivo": "ver", "force": True},
    {"hyperparameters": {"strength": 2.5, "cells": "3"}, "dry_run": True, "action": "train"},
    {"candidate": f"s3://{BUCKET}/candidatos/spark/", "dry_run": False, "force": True},
]
RELEASES: list[dict[str, Any]] = [
    {"action": "publish", "version": "a", "after": 2, "training": "b", "force": True, "wait": True},
    {"action": "resume", "age": 600},
    {"action": "rollback", "version": "a"},
    {"action": "versions"},
    {"source": "aws.codedeploy", "detail": {}},
]
SEEDS = st.integers(0, 2**32 - 1)


def assert_clear(error: Exception) -> None:
    text = str(error)
    assert text
    assert "\n" not in text
    assert len(text) <= LONGEST
    text.encode()  # logs are in UTF-8


def read_training(event: Any) -> Start | Candidate | None:
    try:
        found = read_start(event, BUCKET, DEFAULT)
    except (DataError, IgnoredEventError) as error:
        assert_clear(error)
        return None
    told = found.as_event(BUCKET) if isinstance(found, Candidate) else found.as_event()
    json.dumps(told, allow_nan=False, ensure_ascii=False).encode()
    assert read_start(told, BUCKET, DEFAULT).force is found.force
    return found


def read_release(event: Any) -> bool:
    try:
        action = read_action(event)
    except EventError as error:
        assert_clear(error)
        return False
    if action == "publish":
        event["version"].encode()
    return True


@fuzzed("events of the training function", FEW, seed=SEEDS)
def test_any_event_of_the_training_function(seed: int) -> None:
    random = Random(seed)
    read_training(alter(random.choice([*TRAININGS, *CALLS * 6]), random))


@fuzzed("events of the release function", FEW, seed=SEEDS)
def test_any_event_of_the_release_function(seed: int) -> None:
    random = Random(seed)
    read_release(alter(random.choice([*ALL, *RELEASES * 20]), random))


def test_some_of_any_events_are_taken() -> None:
    """So that the tests above had something to look at."""
    found = [Random(seed) for seed in range(200)]
    assert 10 < sum(read_training(alter(r.choice(CALLS), r)) is not None for r in found) < 190
    assert 10 < sum(read_release(alter(r.choice(RELEASES), r)) for r in found) < 190
