"""SIGKILL at every step of a release, and two publishers at once."""

import multiprocessing
import os
import signal
import threading
from itertools import count
from typing import Any

import boto3
import pytest

from tests.aws.server import Here
from tests.release.world import BUNDLED, World, make_world, releases_of
from training.release.cleanup import clean_up
from training.release.releases import LIVE, OvertakenError, Releases

RACES = 200
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.release.test_kills"])


def release_until(world: World, action: str, moment: int) -> None:
    """In a process of its own: release, and be killed before or after the nth call of AWS.

    Even moments are those before a call is sent, odd ones those after its answer.
    """
    world.enter()
    boto3.setup_default_session()
    session: Any = boto3.DEFAULT_SESSION
    moments = count()

    def pass_moment(**_: Any) -> None:
        if next(moments) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    for event in ("before-send", "response-received"):
        session.events.register(event, pass_moment)
    releases = releases_of(world)
    if action == "publish":
        releases.publish("b", 1, "input-of-b")
    else:
        releases.roll_back()


@pytest.mark.parametrize("action", ["publish", "rollback"])
def test_a_release_that_is_killed_at_any_moment_is_carried_on(
    action: str, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each moment what is served is whole; the next run ends what was begun, and cleans up."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    old, new = "a", "b" if action == "publish" else BUNDLED
    kills = 0
    for moment in count():
        world = make_world(here.url, here.client, f"morte-{action}-{moment}")
        releases = world.releases()
        world.put_model("a")
        releases.publish("a", 0, "input-of-a")
        world.put_model("b", 1)
        process = PROCESSES.Process(target=release_until, args=(world, action, moment))
        process.start()
        process.join(120)
        assert process.exitcode is not None
        if process.exitcode == 0:
            assert world.served() == new
            break
        assert process.exitcode == -signal.SIGKILL
        kills += 1
        served = world.served()
        assert served in (old, new)
        begun = releases.number() == 2
        releases.resume()
        assert world.served() == (new if begun else served)
        assert world.layer_of_latest() == releases.api.live().layer
        clean_up(releases, 5)
        assert world.served() == (new if begun else served)
        if action == "publish":
            assert releases.publish("b", 1, "input-of-b")["outcome"] == LIVE
            assert world.state("input-of-b") == "published"
            described = [version["Description"] for version in releases.api.versions()]
            assert described.count("00000002 b") == 1  # nothing is left over
    assert kills >= 50


def test_two_publishers_race(here: Here, world: World) -> None:
    """One alias move wins each time; the loser starts over; no version is lost."""
    contenders = [_releases(world), _releases(world)]
    functions = here.client("lambda")
    won = []
    for race in range(RACES):
        models = [f"{race}-{name}" for name in "ab"]
        for model in models:
            world.put_model(model, race)
        outcomes: dict[str, str] = {}
        start = threading.Barrier(2)

        def contend(releases: Releases, model: str, after: int) -> None:
            start.wait()
            try:
                outcomes[model] = releases.publish(model, after)["outcome"]
            except OvertakenError:
                outcomes[model] = "overtaken"

        threads = [
            threading.Thread(target=contend, args=(releases, model, race))
            for releases, model in zip(contenders, models, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes.values()) == [LIVE, "overtaken"], (race, outcomes)
        (winner,) = (model for model in models if outcomes[model] == LIVE)
        won.append(winner)
        assert world.served() == winner
        assert contenders[0].number() == race + 1
    versions = {v["Description"][9:] for v in contenders[0].api.versions()}
    assert versions == {"", *won}
    assert functions.get_alias(FunctionName=world.function, Name="live")["FunctionVersion"]
    assert len({winner.split("-")[1] for winner in won}) == 2  # neither always wins


def _releases(world: World) -> Releases:
    """Releases with clients of their own."""
    return releases_of.__wrapped__(world)
