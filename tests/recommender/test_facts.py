"""What a manifest states: all of it names the version, and damage is refused in words."""

import copy
import json
import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recommender.api.application import create_app
from recommender.model.artifact import (
    MANIFEST_FILE,
    ArtifactError,
    Model,
    content_version,
    load,
    read_manifest,
)
from recommender.model.facts import APART, FORMS, FactError, check_facts
from recommender.model.shapes import DIVIDED, ShapeError, check_shapes
from recommender.model.shapes import FORMS as SHAPES

Manifest = dict[str, Any]
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def manifest(artifact_dir: Path) -> Manifest:
    return read_manifest(artifact_dir)


def changed(manifest: Manifest, section: str, name: str, fact: Any) -> Manifest:
    return {**manifest, section: {**manifest[section], name: fact}}


def test_the_version_covers_every_fact_but_what_may_differ(manifest: Manifest) -> None:
    for section in ("data", "training", "hyperparameters", "metrics", "limites"):
        for name in manifest[section]:
            other = content_version(changed(manifest, section, name, "another"))
            is_apart = name in APART.get(section, ())
            assert (other == manifest["version"]) is is_apart, (section, name)
    apart = {(section, name) for section, names in APART.items() for name in names}
    assert {(s, n) for s, n in apart if s != "perfis"} == {
        ("data", "linhagem"),
        ("data", "primeira_linhagem"),
        ("data", "retitulados"),
        ("training", "date"),
        ("training", "seconds"),
    }


def test_an_altered_fact_is_found(artifact_dir: Path, manifest: Manifest, tmp_path: Path) -> None:
    folder = shutil.copytree(artifact_dir, tmp_path / "copy")
    altered = changed(manifest, "data", "demonstracao", not manifest["data"]["demonstracao"])
    (folder / MANIFEST_FILE).write_text(json.dumps(altered))
    with pytest.raises(ArtifactError, match="its version is not that of what it states"):
        load(folder)


@pytest.mark.parametrize(("section", "name"), FORMS)
@settings(max_examples=20)
@given(fact=ANYTHING)
def test_a_fact_of_another_form_is_refused_or_right(
    manifest: Manifest, section: str, name: str, fact: Any
) -> None:
    """Refused in words that name it; and what is not, has a form like the one that is there."""
    try:
        check_facts(changed(manifest, section, name, fact))
    except FactError as error:
        assert str(error).startswith(f"{section}.{name} is ")  # noqa: PT017 both ways are right
        assert "expected" in str(error)  # noqa: PT017
    else:
        assert type(fact) in (type(manifest[section][name]), float, int, type(None))


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("escala", [0, 10**400]),
        ("escala", [float("nan"), 5]),
        ("passo", float("inf")),
        ("linhagem", "a\ud800"),
    ],
)
def test_a_fact_that_nobody_can_reckon_with_is_refused(
    manifest: Manifest, name: str, fact: Any
) -> None:
    with pytest.raises(FactError, match=rf"data\.{name} is "):
        check_facts(changed(manifest, "data", name, fact))


@pytest.mark.parametrize(
    "date",
    ["0002-01-01T00:00:00+23:59", "9998-12-31T23:59:59-23:59", "0001-06-01T00:00:00", "today", 5],
)
def test_a_moment_that_no_store_could_read_is_refused(manifest: Manifest, date: Any) -> None:
    with pytest.raises(FactError, match=r"training\.date is "):
        check_facts(changed(manifest, "training", "date", date))


@pytest.mark.parametrize(("section", "name"), FORMS)
def test_a_missing_fact_is_refused_unless_null_is_one(
    manifest: Manifest, section: str, name: str
) -> None:
    less = copy.deepcopy(manifest)
    del less[section][name]
    if name == "passo":
        check_facts(less)
        return
    with pytest.raises(FactError, match=rf"{section}\.{name} is null, expected"):
        check_facts(less)


@pytest.mark.parametrize("depth", [10_000, 200_000])
@pytest.mark.parametrize("marks", ["[]", "{}"])
def test_a_deeply_nested_manifest_is_a_503(tmp_path: Path, depth: int, marks: str) -> None:
    opening = marks[0] if marks == "[]" else '{"a":'
    (tmp_path / MANIFEST_FILE).write_text(opening * depth + "1" + marks[1] * depth)
    with pytest.raises(ArtifactError, match="is not JSON"):
        load(tmp_path)
    assert create_app(tmp_path).state.serving is None


@settings(max_examples=200)
@given(st.data())
@example(None)
def test_a_damaged_manifest_is_never_a_crash(
    artifact_dir: Path, tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject | None
) -> None:
    text = (artifact_dir / MANIFEST_FILE).read_bytes()
    if draw is not None:
        start = draw.draw(st.integers(0, len(text)))
        end = draw.draw(st.integers(start, min(len(text), start + 40)))
        text = text[:start] + draw.draw(st.binary(max_size=20)) + text[end:]
    folder = tmp_path_factory.mktemp("damaged")
    (folder / MANIFEST_FILE).write_bytes(text)
    try:
        found = read_manifest(folder)
    except ArtifactError:
        return
    assert found["version"] == read_manifest(artifact_dir)["version"]  # what is apart may differ


def parts_of(model: Model) -> dict[str, Any]:
    return {field.name: getattr(model, field.name) for field in fields(Model)}


def test_a_model_that_is_made_is_one_that_is_taken(model: Model) -> None:
    parts = parts_of(model)
    assert {n for n, part in parts.items() if isinstance(part, np.ndarray)} == SHAPES.keys()
    check_shapes(parts)


@pytest.mark.parametrize("name", SHAPES)
def test_an_array_of_another_form_is_refused(model: Model, name: str) -> None:
    found = getattr(model, name)
    others = [3, None, np.zeros(found.shape, np.float16), found[None]]
    if len(found) and SHAPES[name].split()[1] != "*":
        others.append(np.concatenate([found, found[:1]]))
    for other in others:
        with pytest.raises(ShapeError, match=rf"^{name} |^\w+ (has the shape|does not rise)"):
            check_shapes(parts_of(replace(model, **{name: other})))


@pytest.mark.parametrize("name", DIVIDED)
def test_starts_that_do_not_divide_are_refused(model: Model, name: str) -> None:
    starts = getattr(model, name)
    for other in (starts + 1, starts[::-1]):
        with pytest.raises(ShapeError, match=f"{name} does not rise"):
            check_shapes(parts_of(replace(model, **{name: other})))
