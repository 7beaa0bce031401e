"""Some users' ratings, out of an artifact with or without profiles."""

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

from recommender.data.catalog import Catalog, Rated
from recommender.data.packing import unpack
from recommender.model.artifact import CATALOG_FILE, ArtifactError, part_names, read_manifest
from training.profiles.parts import read_part

Users = Mapping[int, Sequence[Rated]]
"""Users' ratings in order of film id, by the user's id."""


def some_users(folder: Path, count: int) -> Users:
    """Return the ratings of some users of a whole artifact folder who have any.

    Raises:
        ArtifactError: its profiles are damaged, or its database has none.
    """
    if parts := part_names(read_manifest(folder)["files"]):
        return users_of(folder / parts[0], count)
    catalog = folder / CATALOG_FILE
    try:
        profiles = Catalog(catalog).profiles()
        return dict(islice(((user, rated) for user, rated in profiles if rated), count))
    except sqlite3.Error as error:
        raise ArtifactError(f"{catalog} cannot be read: {error}") from None


def users_of(part: Path | IO[bytes], count: int) -> Users:
    """Return the ratings of some users of a part of profiles who have any.

    Raises:
        ArtifactError: it is damaged.
    """
    try:
        profiles = ((user, unpack(content)) for user, content in read_part(part))
        return dict(islice(((user, rated) for user, rated in profiles if rated), count))
    except ValueError as error:
        raise ArtifactError(f"profiles cannot be read: {error}") from None
