"""``python -m training publish FOLDER``: what it brings to the bucket, and how it waits."""

import io
import json
import re
import shutil
import time
import zipfile
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest

from recommender.model.artifact import ArtifactError, read_manifest
from tests.aws.server import Here
from tests.conftest import LambdaContext
from tests.release.world import BUNDLED, World
from training import commands, release_handler
from training.choice.aim import Aim
from training.data.tables import DataError
from training.profiles.export import export
from training.release.api_function import ReleaseError
from training.release.trainings import Trainings
from training.renewal import models
from training.renewal.elsewhere import name_input
from training.renewal.events import Start, Way
from training.renewal.incumbent import find_incumbent
from training.renewal.models import keep

PART = "perfis/parte-00000.json.gz"


@pytest.fixture
def exported(original_dir: Path, tmp_path: Path) -> Path:
    """The artifact of the original case without its ratings."""
    folder = tmp_path / "exported"
    export(original_dir, folder)
    return folder


class Stack:
    """A world as a person's stack, whose imports end while a person waits."""

    def __init__(self, here: Here, world: World, bundled: Path, patch: pytest.MonkeyPatch) -> None:
        releases, self.bundled = world.releases(), bundled
        self.bucket, self.api = releases.bucket, releases.api
        self.ratings_table = ""
        self.asked: list[dict[str, Any]] = []
        self.waited = 0
        patch.setattr(release_handler, "make_releases", lambda _: releases)
        patch.setattr(commands, "time", SimpleNamespace(sleep=self.sleep, time=time.time))
        here.server.imports.held.add(world.tables)
        releases.tables.patience = 0.0  # type: ignore[union-attr]
        self.finish = here.server.imports.finish
        self.tables = world.tables

    def release(self, **event: Any) -> dict[str, Any]:
        self.asked.append(event)
        answer: dict[str, Any] = release_handler.handler(event, LambdaContext("ReleaseFunction"))
        return answer

    def sleep(self, _: float) -> None:
        self.waited += 1
        if self.waited == 2:
            self.finish(f"{self.tables}{self.profiles['tabela']}")

    @property
    def profiles(self) -> Any:
        (key,) = (key for key in self.bucket.keys("modelos/") if key.endswith("/manifest.json"))
        return self.bucket.read(key)["perfis"]


