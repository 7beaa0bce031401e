"""A deployment of code step by step (`CANARY=1`), and what it must never put live."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.aws.permissions import permitted
from tests.aws.policies import Resolved
from tests.aws.server import Here
from tests.conftest import ROOT
from tests.release.test_keep import CloudFormation, import_script, keep
from tests.release.world import BROKEN, World, make_releases
from training.release.api_function import ReleaseError
from training.release.canary import Progress, find_progress
from training.release.cleanup import clean_up
from training.release.releases import Releases

Seen = list[dict[str, Any]]


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return tmp_path / "live.json"


@pytest.fixture
def cloudformation(
    here: Here, canary_world: World, monkeypatch: pytest.MonkeyPatch
) -> CloudFormation:
    """It has deployed the first code, with the bundled model."""
    monkeypatch.setattr(keep, "_releases", lambda _: canary_world.releases())
    monkeypatch.setattr(keep, "_check_readable", lambda *_: None)
    monkeypatch.setattr(keep, "_check_bundled", lambda *_: None)
    monkeypatch.setattr(keep, "_find_waiting", lambda _: [])
    monkeypatch.setattr(keep, "_is_writable", lambda _: False)
    monkeypatch.setattr(keep, "PAUSE", 0)
    found = CloudFormation(here, canary_world)
    found.deploy("first", "")
    return found


@pytest.fixture
def ending(
    here: Here, canary_world: World, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Seen]:
    """Has deployments end with a status at the second look; returns what the alias was before."""

    def prepare(status: str) -> Seen:
        seen: Seen = []

        def look(deployment: str) -> Progress:
            if seen:
                here.server.deployments.finish(deployment, status)
            seen.append(alias(here, canary_world))
            return find_progress(deployment)

        monkeypatch.setattr(keep, "find_progress", look)
        return seen

    return prepare


def alias(here: Here, world: World) -> dict[str, Any]:
    found = here.client("lambda").get_alias(FunctionName=world.function, Name="live")
    return {"version": found["FunctionVersion"], **found.get("RoutingConfig", {})}


def deploy(cloudformation: CloudFormation, note: Path, code: str, stack: str = "filmes") -> None:
    """What `make deploy CANARY=1` does."""
    layer = keep.before(stack, note)
    cloudformation.deploy(code, layer, hold=True)
    keep.canary(stack, note)
    keep.after(stack, note)


def release_layer(world: World, model: str) -> str:
    """Make a model of the bucket live at once, and return its layer."""
    api = world.releases().api
    layer = api.publish_layer(model, world.bucket, f"modelos/{model}/camada.zip")
    api.move_alias(api.live(), api.publish_version(api.live(), layer, f"00000001 {model}"))
    return layer


def test_new_code_takes_a_part_of_the_requests_first(
    cloudformation: CloudFormation, canary_world: World, note: Path, ending: Callable[[str], Seen]
) -> None:
    seen = ending("Succeeded")
    before = canary_world.releases().api.live()
    deploy(cloudformation, note, "second")
    live = canary_world.releases().api.live()
    assert seen[0] == {
        "version": before.version,
        "AdditionalVersionWeights": {live.version: 0.1},
    }
    assert live.code != before.code
    assert not live.weighted
    deploy(cloudformation, note, "second")  # nothing new
    assert canary_world.releases().api.live().version == live.version


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_an_alarm_takes_the_requests_back(
    cloudformation: CloudFormation,
    canary_world: World,
    note: Path,
    ending: Callable[[str], Seen],
    status: str,
) -> None:
    ending(status)
    before = canary_world.releases().api.live()
    with pytest.raises(ReleaseError, match=f"alias live serves version {before.version} again"):
        deploy(cloudformation, note, "second")
    after = canary_world.releases().api.live()
    assert (after.version, after.code, after.weighted) == (before.version, before.code, ())
    # Another attempt goes on from there, as does a deployment at once.
    seen = ending("Succeeded")
    deploy(cloudformation, note, "third")
    assert len(seen) == 2
    assert canary_world.releases().api.live().code != before.code
    cloudformation.deploy("fourth", keep.before("filmes", note))
    keep.after("filmes", note)
    assert canary_world.served() == "bundled"


def test_code_that_cannot_serve_gets_no_request(
    here: Here,
    cloudformation: CloudFormation,
    canary_world: World,
    note: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = alias(here, canary_world)
    layer = keep.before("filmes", note)
    cloudformation.deploy("second", layer, hold=True)
    monkeypatch.setattr("tests.release.world.BUNDLED", f"{BROKEN} by the new code")
    with pytest.raises(ReleaseError, match="could not load its model"):
        keep.canary("filmes", note)
    assert alias(here, canary_world) == before


def test_a_stack_that_moves_requests_at_once_has_no_canary(
    here: Here, world: World, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep, "_releases", lambda _: world.releases())
    monkeypatch.setattr(keep, "_check_bundled", lambda *_: None)
    monkeypatch.setattr(keep, "_is_writable", lambda _: False)
    keep.before("filmes", note)
    before = alias(here, world)
    with pytest.raises(ReleaseError, match="AllAtOnce"):
        keep.canary("filmes", note)
    assert alias(here, world) == before


def test_the_model_stays_through_a_canary(
    cloudformation: CloudFormation,
    canary_world: World,
    note: Path,
    ending: Callable[[str], Seen],
) -> None:
    ending("Succeeded")
    number = canary_world.releases().number()
    canary_world.put_model("a", number, known=False)
    layer = release_layer(canary_world, "a")
    deploy(cloudformation, note, "second")
    assert canary_world.served() == "a"
    assert canary_world.releases().api.live().layer == layer


def test_the_role_of_ci_may_do_all_of_it(
    cloudformation: CloudFormation,
    canary_world: World,
    note: Path,
    ending: Callable[[str], Seen],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ending("Succeeded")
    before = canary_world.releases()
    canary_world.put_model("a", before.number(), known=False)
    release_layer(canary_world, "a")
    before.api.set_layer("")  # as after a release that was given up
    before.ledger.claim(1, {"model": "a"})
    before.ledger.end(1, {"outcome": "live"})
    stack = canary_world.tables.removesuffix("-")
    given = {"Stack": stack, "Repository": "we/films"}
    roles = Resolved(stack, given, file=ROOT / ".ci" / "roles.yaml")
    group = f"{canary_world.layer}/{canary_world.group}"
    with permitted(monkeypatch, roles, "DeployRole", group) as needed:
        releases = make_releases(canary_world)
        monkeypatch.setattr(keep, "_releases", lambda _: releases)
        import_script("release").name("a" * 64, releases.api, "a" * 64)
        deploy(cloudformation, note, "second", stack)
        keep.back(stack, note)
    assert {action for action, _ in needed} >= {
        "cloudformation:DescribeStacks",
        "codedeploy:CreateDeployment",
        "lambda:GetFunction",
        "lambda:ListVersionsByFunction",
        "lambda:PublishVersion",
        "lambda:UpdateAlias",
        "lambda:UpdateFunctionConfiguration",
        "s3:GetObject",
    }


def test_a_model_that_is_released_meanwhile_comes_first(
    cloudformation: CloudFormation, note: Path
) -> None:
    layer = keep.before("filmes", note)
    cloudformation.deploy("second", layer, hold=True)
    facts = json.loads(note.read_text())
    note.write_text(json.dumps(facts | {"version": "1"}))  # the alias has moved since
    with pytest.raises(ReleaseError, match="a model was released during the deployment"):
        keep.canary("filmes", note)


def begin_a_canary_that_meets(
    other: Callable[[], object], releases: Releases, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others come right before it, and it gives way."""
    monkeypatch.setattr(releases.proof, "check", lambda *_: other())
    with pytest.raises(ReleaseError, match="a model is being released: deploy again"):
        keep.canary("filmes", note)


