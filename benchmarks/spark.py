"""Training on Spark by the number of ratings, beside one machine and beside MLlib's ALS.

``make bench-spark`` runs this in the environment of Spark. Each size is trained on by one core and
by two, in a process of its own, with the same settings. Arguments select sizes in millions of
ratings, each with the cores to use: ``1 10 25:2`` are three sizes, the last of two cores only. The
results of others are kept. At ``COMPARED`` million ratings the models of Spark and of one machine
are compared, which fails if they differ. At ``BESIDE_ALS``, ALS is fitted to the same train part.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine, spark_page
from benchmarks.machine import ROOT
from benchmarks.retrieval import print_row
from benchmarks.synthetic import make
from training.engines.session import open_session

FILMS = {1: 3_706, 10: 10_700, 25: 59_000, 100: 59_000}  # by million ratings
CORES = (1, 2)
COMPARED, BESIDE_ALS = 10, 1  # million ratings
DATA = ROOT / ".local" / "bench-spark"


def run(script: str, *arguments: str) -> dict[str, Any]:
    """Return what a script of this folder prints as JSON."""
    command = [sys.executable, str(Path(__file__).with_name(script)), *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def data_of(millions: int) -> Path:
    """Return the folder of so many ratings, which are made unless they are there."""
    folder = DATA / f"{millions}m"
    if not (folder / "movies.parquet").exists():  # the last that is written
        run("spark.py", "make", str(millions))
    return folder


def measure(millions: int, cores: int, found: dict[str, Any]) -> None:
    """Put what a training takes into the results, and what it is compared with."""
    compared = cores == CORES[-1] and millions in (COMPARED, BESIDE_ALS)
    with tempfile.TemporaryDirectory(dir=ROOT / ".local") as scratch:
        row = run("spark_worker.py", str(data_of(millions)), str(cores), *[scratch] * compared)
        here = {name: machine.facts()[name] for name in ("processor", "load_average")}
        row = {"millions": millions, **row, **here}
        rows = {(each["millions"], each["cores"]): each for each in [*found["rows"], row]}
        found["rows"] = [rows[size] for size in sorted(rows)]
        _write(found)
        if compared and millions == COMPARED:
            found["parity"] = {"millions": millions, **run("spark_peer.py", scratch)}
            _write(found)
        if compared and millions == BESIDE_ALS:
            found["als"] = {"millions": millions, **run("spark_als.py", scratch, str(cores))}
            _write(found)


def _write(found: dict[str, Any]) -> None:
    machine.write("spark", found)
    spark_page.write()


def main() -> None:
    """Measure, write the results and the section of the page, and print the table."""
    if sys.argv[1:2] == ["make"]:
        millions = int(sys.argv[2])
        make(open_session(), DATA / f"{millions}m", millions * 10**6, FILMS[millions])
        print(json.dumps({"made": millions}))
        return
    found: dict[str, Any] = {"rows": []}
    if (machine.RESULTS / "spark.json").exists():
        found = machine.read("spark")
        del found["machine"]
    for argument in sys.argv[1:] or map(str, FILMS):
        size, _, cores = argument.partition(":")
        for count in [int(cores)] if cores else CORES:
            measure(int(size), count, found)
    for number, row in enumerate(spark_page.growth(found["rows"])):
        print_row(row, first=not number)
    if "parity" in found and not spark_page.agree(found["parity"]):
        raise SystemExit(f"benchmarks: the engines differ: {found['parity']}")


if __name__ == "__main__":
    main()
