"""``python -m training verify``: an artifact folder, checked against its manifest."""

import argparse
from pathlib import Path
from typing import Any

from recommender.model import artifact


def add_command(commands: Any) -> None:
    """Add the command and its options to a parser's commands."""
    verifies = commands.add_parser("verify", help="check an artifact folder against its manifest")
    verifies.add_argument("folder", type=Path)


def run(options: argparse.Namespace) -> None:
    """Check every file of an artifact folder against its manifest, and say what it is.

    Raises:
        ArtifactError: something is missing, altered, or of another format.
    """
    found, parts = whole(options.folder)
    count = len(artifact.ARTIFACT_FILES) + len(parts)
    data, training = found.manifest["data"], found.manifest["training"]
    print(f"version   {found.version}")
    print(f"trained   {training['date']}, aim {training['objetivo']}, seed {training['seed']}")
    print(
        f"data      {data['usuarios']} users, {data['filmes']} films, {data['avaliacoes']} ratings"
    )
    print(f"format    {found.manifest['format']}, {count} files as stated")


def whole(folder: Path) -> tuple[artifact.Artifact, list[str]]:
    """Return an artifact and the names of its parts of profiles; all its files are checked.

    Raises:
        ArtifactError: something is missing, altered, or of another format.
    """
    found = artifact.load(folder)
    digests = found.manifest["files"]
    parts = artifact.part_names(digests)
    unread = [n for n in artifact.ARTIFACT_FILES if n not in artifact.SERVED_FILES]
    for name in (*unread, *parts):
        artifact.verify_file(folder / name, digests[name])
    return found, parts
