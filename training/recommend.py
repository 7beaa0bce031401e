"""``python -m training recommend``: the lists of all users in a file."""

import argparse
from pathlib import Path
from typing import Any

from recommender.settings import read_settings
from training import on_spark
from training.batch.files import find_writer, write_lists
from training.batch.lists import recommend_all
from training.choice import limits

LIMIT = 5  # as the API's


def add_command(commands: Any) -> None:
    """Add the command and its options to a parser's commands."""
    recommends = commands.add_parser("recommend", help="write the lists of all users to a file")
    recommends.add_argument(
        "--all", action="store_true", required=True, help="of all users that the artifact holds"
    )
    recommends.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="named .parquet, .csv or .csv.gz; it is replaced once all is written; on Spark a "
        "new folder of Parquet files, which may be an address",
    )
    recommends.add_argument(
        "--artifact", type=Path, metavar="DIR", help="by default the one that would be served"
    )
    recommends.add_argument("--limit", default=LIMIT, help=f"films of a list, default {LIMIT}")
    on_spark.add_engine(recommends, "workers make the lists")
    recommends.add_argument("--quiet", action="store_true", help="print no progress and no summary")


def run(options: argparse.Namespace) -> None:
    """Write the lists that the options ask for.

    Raises:
        ArtifactError, DataError, ListsError, SettingError: the message says what is wrong.
    """
    is_local, out = options.engine != on_spark.NAME, Path(options.out)
    if is_local:
        on_spark.refuse(options)
        find_writer(out)  # or raise, before anything is made
    limit = int(limits.check_number("limit", options.limit, limits.LIST))
    folder = options.artifact or read_settings().artifact
    if is_local:
        rows = write_lists(out, recommend_all(folder, limit))
    else:
        rows = on_spark.recommend(folder, limit, options.out)
    if not options.quiet:
        print(f"{rows:,} rows in {options.out}, by the artifact in {folder}")
