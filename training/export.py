"""``python -m training export``: an artifact without its ratings, for a profile table."""

import argparse
from pathlib import Path
from typing import Any

from recommender.model.artifact import CATALOG_FILE, PROFILES, part_names
from training.profiles.export import export


def add_command(commands: Any) -> None:
    """Add the command and its options to a parser's commands."""
    exports = commands.add_parser("export", help="take the ratings out of an artifact")
    exports.add_argument(
        "--profiles",
        type=Path,
        required=True,
        metavar="ARTIFACT",
        help="whose users' ratings become files from which DynamoDB imports a table",
    )
    exports.add_argument("--out", type=Path, required=True, help="the new artifact folder")
    exports.add_argument("--quiet", action="store_true", help="print no progress and no summary")


def run(options: argparse.Namespace) -> None:
    """Write the artifact that the options ask for.

    Raises:
        ArtifactError: the message says what is wrong.
    """
    source, out = options.profiles, options.out
    manifest = export(source, out)
    if options.quiet:
        return
    told, given = manifest[PROFILES], manifest["data"]["avaliacoes"]
    parts = [out / name for name in part_names(manifest["files"])]
    before, after = (_megabytes(folder / CATALOG_FILE) for folder in (source, out))
    print(
        f"version   {manifest['version']}\n"
        f"profiles  {told['usuarios']:,} users with {told['avaliacoes']:,} of {given:,} ratings, "
        f"at most the {told['mais_novas']:,} newest of each\n"
        f"parts     {len(parts)} in {out / PROFILES}, {_megabytes(*parts)}, "
        f"for a table named …{told['tabela']}\n"
        f"database  {after} instead of {before}; GET /usuarios lists {told['listados']:,} users"
    )


def _megabytes(*files: Path) -> str:
    return f"{sum(file.stat().st_size for file in files) / 1e6:,.2f} MB"
