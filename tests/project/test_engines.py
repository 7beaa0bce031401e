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
