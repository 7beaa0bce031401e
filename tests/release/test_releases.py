"""Releases against moto's server with Lambda's rules: publish, roll back, clean up, go on."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import time
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.aws.server import Here
from tests.release.world import (
    BROKEN,
    BUNDLED,
    QuickApi,
    World,
    deploy_code,
    make_world,
    outside,
)
from training.release.api_function import ReleaseError
from training.release.canary import Progress, find_progress, stop
from training.release.cleanup import OFFERED, clean_up
from training.release.errors import OvertakenError, WaitingError
from training.release.history import LIVE
from training.release.keys import decision_key
from training.release.overview import overview
from training.release.releases import Releases
from training.release.rollback import stop_model


def publish(world: World, *models: str) -> None:
    """Release models one after the other."""
    for model in models:
        after = world.releases().number()
        training = world.put_model(model, after)
        assert world.releases().publish(model, after, training)["outcome"] == LIVE


def make_latest_live(here: Here, world: World) -> None:
    """Publish what `$LATEST` has, and have the alias serve it, as a deployment does."""
    functions = here.client("lambda")
    version = functions.publish_version(FunctionName=world.function)["Version"]
    functions.update_alias(FunctionName=world.function, Name="live", FunctionVersion=version)


def test_a_model_that_passed_the_gate_goes_live(world: World) -> None:
    assert world.served() == BUNDLED
    training = world.put_model("a")
    end = world.releases().publish("a", 0, training)
    assert end["outcome"] == LIVE
    assert world.served() == "a"
    assert world.state(training) == "published"
    live = world.releases().api.live()
    assert (live.version, live.layer) == (end["version"], world.layer_of_latest())


def test_a_model_is_live_code_and_a_new_layer(here: Here, world: World) -> None:
    """Code that was deployed to `$LATEST` alone never gets live by a model's release."""
    before = world.releases().api.live()
    deploy_code(here.client, world, "# other code, that no version has")
    world.put_model("a")
    with pytest.raises(
        ReleaseError, match=r"\$LATEST of .* has code or settings that version 1, which"
    ):
        world.releases().publish("a", 0)
    assert world.releases().api.live() == before
    assert world.layer_of_latest() == ""


@pytest.mark.parametrize("passed", [None, False])
def test_no_model_goes_live_past_the_gate(world: World, passed: bool | None) -> None:
    world.put_model("a", None if passed is None else 0, passed=bool(passed))
    with pytest.raises(ReleaseError, match="the gate did not let model a pass after release 0"):
        world.releases().publish("a", 0)
    assert world.served() == BUNDLED
    assert world.releases().number() == 0


def test_a_forced_release_is_recorded(world: World) -> None:
    world.put_model("a", None)
    world.decide("a", 0, passed=False, forced=True)
    world.releases().publish("a", 0)
    assert overview(world.releases())[0] == {
        "version": "a",
        "date": "2026-01-02T03:04:05+00:00",
        "ndcg": None,
        "ndcg_liked": None,
        "forced": True,
        "rolled_back": False,
        "live": True,
    }


def test_a_model_that_the_code_cannot_load_never_gets_live(world: World) -> None:
    publish(world, "a")
    before = world.releases().api.live()
    model = f"{BROKEN}-b"
    world.put_model(model, 1)
    with pytest.raises(ReleaseError, match=r"version 3 of .* could not load its model"):
        world.releases().publish(model, 1)
    assert world.releases().api.live() == before
    assert world.layer_of_latest() == before.layer
    publish(world, "c")  # the next one is not in its way
    assert world.served() == "c"


def test_who_compared_with_an_older_model_starts_over(world: World) -> None:
    publish(world, "a")
    world.put_model("b", 0)
    with pytest.raises(OvertakenError):
        world.releases().publish("b", 0)
    assert world.served() == "a"


def test_the_same_model_is_not_released_twice(world: World) -> None:
    publish(world, "a")
    assert world.releases().publish("a", 0)["outcome"] == LIVE
    assert world.releases().number() == 1


def test_rolling_back_goes_step_by_step_and_dismisses(world: World) -> None:
    publish(world, "a", "b", "c")
    for model in ("b", "a", BUNDLED):
        assert world.releases().roll_back()["outcome"] == LIVE
        assert world.served() == model
    with pytest.raises(ReleaseError, match="no model was live before bundled"):
        world.releases().roll_back()
    assert [world.state(f"input-of-{model}") for model in "abc"] == ["dismissed"] * 3
    assert world.layer_of_latest() == ""


