"""``python -m training recommend``: the API's lists in a file."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastparquet
import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app
from recommender.data.catalog import Catalog
from recommender.model.artifact import ArtifactError, part_name
from tests.conftest import ROOT
from tests.recommender.conftest import LOCAL
from tests.training.small_data import as_document, as_json, block_ratings, from_json
from training.__main__ import main
from training.batch.files import WRITERS, ListsError, write_lists
from training.batch.lists import COLUMNS, recommend_all
from training.build import build
from training.profiles.export import export

pytestmark = pytest.mark.usefixtures("log_as_before")

NAMES = [f"lists{ending}" for ending in WRITERS]


@pytest.fixture(scope="module")
def small_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact with 36 films, of which one user of 46 rated all and another one none."""
    ratings = block_ratings(3, 15, 12)
    ratings = np.vstack([ratings, np.tile([1.0, 3.0, 5.0], 12)])
    document = as_document(ratings)
    document["usuarios"].append({"id": 900, "nome": "Nobody", "email": "n@example.com"})
    folder = tmp_path_factory.mktemp("small") / "artifact"
    build(from_json(as_json(document), "data.json"), folder, seed=42)
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["training", "recommend", *map(str, arguments)])
    return main()


def read(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


def ask(client: TestClient, folder: Path, limit: int) -> pd.DataFrame:
    """What the API recommends to all users of an artifact."""
    rows = []
    for user in Catalog(folder / "catalogo.sqlite3").user_ids():
        answer = client.get(f"/usuarios/{user}/recomendacoes", params={"limite": limit})
        assert answer.status_code == 200
        rows += [
            (user, place, film["id"], film["pontuacao"])
            for place, film in enumerate(answer.json(), 1)
        ]
    return pd.DataFrame(rows, columns=[*COLUMNS])


@pytest.mark.parametrize("limit", [5, 100])
def test_every_list_is_the_one_that_the_api_gives(
    client: TestClient, artifact_dir: Path, tmp_path: Path, limit: int
) -> None:
    path = tmp_path / "lists.parquet"
    write_lists(path, recommend_all(artifact_dir, limit))
    pd.testing.assert_frame_equal(read(path), ask(client, artifact_dir, limit), check_exact=True)


def test_users_with_all_films_rated_and_with_none_have_the_lists_of_the_api(
    small_dir: Path, tmp_path: Path
) -> None:
    """Of a catalogue that is smaller than a list: who rated much is given rated films, too."""
    path = tmp_path / "lists.parquet"
    write_lists(path, recommend_all(small_dir, 100))
    with TestClient(create_app(small_dir, LOCAL)) as client:
        asked = ask(client, small_dir, 100)
        of_nobody = client.get("/usuarios/900/recomendacoes")
    found = read(path)
    pd.testing.assert_frame_equal(found, asked, check_exact=True)
    assert of_nobody.headers["X-Estrategia"] == "populares"
    assert found["usuario_id"].value_counts().unique().tolist() == [36]
    assert found["usuario_id"].iloc[-1] == 900


def test_ratings_in_parts_give_the_same_lists(small_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "exported"
    export(small_dir, folder)
    for processes in (1, 2):
        blocks = zip(
            recommend_all(small_dir, 5, 1, rows=54),
            recommend_all(folder, 5, processes, rows=54),
            strict=True,
        )
        for packaged, in_parts in blocks:
            pd.testing.assert_frame_equal(packaged, in_parts, check_exact=True)


def test_parts_that_are_missing_or_altered_are_told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    small_dir: Path,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "exported"
    export(small_dir, folder)
    arguments = ("--all", "--out", tmp_path / "lists.csv", "--artifact", folder)
    (folder / part_name(0)).write_bytes(b"text")
    assert run(monkeypatch, *arguments) == 2
    assert "was altered" in capsys.readouterr().err
    shutil.rmtree(folder / "perfis")
    assert run(monkeypatch, *arguments) == 2
    told = "is missing: without the parts of its profiles, an artifact gives no lists"
    assert told in capsys.readouterr().err
    assert not (tmp_path / "lists.csv").exists()


def test_several_processes_write_what_one_does(small_dir: Path) -> None:
    one, several = (list(recommend_all(small_dir, 5, processes, rows=54)) for processes in (1, 2))
    assert [len(block) for block in one] == [50, 50, 50, 50, 35]  # whole lists only
    assert len(one) == len(several)
    for block, other in zip(one, several, strict=True):
        pd.testing.assert_frame_equal(block, other, check_exact=True)


def test_few_users_are_ranked_ahead_of_what_is_written(
    small_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    user_ids = Catalog.user_ids

    def counted(catalog: Catalog) -> Iterator[int]:
        for user in user_ids(catalog):
            given.append(user)
            yield user

    monkeypatch.setattr(Catalog, "user_ids", counted)
    lists = recommend_all(small_dir, 5, processes=2, rows=15)
    next(lists)
    assert len(given) == 3 * 3  # three blocks of three
    lists.close()
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_written_block_by_block(tmp_path: Path, name: str) -> None:
    known: list[weakref.ref[pd.DataFrame]] = []
    made, most = [], 0

    def blocks() -> Iterator[pd.DataFrame]:
        nonlocal most
        for user in range(8):
            block = pd.DataFrame({c: [user, user + 1] for c in COLUMNS} | {"pontuacao": 0.1 + user})
            made.append(block.copy())
            known.append(weakref.ref(block))
            most = max(most, sum(each() is not None for each in known))
            yield block
            del block

    assert write_lists(tmp_path / name, blocks()) == 16
    pd.testing.assert_frame_equal(
        read(tmp_path / name), pd.concat(made, ignore_index=True), check_exact=True
    )
    assert most <= 2  # the one that was written last, and the next one
    if name.endswith(".parquet"):
        groups = fastparquet.ParquetFile(tmp_path / name).row_groups
        assert [group.num_rows for group in groups] == [2] * 8


def test_all_files_hold_the_same(
    small_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ARTIFACT_DIR", str(small_dir))
    for name in NAMES:
        path = tmp_path / "new" / name
        assert run(monkeypatch, "--all", "--out", path, "--limit", "7") == 0
        told = f"329 rows in {path}, by the artifact in {small_dir}\n"
        assert capsys.readouterr().out == told
    parquet, *others = (read(tmp_path / "new" / name) for name in NAMES)
    assert parquet.columns.tolist() == [*COLUMNS]
    assert len(parquet) == 7 * 47
    for other in others:
        pd.testing.assert_frame_equal(parquet, other, check_exact=True)


def test_an_artifact_can_be_named_and_the_summary_left_out(
    small_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "lists.csv"
    arguments = ("--all", "--out", path, "--artifact", small_dir, "--quiet")
    assert run(monkeypatch, *arguments) == 0
    assert capsys.readouterr() == ("", "")
    assert read(path)["posicao"].max() == 5  # as the API by default


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("lists.txt", [], "has no known ending, expected one of .parquet, .csv, .csv.gz"),
        ("lists", [], "has no known ending"),
        (".csv", [], "has no known ending"),
        ("folder.csv", [], "is a folder: name a file"),
        ("file/lists.csv", [], "was not written: "),
        ("lists.csv", ["--limit", "0"], "limit is '0', expected a whole number from 1 to 100"),
        ("lists.csv", ["--limit", "101"], "limit is '101', expected"),
        ("lists.csv", ["--limit", "many"], "limit is 'many', expected"),
        ("lists.csv", ["--artifact", "none"], "manifest.json cannot be read"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    small_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    options: list[str],
    told: str,
) -> None:
    monkeypatch.setenv("ARTIFACT_DIR", str(small_dir))
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "lists.csv").write_text("old")
    assert run(monkeypatch, "--all", "--out", tmp_path / name, *options) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith("error: ")
    assert found.err.count("\n") == 1
    assert told in found.err
    assert (tmp_path / "lists.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.csv", "lists.csv"]


def test_a_list_has_at_most_as_many_films_as_in_the_api(client: TestClient) -> None:
    """The limit of the command, tested above, is the API's."""
    statuses = [
        client.get("/usuarios/1/recomendacoes", params={"limite": limit}).status_code
        for limit in (0, 1, 100, 101)
    ]
    assert statuses == [422, 200, 200, 422]


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_process_leaves_the_old_file(small_dir: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("old")
    lists = recommend_all(small_dir, 5, processes=2, rows=10)

    def killing() -> Iterator[pd.DataFrame]:
        yield next(lists)
        for child in multiprocessing.active_children():
            os.kill(child.pid or 0, signal.SIGKILL)
        yield from lists

    with pytest.raises(ListsError, match="was not written: a process was killed"):
        write_lists(path, killing())
    assert [found.name for found in tmp_path.iterdir()] == [name]
    assert path.read_text() == "old"


def test_no_process_outlives_a_command_that_is_killed(small_dir: Path, tmp_path: Path) -> None:
    script = (
        "import multiprocessing, pathlib, sys\n"
        "from training.batch.lists import recommend_all\n"
        "if __name__ == '__main__':\n"
        "    lists = recommend_all(pathlib.Path(sys.argv[1]), 5, processes=2, rows=10)\n"
        "    next(lists)\n"
        "    print(*(child.pid for child in multiprocessing.active_children()), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    path = tmp_path / "script.py"
    path.write_text(script)
    command = [sys.executable, str(path), str(small_dir)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
        assert process.stdout
        children = process.stdout.readline().split()
        process.kill()
    assert len(children) == 2
    end = time.monotonic() + 60
    while any(map(is_running, children)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(is_running, children))


def is_running(pid: str) -> bool:
    """Whether a process is there and is no zombie that nobody has waited for."""
    status = Path("/proc", pid, "stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_altered_artifact_is_refused_and_leaves_the_old_file(
    small_dir: Path, tmp_path: Path
) -> None:
    folder, path = shutil.copytree(small_dir, tmp_path / "artifact"), tmp_path / "lists.csv"
    path.write_text("old")
    with (folder / "kmeans.joblib").open("ab") as file:
        file.write(b"more")
    with pytest.raises(ArtifactError):
        write_lists(path, recommend_all(folder, 5))
    assert path.read_text() == "old"
    assert len([*tmp_path.iterdir()]) == 2