def test_a_deployment_of_a_model_is_not_taken_for_the_canary(
    here: Here,
    cloudformation: CloudFormation,
    canary_world: World,
    note: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even if it begins right before the canary would."""
    releases = canary_world.releases()
    assert releases.canary
    cloudformation.deploy("second", keep.before("filmes", note), hold=True)
    begun = partial(releases.canary.begin, releases.api.live().version, "1")
    begin_a_canary_that_meets(begun, releases, note, monkeypatch)
    assert alias(here, canary_world)["AdditionalVersionWeights"] == {"1": 0.1}
    assert begun()  # it runs, and is found by who began it


def test_a_release_comes_before_the_canary(
    cloudformation: CloudFormation,
    canary_world: World,
    note: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As soon as its number is taken, before it has a deployment."""
    releases = canary_world.releases()
    cloudformation.deploy("second", keep.before("filmes", note), hold=True)
    claimed = partial(releases.ledger.claim, 1, {"model": "a"})
    begin_a_canary_that_meets(claimed, releases, note, monkeypatch)
    assert not releases.api.live().weighted


def begin_release(world: World, model: str) -> str:
    """Have a release wait for its deployment, which it returns."""
    releases = world.releases()
    number = releases.number()
    world.put_model(model, number, known=False)
    return str(releases.publish(model, number)["deployment"])


@pytest.mark.parametrize("status", ["Succeeded", "Stopped"])
def test_a_release_that_may_undo_a_deployment_is_told(
    here: Here,
    cloudformation: CloudFormation,
    canary_world: World,
    note: Path,
    ending: Callable[[str], Seen],
    status: str,
) -> None:
    """It moves requests to a version with the code of before, over what CloudFormation did."""
    releases = canary_world.releases()
    layer = keep.before("filmes", note)
    deployment = begin_release(canary_world, "a")
    cloudformation.deploy("second", layer)
    with pytest.raises(ReleaseError, match="may bring back the code of before"):
        keep.after("filmes", note)
    here.server.deployments.finish(deployment, status)
    releases.resume()
    with pytest.raises(ReleaseError, match=r"are not those of this deployment.* CANARY=1"):
        keep.after("filmes", note)
    served = releases.served()
    ending("Succeeded")
    deploy(cloudformation, note, "second")
    live = releases.api.live()
    assert live.code == releases.api._facts("$LATEST")["CodeSha256"]
    assert releases.served() == served == ("a" if status == "Succeeded" else "bundled")


def test_a_release_that_has_no_deployment_yet_is_told(
    cloudformation: CloudFormation, canary_world: World, note: Path
) -> None:
    """It may have published its version with the code of before."""
    cloudformation.deploy("second", keep.before("filmes", note))
    canary_world.releases().ledger.claim(1, {"model": "a"})
    with pytest.raises(ReleaseError, match="may bring back the code of before"):
        keep.after("filmes", note)


def test_a_release_that_waited_for_the_canary_undoes_nothing(
    cloudformation: CloudFormation, canary_world: World, note: Path, ending: Callable[[str], Seen]
) -> None:
    """The end of a deployment starts it at once. It takes the code that is live then."""
    ending("Succeeded")
    cloudformation.deploy("second", keep.before("filmes", note), hold=True)
    keep.canary("filmes", note)
    begin_release(canary_world, "a")
    assert canary_world.releases().api.live().weighted
    keep.after("filmes", note)


def test_nothing_is_tried_where_nothing_was_live(
    monkeypatch: pytest.MonkeyPatch, note: Path
) -> None:
    monkeypatch.setattr(keep, "_releases", lambda _: None)
    monkeypatch.setattr(keep, "_status", lambda _: "not there")
    keep.before("filmes", note)
    keep.canary("filmes", note)
    with pytest.raises(ReleaseError, match="there was no version before"):
        keep.back("filmes", note)


def test_a_deployment_that_fails_its_smoke_test_is_taken_back(
    cloudformation: CloudFormation, canary_world: World, note: Path, ending: Callable[[str], Seen]
) -> None:
    ending("Succeeded")
    before = canary_world.releases().api.live()
    deploy(cloudformation, note, "second")
    keep.back("filmes", note)
    assert canary_world.releases().api.live().code == before.code
    # Its model stays as well, and the next deployment goes on from there.
    deploy(cloudformation, note, "third")
    assert canary_world.releases().api.live().code != before.code


def test_a_deployment_that_fails_before_its_canary_has_moved_nothing(
    cloudformation: CloudFormation,
    note: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    layer = keep.before("filmes", note)
    cloudformation.deploy("second", layer, hold=True)
    monkeypatch.setattr(keep, "_status", lambda _: "UPDATE_ROLLBACK_COMPLETE")
    keep.undo("filmes", note)
    told = "stack filmes is UPDATE_ROLLBACK_COMPLETE (see its events): alias live has not moved\n"
    assert capsys.readouterr().out == told


def test_what_was_live_before_an_interrupted_deployment_is_not_taken_back_to_itself(
    cloudformation: CloudFormation, canary_world: World, note: Path, ending: Callable[[str], Seen]
) -> None:
    """Its second run finds its code live already, and does not know what was live before that."""
    ending("Succeeded")
    deploy(cloudformation, note, "second")
    note.unlink()  # the second run is on another machine
    deploy(cloudformation, note, "second")
    live = canary_world.releases().api.live()
    told = f"version {live.version} was live before this deployment, too"
    with pytest.raises(ReleaseError, match=told):
        keep.back("filmes", note)
    assert canary_world.releases().api.live() == live


def test_the_version_to_go_back_to_stays_however_many_canaries_have_failed(
    cloudformation: CloudFormation, canary_world: World, note: Path, ending: Callable[[str], Seen]
) -> None:
    """The end of a deployment starts the clean-up, before a smoke test has ended."""
    releases = canary_world.releases()
    ending("Succeeded")
    deploy(cloudformation, note, "second")
    before = releases.api.live()
    for number in range(4):
        ending("Stopped")
        with pytest.raises(ReleaseError, match="an alarm went off"):
            deploy(cloudformation, note, f"bad {number}")
        clean_up(releases, 2)
    ending("Succeeded")
    deploy(cloudformation, note, "third")
    clean_up(releases, 2)
    described = [version["Description"] for version in releases.api.versions()]
    steps = [one for one in described if one.startswith("deployed step by step")]
    assert len(steps) == 3  # the one that serves, the last that failed, and the one before
    keep.back("filmes", note)
    assert releases.api.live().code == before.code


def test_a_model_that_was_released_since_is_not_taken_back(
    cloudformation: CloudFormation, note: Path, ending: Callable[[str], Seen]
) -> None:
    ending("Succeeded")
    deploy(cloudformation, note, "second")
    facts = json.loads(note.read_text())
    note.write_text(json.dumps(facts | {"release": facts["release"] - 1}))
    with pytest.raises(ReleaseError, match="a model has been released since"):
        keep.back("filmes", note)


def have_packages(
    world: World,
    built: Path,
    patch: pytest.MonkeyPatch,
    live: dict[str, Any],
    packaged: dict[str, Any],
    access: str = "jwt",
) -> None:
    """The live package and the new one have models of data with these facts."""
    same = {"linhagem": "filmes", "escala": [0.0, 5.0], "demonstracao": False}
    (built / "manifest.json").write_text(json.dumps({"data": same | packaged}))
    releases = world.releases()
    answer = (200, {"x-versao": "x"}, {"versao": "x", "dados": same | live})
    patch.setattr(type(releases.api), "ask", lambda *_: answer)
    patch.setattr(keep, "_releases", lambda _: releases)
    patch.setattr(keep, "_is_writable", lambda _: access == "jwt")
    patch.setattr(keep, "BUNDLED", built)


@pytest.mark.parametrize(
    ("live", "packaged", "is_refused"),
    [(False, True, True), (True, True, False), (False, False, False)],
    ids=["a mock model over a real one", "over a mock model", "a real one"],
)
def test_a_mock_model_never_replaces_a_real_one(
    canary_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    live: bool,
    packaged: bool,
    is_refused: bool,
) -> None:
    """Whose models are in the packages: a layer is never replaced by a deployment."""
    have_packages(
        canary_world,
        tmp_path,
        monkeypatch,
        {"demonstracao": live},
        {"demonstracao": packaged},
    )
    if is_refused:
        with pytest.raises(ReleaseError, match=r"model x, which is live, .* demonstration data"):
            keep.before("filmes", tmp_path / "live.json")
    else:
        assert keep.before("filmes", tmp_path / "live.json") == ""


@pytest.mark.parametrize(
    ("packaged", "said"),
    [
        ({"linhagem": "filmes-2026-03"}, "linhagem of model x, which is live, is filmes, but that"),
        ({"escala": [1.0, 10.0]}, r"escala of model x, which is live, is \[0.0, 5.0\], but that"),
    ],
)
def test_a_package_for_which_no_written_rating_counts_is_not_deployed(
    canary_world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    packaged: dict[str, Any],
    said: str,
) -> None:
    have_packages(canary_world, tmp_path, monkeypatch, {}, packaged)
    with pytest.raises(ReleaseError, match=said):
        keep.before("filmes", tmp_path / "live.json")
    have_packages(canary_world, tmp_path, monkeypatch, {}, packaged, access="open")  # has none
    assert keep.before("filmes", tmp_path / "live.json") == ""
