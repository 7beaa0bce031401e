"""A Spark session on this machine, and data in parts."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from benchmarks.ml_100k import fetch
from training.data.tables import Scale
from training.engines.parts import Parts
from training.engines.session import SETTINGS, open_session
from training.engines.spark import load

Load = Callable[..., Parts]

# Jobs take less than it takes to compile them well, or to start a process for each of many tasks.
CHEAP = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
}

# Warnings of Spark's own code: of Spark 4, and two of Spark 3.5.
IGNORED = (
    "ignore:PySpark does not yet fully support pandas:FutureWarning",
    "ignore:distutils Version classes are deprecated:DeprecationWarning",
    "ignore:unclosed <socket:ResourceWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    for line in IGNORED:
        config.addinivalue_line("filterwarnings", line)


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CHEAP.items():
            patch.setitem(SETTINGS, name, value)
        session = open_session()
    yield session
    session.stop()


@pytest.fixture(scope="session")
def load_parts(spark: SparkSession) -> Iterator[Load]:
    """A function of a folder and a number of parts; what it gave is let go at the end."""
    with ExitStack() as stack:

        def give(folder: Path, count: int, seed: int = 1, scale: Scale | None = None) -> Parts:
            return stack.enter_context(load(spark, str(folder), {}, scale, seed, count))[0]

        yield give


@pytest.fixture(scope="session")
def ml_100k(load_parts: Load) -> Parts:
    return load_parts(fetch(), 2)
