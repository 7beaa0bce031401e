"""The artifact folder: whole or refused, and never unpickled before it is found whole."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import joblib
import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as example
from numpy.typing import NDArray

from recommender import settings
from recommender.api.application import create_app
from recommender.model import arrays, artifact
from recommender.model.artifact import (
    ARTIFACT_FILES,
    CATALOG_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    SERVED_FILES,
    ArtifactError,
    Model,
    load,
    write,
)
from recommender.settings import read_settings
from tests.conftest import ROOT
from tests.recommender.conftest import LOCAL
from training.build import build
from training.data.dataset import Dataset

IDENTITY = ("version", "format", "files")
READABLE = " and ".join(map(str, artifact.READABLE))


@pytest.fixture
def copy(artifact_dir: Path, tmp_path: Path) -> Path:
    """A copy of the artifact, to be damaged."""
    return Path(shutil.copytree(artifact_dir, tmp_path / "copy"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def bake_dummies(folder: Path) -> None:
    for name in set(ARTIFACT_FILES) - {MODEL_FILE}:
        (folder / name).write_bytes(name.encode())


@pytest.fixture(scope="module")
def facts(artifact_dir: Path) -> dict[str, Any]:
    """What the manifest of the example data states."""
    manifest = artifact.read_manifest(artifact_dir)
    return {name: fact for name, fact in manifest.items() if name not in IDENTITY}


def make_valid(folder: Path) -> None:
    """Give an altered folder a manifest that fits it."""
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    digests = {name: artifact.file_digest(folder / name) for name in ARTIFACT_FILES}
    manifest |= {"files": digests}
    manifest |= {"version": artifact.content_version(manifest)}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest))


def test_what_is_written_is_what_is_loaded(
    model: Model, facts: dict[str, Any], tmp_path: Path
) -> None:
    facts = facts | {"metrics": {"ação": 1}}
    manifest = write(tmp_path / "artifact", model, bake_dummies, facts)
    found = load(tmp_path / "artifact")
    assert found.manifest == manifest
    assert found.version == manifest["version"]
    assert found.manifest["metrics"] == {"ação": 1}
    assert (found.path / CATALOG_FILE).read_bytes() == CATALOG_FILE.encode()
    for field in fields(Model):
        before, after = getattr(model, field.name), getattr(found.model, field.name)
        np.testing.assert_array_equal(before, after)
        if isinstance(before, np.ndarray):
            assert after.dtype == before.dtype
            assert not after.flags.writeable


def test_the_folder_holds_what_the_contract_names(artifact_dir: Path) -> None:
    assert set(contents(artifact_dir)) == {
        "kmeans.joblib",
        "catalogo.sqlite3",
        "manifest.json",
        "mapa.svg",
        "mapa.png",
    }


def test_same_data_and_seed_give_the_same_version(
    data: Dataset, artifact_dir: Path, tmp_path: Path
) -> None:
    again = build(data, tmp_path / "again", seed=42)
    assert again["version"] == load(artifact_dir).version
    for name in ARTIFACT_FILES:
        assert (tmp_path / "again" / name).read_bytes() == (artifact_dir / name).read_bytes(), name


def test_the_version_depends_on_every_file(copy: Path) -> None:
    versions = {load(copy).version}
    for name in ARTIFACT_FILES:
        with (copy / name).open("ab") as file:
            file.write(b" ")
        make_valid(copy)
        versions.add(json.loads((copy / MANIFEST_FILE).read_text())["version"])
    assert len(versions) == 1 + len(ARTIFACT_FILES)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"manifest\.json cannot be read"):
        load(tmp_path / "none")


def test_the_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match="cannot be read"):
        load(tmp_path / "file")


@pytest.mark.parametrize("name", [MANIFEST_FILE, *SERVED_FILES])
def test_a_missing_file(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ArtifactError, match=f"{name} cannot be read"):
        load(copy)


@pytest.mark.parametrize("form", artifact.READABLE)
def test_every_format_that_a_stack_may_have_serves(form: int) -> None:
    """tests/data/formato-N holds the model of caso_original.json as code of that format wrote it.

    Whoever raises FORMAT adds a folder, and has the code read the one before.
    """
    folder = ROOT / "tests/data" / f"formato-{form}"
    assert json.loads((folder / MANIFEST_FILE).read_text())["format"] == form
    with TestClient(create_app(folder, LOCAL)) as api:
        assert api.get("/saude").json()["versao"] == artifact.read_manifest(folder)["version"]
        films = api.get("/filmes/1/recomendacoes").json()
        assert [film["id"] for film in films] == [20, 18, 14, 11, 10]
        films = api.get("/filmes/1/recomendacoes?estrategia=grupo").json()
        assert [film["id"] for film in films] == [19, 18, 11, 20, 14]


def set_field(name: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda manifest: {**manifest, name: value}


def other_digest(manifest: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, "files": {**manifest["files"], MODEL_FILE: "0" * 64}}


def one_file_less(manifest: dict[str, Any]) -> dict[str, Any]:
    files = {name: digest for name, digest in manifest["files"].items() if name != CATALOG_FILE}
    return {**manifest, "files": files}


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (
            set_field("format", artifact.FORMAT + 1),
            f"is of format {artifact.FORMAT + 1}, this code reads {READABLE}",
        ),
        (set_field("format", None), "is of format None"),
        (set_field("version", "0" * 64), "was altered"),
        (set_field("version", None), "was altered"),
        (set_field("files", None), "does not name the digest of every file"),
        (set_field("files", list(ARTIFACT_FILES)), "does not name the digest of every file"),
        (one_file_less, "does not name the digest of every file"),
        (other_digest, "was altered"),
        (lambda _: [], "is of format None"),
        (lambda _: "text", "is of format None"),
    ],
)
def test_a_manifest_of_another_content(
    copy: Path, alter: Callable[[dict[str, Any]], Any], message: str
) -> None:
    path = copy / MANIFEST_FILE
    path.write_text(json.dumps(alter(json.loads(path.read_text()))))
    with pytest.raises(ArtifactError, match=message):
        load(copy)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"format": 1'])
def test_a_manifest_that_is_no_json(copy: Path, content: bytes) -> None:
    (copy / MANIFEST_FILE).write_bytes(content)
    with pytest.raises(ArtifactError, match="is not JSON"):
        load(copy)


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def one_bit_off(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def longer(content: bytes) -> bytes:
    return content + b"\0"


def emptied(_: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [truncated, one_bit_off, longer, emptied])
@pytest.mark.parametrize("name", SERVED_FILES)
def test_a_damaged_file(copy: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    path = copy / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ArtifactError, match="was altered or truncated"):
        load(copy)


class Trap:
    """Unpickling it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_another_pickle_is_not_opened(copy: Path, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    joblib.dump(Trap(sprung), copy / MODEL_FILE)
    with pytest.raises(ArtifactError, match="was altered"):
        load(copy)
    assert not sprung.exists()
    joblib.load(copy / MODEL_FILE)  # the trap is a real one
    assert sprung.exists()


def test_a_model_is_read_as_joblib_reads_it(artifact_dir: Path) -> None:
    expected = joblib.load(artifact_dir / MODEL_FILE)
    found = arrays.read(artifact_dir / MODEL_FILE)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert type(found[name]) is type(value), name
        if isinstance(value, np.ndarray):
            assert (found[name].dtype, found[name].shape) == (value.dtype, value.shape), name
            assert not found[name].flags.owndata
            assert not found[name].flags.writeable
        assert np.array_equal(found[name], value), name


@given(example.arrays(
    st.sampled_from([np.dtype(code) for code in ("f4", "f8", "i4", "i8", "?", "U3", ">i2")]),
    example.array_shapes(min_dims=1, min_side=0),
))  # fmt: skip
def test_any_array_is_read_as_joblib_reads_it(array: NDArray[Any]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "arrays.joblib")
        joblib.dump({"a": array, "b": np.asfortranarray(array), "c": 1.5}, path, protocol=5)
        found = arrays.read(path)
        assert found["c"] == 1.5
        for name in "ab":
            assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
            assert found[name].tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "value", [os.mkdir, Trap, np.array([None]), np.float64(1), 1j], ids=lambda value: str(value)
)
def test_what_is_no_plain_array_is_refused(copy: Path, value: object) -> None:
    joblib.dump({"vectors": value}, copy / MODEL_FILE)
    make_valid(copy)
    with pytest.raises(ArtifactError, match=r"kmeans\.joblib holds "):
        load(copy)


