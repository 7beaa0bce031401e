"""Writes artifacts in processes of their own, as trainings do; it imports little."""

from collections.abc import Callable
from pathlib import Path

from recommender.model.artifact import assemble, read_manifest


def write(source: Path, path: Path, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Write the artifact of a folder to a path, as a training does."""
    manifest = read_manifest(source)
    facts = {n: fact for n, fact in manifest.items() if n not in ("version", "format", "files")}

    def fill(new: Path) -> None:
        for name in manifest["files"]:
            (new / name).write_bytes((source / name).read_bytes())
        meanwhile()

    assemble(path, fill, facts)
