"""The rooms of the code: which folder may import which, held against the imports themselves.

A *room* is a folder right under ``recommender/`` or ``training/``, or a single module there. The
modules on top of all rooms, such as ``training/build.py``, share the room ``entry``.
"""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT

# Room: the rooms that it may import. Those of the other package are named in full.
ALLOWED: dict[str, dict[str, set[str]]] = {
    "recommender": {
        "settings": set(),
        "data": {"settings"},
        "model": {"settings", "data"},
        "http": {"settings", "data"},
        "api": {"settings", "model", "data", "http"},
        "aws": {"settings", "model", "data", "http", "api"},
        "entry": {"settings", "model", "data", "http", "api", "aws"},
    },
    "training": {
        "data": {"recommender.data"},
        "model": {"data", "recommender.model", "recommender.data"},
        "choice": {"data", "model", "recommender.model"},
        "bake": {"data", "model", "recommender.model", "recommender.data"},
        "profiles": {"data", "recommender.model", "recommender.data"},
        "batch": {"data", "profiles", "recommender.model", "recommender.data"},
        "evaluation": {"data", "model", "choice", "recommender.model"},
        "engines": {
            *("data", "model", "choice", "profiles", "batch"),
            *("recommender.model", "recommender.data"),
        },
        "release": set(),
        "renewal": {
            *("data", "model", "choice", "release"),
            *("recommender.model", "recommender.data"),
        },
        "entry": {
            *("data", "model", "choice", "bake", "profiles", "batch", "evaluation", "engines"),
            *("renewal", "release"),
            *("recommender.model", "recommender.settings"),
        },
    },
}
ENTRY = {
    "recommender": ("handler", "recommender", "recommender.__main__"),
    "training": (
        "training",
        "training.__main__",
        "training.build",
        "training.candidate",
        "training.commands",
        "training.export",
        "training.handler",
        "training.on_spark",
        "training.present",
        "training.recommend",
        "training.release_handler",
        "training.renew",
        "training.serve",
        "training.summary",
        "training.verify",
    ),
}
HEAVY = {"training", "sklearn", "pandas", "scipy", "joblib", "matplotlib"}  # not in the API package
# What functions ship without, and the one module that imports it when asked to.
NOT_SHIPPED = {
    "training.evaluation": "training.__main__",
    "training.engines": "training.on_spark",
}
MADE_ON_DEMAND = ("recommender.api", "recommender.api.application")  # the attribute ``app``
DOCUMENT = ROOT / "docs/architecture.md"
ARROW = re.compile(r"^ *(\w+) -\.?-> (\w+)$", re.MULTILINE)

PACKAGES = [
    "recommender",
    "training",
]


class Import(NamedTuple):
    """One module importing another of this repository, or a package from elsewhere."""

    module: str
    imported: str
    is_lazy: bool  # inside a function


