"""The tests of the engines run in an environment of their own; all others run everywhere."""

import tomllib

from tests.conftest import ROOT


def test_every_folder_of_tests_is_run() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    here = project["tool"]["pytest"]["ini_options"]["testpaths"]
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    found = {str(folder.relative_to(ROOT)) for folder in folders}
    assert sorted(found) == sorted([*here, "tests/engines"])
    assert "-m pytest tests/engines" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_what_builds_the_one_package_without_wheels_is_locked() -> None:
    """Others are never built: `make setup` would refuse them."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    sources = {one["name"] for one in lock if "registry" in one["source"] and "wheels" not in one}
    assert sources == {"pyspark"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["tool"]["uv"]["no-build-isolation-package"]) == sources
    for name in ("spark", "spark-3-5"):
        group = [str(one) for one in project["dependency-groups"][name]]
        assert any(one.startswith("setuptools>=") for one in group)
    assert "uv sync --locked --no-build" in (ROOT / "Makefile").read_text(encoding="utf-8")
