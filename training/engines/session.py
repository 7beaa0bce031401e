"""The Spark session: a cluster's where ``spark-submit`` starts us, else one on this machine."""

import os
import sys
import warnings
from pathlib import Path

from pyspark import SparkConf
from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "spark.master": "local[*]",
    "spark.app.name": "filmes",
    "spark.driver.memory": "4g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "200000",
    # Executors compute with one thread each, so that sums have a fixed order.
    **{f"spark.executorEnv.{name}": "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")},
}


def open_session() -> SparkSession:
    """Return the session, with those of ``SETTINGS`` that nobody has set."""
    # Spark 4 warns of pandas 3 that not all works with it; what we call of Spark does, see tests.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    known = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, known))  # of workers on this machine
    conf = SparkConf()
    for name, value in SETTINGS.items():
        conf.setIfMissing(name, value)
    if (conf.get("spark.master") or "").startswith("local"):
        conf.setIfMissing("spark.sql.shuffle.partitions", str(2 * (os.cpu_count() or 1)))
    return SparkSession.builder.config(conf=conf).getOrCreate()
