"""The release function: what it does for each event, and whom it starts again."""

import json
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.server import Here
from tests.conftest import LambdaContext
from tests.expectations import read_event
from tests.release.world import BUNDLED, World, deploy_code
from training import release_handler
from training.release.api_function import ReleaseError
from training.release.events import EventError
from training.release.lease import lease
from training.release.releases import Releases
from training.release.trainings import Trainings


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, world: World) -> list[dict[str, Any]]:
    """The events with which the training function was started, in a world to release in."""
    monkeypatch.setattr(release_handler, "make_releases", lambda _: world.releases())
    events: list[dict[str, Any]] = []

    class Lambda:
        def invoke(self, **asked: Any) -> None:
            assert asked["InvocationType"] == "Event"
            events.append({"name": asked["FunctionName"], **json.loads(asked["Payload"])})

    clients = SimpleNamespace(client=lambda _: Lambda())
    monkeypatch.setattr("training.release.trainings.boto3", clients)
    return events


def call(event: Any) -> dict[str, Any]:
    answer: dict[str, Any] = release_handler.handler(event, LambdaContext("ReleaseFunction"))
    return answer


def offer(model: str, after: int) -> dict[str, Any]:
    training = f"input-of-{model}"
    return {"action": "publish", "version": model, "after": after, "training": training}


