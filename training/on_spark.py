"""``python -m training build --engine spark``: what it takes, and the training."""

import argparse
from typing import Any

from training.build import build_on_spark
from training.choice import limits
from training.choice.aim import Aim
from training.data.tables import DataError
from training.model.hyperparameters import Values
from training.renewal.lineage import Lineage

NAME = "spark"


def add_arguments(builds: argparse.ArgumentParser) -> None:
    """Add the choice of an engine to the command that builds a model."""
    builds.add_argument(
        "--engine",
        choices=("local", NAME),
        default="local",
        help="where to train, see docs/spark.md; on Spark, --data may be an address as s3://…",
    )
    builds.add_argument(
        "--parts",
        metavar="NUMBER",
        help="of the ratings on Spark, by default one for each million; the version depends on it",
    )


def run(
    options: argparse.Namespace,
    seed: int,
    aim: Aim | None,
    fixed: Values,
    end: float,
    lineage: Lineage,
    told: dict[str, Any],
) -> None:
    """Train as the command line says; ``told`` are scale and columns of the ratings."""
    if options.renumber:
        raise DataError("--renumber is not for --engine spark: ids have to be whole numbers")
    parts = options.parts
    if parts is not None:
        parts = int(limits.check_number("parts", parts, limits.PARTS))
    build_on_spark(options.data, options.out, seed, aim, fixed, end, lineage, **told, count=parts)
