"""An artifact folder is replaced at once: readers and writers meet whole ones only."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender.api.application import create_app
from recommender.model import replacing
from recommender.model.artifact import ArtifactError, load, read_manifest
from recommender.model.replacing import scratch_beside
from tests.conftest import ROOT
from tests.recommender.writer import write

STARTS = 30
MOST = 10_000  # until both artifacts were met


SWAPPER = """
import sys
from pathlib import Path
from tests.recommender.writer import write

one, other, path = map(Path, sys.argv[1:])
print("ready", flush=True)
while True:
    for source in (one, other):
        write(source, path)
"""


@pytest.fixture(scope="module")
def swapped(
    artifact_dir: Path, original_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A folder in which another process writes one of two artifacts after the other."""
    path = tmp_path_factory.mktemp("swapped") / "artifact"
    write(artifact_dir, path)
    with subprocess.Popen(
        [sys.executable, "-c", SWAPPER, *map(str, (artifact_dir, original_dir, path))],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"ready\n"
        yield path
        writer.kill()


def test_a_start_beside_a_writer_never_mixes_two_artifacts(
    swapped: Path, artifact_dir: Path, original_dir: Path
) -> None:
    counts = {
        load(folder).version: len(load(folder).model.film_ids)
        for folder in (artifact_dir, original_dir)
    }
    met: set[str] = set()
    for start in range(MOST):
        if start >= STARTS and met == counts.keys():
            break
        app = create_app(swapped)
        if app.state.serving is None:  # replaced again and again: nothing, but no mixture
            continue
        artifact, catalog = app.state.serving[:2]
        assert len(catalog.all_titles()) == counts[artifact.version]
        assert len(artifact.model.film_ids) == counts[artifact.version]
        met.add(artifact.version)
    assert met == counts.keys()


def test_a_whole_one_is_there_at_every_instant(swapped: Path) -> None:
    met: set[str] = set()
    for read in range(MOST):
        if read >= 20 * STARTS and len(met) == 2:
            break
        met.add(read_manifest(swapped)["version"])
    assert len(met) == 2


def test_of_two_writers_one_wins_and_the_other_says_so(
    artifact_dir: Path, original_dir: Path, tmp_path: Path
) -> None:
    path = tmp_path / "artifact"
    for _ in range(2):  # once in an empty place, once in the place of another
        with pytest.raises(ArtifactError, match="was changed by somebody else meanwhile"):
            write(original_dir, path, lambda: write(artifact_dir, path))
        assert load(path).version == load(artifact_dir).version
    assert [*tmp_path.iterdir()] == [path]


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.recommender.writer import write

write(Path(sys.argv[1]), Path(sys.argv[2]), lambda: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_what_a_killed_writer_leaves_goes_with_the_next(
    artifact_dir: Path, original_dir: Path, tmp_path: Path
) -> None:
    path = tmp_path / "artifact"
    write(artifact_dir, path)
    command = [sys.executable, "-c", KILLED, str(original_dir), str(path)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode < 0
    assert load(path).version == load(artifact_dir).version
    assert len([*tmp_path.iterdir()]) == 2
    with scratch_beside(path) as other:  # of a writer who is at work
        write(original_dir, path)
        assert other.is_dir()
    assert [*tmp_path.iterdir()] == [path]


def test_where_folders_cannot_be_exchanged_one_is_replaced_all_the_same(
    artifact_dir: Path, original_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacing, "_exchange", lambda _one, _other: False)
    path = tmp_path / "artifact"
    for source in (artifact_dir, original_dir):
        write(source, path)
        assert load(path).version == load(source).version
    assert [*tmp_path.iterdir()] == [path]
