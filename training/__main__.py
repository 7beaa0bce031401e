"""``python -m training build`` and ``python -m training evaluate``."""

import argparse
import json
import logging
import sys
from pathlib import Path

from recommender.model.artifact import ArtifactError
from training.build import BUDGET, build
from training.choice import fixed
from training.data.dataset import DataError, read
from training.evaluation.coldusers import draw
from training.evaluation.comparison import compare
from training.evaluation.report import render

SEED = 42


def main() -> int:
    """Run a command; bad data is told in one line, with exit status 2."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    builds = commands.add_parser("build", help="train and write an artifact folder")
    evaluates = commands.add_parser("evaluate", help="print the accuracy table of a data set")
    for command in (builds, evaluates):
        command.add_argument(
            "--data", type=Path, required=True, help="JSON file or MovieLens folder"
        )
        command.add_argument("--seed", default=SEED, help=f"default {SEED}")
        command.add_argument(
            "--budget",
            default=BUDGET,
            metavar="SECONDS",
            help=f"most that the search for settings may take, default {BUDGET:g}",
        )
    builds.add_argument("--out", type=Path, required=True, help="the artifact folder")
    builds.add_argument(
        "--fix",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"give a hyperparameter instead of choosing it: {', '.join(fixed.LIMITS)}",
    )
    evaluates.add_argument("--json", action="store_true", help="print JSON")
    evaluates.add_argument(
        "--plot", type=Path, metavar="DIR", help="also draw cold-users.svg into a folder"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        seed = int(fixed.number("seed", options.seed, fixed.SEED))
        budget = fixed.number("budget", options.budget, fixed.BUDGET)
        if options.command == "build":
            given = fixed.check(dict(text.partition("=")[::2] for text in options.fix))
            build(read(options.data), options.out, seed, budget, given)
            return 0
        found = compare(read(options.data), seed, budget)
    except (DataError, ArtifactError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.plot and found["cold_users"]:
        options.plot.mkdir(parents=True, exist_ok=True)
        draw(found["cold_users"], options.plot / "cold-users.svg")
    print(json.dumps(found, ensure_ascii=False, indent=2) if options.json else render(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