def test_rolling_back_to_a_version_and_forward_again(world: World) -> None:
    publish(world, "a", "b", "c")
    world.releases().roll_back("a")
    assert world.served() == "a"
    world.releases().roll_back("c")
    assert world.served() == "c"
    rows = {row["version"]: row for row in overview(world.releases())}
    assert list(rows) == ["c", "b", "a", BUNDLED]
    assert [row["live"] for row in rows.values()] == [True, False, False, False]
    assert [rows[model]["rolled_back"] for model in "abc"] == [True, False, False]


@pytest.mark.parametrize("version", ["c", "x"])
def test_rolling_back_to_no_such_model(world: World, version: str) -> None:
    publish(world, "a", "c")
    with pytest.raises(ReleaseError, match=f"version is '{version}', expected one that was live"):
        world.releases().roll_back(version)
    assert world.served() == "c"


def test_a_rollback_needs_no_gate_and_takes_the_code_that_is_live(here: Here, world: World) -> None:
    publish(world, "a", "b")
    deploy_code(here.client, world, "# new code")
    make_latest_live(here, world)
    code = world.releases().api.live().code
    world.releases().roll_back()
    assert world.served() == "a"
    assert world.releases().api.live().code == code


def test_old_versions_go_by_reference(here: Here, permitted_world: World) -> None:
    world = permitted_world
    publish(world, *"abcdef")
    world.releases().roll_back("b")  # the sixth last, and live
    deleted = clean_up(world.releases(), 3)
    assert sorted(deleted) == ["a", "c", "d"]
    found = {row["Description"] for row in world.releases().api.layers()}
    assert found == {"b", "e", "f"}
    versions = list(world.releases().api.versions())
    assert versions[0]["Version"] == "1"  # the stack's own
    assert [version["Description"][9:] for version in versions[1:]] == ["b", "e", "f"]
    assert world.served() == "b"
    world.releases().roll_back("f")
    assert world.served() == "f"
    keys = here.client("s3").list_objects_v2(Bucket=world.bucket, Prefix="modelos/")["Contents"]
    assert {key["Key"].split("/")[1] for key in keys} == {"b", "e", "f"}


