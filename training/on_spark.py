"""``--engine spark``: what it takes, trainings, evaluations and lists on Spark."""

import argparse
import json
import math
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from recommender.model.artifact import MANIFEST_FILE
from training.build import write
from training.choice import limits
from training.choice.aim import Aim
from training.choice.learned import Learned, Sampled
from training.data.files.source import ADDRESS
from training.data.read import NO_COLUMNS
from training.data.tables import DataError, Scale, one_line
from training.model.hyperparameters import Values
from training.renewal.lineage import Lineage

NAME = "spark"


def add_engine(command: argparse.ArgumentParser, told: str) -> None:
    """Add the choice of an engine to a command; ``told`` is what it changes there."""
    command.add_argument(
        "--engine", choices=("local", NAME), default="local", help=f"see docs/spark.md; {told}"
    )


def add_arguments(builds: argparse.ArgumentParser, evaluates: argparse.ArgumentParser) -> None:
    """Add the choice of an engine, and what goes with it, to commands that train."""
    for command in (builds, evaluates):
        add_engine(command, "on Spark, --data may be an address as s3://…")
        command.add_argument(
            "--parts",
            metavar="NUMBER",
            help="of the ratings on Spark, by default one for each million; bits depend on it",
        )
    builds.add_argument(
        "--profiles",
        action="store_true",
        help="on Spark: no ratings in the database, but in parts for DynamoDB's import",
    )


def refuse(options: argparse.Namespace) -> None:
    """Raise ``DataError`` for what only Spark can do."""
    if getattr(options, "profiles", False):
        told = "on one machine, build first and then export --profiles"
        raise DataError(f"build --profiles is for --engine spark; {told}")
    if getattr(options, "parts", None) is not None:
        raise DataError(f"--parts is {options.parts}, but only --engine spark has parts")
    if ADDRESS in (out := getattr(options, "out", "")):
        raise DataError(f"--out is {out}, expected a path: only --engine spark writes to addresses")


def run(
    options: argparse.Namespace,
    seed: int,
    aim: Aim | None,
    fixed: Values,
    end: float,
    lineage: Lineage,
    told: Mapping[str, Any],
) -> Path | None:
    """Train as the command line says; ``told`` are scale and columns of the ratings.

    Return the artifact folder; None if it went to an address, which is printed as the event that
    hands it over to the training function.

    Raises:
        DataError: it cannot go there; and for what ``build_on_spark`` raises it.
    """

    def train(folder: Path) -> dict[str, Any]:
        given = (options.data, folder, seed, aim, fixed, end, lineage)
        count, profiles = _count(options), options.profiles
        return build_on_spark(*given, **told, count=count, profiles=profiles)

    if ADDRESS not in options.out:
        train(folder := Path(options.out))
        return folder
    to_bucket(options.out, train)
    print(json.dumps({"candidate": options.out}))
    return None


def to_bucket(address: str, train: Callable[[Path], dict[str, Any]]) -> None:
    """Train, and write the artifact's files below an address of S3, the manifest last.

    Raises:
        DataError: it is no such address, something is there, or S3 refuses a request.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from training.release.bucket import Bucket  # needs boto3, which a training does not

    name, _, prefix = address.removeprefix("s3://").rstrip("/").partition("/")
    if not address.startswith("s3://") or not name or not prefix:
        raise DataError(f"--out is {address}, expected a folder or s3://bucket/folder")
    try:
        bucket = Bucket(name)
        if next(bucket.keys(f"{prefix}/"), None):
            raise DataError(f"--out is {address}, where something is: name another folder")
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch, "artifact")
            files = train(folder)["files"]
            for file in (*files, MANIFEST_FILE):
                if not bucket.create(f"{prefix}/{file}", folder / file):
                    raise DataError(f"{address}/{file} was written by somebody else")
    except (BotoCoreError, ClientError) as error:
        raise DataError(f"--out is {address}: {one_line(str(error))}") from error


def build_on_spark(
    place: str,
    folder: Path,
    seed: int,
    aim: Aim | None = None,
    fixed: Values | None = None,
    end: float = math.inf,
    lineage: Lineage | None = None,
    *,
    scale: Scale | None = None,
    columns: Mapping[str, str] = NO_COLUMNS,
    count: int | None = None,
    profiles: bool = False,
) -> dict[str, Any]:
    """Do what ``build`` does with the ratings at a path or an address, on Spark.

    ``count`` is the number of parts, on which bits depend; None: by the number of ratings. With
    ``profiles`` the artifact is as ``training.profiles.export`` makes it. For the others see
    ``build`` and ``training.data.read.read``.
    """
    spark = _engine()
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".profiles-", dir=folder.absolute().parent) as scratch:

        def train() -> Learned:
            packed = Path(scratch) if profiles else None
            learned: Learned = spark.learn(
                place, columns, scale, seed, aim, fixed, end, count, packed
            )
            return learned

        return write(train, folder, seed, aim, lineage)


def sample(
    options: argparse.Namespace, seed: int, aim: Aim | None, end: float, told: Mapping[str, Any]
) -> Sampled:
    """Train on the train part of the ratings, and draw users by whom to measure."""
    count = _count(options)
    found: Sampled = _engine().sample(
        options.data, told["columns"], told["scale"], seed, aim, end, count
    )
    return found


def recommend(folder: Path, limit: int, place: str) -> int:
    """Write the lists of all users as Parquet to a path or address; return the number of rows.

    Raises:
        DataError, ListsError: something is there, or nothing can be written.
    """
    if ADDRESS not in place and Path(place).exists():
        raise DataError(f"--out is {place}, where something is: name another folder")
    rows: int = _engine().recommend(folder, limit, place)
    return rows


def _count(options: argparse.Namespace) -> int | None:
    if options.renumber:
        raise DataError("--renumber is not for --engine spark: ids have to be whole numbers")
    if options.parts is None:
        return None
    return int(limits.check_number("parts", options.parts, limits.PARTS))


def _engine() -> ModuleType:
    """Return the engine, which needs packages that other trainings do not."""
    try:
        from training.engines import spark
    except ModuleNotFoundError as error:
        told = f"--engine spark needs {error.name}: make spark installs it in .local/spark"
        raise DataError(told) from None
    return spark