def test_other_arrays_of_the_same_format(copy: Path) -> None:
    arrays = joblib.load(copy / MODEL_FILE)
    del arrays["candidates"]
    joblib.dump(arrays, copy / MODEL_FILE)
    make_valid(copy)
    with pytest.raises(ArtifactError, match="holds other arrays"):
        load(copy)


def test_a_failing_bake_leaves_all_as_it_was(
    copy: Path, model: Model, facts: dict[str, Any]
) -> None:
    def bake(folder: Path) -> None:
        bake_dummies(folder)
        raise OSError("disk full")

    before = contents(copy)
    with pytest.raises(OSError, match="disk full"):
        write(copy, model, bake, facts)
    assert contents(copy) == before
    assert list(copy.parent.iterdir()) == [copy]


def test_a_bake_that_forgets_a_file_leaves_all_as_it_was(
    copy: Path, model: Model, facts: dict[str, Any]
) -> None:
    before = contents(copy)
    with pytest.raises(FileNotFoundError):
        write(copy, model, lambda _: None, facts)
    assert contents(copy) == before
    assert list(copy.parent.iterdir()) == [copy]


def test_an_older_artifact_is_replaced_whole(
    copy: Path, model: Model, facts: dict[str, Any]
) -> None:
    before = load(copy).version
    (copy / "mapa.png").unlink()
    manifest = write(copy, model, bake_dummies, facts)
    assert load(copy).version == manifest["version"] != before
    assert set(contents(copy)) == {*ARTIFACT_FILES, MANIFEST_FILE}
    assert list(copy.parent.iterdir()) == [copy]


