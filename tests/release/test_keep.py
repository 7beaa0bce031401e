"""A deployment of code keeps the model: .ci/keep.py, with a CloudFormation that acts as AWS's."""

import hashlib
import importlib.util
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from recommender.model.artifact import ArtifactError, load
from tests.aws.server import Here
from tests.conftest import ROOT
from tests.release.world import BROKEN, BUNDLED, World
from training.release.api_function import ReleaseError
from training.release.cleanup import clean_up
from training.release.keys import layer_key
from training.release.overview import overview
from training.renewal import models

ORIGINS = "https://a.example"


def import_script(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


keep = import_script("keep")
find_waiting = keep._find_waiting
NO_ORIGIN = "app.example.com"  # the API does not start with it


class CloudFormation:
    """What a deployment does to the function: moto's CloudFormation knows no aliases.

    It sends only what changed in the template. A new ReleaseId is a new version and a new
    description, and the alias follows it; a version equal to the newest is refused.
    """

    def __init__(self, here: Here, world: World) -> None:
        self.functions, self.name = here.client("lambda"), world.function
        self.template = dict.fromkeys(("code", "layer", "release", "origins"), "")
        self.version = "1"

    def deploy(
        self,
        code: str,
        layer: str,
        *,
        hold: bool = False,
        origins: str = ORIGINS,
        release: str = "",
    ) -> None:
        name = hashlib.sha256(f"{code} {origins}".encode()).hexdigest()
        release = self.template["release"] if hold else release or f"Release {name}"
        new = {"code": code, "layer": layer, "release": release, "origins": origins}
        changed = {name for name in new if new[name] != self.template[name]}
        self.template = new
        if "code" in changed:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr("handler.py", code)
            self.functions.update_function_code(FunctionName=self.name, ZipFile=packed.getvalue())
        sent: dict[str, Any] = {}
        if "layer" in changed:
            sent["Layers"] = [layer] if layer else []
        if "release" in changed:
            sent["Description"] = new["release"]
        if "origins" in changed:
            sent["Environment"] = {"Variables": {"CORS_ORIGINS": origins}}
        if sent:
            self.functions.update_function_configuration(FunctionName=self.name, **sent)
        if "release" in changed:
            found = self.functions.list_versions_by_function(FunctionName=self.name)["Versions"]
            version = self.functions.publish_version(FunctionName=self.name)["Version"]
            assert version not in {each["Version"] for each in found}, "A version exists already"
            self.point(version)
            self.version = version

    def fail(self, code: str, layer: str) -> None:
        """A deployment that fails at its end: the alias goes back to the stack's own version."""
        version, template = self.version, self.template
        self.deploy(code, layer)
        self.version, self.template = version, template
        self.point(version)

    def point(self, version: str) -> None:
        self.functions.update_alias(FunctionName=self.name, Name="live", FunctionVersion=version)


@pytest.fixture
def cloudformation(here: Here, world: World, monkeypatch: pytest.MonkeyPatch) -> CloudFormation:
    """It has deployed the first code, with the bundled model."""
    monkeypatch.setattr(keep, "_releases", lambda _: world.releases())
    monkeypatch.setattr(keep, "_check_readable", lambda *_: None)
    monkeypatch.setattr(keep, "_check_bundled", lambda *_: None)
    monkeypatch.setattr(keep, "_find_waiting", lambda _: [])
    monkeypatch.setattr(keep, "_is_writable", lambda _: False)
    found = CloudFormation(here, world)
    found.deploy("first", "")
    return found


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return tmp_path / "live.json"


def make_deploy(
    cloudformation: CloudFormation, note: Path, code: str, origins: str = ORIGINS
) -> None:
    """What `make deploy` does."""
    layer = keep.before("filmes", note)
    cloudformation.deploy(code, layer, origins=origins)
    keep.after("filmes", note)


def release(world: World, model: str) -> None:
    number = world.releases().number()
    world.put_model(model, number, known=False)
    world.releases().publish(model, number)


def test_after_a_retraining(cloudformation: CloudFormation, world: World, note: Path) -> None:
    release(world, "a")
    before = world.releases().api.live()
    make_deploy(cloudformation, note, "first")  # nothing new
    assert world.releases().api.live() == before
    make_deploy(cloudformation, note, "second")
    assert world.served() == "a"
    assert world.releases().api.live().code != before.code
    release(world, "b")
    make_deploy(cloudformation, note, "third")
    assert world.served() == "b"


def test_after_a_rollback(cloudformation: CloudFormation, world: World, note: Path) -> None:
    release(world, "a")
    make_deploy(cloudformation, note, "second")
    release(world, "b")
    world.releases().roll_back()
    make_deploy(cloudformation, note, "third")
    assert world.served() == "a"
    world.releases().roll_back()
    make_deploy(cloudformation, note, "fourth")
    assert world.served() == BUNDLED
    release(world, "c")
    make_deploy(cloudformation, note, "fifth")
    assert world.served() == "c"


def test_after_a_kill(cloudformation: CloudFormation, world: World, note: Path) -> None:
    """A release that was killed has left another layer at `$LATEST`, and no end."""
    release(world, "a")
    releases = world.releases()
    world.put_model("b", 1, known=False)
    layer = releases.api.publish_layer("b", world.bucket, "modelos/b/camada.zip")
    releases.api.set_layer(layer)
    make_deploy(cloudformation, note, "second")  # nobody claimed a number
    assert world.served() == "a"
    releases.api.set_layer(layer)
    replaces = {"model": "a", "layer": releases.api.live().layer}
    claimed = {"kind": "publish", "model": "b", "training": "", "replaces": replaces}
    releases.ledger.claim(2, claimed)
    with pytest.raises(ReleaseError, match="release 2 has not ended: try again when it has"):
        make_deploy(cloudformation, note, "third")
    assert world.served() == "a"
    releases.resume()
    make_deploy(cloudformation, note, "third")
    assert world.served() == "b"


def test_while_a_model_is_released_step_by_step(
    here: Here, cloudformation: CloudFormation, world: World, note: Path
) -> None:
    weights = {"AdditionalVersionWeights": {"1": 0.1}}
    here.client("lambda").update_alias(
        FunctionName=world.function, Name="live", RoutingConfig=weights
    )
    with pytest.raises(ReleaseError, match="a deployment of a model runs"):
        make_deploy(cloudformation, note, "second")


def test_versions_of_old_deployments_go_with_their_models(
    cloudformation: CloudFormation, world: World, note: Path
) -> None:
    releases = world.releases()
    for model in "abcd":
        make_deploy(cloudformation, note, f"code before {model}")
        release(world, model)
    assert clean_up(releases, 2) == ["a"]  # a deployment has published b
    described = [version["Description"] for version in releases.api.versions()]
    assert [one for one in described if one.startswith("0")] == ["00000003 c", "00000004 d"]
    assert len([one for one in described if one.startswith("Release ")]) == 2
    assert {layer["Description"] for layer in releases.api.layers()} == {"b", "c", "d"}
    make_deploy(cloudformation, note, "new code")
    assert clean_up(releases, 2) == ["b"]
    keep.back("filmes", note)
    assert world.served() == "d"
    assert clean_up(releases, 2) == []
    make_deploy(cloudformation, note, "newer code")
    assert world.served() == "d"


def test_the_version_that_the_stack_names_stays(
    here: Here, cloudformation: CloudFormation, world: World
) -> None:
    """CloudFormation takes the alias back to it, however many deployments have failed since."""
    release(world, "a")
    functions = here.client("lambda")
    own = functions.get_function_configuration(FunctionName=world.function)["Description"]
    for code in ("second", "third", "fourth"):
        cloudformation.deploy(code, "")
    functions.update_function_configuration(FunctionName=world.function, Description=own)
    release(world, "b")
    clean_up(world.releases(), 1)
    described = [version["Description"] for version in world.releases().api.versions()]
    assert own in described
    assert len([one for one in described if one.startswith("Release ")]) == 3


def test_a_deployment_that_brings_an_old_layer_is_undone(
    cloudformation: CloudFormation, world: World, note: Path
) -> None:
    release(world, "a")
    make_deploy(cloudformation, note, "second")
    keep.before("filmes", note)
    cloudformation.deploy("third", "")
    with pytest.raises(ReleaseError, match=r"replaced model a by bundled: alias live serves"):
        keep.after("filmes", note)
    assert world.served() == "a"
    assert world.layer_of_latest() == world.releases().api.live().layer


def test_a_deployment_that_fails_is_undone(
    cloudformation: CloudFormation, world: World, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CloudFormation knows only what itself has published: the bundled model of the first code."""
    release(world, "a")
    live = world.releases().api.live().version
    cloudformation.fail("second", keep.before("filmes", note))
    assert world.served() == BUNDLED
    monkeypatch.setattr(keep, "_status", lambda _: "UPDATE_ROLLBACK_COMPLETE")
    keep.undo("filmes", note)
    assert (world.served(), world.releases().api.live().version) == ("a", live)


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", "not there"])
def test_a_deployment_that_changed_nothing_undoes_none_of_others(
    cloudformation: CloudFormation,
    world: World,
    note: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
) -> None:
    """It met another one, or waited for an answer while another one was made."""
    cloudformation.deploy("second", keep.before("filmes", note))
    monkeypatch.setattr(keep, "_status", lambda _: status)
    keep.undo("filmes", note)
    assert world.releases().api.live().version == cloudformation.version
    keep.back("filmes", note)
    assert world.releases().api.live().version != cloudformation.version


def test_only_what_was_deployed_last_from_here_is_taken_back(
    cloudformation: CloudFormation, world: World, note: Path
) -> None:
    make_deploy(cloudformation, note, "second")
    with pytest.raises(ReleaseError, match="the last deployment from here was of stack filmes"):
        keep.back("staging-filmes", note)
    elsewhere = note.with_name("of-a-colleague.json")
    make_deploy(cloudformation, elsewhere, "third")
    live = world.releases().api.live()
    told = f"version {live.version} is live, which the last deployment from here did not bring"
    with pytest.raises(ReleaseError, match=told):
        keep.back("filmes", note)
    assert world.releases().api.live() == live
    keep.back("filmes", elsewhere)
    assert world.releases().api.live().version != live.version


def test_a_stack_whose_first_deployment_failed_has_to_go_first(
    note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS refuses to change it."""
    monkeypatch.setattr(keep, "_status", lambda _: "ROLLBACK_COMPLETE")
    with pytest.raises(ReleaseError, match=r"delete-stack --stack-name filmes.*deploy again"):
        keep.before("filmes", note)
    assert not note.exists()


def test_a_release_during_a_deployment_is_not_lost_in_silence(
    cloudformation: CloudFormation, world: World, note: Path
) -> None:
    release(world, "a")
    layer = keep.before("filmes", note)
    release(world, "b")
    keep.after("filmes", note)
    cloudformation.deploy("second", layer)
    with pytest.raises(ReleaseError, match=r"release 2 came during .* publish b --force"):
        keep.after("filmes", note)


@pytest.fixture
def first(
    cloudformation: CloudFormation, note: Path, monkeypatch: pytest.MonkeyPatch
) -> CloudFormation:
    """There was no stack before the deployment that is to be made."""
    with monkeypatch.context() as without:
        without.setattr(keep, "_releases", lambda _: None)
        assert keep.before("filmes", note) == ""
        with pytest.raises(ReleaseError, match="nothing was deployed"):  # the prompt's answer: no
            keep.after("filmes", note)
    return cloudformation


@pytest.mark.usefixtures("first")
def test_the_first_deployment(note: Path) -> None:
    keep.after("filmes", note)


def test_a_first_deployment_that_cannot_serve_says_so(
    first: CloudFormation, world: World, note: Path
) -> None:
    first.deploy("first", "", origins=NO_ORIGIN)
    with pytest.raises(ReleaseError, match=r"version 3 cannot serve .*: there is none to go back"):
        keep.after("filmes", note)
    make_deploy(first, note, "first")
    assert world.served() == BUNDLED


@pytest.fixture(params=["a", BUNDLED])
def model(request: pytest.FixtureRequest, cloudformation: CloudFormation, world: World) -> str:
    """The model that is live after the first code: of a retraining, or the bundled one."""
    assert cloudformation.template["code"] == "first"
    if request.param != BUNDLED:
        release(world, request.param)
    return str(request.param)


def test_a_version_that_cannot_serve_is_taken_back(
    cloudformation: CloudFormation, world: World, note: Path, model: str
) -> None:
    before = world.releases().api.live()
    with pytest.raises(ReleaseError, match=rf"alias live serves version {before.version} again"):
        make_deploy(cloudformation, note, "first", origins=NO_ORIGIN)
    assert (world.served(), world.releases().api.live().version) == (model, before.version)
    assert world.layer_of_latest() == before.layer
    make_deploy(cloudformation, note, "first", origins="https://b.example")
    assert world.served() == model


def test_a_version_that_cannot_serve_is_taken_back_to_the_release_that_it_replaced(
    cloudformation: CloudFormation, world: World, note: Path
) -> None:
    release(world, "a")
    layer = keep.before("filmes", note)
    release(world, "b")
    cloudformation.deploy("first", layer, origins=NO_ORIGIN)
    with pytest.raises(ReleaseError, match=r"cannot serve .* again"):
        keep.after("filmes", note)
    assert world.served() == "b"


def test_a_live_version_that_cannot_serve_is_replaced(
    cloudformation: CloudFormation, world: World, note: Path, model: str
) -> None:
    """However it came there. Its layer tells its model, which is kept."""
    cloudformation.deploy("first", keep.before("filmes", note), origins=NO_ORIGIN)
    broken = world.releases().api.live().version
    assert world.releases().proof.find_model(broken) == ""
    with pytest.raises(ReleaseError, match="there is none to go back to"):
        make_deploy(cloudformation, note, "first", origins=f"{NO_ORIGIN}, {NO_ORIGIN}")
    make_deploy(cloudformation, note, "first")
    assert world.served() == model


def test_a_rollback_replaces_a_live_version_that_cannot_serve(
    cloudformation: CloudFormation, world: World
) -> None:
    for model in ("a", "b"):
        release(world, model)
    world.put_model(BROKEN)
    layer = world.releases().api.publish_layer(BROKEN, world.bucket, layer_key(BROKEN))
    cloudformation.deploy("second", layer)
    assert world.releases().proof.find_model(world.releases().api.live().version) == ""
    world.releases().roll_back()
    assert world.served() == "b"


def test_a_bundled_model_that_never_served_is_nothing_to_roll_back_to(
    cloudformation: CloudFormation, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.release.world.BUNDLED", BROKEN)
    cloudformation.deploy("second", "")
    release(world, "a")
    with pytest.raises(ReleaseError, match="no model was live before a"):
        world.releases().roll_back()
    assert [row["version"] for row in overview(world.releases())] == ["a"]


@pytest.mark.usefixtures("cloudformation")
def test_a_deployment_that_was_refused_at_the_prompt_is_none(
    here: Here, world: World, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With CANARY=1, too, which would move requests to whatever `$LATEST` has."""
    monkeypatch.setattr(keep, "_find_waiting", find_waiting)
    client, name = here.client("cloudformation"), world.function
    for number in (1, 2):
        topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"{name}-{number}"}}
        change = {
            "StackName": name,
            "ChangeSetName": f"samcli-deploy{number}",
            "ChangeSetType": "CREATE" if number == 1 else "UPDATE",
            "TemplateBody": json.dumps({"Resources": {"Topic": topic}}),
        }
        keep.before(name, note)
        client.create_change_set(**change)
        for step in (keep.canary, keep.after):
            with pytest.raises(ReleaseError, match="nothing was deployed"):
                step(name, note)
        client.execute_change_set(StackName=name, ChangeSetName=change["ChangeSetName"])
        keep.after(name, note)


def test_the_same_deployment_after_one_that_was_taken_back_is_not_live(
    cloudformation: CloudFormation, world: World, note: Path
) -> None:
    """CloudFormation has nothing to change then."""
    make_deploy(cloudformation, note, "second")
    keep.back("filmes", note)
    with pytest.raises(ReleaseError, match=r"version 2, whose code or settings are not those"):
        make_deploy(cloudformation, note, "second")
    make_deploy(cloudformation, note, "third")
    assert world.served() == BUNDLED


def test_a_release_that_was_taken_back_can_be_made_again(
    cloudformation: CloudFormation, world: World, note: Path
) -> None:
    """With another id: CloudFormation publishes one only once, and Lambda none that is the same."""
    release, api = import_script("release"), world.releases().api
    digest, present = "a" * 64, ""

    def deploy() -> str:
        nonlocal present
        present = release.name(digest, api, present)
        cloudformation.deploy("second", keep.before("filmes", note), release=f"Release {present}")
        return str(present)

    def is_live() -> bool:
        keep.after("filmes", note)
        return bool(api.live().code != before.code)

    before = api.live()
    assert deploy() == digest
    assert is_live()
    assert deploy() == digest  # there is nothing new
    api.move_alias(api.live(), before.version)  # as `make deploy-back` does
    again = deploy()
    assert again != digest
    assert is_live()
    assert deploy() == again
    api.move_alias(api.live(), before.version)
    assert len({digest, again, deploy()}) == 3
    assert is_live()


def test_code_that_cannot_read_the_model_is_not_deployed(
    world: World, original_dir: Path, tmp_path: Path
) -> None:
    releases, version = world.releases(), load(original_dir).version
    copy = tmp_path / "artifact"
    copy.mkdir()
    for file in original_dir.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    models.store(releases.bucket, copy)
    keep._check_readable(releases, version)
    key = f"modelos/{version}/manifest.json"
    manifest = releases.bucket.read(key)
    releases.bucket.write(key, json.loads(json.dumps(manifest)) | {"format": 1})
    with pytest.raises(ArtifactError, match="is of format 1, this code reads"):
        keep._check_readable(releases, version)
    with pytest.raises(ReleaseError, match="model x is live, but not in the bucket"):
        keep._check_readable(releases, "x")
