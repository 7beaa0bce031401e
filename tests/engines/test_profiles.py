"""What is told of ratings that stay in Spark, and their profiles, as one machine has them."""

import dataclasses
from pathlib import Path

import numpy as np

from recommender.data.catalog import Catalog
from recommender.data.packing import newest, pack
from training.bake.database import bake
from training.engines.packing import write_profiles
from training.engines.parts import Parts
from training.engines.telling import digest, tell
from training.model import told
from training.profiles.parts import read_part


def test_profiles_are_those_of_one_machine(ml_100k: Parts, tmp_path: Path) -> None:
    """In files of less than a part each, in order of users."""
    bake(ml_100k.gather(1, 1), [], tmp_path / "whole.sqlite3")
    profiles = Catalog(tmp_path / "whole.sqlite3").profiles()
    expected = [(user, pack(newest(rated))) for user, rated in profiles]
    kept = write_profiles(ml_100k, tmp_path, most=50_000)
    files = sorted((tmp_path / "perfis").iterdir())
    assert len(files) > 3
    assert [item for path in files for item in read_part(path)] == expected
    assert kept == (943, 100_000)


def test_what_is_told_is_that_of_one_machine(ml_100k: Parts) -> None:
    found, expected = tell(ml_100k, 700), told.tell(ml_100k.gather(1, 1))
    assert list(found.tastes) == list(expected.tastes)[:700]
    assert found.step == expected.step
    for name in ("counts", "sums", "histogram"):
        assert np.array_equal(getattr(found, name), getattr(expected, name))
    assert {field.name for field in dataclasses.fields(found)} == {
        *("counts", "sums", "histogram", "step", "tastes")
    }


def test_a_digest_tells_ratings_apart(ml_100k: Parts) -> None:
    same = Parts(ml_100k.packed, ml_100k.facts)
    assert digest(ml_100k) == digest(same)
    fewer = Parts(ml_100k.packed.filter("part = 0"), ml_100k.facts)
    assert digest(fewer) != digest(same)
