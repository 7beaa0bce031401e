"""docs/licences.md lists the licences of all that the functions ship, as packages state them."""

import re
import subprocess
from importlib.metadata import metadata
from pathlib import Path

from packaging.requirements import Requirement

from tests.conftest import ROOT

LIST = (ROOT / "docs/licences.md").read_text(encoding="utf-8")
FUNCTIONS = {"api": "API", "training": "training", "release": "release"}
CLASSIFIER = "License :: OSI Approved :: "


def shipped(group: str) -> set[str]:
    """The packages that `.ci/package` installs for a function, on Lambda's Python."""
    options = "--quiet --locked --no-hashes --no-annotate --no-header --prune botocore --only-group"
    command = [str(ROOT / ".venv/bin/uv"), "export", *options.split(), group]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = map(Requirement, done.stdout.splitlines())
    lambda_ = {"sys_platform": "linux", "python_full_version": "3.13.0", "python_version": "3.13"}
    return {r.name for r in found if r.marker is None or r.marker.evaluate(lambda_)}


def licence(package: str) -> str:
    """What the metadata of an installed package states."""
    facts = metadata(package)
    if "License-Expression" in facts:
        return facts["License-Expression"]
    kinds = [c for c in facts.get_all("Classifier") or [] if c.startswith(CLASSIFIER)]
    return ", ".join(c.removeprefix(CLASSIFIER) for c in kinds) or facts["License"]


def test_every_package_has_its_line() -> None:
    packages = {name: shipped(group) for group, name in FUNCTIONS.items()}
    lines = []
    for package in sorted(set().union(*packages.values())):
        where = ", ".join(name for name, names in packages.items() if package in names)
        lines.append(f"| {package} | {licence(package)} | {where} |")
    table = [line for line in LIST.splitlines() if line.startswith("| ")][1:]
    assert table[: len(lines)] == lines


def test_readme_names_what_the_api_ships() -> None:
    for name in ("README.md", "README.pt-BR.md"):
        text = Path(ROOT / name).read_text(encoding="utf-8")
        section = re.split(r"^## ", text, flags=re.MULTILINE)[-1]
        assert section.startswith(("Licences", "Licenças"))
        missing = {package for package in shipped("api") if f"`{package}`" not in section}
        assert missing == set()


def test_swagger_ui_comes_with_its_licence() -> None:
    assert "| Swagger UI | Apache-2.0 |" in LIST
    assert "LICENSE" in (ROOT / ".ci/swagger.py").read_text(encoding="utf-8")
