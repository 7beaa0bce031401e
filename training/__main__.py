"""``python -m training``: build and evaluate models, and make lists by them.

Also export their users' ratings, verify artifacts, and publish, list and roll back models.
"""

from training import present  # isort: skip: before the others import what is missing

import argparse
import json
import logging
import math
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tqdm.contrib.logging import logging_redirect_tqdm

from recommender.model.artifact import ArtifactError
from recommender.settings import SettingError, missing
from training import export, on_spark, recommend, verify
from training.batch.files import ListsError
from training.build import build
from training.choice import limits
from training.choice.aim import Aim, resolve
from training.data.dataset import Dataset
from training.data.files.names import parse_columns
from training.data.read import read
from training.data.scale import parse_scale
from training.data.tables import DataError
from training.renewal.lineage import begin, name_of
from training.serve import prepare, run_folder, serve
from training.summary import render, render_next, summarize

SEED = 42
STACK = "filmes"
QUIET = "print errors only, and what --json or an evaluation is for"
RELEASES = ("publish", "versions", "rollback")
OTHERS = {"recommend": recommend, "export": export, "verify": verify}  # with a module each


def main() -> int:
    """Run a command and return its exit status: 2, with one line on stderr, for bad input."""
    parser = _parser()
    options = parser.parse_args()
    if options.command == "evaluate" and find_spec("training.evaluation") is None:
        parser.error("this package is the training function's: it cannot evaluate")
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    quiet = getattr(options, "quiet", False)
    logging.getLogger().setLevel(logging.ERROR if quiet else logging.INFO)
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells where it finds credentials
    try:
        if options.command in RELEASES:
            return _release(options)
        with logging_redirect_tqdm():  # lines of the log go above a progress bar
            if options.command in OTHERS:
                OTHERS[options.command].run(options)
            else:
                _train(options)
    except (DataError, ArtifactError, ListsError, SettingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:  # of evaluation, or of releases
        print(f"error: {missing(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return present.stopped()
    return 0


def _train(options: argparse.Namespace) -> None:
    seed = int(limits.check_number("seed", options.seed, limits.SEED))
    aim, end = limits.check_aim("aim", options.aim) if options.aim else None, math.inf
    if options.budget is not None:
        end = limits.check_number("budget", options.budget, limits.BUDGET) + time.monotonic()
    is_on_spark = getattr(options, "engine", None) == on_spark.NAME
    if not is_on_spark:
        on_spark.refuse(options)
    if options.command == "evaluate":
        _evaluate(options, seed, aim, end, is_on_spark=is_on_spark)
        return
    fixed = limits.check_hyperparameters(dict(text.partition("=")[::2] for text in options.fix))
    lineage = begin(name_of(Path(options.data)))
    if is_on_spark:
        folder = on_spark.run(options, seed, aim, fixed, end, lineage, _told(options))
        if folder:
            _tell(options, folder)
        return
    data = _read(options)

    def train(folder: Path) -> None:
        build(data, folder, seed, aim, fixed, end, lineage)

    if options.command == "build":
        train(Path(options.out))
        _tell(options, Path(options.out))
        return
    folder = run_folder(Path(options.data))
    serve(prepare(folder, data, {"seed": seed, "aim": aim, "fixed": fixed}, train), folder)


def _tell(options: argparse.Namespace, folder: Path) -> None:
    if options.json:
        print(json.dumps(summarize(folder), ensure_ascii=False, indent=2))
    elif not options.quiet:
        found = summarize(folder)
        print(f"{render(found)}\n\n{render_next(found)}")


def _read(options: argparse.Namespace) -> Dataset:
    return read(Path(options.data), options.renumber, **_told(options))


def _told(options: argparse.Namespace) -> dict[str, Any]:
    """Return what a person says of the ratings: their scale and columns."""
    return {
        "scale": None if options.scale is None else parse_scale(options.scale),
        "columns": {} if options.columns is None else parse_columns(options.columns),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    builds = commands.add_parser("build", help="train and write an artifact folder")
    evaluates = commands.add_parser("evaluate", help="print the accuracy table of a data set")
    serves = commands.add_parser(
        present.SERVE, help="train unless that is done, and serve on this machine: see make run"
    )
    for command in (builds, evaluates, serves):
        command.add_argument(
            "--data",
            required=True,
            help="a JSON file, or a file, folder or archive of any layout in docs/data.md",
        )
        command.add_argument(
            "--scale", metavar="LOW:HIGH", help="of the ratings, by default what they tell"
        )
        command.add_argument(
            "--columns",
            metavar="user=…,item=…,rating=…,time=…",
            help="of a single file of ratings: names or positions from 0, by default found by name",
        )
        command.add_argument(
            "--renumber",
            type=Path,
            metavar="FILE",
            help="number users and films whose ids are texts or above 2^53 - 1; FILE keeps the "
            "numbers (CSV: kind,id,original), and the next run goes on from it",
        )
        command.add_argument("--seed", default=SEED, help=f"default {SEED}")
        command.add_argument(
            "--budget",
            metavar="SECONDS",
            help="time from the start after which searches that are not done fail, default none",
        )
        command.add_argument(
            "--aim",
            help=f"what lists are to hit: {Aim.LIKED} (the default), films that the user likes, or "
            f"{Aim.SEEN} (that of data without ratings), films that the user rates at all",
        )
    builds.add_argument(
        "--out", required=True, help="the artifact folder; on Spark also s3://bucket/folder"
    )
    on_spark.add_arguments(builds, evaluates)
    for command in (builds, serves):
        command.add_argument(
            "--fix",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="set a hyperparameter instead of choosing it: "
            + ", ".join(limits.HYPERPARAMETERS),
        )
    for command in (builds, evaluates):
        command.add_argument("--json", action="store_true", help="print JSON")
        command.add_argument(
            "--quiet", action="store_true", help="print no progress and no summary"
        )
    evaluates.add_argument(
        "--plot", type=Path, metavar="DIR", help="also draw cold-users.svg into a folder"
    )
    for other in OTHERS.values():
        other.add_command(commands)
    _add_releases(commands)
    return parser


def _add_releases(commands: Any) -> None:
    publishes = commands.add_parser("publish", help="make a model live")
    lists = commands.add_parser("versions", help="list the models that were live")
    rolls_back = commands.add_parser("rollback", help="make a model live that was live before")
    for command in (publishes, lists, rolls_back):
        command.add_argument("--stack", default=STACK, help=f"default {STACK}")
    publishes.add_argument(
        "what", metavar="FOLDER|VERSION", help="an artifact, or a model in the bucket"
    )
    publishes.add_argument(
        "--force", action="store_true", help="even if the gate did not let it pass"
    )
    lists.add_argument("--json", action="store_true", help="print JSON")
    rolls_back.add_argument("version", nargs="?", help="by default the one before the present")


def _release(options: argparse.Namespace) -> int:
    from training import commands  # needs boto3, which a training does not
    from training.release.stack import Stack

    try:
        if options.command == "publish":
            commands.publish(Stack(options.stack), options.what, force=options.force)
        elif options.command == "rollback":
            commands.roll_back(Stack(options.stack), options.version)
        else:
            commands.versions(Stack(options.stack), as_json=options.json)
    except commands.ERRORS as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _evaluate(
    options: argparse.Namespace, seed: int, aim: Aim | None, end: float, *, is_on_spark: bool
) -> None:
    """Print the accuracy tables of a data set; the training function ships without this code."""
    from training.evaluation.chart import draw_cold_users
    from training.evaluation.comparison import compare
    from training.evaluation.report import render as render_tables
    from training.evaluation.sampled import compare_sampled

    if is_on_spark:
        told = _told(options)
        found = compare_sampled(on_spark.sample(options, seed, aim, end, told), seed)
    else:
        data = _read(options)
        found = compare(data, seed, resolve(aim, data), end)
    if options.plot and found["cold_users"]:
        options.plot.mkdir(parents=True, exist_ok=True)
        draw_cold_users(found["cold_users"], options.plot / "cold-users.svg")
    print(json.dumps(found, ensure_ascii=False, indent=2) if options.json else render_tables(found))


if __name__ == "__main__":
    sys.exit(main())