def test_an_empty_folder_is_filled_and_parents_are_made(
    tmp_path: Path, model: Model, facts: dict[str, Any]
) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "a" / "b"):
        write(folder, model, bake_dummies, facts)
        load(folder)


def test_a_folder_of_other_things_is_left_alone(
    tmp_path: Path, model: Model, facts: dict[str, Any]
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("years of work")
    with pytest.raises(ArtifactError, match=r"holds files that no artifact has \(thesis\.txt\)"):
        write(tmp_path / "home", model, bake_dummies, facts)
    assert contents(tmp_path / "home") == {"thesis.txt": b"years of work"}
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_the_folder_in_use_is_the_named_one_else_the_layers_else_the_bundled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LAYER", tmp_path / "layer")
    assert read_settings({}) == read_settings({"ARTIFACT_DIR": ""})
    assert read_settings({}).artifact == ROOT / "artifact"
    (tmp_path / "layer").mkdir()
    assert read_settings({}).artifact == tmp_path / "layer"
    assert read_settings({"ARTIFACT_DIR": "/somewhere"}).artifact == Path("/somewhere")


SERVING_ALONE = """
import sys
from importlib.abc import MetaPathFinder

class Blocker(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"sklearn", "pandas", "scipy", "matplotlib", "training", "boto3"}:
            raise ImportError(f"{name} is not for serving")

sys.meta_path.insert(0, Blocker())
import asyncio
import json
from recommender.api import app

async def get(path):
    sent = []
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [],
             "scheme": "http", "server": ("x", 80), "http_version": "1.1"}
    async def receive(): return {"type": "http.request", "body": b""}
    async def send(message): sent.append(message)
    await app(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])

status, films = asyncio.run(get("/filmes/1/recomendacoes"))
assert status == 200 and len(films) == 5, (status, films)
"""


def test_serving_needs_none_of_the_libraries_of_training(artifact_dir: Path) -> None:
    environment = os.environ | {"ARTIFACT_DIR": str(artifact_dir)}
    subprocess.run([sys.executable, "-c", SERVING_ALONE], check=True, cwd=ROOT, env=environment)


def test_nothing_of_serving_names_training() -> None:
    for path in [ROOT / "handler.py", *(ROOT / "recommender").glob("*.py")]:
        lines = path.read_text(encoding="utf-8").splitlines()
        imports = [line for line in lines if line.lstrip().startswith(("import ", "from "))]
        assert not [line for line in imports if "training" in line], path
