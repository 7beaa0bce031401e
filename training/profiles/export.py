"""An artifact without its ratings, and beside it what DynamoDB's import makes a table of."""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from recommender.data.catalog import Catalog
from recommender.data.packing import NEWEST
from recommender.model.artifact import (
    ARTIFACT_FILES,
    CATALOG_FILE,
    PROFILES,
    ArtifactError,
    assemble,
    check_place,
    load,
    verify_file,
)
from training.data.progress import progress
from training.profiles.parts import Kept, Profiles, write_parts

LISTED = 100_000  # users that the database keeps, those with the lowest ids: GET /usuarios has them
IDENTITY = ("version", "format", "files")  # of a manifest, which the new artifact has of its own


def export(folder: Path, out: Path) -> dict[str, Any]:
    """Write an artifact anew with its users' ratings in parts; return the new manifest.

    The model and the pictures stay as they are. An artifact at ``out`` is replaced.

    Raises:
        ArtifactError: ``folder`` holds no whole artifact, or one without ratings; ``out`` is the
            same folder, or holds something that is no artifact.
    """
    artifact = load(folder)
    if artifact.profile_table:
        raise ArtifactError(f"{folder} has its ratings in {PROFILES}/ already: name its source")
    if out.resolve() == folder.resolve():
        raise ArtifactError(f"{out} is the artifact that is read: name another folder")
    check_place(out)
    facts = {name: fact for name, fact in artifact.manifest.items() if name not in IDENTITY}

    def fill(new: Path) -> Mapping[str, Any]:
        for name in ARTIFACT_FILES:
            verify_file(folder / name, artifact.manifest["files"][name])
            shutil.copyfile(folder / name, new / name)
        catalog = Catalog(folder / CATALOG_FILE)
        kept = write_parts(_shown(catalog.profiles(), facts["data"]["usuarios"]), new)
        return {PROFILES: profile_facts(kept, leave_out_ratings(new / CATALOG_FILE, LISTED))}

    return assemble(out, fill, facts)


def profile_facts(kept: Kept, listed: int) -> dict[str, Any]:
    """Return what a manifest tells of profiles, but for the name of their table.

    ``listed`` is the number of users in the database.
    """
    return {
        "usuarios": kept.users,
        "avaliacoes": kept.ratings,
        "mais_novas": NEWEST,
        "listados": listed,
    }


def leave_out_ratings(database: Path, listed: int) -> int:
    """Take all ratings out of a database, and all users but so many; return how many are left.

    Equal databases give equal bytes.
    """
    with closing(sqlite3.connect(database)) as db:
        db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        with db:
            db.execute("DELETE FROM avaliacoes")
            last = "(SELECT id FROM usuarios ORDER BY id LIMIT 1 OFFSET ?)"
            db.execute(f"DELETE FROM gostos WHERE usuario_id >= {last}", [listed])  # noqa: S608 fixed
            db.execute(f"DELETE FROM usuarios WHERE id >= {last}", [listed])  # noqa: S608 fixed
        db.execute("VACUUM")
        return int(db.execute("SELECT count(*) FROM usuarios").fetchone()[0])


def _shown(profiles: Profiles, total: int) -> Profiles:
    """Yield profiles, and show how many there were on a terminal."""
    with progress("packing", " users", total) as bar:
        for profile in profiles:
            yield profile
            bar.update()
