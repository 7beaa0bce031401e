"""The session under spark-submit: what was submitted holds."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

SCRIPT = """
from training.engines.session import open_session
session = open_session()
names = ("spark.sql.session.timeZone", "spark.sql.execution.arrow.maxRecordsPerBatch")
print("found", session.sparkContext.master, *(session.conf.get(name) for name in names))
"""


def test_what_was_submitted_holds(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    submit = Path(sys.executable).with_name("spark-submit")
    told = ["--master", "local[3]", "--conf", "spark.sql.session.timeZone=America/Recife"]
    known = {"PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(
        [submit, *told, script], env={**os.environ, **known}, capture_output=True, text=True
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("found")]
    assert found == ["found local[3] America/Recife 200000"], done.stderr
