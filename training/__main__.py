"""``python -m training build`` and ``python -m training evaluate``."""

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import Any

from recommender.artifact import ArtifactError
from training.build import Evaluation, build, evaluate
from training.dataset import DataError, read
from training.evaluation import METRICS, PROTOCOL

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
        command.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    builds.add_argument("--out", type=Path, required=True, help="the artifact folder")
    evaluates.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        data = read(options.data)
        if options.command == "build":
            build(data, options.out, options.seed)
            return 0
        evaluation = evaluate(data, options.seed)
    except (DataError, ArtifactError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(_report(evaluation, options.seed), ensure_ascii=False, indent=2))
    else:
        print(_table(evaluation, options.seed))
    return 0


def _report(evaluation: Evaluation, seed: int) -> dict[str, Any]:
    return {
        "protocol": PROTOCOL.format(seed=seed),
        "users": evaluation.users,
        "hyperparameters": evaluation.choice.chosen.as_dict(),
        "validation": evaluation.choice.table,
        "metrics": evaluation.metrics,
    }


def _table(evaluation: Evaluation, seed: int) -> str:
    """Return the figures as a Markdown table, with half their 95% intervals."""
    lines = [
        f"{PROTOCOL.format(seed=seed)}; {evaluation.users} users. Mean ± half its 95% interval.",
        "",
        "| strategy | " + " | ".join(METRICS) + " |",
        "|---" * (len(METRICS) + 1) + "|",
    ]
    for strategy, metrics in evaluation.metrics.items():
        cells = [_cell(**metrics[name]) for name in METRICS]
        lines.append(f"| {strategy} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(mean: float, margin: float | None) -> str:
    return f"{mean:.3f}" if margin is None else f"{mean:.3f} ± {margin:.3f}"


if __name__ == "__main__":
    sys.exit(main())