def test_models_that_were_never_released_go_when_they_are_old(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored() -> set[str]:
        return {key.split("/")[1] for key in world.releases().bucket.keys("modelos/")}

    world.put_model("refused", passed=False)
    assert clean_up(world.releases(), 2) == []
    publish(world, "a", "b")
    world.put_model("offered", 2)
    assert clean_up(world.releases(), 2) == []
    assert stored() == {"refused", "a", "b", "offered"}
    monkeypatch.setattr("training.release.cleanup.time.time", lambda: time() + OFFERED + 60)
    assert sorted(clean_up(world.releases(), 2)) == ["offered", "refused"]
    assert stored() == {"a", "b"}
    world.releases().roll_back("a")
    assert world.served() == "a"


def test_a_new_stack_goes_on_with_the_bucket_of_a_deleted_one(
    here: Here, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first version has the packaged model; a rollback names the one that was live."""
    publish(world, "a", "b")
    outside(monkeypatch)
    new = replace(make_world(here.url, here.client, f"{world.layer}-novo"), bucket=world.bucket)
    assert new.served() == BUNDLED
    assert clean_up(new.releases(), 2) == []
    assert new.releases().roll_back("b")["outcome"] == LIVE
    assert new.served() == "b"
    publish(new, "c")
    assert new.served() == "c"
    assert new.releases().roll_back()["outcome"] == LIVE
    assert new.served() == "b"


def test_what_a_version_of_somebody_else_uses_stays(here: Here, world: World) -> None:
    """Neither releases nor deployments know of it."""
    publish(world, "a")
    deploy_code(here.client, world, "# new code")
    here.client("lambda").publish_version(FunctionName=world.function)
    functions = here.client("lambda")
    functions.update_alias(FunctionName=world.function, Name="live", FunctionVersion="3")
    publish(world, *"bcd")
    assert clean_up(world.releases(), 2) == ["b"]
    assert {row["Description"] for row in world.releases().api.layers()} == {"a", "c", "d"}


@pytest.mark.parametrize(
    ("status", "served", "outcome"),
    [
        ("Succeeded", "a", LIVE),
        ("Failed", BUNDLED, "rolled_back"),
        ("Stopped", BUNDLED, "rolled_back"),
    ],
)
def test_a_canary_ends_as_codedeploy_says(
    here: Here, canary_world: World, status: str, served: str, outcome: str
) -> None:
    world, releases = canary_world, canary_world.releases()
    world.put_model("a")
    begun = releases.publish("a", 0)
    assert begun["outcome"] == "waiting"
    assert world.served() == BUNDLED
    world.put_model("b", 1)
    actions: list[Callable[[], object]] = [
        partial(releases.publish, "b", 1),
        releases.resume,
    ]
    for action in actions:
        with pytest.raises(WaitingError, match=f"waits for deployment {begun['deployment']}"):
            action()
    here.server.deployments.finish(begun["deployment"], status)
    end = releases.resume()
    assert end
    assert (end["outcome"], world.served()) == (outcome, served)
    assert world.layer_of_latest() == releases.api.live().layer
    assert clean_up(releases, 2) == []  # an alarm may have taken a good model back
    assert releases.bucket.keys("modelos/a/")
    assert releases.publish("b", 1)["outcome"] == "waiting"


def test_a_release_waits_for_a_deployment_of_code_that_came_first(
    here: Here, canary_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, releases, functions = canary_world, canary_world.releases(), here.client("lambda")
    functions.update_function_configuration(FunctionName=world.function, Description="newer")
    code = functions.publish_version(FunctionName=world.function)["Version"]
    assert releases.canary
    begun = partial(releases.canary.begin, "1", code)
    with monkeypatch.context() as patch:
        patch.setattr(releases.proof, "check", lambda *_: begun())
        world.put_model("a")
        told = releases.publish("a", 0)
    assert told == {"outcome": "waiting", "reason": "release 1 waits for a deployment of code"}
    here.server.deployments.finish((begun() or {})["deployment"])
    assert (world.served(), releases.api.live().version) == (BUNDLED, code)
    with pytest.raises(WaitingError, match="release 1 waits for deployment") as waiting:
        releases.resume()
    here.server.deployments.finish(str(waiting.value).rpartition(" ")[2])
    assert (releases.resume() or {})["outcome"] == LIVE
    assert world.served() == "a"


def test_a_model_that_meets_a_deployment_of_code_waits(here: Here, canary_world: World) -> None:
    world, releases, functions = canary_world, canary_world.releases(), here.client("lambda")
    functions.update_function_configuration(FunctionName=world.function, Description="newer")
    code = functions.publish_version(FunctionName=world.function)["Version"]
    assert releases.canary
    deployment = (releases.canary.begin("1", code) or {})["deployment"]
    world.put_model("a")
    with pytest.raises(WaitingError, match="a deployment runs"):
        releases.publish("a", 0)
    assert releases.number() == 0
    here.server.deployments.finish(deployment)
    assert releases.publish("a", 0)["outcome"] == "waiting"


@pytest.mark.usefixtures("canary_world")
def test_a_deployment_that_is_gone_has_failed() -> None:
    """That of a stack that was deleted, whose bucket another one has."""
    assert find_progress("d-ABCDEFGHI") is Progress.FAILED
    stop("d-ABCDEFGHI")


def test_a_rollback_goes_to_what_was_live_before(world: World) -> None:
    """Not to a model that was passed over, nor to one that was live first."""
    releases = world.releases()
    publish(world, "a", "b", "c")
    releases.roll_back("a")
    publish(world, "d")
    releases.roll_back()
    assert world.served() == "a"
    releases.roll_back("b")  # by name, any
    publish(world, "e")
    world.decide("a", releases.number(), forced=True)
    releases.publish("a", releases.number())
    releases.roll_back()
    assert world.served() == "e"
    releases.roll_back()
    assert world.served() == "b"
    releases.roll_back()
    assert world.served() == BUNDLED


def test_a_rollback_passes_over_a_model_that_is_no_longer_there(world: World) -> None:
    publish(world, "a", "b", "c")
    world.releases().bucket.remove("modelos/b/")
    world.releases().roll_back()
    assert world.served() == "a"


def test_a_rollback_stops_a_model_before_its_first_step_and_at_it(
    canary_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever publishes may have been killed, or be at work."""
    world, releases = canary_world, canary_world.releases()
    stops: list[Any] = [stop_model, lambda *_: False]  # the second one looks too early
    for number, model in enumerate("ab"):
        world.put_model(model, number)
        with monkeypatch.context() as patch:
            patch.setattr(releases, "carry_on", lambda _: {})
            releases.publish(model, number)
        if model == "b":
            monkeypatch.setattr("training.release.releases.stop_model", lambda *_: stops.pop()(*_))
        assert releases.roll_back()["outcome"] == "rolled_back"
        live = releases.api.live()
        assert (world.served(), live.weighted, releases.number()) == (BUNDLED, (), number + 1)


def test_a_publisher_that_a_rollback_overtook_moves_nothing(
    canary_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rollback took the same steps, and stopped the deployment that it began itself."""
    world, releases = canary_world, canary_world.releases()
    training = world.put_model("a")
    canary = releases.canary
    assert canary
    begin = canary.begin

    def begin_after_a_rollback(*versions: str) -> Any:
        monkeypatch.setattr(canary, "begin", begin)
        assert releases.roll_back()["outcome"] == "rolled_back"
        return begin(*versions)

    monkeypatch.setattr(canary, "begin", begin_after_a_rollback)
    assert releases.publish("a", 0, training)["outcome"] == "rolled_back"
    live = releases.api.live()
    assert (world.served(), live.weighted, canary.find_running()) == (BUNDLED, (), None)
    assert world.state(training) == "dismissed"


def test_the_model_that_came_with_the_code_is_served_again_though_the_package_has_another(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the bucket, where the training that replaced it has stored it."""
    publish(world, "a")
    world.put_model(BUNDLED, None)
    ask, packaged = QuickApi.ask, "another"

    def answer(api: QuickApi, version: str, path: str, scope: str = "") -> Any:
        status, headers, found = ask(api, version, path, scope)
        other = {"x-versao": packaged} if headers.get("x-versao") == BUNDLED else {}
        layered = api.layer_of(api._facts(version))
        return status, headers if layered else headers | other, found

    monkeypatch.setattr(QuickApi, "ask", answer)
    assert world.releases().roll_back()["outcome"] == LIVE
    assert world.served() == BUNDLED
    layer = world.releases().api.live().layer
    assert world.releases().api.model_of(layer) == BUNDLED


def test_a_rollback_to_what_is_live_stops_a_model_on_its_way(canary_world: World) -> None:
    world, releases = canary_world, canary_world.releases()
    training = world.put_model("a")
    releases.publish("a", 0, training)
    assert releases.roll_back(BUNDLED)["outcome"] == "rolled_back"
    assert (world.served(), world.state(training)) == (BUNDLED, "dismissed")
    assert releases.number() == 1
    with pytest.raises(ReleaseError, match="version is 'bundled', expected one that was live"):
        releases.roll_back(BUNDLED)


def test_a_model_has_to_pass_against_what_is_live(here: Here, canary_world: World) -> None:
    """Not against one that an alarm took back while the gate compared with it."""
    world, releases = canary_world, canary_world.releases()
    world.put_model("a")
    begun = releases.publish("a", 0)
    world.put_model("b", 1)
    decision = {"passed": True, "users": [1, 2], "incumbent": "a"}
    releases.bucket.write(decision_key("b", 1), {**decision, "forced": False})
    here.server.deployments.finish(begun["deployment"], "Stopped")
    with pytest.raises(OvertakenError, match="model a, which it passed against, is not live"):
        releases.publish("b", 1)
    assert (releases.number(), releases.api.live().weighted) == (1, ())
    releases.bucket.write(decision_key("b", 1), {**decision, "forced": True})
    assert releases.publish("b", 1)["outcome"] == "waiting"


def test_a_rollback_stops_a_model_that_gets_live_step_by_step(canary_world: World) -> None:
    world, releases = canary_world, canary_world.releases()
    training = world.put_model("a")
    assert releases.publish("a", 0, training)["outcome"] == "waiting"
    assert releases.api.live().weighted
    assert releases.roll_back()["outcome"] == "rolled_back"
    live = releases.api.live()
    assert (world.served(), live.weighted, world.layer_of_latest()) == (BUNDLED, (), "")
    assert world.state(training) == "dismissed"
    assert releases.number() == 1


@pytest.fixture
def code_step_by_step(here: Here, canary_world: World) -> Callable[[], str]:
    """Begins a deployment of other code, or finds the one that runs; returns its id."""
    functions, releases = here.client("lambda"), canary_world.releases()

    def begin() -> str:
        assert releases.canary
        if running := releases.canary.find_running():
            return running
        deploy_code(here.client, canary_world, "# other code")
        code = functions.publish_version(FunctionName=canary_world.function)["Version"]
        return str((releases.canary.begin(releases.api.live().version, code) or {})["deployment"])

    return begin


def publish_step_by_step(here: Here, world: World, model: str) -> str:
    """Make a model live in a canary's world; return its training."""
    releases = world.releases()
    training = world.put_model(model, releases.number())
    begun = releases.publish(model, releases.number(), training)
    here.server.deployments.finish(begun["deployment"])
    assert (releases.resume() or {})["outcome"] == LIVE
    return training


def test_a_rollback_goes_live_at_once_as_an_alarm_would_stop_a_deployment(
    here: Here, canary_world: World
) -> None:
    world, releases = canary_world, canary_world.releases()
    training = publish_step_by_step(here, world, "a")
    begun = len(here.server.deployments.known)
    assert releases.roll_back()["outcome"] == LIVE
    live = releases.api.live()
    assert (world.served(), live.weighted, world.layer_of_latest()) == (BUNDLED, (), "")
    assert world.state(training) == "dismissed"
    assert len(here.server.deployments.known) == begun


def test_a_rollback_that_came_too_late_to_stop_takes_the_model_back(
    here: Here, canary_world: World
) -> None:
    world, releases = canary_world, canary_world.releases()
    world.put_model("a")
    begun = releases.publish("a", 0)
    here.server.deployments.finish(begun["deployment"])
    assert releases.roll_back()["outcome"] == LIVE
    assert world.served() == BUNDLED


def test_a_rollback_fails_while_code_is_deployed_step_by_step_which_can_be_stopped(
    here: Here, canary_world: World, code_step_by_step: Callable[[], str]
) -> None:
    """It has to be seen: nobody would carry it on."""
    world, releases = canary_world, canary_world.releases()
    publish_step_by_step(here, world, "a")
    deployment = code_step_by_step()
    with pytest.raises(ReleaseError, match=f"requests are being moved by deployment {deployment}"):
        releases.roll_back()
    assert (world.served(), releases.number()) == ("a", 1)
    here.client("codedeploy").stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    assert releases.roll_back()["outcome"] == LIVE
    assert world.served() == BUNDLED


def test_a_rollback_waits_for_a_deployment_of_code_that_came_first(
    here: Here,
    canary_world: World,
    code_step_by_step: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, releases = canary_world, canary_world.releases()
    publish_step_by_step(here, world, "a")
    with monkeypatch.context() as patch:
        patch.setattr(releases.proof, "check", lambda *_: code_step_by_step())
        told = releases.roll_back(request="one")
        assert told == {"outcome": "waiting", "reason": "release 2 waits for a deployment of code"}
        for again in (partial(releases.roll_back, request="one"), releases.roll_back):
            with pytest.raises(WaitingError, match="release 2 waits for a deployment of code"):
                again()
        with pytest.raises(ReleaseError, match="waits for a deployment of code: try again when"):
            releases.roll_back("x")
    assert releases.api.live().weighted
    here.server.deployments.finish(code_step_by_step(), "Stopped")
    assert (releases.resume() or {})["outcome"] == LIVE
    assert world.served() == BUNDLED


def test_a_rollback_needs_no_code_in_latest_if_a_version_is_the_same(
    here: Here, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a deployment of code that failed: the version of the older release serves again."""
    publish(world, "a", "b")
    wake = Mock(wraps=world.releases().api.wake)
    monkeypatch.setattr(world.releases().api, "wake", wake)
    before = world.releases().api.live()
    deploy_code(here.client, world, "# code that failed")
    end = world.releases().roll_back()
    live = world.releases().api.live()
    assert (end["version"], live.version, live.code) == ("2", "2", before.code)
    assert (world.served(), world.layer_of_latest()) == ("a", live.layer)
    wake.assert_called_once_with("2")
    publish_again = world.releases().roll_back("b")
    assert (publish_again["version"], world.served()) == (before.version, "b")


def test_a_rollback_passes_over_a_version_that_lambda_cannot_wake(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(world, "a", "b", "c")
    world.releases().roll_back("a")
    world.releases().roll_back("c")
    asked, api = [], world.releases().api
    wake = api.wake

    def fail_once(version: str) -> str:
        asked.append(version)
        if len(asked) == 1:
            raise WaiterError("published_version_active", "State is Failed", {})
        return wake(version)

    monkeypatch.setattr(api, "wake", fail_once)
    assert world.releases().roll_back("b")["outcome"] == LIVE
    assert world.served() == "b"
    assert asked[0] == "3"


OTHERS = [{"Environment": {"Variables": {"ACCESS": "open"}}}, {"MemorySize": 512}]


@pytest.mark.parametrize("other", OTHERS)
def test_a_version_with_other_settings_is_not_the_same(
    here: Here, world: World, other: dict[str, Any]
) -> None:
    publish(world, "a", "b")
    here.client("lambda").update_function_configuration(FunctionName=world.function, **other)
    make_latest_live(here, world)
    world.releases().roll_back()  # made anew, with the settings of the live version
    live, functions = world.releases().api.live(), here.client("lambda")
    facts = functions.get_function_configuration(FunctionName=world.function, Qualifier="live")
    assert (live.version, {name: facts[name] for name in other}) == ("5", other)
    publish(world, "c")
    deploy_code(here.client, world, "# code that failed")
    assert world.releases().roll_back()["version"] == "5"
    with pytest.raises(ReleaseError, match=r"\$LATEST of .* has code or settings that version 5, "):
        world.releases().roll_back()
    assert world.served() == "a"


@pytest.mark.parametrize("other", OTHERS)
def test_settings_that_a_canary_rejected_do_not_get_live_with_a_model(
    here: Here, world: World, other: dict[str, Any]
) -> None:
    functions, releases = here.client("lambda"), world.releases()
    publish(world, "a")
    functions.update_function_configuration(FunctionName=world.function, Timeout=7)
    make_latest_live(here, world)  # no version with the bundled model is like this one
    live = releases.api.live()
    functions.update_function_configuration(FunctionName=world.function, **other)
    training = world.put_model("b", 1)
    with pytest.raises(WaitingError, match="what was deployed last is not live"):
        releases.publish("b", 1, training)
    told = rf"\$LATEST of .* has code or settings that version {live.version}, which is live"
    with pytest.raises(ReleaseError, match=told):
        releases.publish("b", 1)
    with pytest.raises(ReleaseError, match=told):
        releases.roll_back()
    assert releases.api.live() == live


def test_a_model_of_a_training_waits_while_latest_has_other_code(here: Here, world: World) -> None:
    releases = world.releases()
    deploy_code(here.client, world, "# code that failed")
    training = world.put_model("a")
    with pytest.raises(WaitingError, match="what was deployed last is not live"):
        releases.publish("a", 0, training)
    assert releases.number() == 0
    make_latest_live(here, world)
    assert releases.publish("a", 0, training)["outcome"] == LIVE


def fail_to_roll_back(
    world: World, monkeypatch: pytest.MonkeyPatch, version: str | None
) -> Releases:
    """Release three models, and begin a rollback that an error of AWS ends."""
    publish(world, "a", "b", "c")
    releases = world.releases()
    with monkeypatch.context() as patch:
        error = ClientError({"Error": {"Code": "ServiceException"}}, "UpdateAlias")
        patch.setattr(releases.api, "move_alias", Mock(side_effect=error))
        with pytest.raises(ClientError):
            releases.roll_back(version, request="one")
    assert world.served() == "c"
    return releases


@pytest.mark.parametrize("version", [None, "b"])
def test_a_rollback_that_failed_goes_on_when_it_is_called_again(
    world: World, monkeypatch: pytest.MonkeyPatch, version: str | None
) -> None:
    releases = fail_to_roll_back(world, monkeypatch, version)
    assert releases.roll_back(version, request="two")["outcome"] == LIVE
    assert (world.served(), releases.number()) == ("b", 4)
    assert releases.roll_back(request="three")["outcome"] == LIVE
    assert world.served() == "a"


def test_a_rollback_to_another_model_comes_after_one_that_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases = fail_to_roll_back(world, monkeypatch, None)
    assert releases.roll_back("a", request="two")["outcome"] == LIVE
    assert (world.served(), releases.number()) == ("a", 5)


def test_a_rollback_that_lambda_tries_again_goes_back_one_model(world: World) -> None:
    publish(world, "a", "b")
    for _ in range(2):
        assert world.releases().roll_back(request="one")["outcome"] == LIVE
        assert world.served() == "a"
    world.releases().roll_back(request="two")
    assert world.served() == BUNDLED
