"""The gate: what lets a candidate pass, and what does not."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from recommender.data.store import Entry
from recommender.model.artifact import CATALOG_FILE
from tests.training.small_data import as_data, block_ratings
from training.build import build
from training.data.dataset import Dataset
from training.data.tables import DataError
from training.renewal.erasure import count_erased, erase
from training.renewal.gain import gain_on_popularity
from training.renewal.gate import Decision, check_facts, decide
from training.renewal.incumbent import Incumbent, read_incumbent
from training.renewal.lineage import begin

POOR = {"bandwidth": 1, "strength": 1000, "output_exponent": 1, "slope": 2}


@pytest.fixture(scope="module")
def data() -> Dataset:
    return as_data(block_ratings(4, 12, 10))


@pytest.fixture(scope="module")
def folder(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("gate") / "artifact"
    build(data, found, 42, lineage=begin("blocos"))
    return found


@pytest.fixture
def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


@pytest.fixture
def incumbent(folder: Path) -> Incumbent:
    return read_incumbent(folder)


def failed(decision: Decision) -> set[str]:
    return {check.name for check in decision.checks if not check.passed}


def test_a_first_model_has_only_to_answer(
    data: Dataset, folder: Path, manifest: dict[str, Any]
) -> None:
    decision = decide(data, folder, manifest, None, 0)
    assert decision.passed
    assert [check.name for check in decision.checks] == ["artifact answers"]
    assert decision.checks[0].figures == {"users": 20, "shortest list": 5}
    assert len(set(decision.users)) == 5


def test_the_same_model_passes(
    data: Dataset, folder: Path, manifest: dict[str, Any], incumbent: Incumbent
) -> None:
    decision = decide(data, folder, manifest, incumbent, 3)
    assert decision.passed, decision.refusals()
    assert (decision.release, decision.incumbent) == (3, manifest["version"])
    assert json.loads(json.dumps(decision.as_dict())) == decision.as_dict()


@pytest.mark.parametrize("poor_one", ["candidate", "incumbent"])
def test_worse_settings_are_refused_and_better_ones_are_not(
    poor_one: str, data: Dataset, folder: Path, manifest: dict[str, Any], incumbent: Incumbent
) -> None:
    poor = copy.deepcopy(manifest)
    poor["hyperparameters"] |= POOR
    candidate = poor if poor_one == "candidate" else manifest
    old = Incumbent(
        poor if poor_one == "incumbent" else manifest, incumbent.titles, incumbent.catalog
    )
    decision = decide(data, folder, candidate, old, 0)
    assert failed(decision) == ({"settings not worse"} if poor_one == "candidate" else set())
    (figures,) = [c.figures for c in decision.checks if c.name == "settings not worse"]
    assert (figures["difference"] < -figures["margin"]) is (poor_one == "candidate")
    forced = decide(data, folder, candidate, old, 0, forced=True)
    assert forced.released
    assert forced.passed == decision.passed


def test_an_altered_artifact_does_not_answer(
    data: Dataset, folder: Path, manifest: dict[str, Any], tmp_path: Path
) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    catalog = tmp_path / CATALOG_FILE
    catalog.write_bytes(catalog.read_bytes() + b"x")
    decision = decide(data, tmp_path, manifest, None, 0)
    assert failed(decision) == {"artifact answers"}
    assert "was altered" in decision.refusals()


LOSSES: dict[str, tuple[dict[str, Any], str | None]] = {
    "a tenth of the users": ({"usuarios": 44}, None),
    "more users": ({"usuarios": 43}, "usuarios not lost"),
    "films": ({"filmes": 35}, "filmes not lost"),
    "ratings": ({"avaliacoes": 1}, "avaliacoes not lost"),
    "lineage": ({"linhagem": "outra"}, "linhagem stays"),
    "first lineage": ({"primeira_linhagem": "outra"}, "primeira_linhagem stays"),
    "scale": ({"escala": [0, 10]}, "escala stays"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_data_that_shrank_is_refused(
    name: str, manifest: dict[str, Any], incumbent: Incumbent
) -> None:
    changed, check = LOSSES[name]
    candidate = {**manifest, "data": manifest["data"] | changed}
    checks = check_facts(incumbent.titles, candidate, incumbent)
    assert [found.name for found in checks if not found.passed] == ([check] if check else [])


@pytest.mark.parametrize(("erased", "passes"), [(12, True), (6, False), (0, False)])
def test_what_was_erased_is_not_lost(
    erased: int, passes: bool, data: Dataset, incumbent: Incumbent, tmp_path: Path
) -> None:
    """12 of 48 users are gone; one of the erased never was a user, and one came back."""
    gone = data.users["id"].tolist()[:12]
    left = erase(data, dict.fromkeys(gone, Entry(None, 1, 9.0)))
    manifest = build(left, tmp_path / "artifact", 42, lineage=begin("blocos"))
    marked = {*gone[:erased], 10**9, int(left.users["id"].iloc[0])}
    decision = decide(left, tmp_path / "artifact", manifest, incumbent, 0, marked)
    lost = {"usuarios not lost", "avaliacoes not lost"}
    assert failed(decision) & lost == (set() if passes else lost)
    figures = {check.name: check.figures for check in decision.checks}
    assert figures["usuarios not lost"]["erased"] == erased
    assert not count_erased(incumbent.catalog, data, marked)["avaliacoes"]


@pytest.mark.parametrize(
    "metrics", [{"padrao": 3}, {"padrao": {"gostar": {"ndcg": {"mean": "x"}}}}]
)
def test_metrics_of_another_form_are_named(metrics: Any, manifest: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"metrics\.padrao.* of model .* is .*, expected a"):
        gain_on_popularity({**manifest, "metrics": metrics}, "gostar")


@pytest.mark.parametrize(("renamed", "passes"), [(0, True), (2, True), (3, False), (40, False)])
def test_titles_have_to_stay(
    renamed: int, passes: bool, manifest: dict[str, Any], incumbent: Incumbent
) -> None:
    """2 of 40 are 5%. Case and accents are no other title."""
    titles = {
        film: f"Other {film}" if place < renamed else title.upper()
        for place, (film, title) in enumerate(incumbent.titles.items())
    }
    (check,) = [
        found for found in check_facts(titles, manifest, incumbent) if found.name == "titles stay"
    ]
    assert check.passed is passes
    assert check.figures["same title"] == 40 - renamed


@pytest.mark.parametrize(("factor", "passes"), [(0.81, True), (0.79, False), (None, False)])
def test_the_gain_over_popularity_has_to_stay(
    factor: float | None, passes: bool, manifest: dict[str, Any], incumbent: Incumbent
) -> None:
    """Bad data hurts the settings in use as well, so comparing settings does not find it."""
    candidate = copy.deepcopy(manifest)
    ndcg = candidate["metrics"]["padrao"]["gostar"]["ndcg"]
    ndcg["mean"] = ndcg["mean"] * factor if factor else None
    found = {check.name: check for check in check_facts(incumbent.titles, candidate, incumbent)}
    assert found["gain over popularity not lost"].passed is passes
    known = gain_on_popularity(manifest, "gostar")
    assert known
    assert known > 1


def test_the_limits_are_those_that_the_incumbent_states(
    manifest: dict[str, Any], incumbent: Incumbent
) -> None:
    strict = {**manifest, "limites": {"usuarios": 1.0}}
    candidate = {**manifest, "data": manifest["data"] | {"usuarios": 47}}
    assert all(c.passed for c in check_facts(incumbent.titles, candidate, incumbent))
    refused = check_facts(
        incumbent.titles, candidate, Incumbent(strict, incumbent.titles, incumbent.catalog)
    )
    assert [check.name for check in refused if not check.passed] == ["usuarios not lost"]
