"""A Spark session on this machine, and data in parts."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from training.data.tables import Scale
from training.engines.parts import Parts
from training.engines.session import open_session
from training.engines.spark import load

Load = Callable[..., Parts]


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
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
