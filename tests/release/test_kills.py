"""SIGKILL before every call of AWS that a release makes, and two publishers at once.

``SOAK`` makes them as many as `make soak-releases` does: over 100 kills, and 200 races.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import count

import pytest

from tests.aws.server import Here
from tests.release.killed import Killer
from tests.release.world import World, make_world, outside, releases_of
from training.release.cleanup import clean_up
from training.release.errors import OvertakenError, WaitingError
from training.release.history import LIVE
from training.release.releases import Releases

SOAK = "SOAK" in os.environ
RACES = 200 if SOAK else 40
# Of the calls of a kind of release, the nth is the last before which it is killed.
STEPS = {"publish": 2, "rollback": 3, "canary": 4, "profiles": 6}
LEAST_CALLS = 30


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    with Killer() as found:
        yield found


@pytest.mark.parametrize("kind", STEPS)
def test_a_release_that_is_killed_at_any_moment_is_carried_on(
    kind: str, here: Here, killer: Killer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each moment what is served is whole; the next run ends what was begun, and cleans up."""
    outside(monkeypatch)
    for moment in count(0, 1 if SOAK else STEPS[kind]):
        world = make_world(here.url, here.client, f"{kind}-{moment}", canary=kind == "canary")
        releases = world.releases()
        if kind == "rollback":  # there has to be a model to roll back from
            world.put_model("old", 0, known=False)
            releases.publish("old", 0)
        old, number = world.served(), releases.number()
        new = None if kind == "rollback" else "new"
        if new:
            world.put_model(new, number, profiles=2 if kind == "profiles" else None)
        status = killer.release_until(world, new, number, moment)
        if status == 0:
            break
        assert status == -signal.SIGKILL
        begun = releases.number() > number
        assert world.served() == old or begun
        carry_on(here, releases)
        assert (world.served() != old) == begun
        assert world.layer_of_latest() == releases.api.live().layer
        if new:
            with suppress(WaitingError):
                assert releases.publish(new, number, f"input-of-{new}")["outcome"] != "abandoned"
            carry_on(here, releases)
            assert world.served() == new
            assert world.state(f"input-of-{new}") == "published"
            assert world.users(new) == (2 if kind == "profiles" else None)
            described = [version["Description"] for version in releases.api.versions()]
            assert described.count(f"{number + 1:08d} {new}") == 1  # nothing is left over
        clean_up(releases, 2)
        assert world.layer_of_latest() == releases.api.live().layer
    assert moment >= LEAST_CALLS


def carry_on(here: Here, releases: Releases) -> None:
    """What the next run does, and CodeDeploy in the meantime."""
    try:
        releases.resume()
    except WaitingError as waiting:
        here.server.deployments.finish(str(waiting).split()[-1], "Succeeded")
        releases.resume()


def test_two_publishers_race(world: World) -> None:
    """One alias move wins each time; the loser starts over; no version is lost."""
    contenders, start = (world.releases(), releases_of.__wrapped__(world)), threading.Barrier(2)
    outcomes: dict[str, str] = {}

    def contend(releases: Releases, model: str, after: int) -> None:
        start.wait()
        try:
            outcomes[model] = releases.publish(model, after)["outcome"]
        except OvertakenError:
            outcomes[model] = "overtaken"

    won = []
    for race in range(RACES):
        models = [f"{race}-{name}" for name in "ab"]
        threads = []
        for releases, model in zip(contenders, models, strict=True):
            world.put_model(model, race, known=False)
            threads.append(threading.Thread(target=contend, args=(releases, model, race)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes[model] for model in models) == [LIVE, "overtaken"], outcomes
        won += [model for model in models if outcomes[model] == LIVE]
        assert world.served() == won[-1]
    published = [found["Description"][9:] for found in contenders[0].api.versions()]
    assert published == ["", *won]
    assert {model.split("-")[1] for model in won} == {"a", "b"}  # neither always wins
