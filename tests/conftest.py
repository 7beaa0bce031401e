"""What all tests share: artifacts made once by the real training code, and a client of the API."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from hypothesis import settings

import recommender.api
from recommender.api.application import create_app
from recommender.model.artifact import Model, load
from training.build import build
from training.data.dataset import Dataset
from training.data.read import read
from training.profiles.export import export

if TYPE_CHECKING:
    from tests.aws.server import Here
    from tests.aws.stack import Stack

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [
    "handler.py",
    "recommender",
    "training",
    "template.yaml",
    "Makefile",
    "mock_data.json",
    "uv.lock",
    ".ci",
]

# Tests say themselves what AWS is to them: nothing comes from the shell or home of who runs them.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}

settings.register_profile("filmes", deadline=None, derandomize=True)  # no run unlike another
settings.load_profile("filmes")


@pytest.fixture(scope="session", autouse=True)
def patient() -> Iterator[None]:
    """The machine may be busy: only tests of deadlines have those of a function."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recommender.data.store.SECONDS", 120.0)
        patch.setattr("recommender.data.sqlite_store.BUSY_SECONDS", 60.0)
        yield


@pytest.fixture(scope="session")
def data() -> Dataset:
    """The example data."""
    return read(ROOT / "mock_data.json")


@pytest.fixture(scope="session")
def artifact_dir(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of the example data. Read-only by agreement: who alters it, copies it."""
    folder = tmp_path_factory.mktemp("mock") / "artifact"
    build(data, folder, seed=42)
    return folder


@pytest.fixture(scope="session")
def profiled_dir(artifact_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same artifact with its ratings in parts of profiles. Read-only by agreement."""
    folder = tmp_path_factory.mktemp("profiled") / "artifact"
    export(artifact_dir, folder)
    return folder


@pytest.fixture(scope="session")
def original_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of the original case: five users, twenty films, a hundred ratings."""
    folder = tmp_path_factory.mktemp("original") / "artifact"
    build(read(ROOT / "tests/data/caso_original.json"), folder, seed=42)
    return folder


@pytest.fixture(scope="session")
def model(artifact_dir: Path) -> Model:
    """The model of the example data, as it is served."""
    return load(artifact_dir).model


@pytest.fixture(scope="session")
def client(artifact_dir: Path) -> Iterator[TestClient]:
    """A client of the API on the example data; failures come as answers, as they do in service."""
    with TestClient(create_app(artifact_dir), raise_server_exceptions=False) as session:
        yield session


@dataclass
class LambdaContext:
    """What Lambda's runtime tells a function about its invocation, as far as anything reads it."""

    function_name: str
    memory_limit_in_mb: int = 2048
    aws_request_id: str = "6f2a1b0c-0d1e-4f3a-9b8c-7d6e5f4a3b2c"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def forget_app(patch: pytest.MonkeyPatch) -> None:
    """Have ``handler`` and the app made anew, as by a cold start, for as long as a patch holds."""
    for modules, name in ((sys.modules, "handler"), (vars(recommender.api), "app")):
        patch.setitem(modules, name, None)  # so that leaving puts back what was there
        del modules[name]


def newest(path: Path) -> float:
    files = (file for file in path.rglob("*") if file.suffix != ".pyc") if path.is_dir() else [path]
    return max((file.stat().st_mtime for file in files if file.is_file()), default=0)


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder that `make build` leaves: template.yaml and one folder for each function."""
    build = ROOT / ".aws-sam" / "build"
    template = build / "template.yaml"
    if not template.exists() or template.stat().st_mtime < max(
        newest(ROOT / source) for source in SOURCES
    ):
        done = subprocess.run(["make", "build"], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return build


@pytest.fixture(scope="session")
def here(built: Path) -> Iterator["Here"]:
    """AWS on this machine, in which Lambda runs the functions as built: see tests/aws."""
    from tests.aws.server import Here, serving  # SAM's packages take a second

    with serving() as server:
        yield Here(server, built)


@pytest.fixture
def stack(here: "Here") -> Iterator["Stack"]:
    """A stack of its own for each test, as the template has it; its processes end with the test."""
    stack = here.make_stack()
    yield stack
    here.forget(stack)


@pytest.fixture
def log_as_before() -> Iterator[None]:
    """Restore the root logger, which the command configures."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
