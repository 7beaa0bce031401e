"""The Spark session: a cluster's where ``spark-submit`` starts us, else one on this machine."""

import os
import sys
import warnings
from pathlib import Path

from pyspark import SparkConf
from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[2]
SUBMITTED = "PYSPARK_GATEWAY_PORT"  # in the environment that spark-submit starts us in
SETTINGS = {
    "spark.master": "local[*]",
    "spark.app.name": "filmes",
    "spark.driver.memory": "4g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
}
EVERYWHERE = {  # unless spark-submit is told otherwise
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "200000",
}
# Executors compute with one thread each, so that sums have a fixed order.
THREADS = {f"spark.executorEnv.{name}": "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def open_session() -> SparkSession:
    """Return the session: on a cluster as it was submitted, here with ``SETTINGS``."""
    # Spark 4 warns of pandas 3 that not all works with it; what we call of Spark does, see tests.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    known = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, known))  # of workers on this machine
    # What was submitted is known to Spark only, and would lose against what is set here.
    settings = THREADS if SUBMITTED in os.environ else {**THREADS, **SETTINGS}
    conf = SparkConf().setAll(list(settings.items()))
    session: SparkSession = SparkSession.builder.config(conf=conf).getOrCreate()
    given = session.sparkContext.getConf()
    for name in EVERYWHERE:
        session.conf.set(name, given.get(name, EVERYWHERE[name]))
    return session
