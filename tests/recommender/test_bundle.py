"""Bytecode in one file: what is imported from it is what would be imported from its sources."""

import compileall
import json
import os
import subprocess
import sys
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

import pytest

from recommender.aws import bundle
from tests.conftest import ROOT

SOURCES = {
    "handler.py": "raise RuntimeError('imported before the bundle')",
    "lone.py": "VALUE = __name__",
    "package/__init__.py": "from package.inner.deep import fail\nfrom . import inner",
    "package/inner/__init__.py": "VALUE = __path__",
    "package/inner/deep.py": "def fail():\n    raise ValueError('here')  # this line",
    "package/data.txt": "ação",
    "spaced/part.py": "VALUE = 7",  # a namespace package
}

TRY = """
import json, sys, traceback
root, modules = sys.argv[1], sys.argv[2].split(",")
sys.path.insert(0, root)
from recommender.aws import bundle
bundle.install(root)
import importlib, importlib.resources, inspect, pkgutil
found = {name: importlib.import_module(name) for name in modules}
told = {
    name: [m.__file__.removeprefix(root), m.__package__, list(getattr(m, "__path__", [])),
           type(m.__spec__.loader).__name__, m.__spec__.name, str(getattr(m, "VALUE", None))]
    for name, m in found.items()
}
try:
    found["package"].fail()
except ValueError:
    told["traceback"] = traceback.format_exc()
told["data"] = pkgutil.get_data("package", "data.txt").decode()
told["resource"] = importlib.resources.files("package").joinpath("data.txt").read_text("utf-8")
told["source"] = inspect.getsource(found["lone"])
told["again"] = importlib.reload(found["lone"]) is found["lone"]
print(json.dumps(told))
"""
MODULES = ["lone", "package", "package.inner", "package.inner.deep", "spaced.part"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A function's folder, compiled as `make build` compiles."""
    for name, text in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    compileall.compile_dir(tmp_path, quiet=1, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    return tmp_path


def tell(folder: Path) -> dict[str, Any]:
    """What a new process finds in the modules of a folder."""
    done = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", TRY, str(folder), ",".join(MODULES)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_modules_from_the_bundle_are_those_of_their_files(folder: Path) -> None:
    files = tell(folder)
    bundle.pack(str(folder))
    assert [path.name for path in folder.rglob("*.pyc")] == [
        f"handler.{sys.implementation.cache_tag}.pyc"
    ]
    bundled = tell(folder)
    for name in MODULES:
        assert files[name].pop(3) == "SourceFileLoader"
        assert bundled[name].pop(3) == "_Loader"
    assert bundled == files
    assert "raise ValueError('here')  # this line" in bundled["traceback"]


def test_what_was_bundled_is_not_read_again(folder: Path) -> None:
    bundle.pack(str(folder))
    (folder / "lone.py").write_text("VALUE = 'altered'")
    assert tell(folder)["lone"][-1] == "lone"


@pytest.mark.parametrize("content", [None, b"\0\0\0\0\0\0\0\0"])
def test_without_a_bundle_for_this_python_files_are_read(
    folder: Path, content: bytes | None
) -> None:
    bundle.pack(str(folder))
    (folder / bundle.FILE).unlink()
    if content is not None:
        (folder / bundle.FILE).write_bytes(content)
    assert tell(folder)["lone"][3] == "SourceFileLoader"


BUILT = """
import json, sys
import handler
modules = {name: module.__spec__ for name, module in sys.modules.items() if name != "__main__"}
files = [
    name for name, spec in modules.items()
    if spec and spec.has_location and spec.origin.startswith(sys.argv[1] + "/")
    and spec.origin.endswith(".py") and type(spec.loader).__name__ != "_Loader"
]
print(json.dumps(sorted(files)))
"""


def test_all_of_the_built_function_comes_from_its_bundle(built: Path, tmp_path: Path) -> None:
    function = built / "ApiFunction"
    done = subprocess.run(
        [ROOT / ".local/runtime/python3.13", "-c", BUILT, str(function)],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(function)},
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == bundle.UNBUNDLED
