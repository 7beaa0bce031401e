"""``python -m training build`` and ``python -m training evaluate``."""

import argparse
import json
import logging
import sys
from pathlib import Path

from recommender.artifact import ArtifactError
from training.build import BUDGET, build
from training.coldusers import draw
from training.comparison import compare
from training.dataset import DataError, read
from training.report import render

SEED = 42
MOST_SEED = 2**31


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
        command.add_argument("--seed", type=_seed, default=SEED, help=f"default {SEED}")
    builds.add_argument("--out", type=Path, required=True, help="the artifact folder")
    evaluates.add_argument("--json", action="store_true", help="print JSON")
    evaluates.add_argument(
        "--plot", type=Path, metavar="DIR", help="also draw cold-users.svg into a folder"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        data = read(options.data)
        if options.command == "build":
            build(data, options.out, options.seed)
            return 0
        found = compare(data, options.seed, BUDGET)
    except (DataError, ArtifactError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.plot and found["cold_users"]:
        options.plot.mkdir(parents=True, exist_ok=True)
        draw(found["cold_users"], options.plot / "cold-users.svg")
    print(json.dumps(found, ensure_ascii=False, indent=2) if options.json else render(found))
    return 0


def _seed(text: str) -> int:
    """Return a seed, leaving room for those that are derived from it."""
    if not text.isdecimal() or int(text) > MOST_SEED:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {MOST_SEED}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