@pytest.fixture
def stack(
    here: Here, world: World, original_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """The model in its package is in ``artifact/``, too."""
    bundled = shutil.copytree(original_dir, tmp_path / "bundled")
    alter(bundled, BUNDLED, linhagem="of the package")
    monkeypatch.setattr(commands, "BUNDLED", bundled)
    monkeypatch.setattr(models, "keep", lambda *_: None)  # it is no whole artifact
    return Stack(here, world, bundled, monkeypatch)


def alter(folder: Path, version: str, **facts: Any) -> None:
    """Change what the manifest of an artifact says of its version and its data."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    changed = {"version": version, "data": manifest["data"] | facts}
    path.write_text(json.dumps(manifest | changed))


def test_a_folder_with_profiles_is_stored_with_them_and_its_table_waited_for(
    exported: Path, stack: Any, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    version = json.loads((exported / "manifest.json").read_text())["version"]
    commands.publish(stack, str(exported), force=True)
    assert world.served() == version
    content, _ = stack.bucket.open(f"modelos/{version}/{PART}")
    with closing(content):
        assert content.read() == (exported / PART).read_bytes()
    out, told = capsys.readouterr()
    assert f"live: {version}" in out
    assert f"waits for the import of table {world.tables}perfis-{version[:32]}" in told
    assert "python -m training versions shows when the model is live" in told
    assert stack.waited == 2
    asked = [{"action": "publish", "version": version, "wait": False, "force": True}]
    assert stack.asked == asked + [{"action": "resume"}] * 2
    decision = stack.bucket.read(f"modelos/{version}/decisoes/00000000.json")
    assert (decision["passed"], decision["users"]) == (True, [1, 2, 3, 4, 5])
    assert decision["incumbent"] == BUNDLED
    stored = stack.bucket.read(f"modelos/{version}/manifest.json")
    assert stored["data"]["linhagem"] == "of the package"  # the titles are the same


def test_the_model_that_came_with_the_code_is_kept(
    original_dir: Path, stack: Any, tmp_path: Path
) -> None:
    """As a later package may have another one."""
    version = read_manifest(original_dir)["version"]
    folder = shutil.copytree(original_dir, tmp_path / "read-only")
    keep(stack.bucket, folder)
    place = f"modelos/{version}/"
    names = {file.name for file in folder.iterdir()}
    found = {key.removeprefix(place) for key in stack.bucket.keys(place)}
    assert found == {*names, "camada.zip"}
    assert {file.name for file in folder.iterdir()} == names
    before = stack.bucket.read(f"{place}manifest.json")
    keep(stack.bucket, folder)
    assert stack.bucket.read(f"{place}manifest.json") == before


def test_where_the_model_in_use_is_not_at_hand_nothing_is_published(
    original_dir: Path, stack: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By force neither: the lineage decides which written ratings count, and is stored for good."""
    told = "model bundled, which is live, came with the code and is not in .*: bring it there"
    with monkeypatch.context() as patch:
        patch.setattr(commands, "BUNDLED", Path("/nowhere"))
        with pytest.raises(ReleaseError, match=told):
            commands.publish(stack, str(original_dir), force=True)
    alter(stack.bundled, "of another build")
    with pytest.raises(ReleaseError, match=told):
        commands.publish(stack, str(original_dir), force=True)
    assert not list(stack.bucket.keys("modelos/"))
    assert world.served() == BUNDLED


def test_nothing_is_stored_while_a_release_has_not_ended(
    original_dir: Path, stack: Any, world: World
) -> None:
    world.put_model("a", profiles=2)
    world.releases().publish("a", 0)
    with pytest.raises(ReleaseError, match="release 1 has not ended: try again when it has"):
        commands.publish(stack, str(original_dir), force=True)
    assert {key.split("/")[1] for key in stack.bucket.keys("modelos/")} == {"a"}


def test_who_publishes_while_another_release_waits_is_told_to_do_so_later(
    stack: Any, world: World
) -> None:
    """Nobody would publish it then."""
    world.put_model("a", profiles=2)
    training = world.put_model("b", profiles=2)
    world.releases().publish("a", 0)
    table = world.table("a")
    told = (
        f"release 1 waits for the import of table {table}. Model b does not wait: publish it then"
    )
    with pytest.raises(ReleaseError, match=f"^{re.escape(told)}$"):
        commands.publish(stack, "b", force=False)
    assert stack.waited == 0
    assert world.state(training) == "trained"
    assert world.releases().number() == 1


def test_data_of_before_is_older_than_a_folder_that_is_published(
    original_dir: Path, artifact_dir: Path, stack: Any, tmp_path: Path
) -> None:
    """And newer data goes on being taken from where it was, with the settings of the folder."""
    trained = shutil.copytree(original_dir, tmp_path / "artifact")
    version = read_manifest(trained)["version"]
    models.store(stack.bucket, trained)
    given = {"data_key": "dados/limpo.json", "seed": 7, "objetivo": "ver"}
    Trainings(stack.bucket).record("of-limpo", version, given, "treino", 5.0)
    commands.publish(stack, version, force=True)  # the gate had not decided
    before = find_training(stack)
    assert (before["like"], before["arrived"], before["state"]) == (given, 5.0, "published")
    began = time.time()
    commands.publish(stack, str(artifact_dir), force=True)
    found, own = find_training(stack), read_manifest(artifact_dir)["training"]
    assert (found["model"], found["state"]) == (read_manifest(artifact_dir)["version"], "published")
    assert began <= found["arrived"] <= time.time()
    start = Start("dados/dados.json", way=Way.SCHEDULE).like(found["like"])
    assert (start.key, start.seed, start.aim) == (
        "dados/limpo.json",
        own["seed"],
        Aim(own["objetivo"]),
    )
    stack.release(action="rollback")
    assert Trainings(stack.bucket).read(name_input(found["model"]))["state"] == "dismissed"


def test_a_layer_is_readable_by_everybody_whatever_its_files_are_here(
    original_dir: Path, stack: Any, tmp_path: Path
) -> None:
    """Lambda reads it as another user."""
    folder = shutil.copytree(original_dir, tmp_path / "artifact")
    for file in folder.iterdir():
        file.chmod(0o600)
    place = models.store(stack.bucket, folder)
    content, _ = stack.bucket.open(f"{place}camada.zip")
    with closing(content), zipfile.ZipFile(io.BytesIO(content.read())) as layer:
        for entry in layer.infolist():
            assert entry.external_attr >> 16 == 0o100644
            assert layer.read(entry) == (folder / Path(entry.filename).name).read_bytes()
        assert len(layer.infolist()) == len(list(folder.iterdir()))


def find_training(stack: Any) -> Any:
    """What is known of the input of the model that is live."""
    with TemporaryDirectory() as scratch:
        incumbent, _ = find_incumbent(stack.bucket, stack.api, None, Path(scratch))
    assert incumbent
    return incumbent.training


@pytest.mark.parametrize("name", [PART, "mapa.svg"])
def test_an_altered_folder_is_not_published(
    name: str, exported: Path, stack: Any, world: World
) -> None:
    (exported / name).write_bytes(b"other")
    with pytest.raises(ArtifactError, match="was altered or truncated"):
        commands.publish(stack, str(exported), force=True)
    assert (world.served(), list(stack.bucket.keys("modelos/"))) == (BUNDLED, [])


def test_the_gate_is_told_who_was_erased(exported: Path, stack: Any) -> None:
    stack.ratings_table = "nenhuma"
    with pytest.raises(DataError, match="table nenhuma cannot be read"):
        commands.publish(stack, str(exported), force=True)


def test_an_import_that_fails_ends_the_command(
    exported: Path, stack: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = stack.finish
    monkeypatch.setattr(stack, "finish", lambda table: finish(table, "ItemValidationError"))
    with pytest.raises(ReleaseError, match=r"the import of table .* failed: .*ItemValidationError"):
        commands.publish(stack, str(exported), force=True)
    assert world.served() == BUNDLED


def test_a_release_that_is_rolled_back_while_a_person_waits_fails_the_command(
    exported: Path, stack: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = json.loads((exported / "manifest.json").read_text())["version"]
    monkeypatch.setattr(stack, "finish", lambda _: stack.release(action="rollback"))
    told = f"model {version} did not get live: rolled_back: {version}"
    with pytest.raises(ReleaseError, match=f"^{told}$"):
        commands.publish(stack, str(exported), force=True)
    assert world.served() == BUNDLED


def test_a_folder_that_the_gate_refuses_is_not_stored(
    original_dir: Path, stack: Any, world: World
) -> None:
    alter(stack.bundled, BUNDLED, usuarios=100)
    with pytest.raises(ReleaseError, match="the gate did not let model"):
        commands.publish(stack, str(original_dir), force=False)
    (key,) = stack.bucket.keys("modelos/")
    assert key.endswith("/decisoes/00000000.json")
    assert world.served() == BUNDLED