def test_an_offer_is_released_and_listed(
    world: World, started: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    world.put_model("a")
    assert call(offer("a", 0)) == {"state": "live", "version": "a"}
    rows = call({"action": "versions"})["versions"]
    assert [(row["version"], row["live"]) for row in rows] == [("a", True), (BUNDLED, False)]
    assert call({"action": "rollback"}) == {"state": "live", "version": BUNDLED}
    assert call({"action": "publish", "version": "a", "force": True})["state"] == "live"
    assert call({"action": "rollback", "version": BUNDLED})["version"] == BUNDLED
    assert not started
    printed = capsys.readouterr().out
    assert all(f'"{name}":[1.0]' in printed for name in ("Released", "RolledBack", "Events"))


@pytest.mark.usefixtures("started")
def test_a_rollback_that_is_done_says_so_although_lambda_refuses_to_be_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who would call again would go back one model more."""
    for number, model in enumerate("ab"):
        world.put_model(model, number)
        call(offer(model, number))

    def refuse(_: Releases) -> str:
        raise ClientError({"Error": {"Code": "TooManyRequestsException"}}, "GetAlias")

    with monkeypatch.context() as patch:
        patch.setattr(Releases, "served", refuse)
        assert call({"action": "rollback"}) == {"state": "live", "version": ""}
    assert world.served() == "a"


@pytest.mark.usefixtures("started")
def test_a_rollback_that_is_overtaken_is_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a release that begins while it looks what to go back to."""
    world.put_model("a")
    call(offer("a", 0))

    def begin(*_: object) -> str:
        world.releases().ledger.claim(2, {"kind": "publish", "model": "b"})
        return BUNDLED

    monkeypatch.setattr("training.release.releases.find_older", begin)
    with pytest.raises(ReleaseError, match="another release came after release 1"):
        call({"action": "rollback"})


def test_the_loser_of_a_race_starts_over_from_the_gate(world: World, started: list[Any]) -> None:
    for model in "ab":
        world.put_model(model)
    trainings = Trainings(world.releases().bucket)
    trainings.record("input-of-b", "b", {"seed": 7}, "treino")
    call(offer("a", 0))
    assert call(offer("b", 0))["state"] == "overtaken"
    assert started == [{"name": "treino", "seed": 7}]
    assert world.state("input-of-b") == "trained"
    assert world.served() == "a"


def test_of_several_that_wait_the_newest_data_is_trained_on_first(
    world: World, started: list[Any]
) -> None:
    """One training runs at a time: the others wait for the next look."""
    trainings = Trainings(world.releases().bucket)
    for seed, arrived in ((1, 10.0), (2, 30.0), (3, 20.0)):
        trainings.record(f"input-{seed}", "a", {"seed": seed}, "treino", arrived)
        trainings.set_state(f"input-{seed}", "waiting")
    for _ in range(2):
        call(read_event("publicacao-diaria"))
    assert [event["seed"] for event in started] == [2, 3]
    assert world.state("input-1") == "waiting"


def test_what_is_older_than_the_model_that_is_live_waits_no_longer(
    world: World, started: list[Any]
) -> None:
    """Unless somebody forces it: the newest model would be replaced by older ones, one by one."""
    trainings = Trainings(world.releases().bucket)
    world.put_model("c", known=False)
    for model, arrived in (("a", 10.0), ("b", 20.0), ("c", 30.0), ("d", 40.0), ("e", 5.0)):
        event = {"seed": ord(model), **({"force": True} if model == "e" else {})}
        trainings.record(f"input-of-{model}", model, event, "treino", arrived)
        trainings.set_state(f"input-of-{model}", "overtaken" if model == "b" else "waiting")
    assert call(offer("c", 0))["state"] == "live"
    for _ in range(3):
        call(read_event("publicacao-diaria"))
    assert [chr(event["seed"]) for event in started] == ["d", "e"]
    states = {model: world.state(f"input-of-{model}") for model in "abcde"}
    expected = {"a": "older", "b": "older", "c": "published", "d": "trained", "e": "trained"}
    assert states == expected


def test_an_offer_during_a_deployment_waits_for_its_end(
    here: Here,
    canary_world: World,
    started: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = canary_world
    monkeypatch.setattr(release_handler, "make_releases", lambda _: world.releases())
    for model in "ab":
        world.put_model(model)
    Trainings(world.releases().bucket).record("input-of-b", "b", {"seed": 7}, "treino")
    assert call(offer("a", 0))["state"] == "waiting"
    assert call(offer("b", 1))["state"] == "waiting"
    assert call(read_event("publicacao-diaria"))["state"] == "waiting"
    assert not started
    (deployment,) = here.client("codedeploy").list_deployments(
        applicationName=world.layer, deploymentGroupName=world.group
    )["deployments"]
    here.server.deployments.finish(deployment, "Succeeded")
    assert "Released" not in capsys.readouterr().out
    ended = call(read_event("publicacao-implantacao"))
    assert ended == {"state": "live", "version": "a", "deleted": []}
    assert '"Released":[1.0]' in capsys.readouterr().out
    assert started == [{"name": "treino", "seed": 7}]


def test_an_offer_after_code_that_failed_waits_for_the_next_deployment(
    here: Here, world: World, started: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever looks after the stack is told of it, each time."""
    world.put_model("a")
    Trainings(world.releases().bucket).record("input-of-a", "a", {"seed": 7}, "treino")
    deploy_code(here.client, world, "# code that failed")
    told = call(offer("a", 0))
    assert told["state"] == "waiting"
    assert "what was deployed last is not live (CodeSha256)" in told["reason"]
    assert world.state("input-of-a") == "waiting"
    assert '"NotLive":[1.0]' in capsys.readouterr().out
    call(read_event("publicacao-diaria"))
    assert not started  # it would only wait again
    assert '"NotLive":[1.0]' in capsys.readouterr().out
    functions = here.client("lambda")
    version = functions.publish_version(FunctionName=world.function)["Version"]
    functions.update_alias(FunctionName=world.function, Name="live", FunctionVersion=version)
    call(read_event("publicacao-implantacao"))
    assert started == [{"name": "treino", "seed": 7}]
    assert call(offer("a", 0)) == {"state": "live", "version": "a"}


def test_a_release_that_waits_for_an_import_is_carried_on_by_the_schedule(
    here: Here,
    world: World,
    started: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Once it is so old that nobody can be at work at it any more."""
    here.server.imports.held.add(world.tables)
    world.releases().tables.patience = 0.0  # type: ignore[union-attr]
    world.put_model("a", profiles=2)
    world.put_model("b", 1)
    Trainings(world.releases().bucket).record("input-of-b", "b", {"seed": 7}, "treino")
    waiting = f"release 1 waits for the import of table {world.table('a')}"
    told = {"state": "waiting", "version": "a", "reason": waiting}
    assert call({**offer("a", 0), "wait": False}) == told
    assert call(offer("b", 1)) == {"state": "waiting", "reason": waiting}
    assert "may be at work" in call(read_event("publicacao-continuar"))["reason"]
    assert call({"action": "resume"}) == {"state": "waiting", "reason": waiting}
    here.server.imports.finish(world.table("a"))
    monkeypatch.setattr(release_handler, "datetime", Later)
    assert "Released" not in capsys.readouterr().out
    assert call(read_event("publicacao-continuar")) == {"state": "live", "version": "a"}
    assert started == [{"name": "treino", "seed": 7}]
    assert call({"action": "resume"}) == {"state": "live", "version": "a"}
    assert capsys.readouterr().out.count('"Released":[1.0]') == 1


class Later(datetime):
    """The clock of an hour from now."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Later":
        return super().now(tz) + timedelta(hours=1)


def test_publishing_waits_as_long_as_the_steps_after_it_allow(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    given: list[float] = []

    def make_releases(patience: float) -> Releases:
        given.append(patience)
        return world.releases()

    monkeypatch.setattr(release_handler, "make_releases", make_releases)
    world.put_model("a")
    for event in (offer("a", 0), {**offer("a", 0), "wait": False}, {"action": "resume"}):
        call(event)
    assert given == [600.0, 0.0, 0.0]


def test_each_day_the_age_of_the_model_is_told_and_old_ones_go(
    world: World,
    started: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KEEP_VERSIONS", "2")
    for number, model in enumerate("abc"):
        world.put_model(model, number)
        call(offer(model, number))
    assert call(read_event("publicacao-diaria"))["deleted"] == ["a"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (ages,) = [line for line in lines if "ModelAge" in line]
    assert ages["ModelAge"][0] > 300  # days since January
    assert ages["TrainingAge"] == pytest.approx(ages["ModelAge"])  # no other has begun here
    assert not started


def test_each_day_it_tells_when_a_training_last_began(
    world: World, started: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever came of it: also one that found nothing new, or failed."""
    with pytest.raises(ZeroDivisionError), lease(world.releases().bucket, "a", 900):
        raise ZeroDivisionError
    world.put_model("a")
    call(offer("a", 0))
    call(read_event("publicacao-diaria"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (age,) = [line["TrainingAge"] for line in lines if "TrainingAge" in line]
    assert -1 < age[0] < 1  # a day; clocks may differ
    assert not started


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ([1], r"event is \[1\], expected an object"),
        ({}, "action is None, expected one of publish, resume, rollback, versions"),
        ({"action": "rollback", "to": "a"}, "to is unknown, rollback has action, version"),
        ({"action": "publish", "version": "a", "wait": 1}, "wait is 1, expected true or false"),
        ({"action": "resume", "age": -1}, "age is -1, expected a whole number of seconds"),
        ({"action": "publish"}, "version is None, expected that of a model"),
        ({"action": ["publish"]}, r"action is \['publish'\], expected one of publish"),
        ({"action": "rollback", "version": 5}, "version is 5, expected that of a model"),
        ({"action": "rollback", "version": "\ud800"}, "version is .*, expected that of a model"),
        ({"action": "publish", "version": "a", "training": []}, r"training is \[\], expected the"),
        ({"action": "versions", "x" * 10**6: 1}, "^.{,300}$"),
        ({"action": "x" * 10**6}, "^.{,300}$"),
    ],
)
def test_what_it_does_not_know_it_refuses(
    event: Any, message: str, world: World, started: list[Any]
) -> None:
    with pytest.raises(EventError, match=message):
        call(event)
    assert world.served() == BUNDLED
    assert not started
