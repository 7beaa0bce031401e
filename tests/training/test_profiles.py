"""Exporting profiles: the same artifact without ratings, and parts that hold all of them."""

import gzip
import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from recommender.data import packing
from recommender.data.catalog import Catalog, Rated
from recommender.model.artifact import (
    ARTIFACT_FILES,
    CATALOG_FILE,
    MANIFEST_FILE,
    ArtifactError,
    content_version,
    load,
    part_name,
    part_names,
    profile_table,
)
from tests.conftest import ROOT
from tests.training.test_training_main import run
from training.profiles.export import export, leave_out_ratings
from training.profiles.parts import read_part, write_parts

KEPT = ("data", "training", "limites", "hyperparameters", "metrics")


def profiles_in(folder: Path) -> list[tuple[int, list[Rated]]]:
    parts = part_names(load(folder).manifest["files"])
    return [
        (user_id, packing.unpack(packed))
        for part in parts
        for user_id, packed in read_part(folder / part)
    ]


def test_parts_hold_what_the_database_held(artifact_dir: Path, profiled_dir: Path) -> None:
    whole = list(Catalog(artifact_dir / CATALOG_FILE).profiles())
    assert profiles_in(profiled_dir) == whole
    assert any(not rated for _, rated in whole)
    told = load(profiled_dir).manifest["perfis"]
    count = sum(len(rated) for _, rated in whole)
    assert told == {
        "tabela": profile_table(load(profiled_dir).version),
        "usuarios": len(whole),
        "avaliacoes": count,
        "mais_novas": 2000,
        "listados": len(whole),
    }
    assert load(artifact_dir).manifest["data"]["avaliacoes"] == count


def test_a_part_is_what_dynamodb_imports(profiled_dir: Path) -> None:
    with gzip.open(profiled_dir / part_name(0), "rt", encoding="ascii") as lines:
        items = [json.loads(line) for line in lines]
    assert all(item.keys() == {"Item"} for item in items)
    assert {tuple(item["Item"]) for item in items} == {("usuario_id", "avaliacoes")}
    assert {tuple(item["Item"]["usuario_id"]) for item in items} == {("N",)}
    assert {tuple(item["Item"]["avaliacoes"]) for item in items} == {("B",)}


def test_all_else_is_as_it_was(artifact_dir: Path, profiled_dir: Path) -> None:
    before, after = load(artifact_dir), load(profiled_dir)
    for name in set(ARTIFACT_FILES) - {CATALOG_FILE}:
        assert (profiled_dir / name).read_bytes() == (artifact_dir / name).read_bytes()
    assert {name: after.manifest[name] for name in KEPT} == {
        name: before.manifest[name] for name in KEPT
    }
    assert before.profile_table is None
    assert after.profile_table == f"perfis-{after.version[:32]}"
    whole, slim = (
        sqlite3.connect(folder / CATALOG_FILE) for folder in (artifact_dir, profiled_dir)
    )
    with closing(whole), closing(slim):
        assert slim.execute("SELECT count(*) FROM avaliacoes").fetchone() == (0,)
        for table in ("usuarios", "filmes", "gostos", "grupos", "histogramas", "generos"):
            query = f"SELECT * FROM {table}"
            assert slim.execute(query).fetchall() == whole.execute(query).fetchall(), table
    assert (profiled_dir / CATALOG_FILE).stat().st_size < (
        artifact_dir / CATALOG_FILE
    ).stat().st_size


def test_equal_artifacts_give_equal_bytes(
    artifact_dir: Path, profiled_dir: Path, tmp_path: Path
) -> None:
    again = export(artifact_dir, tmp_path / "again")
    assert again == load(profiled_dir).manifest
    for name in again["files"]:
        assert (tmp_path / "again" / name).read_bytes() == (profiled_dir / name).read_bytes()


def test_the_version_covers_the_parts(profiled_dir: Path) -> None:
    manifest = load(profiled_dir).manifest
    digests = manifest["files"]
    assert [*digests] == [*ARTIFACT_FILES, part_name(0)]
    assert content_version(manifest) == manifest["version"]
    for number in (0, 1):
        other = {**manifest, "files": {**digests, part_name(number): "0" * 64}}
        assert content_version(other) != manifest["version"]


def test_an_artifact_is_loaded_without_its_parts(profiled_dir: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(
        profiled_dir, tmp_path / "slim", ignore=shutil.ignore_patterns("perfis")
    )
    assert load(folder).manifest == load(profiled_dir).manifest


@pytest.mark.parametrize(
    "told", [None, "text", {}, {"tabela": "perfis-0"}], ids=["none", "text", "empty", "other"]
)
def test_a_manifest_that_tells_of_other_profiles(
    profiled_dir: Path, tmp_path: Path, told: object
) -> None:
    folder = shutil.copytree(profiled_dir, tmp_path / "copy")
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    manifest["perfis"] = told
    manifest["version"] = content_version(manifest)
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="was altered: perfis"):
        load(folder)


