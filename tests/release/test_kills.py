"""SIGKILL at every moment of a release, and two publishers at once."""

import multiprocessing
import signal
import threading
from itertools import count

import pytest

from tests.release.killed import release_until
from tests.release.world import World, releases_of
from training.release.cleanup import clean_up
from training.release.releases import LIVE, OvertakenError, Releases

RACES = 200
LEAST_KILLS = 55  # of each kind
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.release.killed"])


@pytest.mark.parametrize("kind", ["publish", "rollback"])
def test_a_release_that_is_killed_at_any_moment_is_carried_on(kind: str, world: World) -> None:
    """At each moment what is served is whole; the next run ends what was begun, and cleans up."""
    releases, kills = world.releases(), 0
    for moment in count():
        if kind == "rollback":  # there has to be a model to roll back from
            publish(world, f"model-{moment}")
        old, number = world.served(), releases.number()
        new = f"new-{moment}" if kind == "publish" else None
        if new:
            world.put_model(new, number)
        process = PROCESSES.Process(target=release_until, args=(world, new, number, moment))
        process.start()
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        kills += 1
        served, begun = world.served(), releases.number() > number
        assert served == old or begun
        releases.resume()
        assert (world.served() != old) == begun
        assert world.layer_of_latest() == releases.api.live().layer
        if new:
            assert releases.publish(new, number, f"input-of-{new}")["outcome"] == LIVE
            assert world.state(f"input-of-{new}") == "published"
            described = [version["Description"] for version in releases.api.versions()]
            assert described.count(f"{number + 1:08d} {new}") == 1  # nothing is left over
        clean_up(releases, 2)
        assert world.layer_of_latest() == releases.api.live().layer
    assert world.served() != old
    assert kills >= LEAST_KILLS


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


def publish(world: World, model: str) -> None:
    number = world.releases().number()
    world.put_model(model, number, known=False)
    world.releases().publish(model, number)
