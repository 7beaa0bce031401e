"""What each measure against cold starts is worth.

Those that the function takes are left out one after the other, and others are tried. A measure
stays only if it is worth 4%. The figure is processor time from the start of a process to its first
answer, on the host. Each round starts every variant once; a variant's figure is the median of its
ratios to the function as built. Container times vary by 3%, which would hide most of these.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.functions import EVENT, OURS, PYTHON
from benchmarks.machine import ROOT

ROUNDS = 25
COLD_START = "recommender/aws/cold_start.py"
INSIDE = Path(__file__).parent / "inside"

# In which file what is replaced by what.
EDITS: dict[str, tuple[str, str, str]] = {
    "without: pydantic's models are built at their first use": (
        COLD_START,
        'BaseModel.model_config["defer_build"] = True',
        "pass",
    ),
    "without: OpenBLAS starts one thread": (
        COLD_START,
        'os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")',
        "pass",
    ),
    "without: joblib's file is read without joblib": (
        "recommender/model/artifact.py",
        "parts = arrays.read(folder / MODEL_FILE)",
        "import joblib; parts = joblib.load(folder / MODEL_FILE, mmap_mode='r')",
    ),
    "without: no garbage is collected while importing": (COLD_START, "gc.disable()", "pass"),
    "with: pydantic looks for no plugins": (
        COLD_START,
        "import warnings",
        'import warnings; os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"',
    ),
}


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace a text that stands once in a file, and its bytecode."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise SystemExit(f"benchmarks: {name} does not hold {old!r} once")
    path.unlink()  # the copy is made of links
    path.write_text(text.replace(old, new), encoding="utf-8")
    compiled(folder, path)


def compiled(folder: Path, path: Path) -> None:
    """Compile what lies at a path as `make build` does."""
    for old in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        old.unlink()
    subprocess.run(  # noqa: S603
        [PYTHON, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash",
         "-s", folder, "-p", "/var/task", path],
        check=True,
    )  # fmt: skip


def without_bytecode(folder: Path) -> None:
    """Leave out the bytecode."""
    for cache in list(folder.rglob("__pycache__")):
        shutil.rmtree(cache)


def zipped(folder: Path) -> None:
    """Move the bytecode of pure Python packages into one archive, for ``zipimport``."""
    pure = [
        package
        for package in folder.iterdir()
        if (package / "__init__.py").exists() and not any(package.rglob("*.so"))
        if package.name not in ("recommender", "artifact")
    ]
    with zipfile.ZipFile(folder / "python.zip", "w") as archive:
        for package in pure:
            for code in package.rglob("__pycache__/*.pyc"):
                name = code.parent.parent / f"{code.name.partition('.')[0]}.pyc"
                archive.write(code, name.relative_to(folder))
            shutil.rmtree(package)


def variants() -> dict[str, Callable[[Path], None]]:
    """Return what makes each variant of a copy of the function."""
    made: dict[str, Callable[[Path], None]] = {"as built": lambda _: None}
    for name, (file, old, new) in EDITS.items():
        made[name] = partial(edit, name=file, old=old, new=new)
    made["without: bytecode is compiled at build"] = without_bytecode
    made["with: bytecode lies in one archive (zipimport)"] = zipped
    return made


def copies(scratch: Path) -> Iterator[tuple[str, Path]]:
    """Yield a copy of the function for each variant."""
    for number, (name, change) in enumerate(variants().items()):
        folder = scratch / str(number)
        shutil.copytree(OURS.folder, folder, copy_function=os.link)
        if "joblib" in name:
            for package in ("joblib", "cloudpickle"):
                shutil.copytree(OURS.folder.parent / "TrainingFunction" / package, folder / package)
                compiled(folder, folder / package)
        change(folder)
        yield name, folder


def start(folder: Path) -> float:
    """Return the milliseconds of processor time of a process up to its first answer."""
    runtime = ROOT / ".local/runtime/var/runtime"
    environment = {
        "PYTHONPATH": f"{folder}/python.zip:{folder}:{runtime}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(folder),
        "AWS_LAMBDA_FUNCTION_NAME": "funcao",
        "AWS_REGION": "us-east-1",
    }
    done = subprocess.run(  # noqa: S603
        [PYTHON, INSIDE / "first.py", EVENT],
        capture_output=True, text=True, check=False, env=environment, cwd=folder,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"benchmarks: {folder.name} failed: {done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    if found["status"] != 200:
        raise SystemExit("benchmarks: a function did not answer 200")
    return 1000 * float(found["cpu"])


def main() -> None:
    """Print the table and write it as JSON."""
    times: dict[str, list[float]] = {}
    with TemporaryDirectory(dir=ROOT / ".local") as scratch:
        folders = dict(copies(Path(scratch)))
        for turn in range(ROUNDS + 1):
            for name, folder in folders.items():
                measured = start(folder)
                if turn:  # the first finds its files on the disk
                    times.setdefault(name, []).append(measured)
    whole = times["as built"]
    rows = [
        {
            "variant": name,
            "processor_ms": round(min(found), 1),
            "of_built": round(
                statistics.median(one / other for one, other in zip(found, whole, strict=True)), 3
            ),
        }
        for name, found in times.items()
    ]
    for row in rows:
        print(f"{row['variant']:55} {row['processor_ms']:8.1f} ms  {row['of_built']:.3f}")
    machine.write("tricks", {"rows": rows})


if __name__ == "__main__":
    main()
