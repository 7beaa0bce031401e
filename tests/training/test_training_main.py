"""The command line: output, files and errors."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recommender.model.artifact import ARTIFACT_FILES, load
from tests.training.small_data import (
    CASE,
    ROOT,
    as_document,
    as_json,
    block_ratings,
    random_ratings,
)
from training.__main__ import main
from training.choice.metrics import METRICS

pytestmark = pytest.mark.usefixtures("log_as_before", "no_other_environments")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["training", *map(str, arguments)])
    return main()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "good.json"
    path.write_bytes(as_json(as_document(block_ratings(3, 10, 10))))
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    document = as_document(random_ratings(5, 5))
    document["avaliacoes"][3]["avaliacao"] = "cinco"
    path = tmp_path / "bad.json"
    path.write_bytes(as_json(document))
    return path


def test_build_writes_an_artifact(
    monkeypatch: pytest.MonkeyPatch, good: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "new/artifact"
    assert run(monkeypatch, "build", "--data", good, "--out", folder, "--seed", "7") == 0
    manifest = load(folder).manifest
    assert manifest["training"]["seed"] == 7
    assert manifest["data"]["linhagem"] == manifest["data"]["primeira_linhagem"] == "good"


def test_build_tells_what_it_made(
    monkeypatch: pytest.MonkeyPatch,
    good: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = tmp_path / "an artifact"
    assert run(monkeypatch, "build", "--data", good, "--out", folder) == 0
    found = load(folder)
    out = capsys.readouterr().out
    assert "settings tried" in caplog.text
    title, chosen, tested, groups, files, following = out.rstrip().split("\n\n")
    data = found.manifest["data"]
    counts = f"{data['filmes']} films, {data['usuarios']} users, {data['avaliacoes']} ratings"
    assert title == f"{counts} from 0 to 5"
    assert f"the best of {found.manifest['hyperparameters']['tried']} that were compared" in chosen
    assert "films that people like (gostar)" in chosen
    liked, ndcg = re.findall(r"([\d.]+) were held-out|nDCG@10: ([\d.]+)", tested)
    metrics = found.manifest["metrics"]["padrao"]["gostar"]
    assert float(liked[0]) == pytest.approx(10 * metrics["precision"]["mean"], abs=0.06)
    assert float(ndcg[1]) == pytest.approx(metrics["ndcg"]["mean"], abs=6e-4)
    sizes = [int(size) for size in re.findall(r"^ +(\d+) films  \S", groups, re.MULTILINE)]
    assert sizes == sorted(np.diff(found.model.cell_starts), reverse=True)[: len(sizes)]
    assert sizes
    assert all(f"\n  {name} " in files for name in [*ARTIFACT_FILES, "manifest.json"])
    assert f"make deploy ARTIFACT='{folder}'" in following


def test_build_tells_a_program(
    monkeypatch: pytest.MonkeyPatch,
    good: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The commands that it names work."""
    folder = tmp_path / "out"
    options = ["--fix", "bandwidth=4", "--json", "--quiet"]
    assert run(monkeypatch, "build", "--data", good, "--out", folder, *options) == 0
    out, told = capsys.readouterr()
    assert (told, caplog.text) == ("", "")
    found = json.loads(out)
    assert found["version"] == load(folder).version
    assert found["chosen"]["bandwidth"] == 4
    assert found["files"]["mapa.svg"] == (folder / "mapa.svg").stat().st_size
    assert found["test"]["padrao"]["ndcg"] > found["test"]["populares"]["ndcg"]
    command = next(command for command in found["next"] if " verify " in command)
    done = subprocess.run(command.split(), cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    command = ["build", "--data", str(CASE), "--fix", "bandwidth=4", "--quiet", "--out"]
    command = [sys.executable, "-m", "training", *command, str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_data_that_says_who_saw_what_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = np.argwhere(~np.isnan(block_ratings(2, 10, 8)))
    path = tmp_path / "views.csv"
    path.write_text("userId,movieId\n" + "".join(f"{user},{film}\n" for user, film in rows))
    options = ["--fix", "bandwidth=4"]
    assert run(monkeypatch, "build", "--data", path, "--out", tmp_path / "out", *options) == 0
    told = capsys.readouterr().out
    assert f"{len(rows)} ratings that say who saw what" in told
    assert "films that people rate at all (ver)" in told
    assert "held-out ones that they had seen" in told
    assert "liked" not in told


def test_data_of_which_nothing_can_be_held_out_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tiny.json"
    path.write_bytes(as_json(as_document(random_ratings(1, 2, share=1.0))))
    assert run(monkeypatch, "build", "--data", path, "--out", tmp_path / "out") == 0
    told = capsys.readouterr().out
    assert "Settings, none were compared" in told
    assert "not tested: too few ratings to hold any out" in told


def test_evaluate_prints_the_tables(
    monkeypatch: pytest.MonkeyPatch, good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "evaluate", "--data", good) == 0
    out = capsys.readouterr().out
    title, counts, accuracy = out.split("\n\n")[2:5]
    assert title == "## Protocol A: 25% of each film's ratings at random held out (seed 42)"
    assert re.fullmatch(r"[12]\d users, \d+ train ratings, \d+ test ratings\.", counts)
    header, _, *rows = accuracy.splitlines()
    columns = ["ndcg", "liked", "disliked", *METRICS[1:]]
    assert header.startswith("|  | " + " | ".join(columns) + " |")
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    names = [row[0] for row in cells]
    assert names[:3] == ["**padrao**", "**grupo**", "**populares**"]
    assert {"user k-NN", "item k-NN", "EASE", "ALS", "BPR"} <= set(names)
    for row in cells:
        figures = [row[1], row[2], *row[4 : len(columns) + 1]]
        values = [tuple(map(float, cell.split(" ± "))) for cell in figures]
        assert all(0 <= mean <= 1 and margin >= 0 for mean, margin in values)
        assert not row[3] or 0 <= float(row[3]) <= 1
    assert "## Protocol 80/20" in out
    assert "- protocol last: the data does not say when ratings were given" in out


def test_evaluate_prints_json(
    monkeypatch: pytest.MonkeyPatch,
    good: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert run(monkeypatch, "evaluate", "--data", good, "--json", "--quiet", "--seed", "3") == 0
    out, told = capsys.readouterr()
    assert (told, caplog.text) == ("", "")
    report = json.loads(out)
    assert report["seed"] == 3
    first = report["protocols"][0]
    assert 20 <= first["users"] <= 30
    ndcg = {row["name"]: row["metrics"]["ndcg"]["mean"] for row in first["rows"]}
    assert ndcg["padrao"] > ndcg["populares"]
    assert first["hyperparameters"]["seed"] == 3
    assert first["validation"]


@pytest.mark.parametrize("users", [1, 3])
@pytest.mark.parametrize("option", [[], ["--json"]])
def test_evaluate_with_almost_no_data(
    users: int,
    option: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "tiny.json"
    path.write_bytes(as_json(as_document(random_ratings(users, 1, share=1.0))))
    assert run(monkeypatch, "evaluate", "--data", path, *option) == 0
    out = capsys.readouterr().out
    assert "nan" not in out.lower()
    assert ("| **padrao** | 1.000 |" in out) == (users == 3 and not option)


REFUSAL = "error: {}: avaliacoes[3]: avaliacao is 'cinco', expected a number from 0 to 5\n"


def test_bad_data_is_reported_in_one_line(bad: Path, tmp_path: Path) -> None:
    """A separate process prints nothing else, not even a traceback."""
    command = ["-m", "training", "build", "--data", str(bad), "--out", str(tmp_path / "out")]
    found = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr) == (2, "", REFUSAL.format(bad))
    assert not (tmp_path / "out").exists()


def test_bad_data_is_not_evaluated(
    monkeypatch: pytest.MonkeyPatch, bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "evaluate", "--data", bad) == 2
    assert capsys.readouterr() == ("", REFUSAL.format(bad))


def test_scale_and_columns_can_be_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = np.argwhere(~np.isnan(block_ratings(2, 10, 8)))
    path = tmp_path / "r.csv"
    path.write_text("".join(f"x;{film};{user};{1 + user % 7}\n" for user, film in rows))
    said = ["--columns", "user=2,item=1,rating=3", "--scale", "1:10", "--fix", "bandwidth=4"]
    assert run(monkeypatch, "build", "--data", path, "--out", tmp_path / "out", *said) == 0
    facts = load(tmp_path / "out").manifest["data"]
    assert facts["escala"] == [1, 10]
    assert (facts["usuarios"], facts["filmes"], facts["avaliacoes"]) == (20, 16, len(rows))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["--scale", "5"], "scale is '5', expected LOW:HIGH, two numbers"),
        (["--columns", "0,1,2"], "columns is '0,1,2', expected user=…,item=…"),
        (["--columns", "user=0,item=1"], "columns are for one file of ratings in CSV"),
    ],
)
def test_scale_and_columns_that_are_wrong(
    said: list[str],
    told: str,
    good: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in (["build", "--out", tmp_path / "out"], ["evaluate"]):
        assert run(monkeypatch, *command, "--data", good, *said) == 2
        out, error = capsys.readouterr()
        assert not out
        assert told in error
        assert error.count("\n") == 1


def test_hyperparameters_can_be_set(
    monkeypatch: pytest.MonkeyPatch, good: Path, tmp_path: Path
) -> None:
    options = ["--fix", "bandwidth=12", "--fix", "groups=3", "--budget", "600"]
    assert run(monkeypatch, "build", "--data", good, "--out", tmp_path / "out", *options) == 0
    found = load(tmp_path / "out").manifest["hyperparameters"]
    assert (found["bandwidth"], found["groups"]) == (12, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "-1"], "seed is '-1', expected a whole number from 0 to 2147483648"),
        (["--budget", "long"], "budget is 'long', expected a number from 0 to 604800"),
        (
            ["--budget", "0"],
            "the search for settings did not end in time, 0 were tried: allow more",
        ),
        (["--aim", "amar"], "aim is 'amar', expected gostar or ver"),
        (["--fix", "cells"], "cells is '', expected a whole number from 1 to 100000"),
        (["--fix", "slope=3"], "slope is '3', expected a number from 0 to 2"),
        (["--fix", "depth=3"], "hyperparameter is 'depth', expected one of strength, bandwidth, "),
    ],
)
def test_options_out_of_their_limits_are_reported(
    options: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    good: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    assert run(monkeypatch, "build", "--data", good, "--out", out, *options) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"error: {message}")
    assert not out.exists()