@pytest.mark.parametrize("count", [None, -1, "7", 1.5, True])
@pytest.mark.parametrize("name", ["usuarios", "avaliacoes", "mais_novas", "listados"])
def test_a_manifest_that_counts_otherwise(
    profiled_dir: Path, tmp_path: Path, name: str, count: object
) -> None:
    manifest = json.loads((profiled_dir / MANIFEST_FILE).read_text())
    manifest["perfis"][name] = count
    manifest["version"] = content_version(manifest)
    manifest["perfis"]["tabela"] = profile_table(manifest["version"])
    (tmp_path / MANIFEST_FILE).write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=rf"perfis\.{name} is "):
        load(tmp_path)


def test_a_user_keeps_the_newest_ratings(
    artifact_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "NEWEST", 20)
    told = export(artifact_dir, tmp_path / "out")["perfis"]
    whole = dict(Catalog(artifact_dir / CATALOG_FILE).profiles())
    kept = dict(profiles_in(tmp_path / "out"))
    assert kept == {user_id: list(packing.newest(rated)) for user_id, rated in whole.items()}
    assert told["avaliacoes"] == sum(map(len, kept.values())) < sum(map(len, whole.values()))


def test_parts_take_no_more_users_than_their_size_allows(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    profiles = [(user, noise(random, 300)) for user in range(200)]
    kept = write_parts(profiles, tmp_path, most=200_000)
    assert kept == (200, 200 * 300)
    parts = sorted(tmp_path.rglob("*.gz"))
    assert [f"perfis/{part.name}" for part in parts] == [part_name(n) for n in range(len(parts))]
    assert len(parts) > 2
    assert max(part.stat().st_size for part in parts) < 400_000
    found = [(user, packing.unpack(packed)) for part in parts for user, packed in read_part(part)]
    assert found == profiles


def noise(random: np.random.Generator, count: int) -> list[Rated]:
    """Ratings that cannot be packed much."""
    ids = np.unique(random.integers(0, 2**50, count)).tolist()
    values = zip(random.standard_normal(count).tolist(), ids, strict=True)
    return [(film_id, *value) for film_id, value in zip(ids, values, strict=True)]


def test_of_many_users_the_database_lists_those_with_the_lowest_ids(
    artifact_dir: Path, tmp_path: Path
) -> None:
    database = tmp_path / CATALOG_FILE
    for listed in (3, 10**6):
        shutil.copyfile(artifact_dir / CATALOG_FILE, database)
        left = leave_out_ratings(database, listed)
        whole = Catalog(artifact_dir / CATALOG_FILE).users(10**6, 0)
        assert Catalog(database).users(10**6, 0) == whole[:listed]
        assert left == len(whole[:listed]) == len(list(Catalog(database).user_ids()))


def test_a_file_that_is_no_part(profiled_dir: Path, tmp_path: Path) -> None:
    whole = (profiled_dir / part_name(0)).read_bytes()
    for wrong in (b"text", whole[:-9], gzip.compress(b"{}"), gzip.compress(b"\xff")):
        (tmp_path / "part").write_bytes(wrong)
        with pytest.raises(ArtifactError, match="no part of profiles"):
            list(read_part(tmp_path / "part"))


def test_the_command(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    artifact_dir: Path,
    profiled_dir: Path,
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    assert run(monkeypatch, "export", "--profiles", artifact_dir, "--out", out) == 0
    told = capsys.readouterr().out
    assert load(profiled_dir).version in told
    assert re.search(r"[1-9][0-9,]* users with [1-9][0-9,]* of [1-9][0-9,]* ratings", told)
    assert run(monkeypatch, "verify", out) == 0
    assert "5 files as stated" in capsys.readouterr().out
    assert run(monkeypatch, "export", "--profiles", artifact_dir, "--out", out, "--quiet") == 0
    assert capsys.readouterr().out == ""
    (out / part_name(0)).write_bytes((out / part_name(0)).read_bytes()[:-1])
    assert run(monkeypatch, "verify", out) == 2
    assert "parte-00000.json.gz was altered" in capsys.readouterr().err


def test_what_cannot_be_exported_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    artifact_dir: Path,
    profiled_dir: Path,
    tmp_path: Path,
) -> None:
    taken = tmp_path / "taken"
    (taken / "perfis").mkdir(parents=True)
    (taken / "perfis" / "thesis.txt").touch()
    for source, out, message in (
        (tmp_path / "none", tmp_path / "out", "manifest.json cannot be read"),
        (ROOT / "tests/data/formato-10", tmp_path / "out", "mapa.svg cannot be read"),
        (profiled_dir, tmp_path / "out", "has its ratings in perfis/ already"),
        (artifact_dir, artifact_dir, "name another folder"),
        (artifact_dir, taken, r"holds files that no artifact has \(perfis/thesis.txt\)"),
    ):
        assert run(monkeypatch, "export", "--profiles", source, "--out", out) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert re.search(message, line), line
    assert not (tmp_path / "out").exists()
    assert load(artifact_dir).profile_table is None