def find_modules() -> dict[str, Path]:
    """All modules of both packages and the API function's entry, by name."""
    paths = [ROOT / "handler.py"]
    for package in ALLOWED:
        paths += sorted((ROOT / package).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return dict(zip((name.removesuffix(".__init__") for name in names), paths, strict=True))


MODULES = find_modules()


@cache
def find_imports() -> list[Import]:
    """Every import statement of every module, those under ``if TYPE_CHECKING`` apart."""
    found = [
        Import(module, imported, is_lazy)
        for module, path in MODULES.items()
        for imported, is_lazy in walk(ast.parse(path.read_text(encoding="utf-8")), is_lazy=False)
        if imported != module
    ]
    return list(dict.fromkeys(found))


def walk(node: ast.AST, *, is_lazy: bool) -> Iterator[tuple[str, bool]]:
    """Yield what a node's statements import, and whether only when a function is called."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield alias.name, is_lazy
        elif isinstance(child, ast.ImportFrom):
            assert child.module, "imports are absolute here"
            assert not child.level, "imports are absolute here"
            for alias in child.names:  # `from a import b`: b may be a module of a
                part = f"{child.module}.{alias.name}"
                yield part if part in MODULES else child.module, is_lazy
        else:
            within = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk(child, is_lazy=is_lazy or within)


def package_of(module: str) -> str:
    return "recommender" if module == "handler" else module.partition(".")[0]


def room_of(module: str) -> str:
    package = package_of(module)
    return "entry" if module in ENTRY[package] else module.split(".")[1]


def room_imports(package: str) -> dict[tuple[str, str], list[str]]:
    """The pairs of rooms of which the first imports the second, with the imports as text."""
    found: dict[tuple[str, str], list[str]] = {}
    for module, imported, _ in find_imports():
        if package_of(module) != package or package_of(imported) not in ALLOWED:
            continue
        room, other = room_of(module), room_of(imported)
        if package_of(imported) != package:
            other = f"{package_of(imported)}.{other}"
        if room != other:
            found.setdefault((room, other), []).append(f"{module} imports {imported}")
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_every_room_is_in_the_table(package: str) -> None:
    rooms = {room_of(module) for module in MODULES if package_of(module) == package}
    assert rooms <= ALLOWED[package].keys()


@pytest.mark.parametrize("package", PACKAGES)
def test_rooms_import_only_what_the_table_allows(package: str) -> None:
    allowed = ALLOWED[package]
    wrong = [
        lines
        for (room, other), imports in room_imports(package).items()
        for lines in imports
        if other not in allowed.get(room, set())
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ALLOWED)
def test_the_table_runs_one_way(package: str) -> None:
    """A room may import rooms above it in the table, never one below."""
    seen: set[str] = set()
    for room, others in ALLOWED[package].items():
        assert {other for other in others if "." not in other} <= seen
        seen.add(room)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    """Imports inside functions count, too: they would only hide a circle."""
    arrows = {
        (module, imported)
        for module, imported, _ in find_imports()
        if package_of(module) == package and (module, imported) != MADE_ON_DEMAND
    }
    ahead: set[tuple[str, str]] = set()
    while arrows != ahead:  # drop modules that import nothing here, or that nothing imports
        ahead = arrows
        sources, targets = {source for source, _ in arrows}, {target for _, target in arrows}
        arrows = {(a, b) for a, b in arrows if b in sources and a in targets}
    assert sorted(arrows) == []


def test_the_api_imports_nothing_heavy() -> None:
    """What it imports inside functions is its own affair, but never the training half."""
    wrong = [
        found
        for found in find_imports()
        if package_of(found.module) == "recommender"
        and (top := found.imported.partition(".")[0]) in HEAVY
        and (top == "training" or not found.is_lazy)
    ]
    assert wrong == []


def test_nothing_that_ships_needs_what_does_not() -> None:
    wrong = [
        found
        for found in find_imports()
        for room, asked in NOT_SHIPPED.items()
        if found.imported.startswith(room) and not found.module.startswith(room)
        if not (found.module == asked and found.is_lazy)
    ]
    assert wrong == []


def test_the_training_function_works_without_what_it_does_not_ship(tmp_path: Path) -> None:
    """As it is packaged: it imports, and says in one line that it cannot evaluate."""
    leave_out = shutil.ignore_patterns("evaluation", "engines", "__pycache__")
    for package in ALLOWED:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=leave_out)
    commands = [["-c", "import training.handler, training.build"]]
    commands += [["-m", "training", "evaluate", "--data", "x"]]
    imports, evaluate = (
        subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True)
        for command in commands
    )
    assert (imports.returncode, imports.stderr) == (0, "")
    assert evaluate.returncode == 2
    assert "it cannot evaluate" in evaluate.stderr.splitlines()[-1]


def test_no_module_of_training_is_long() -> None:
    lengths = {
        module: len(path.read_text(encoding="utf-8").splitlines())
        for module, path in MODULES.items()
        if package_of(module) == "training"
    }
    assert {module for module, lines in lengths.items() if lines > 250} == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_drawing_shows_every_import_between_rooms_and_no_other(package: str) -> None:
    """An arrow to the other package starts at this package as a whole."""
    arrows = ARROW.findall(DOCUMENT.read_text(encoding="utf-8"))
    imported = {
        (package, other.replace(".", "_"))
        if "." in other
        else (f"{package}_{room}", f"{package}_{other}")
        for room, other in room_imports(package)
    }
    assert {arrow for arrow in arrows if arrow[0].split("_")[0] == package} == imported