@pytest.mark.parametrize("name", ["bad.json", "missing.json", "."])
def test_bad_data_leaves_the_artifact_unchanged(
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    bad: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "out"
    assert run(monkeypatch, "build", "--data", CASE, "--out", folder) == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    capsys.readouterr()
    assert run(monkeypatch, "build", "--data", bad.parent / name, "--out", folder) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_with_other_files_is_not_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert run(monkeypatch, "build", "--data", CASE, "--out", tmp_path) == 2
    assert "thesis.txt" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    "arguments",
    [[], ["train"], ["build", "--data", "x"], ["evaluate"], ["build", "--data", "x", "--out"]],
)
def test_wrong_usage(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        run(monkeypatch, *arguments)
    assert leaving.value.code == 2
    assert "usage: python -m training" in capsys.readouterr().err


def test_verify_checks_every_file(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    original_dir: Path,
    tmp_path: Path,
) -> None:
    assert run(monkeypatch, "verify", original_dir) == 0
    told = capsys.readouterr().out
    assert load(original_dir).version in told
    assert "5 users, 20 films, 100 ratings" in told
    for altered in ARTIFACT_FILES:
        folder = tmp_path / altered
        shutil.copytree(original_dir, folder)
        content = bytearray((folder / altered).read_bytes())
        content[-1] ^= 1
        (folder / altered).write_bytes(content)
        assert run(monkeypatch, "verify", folder) == 2
        assert f"{altered} was altered" in capsys.readouterr().err
    assert run(monkeypatch, "verify", tmp_path / "none") == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["build", "--out", "s3://bucket/x"], "--out is s3://bucket/x, expected a path"),
        (["build", "--out", "x", "--parts", "abc"], "--parts is abc, but only --engine spark"),
        (["evaluate", "--parts", "3"], "--parts is 3, but only --engine spark"),
        (["recommend", "--all", "--out", "s3://bucket/x.csv"], "--out is s3://bucket/x.csv, expec"),
        (
            ["recommend", "--all", "--engine", "spark", "--artifact", "x", "--out", "."],
            "--out is ., where something is: name another folder",
        ),
    ],
)
def test_what_spark_would_do_is_told_before_work(
    arguments: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    data = [] if arguments[0] == "recommend" else ["--data", "not-read.json"]
    assert run(monkeypatch, *arguments, *data) == 2
    assert f"error: {told}" in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]
