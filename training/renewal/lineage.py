"""Lineages: series of catalogues in which an id stays that of the same film."""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from recommender.data.catalog import Catalog, fold
from recommender.data.origin import Origin, digest_title, origin_of
from recommender.model.artifact import ArtifactError
from training.data.dataset import Dataset

KEPT = 95  # percent of the films in both catalogues that keep their titles within a lineage
LONGEST_NAME = 40  # characters
NAMELESS = "dados"
TELLING_NOTHING = {"ratings", "rating", "movies", "movie", "u"}  # names that layouts have
FOREIGN = re.compile("[^a-z0-9._-]+")
DIGITS = (8, 16, 64)  # of a digest, that tell lineages of the same name apart


@dataclass(frozen=True)
class Lineage:
    """The lineage of a model's catalogue, as its manifest and written ratings bear it."""

    id: str
    first: str  # that of the stack's first model, to which written ratings without lineage belong

    def facts(self) -> dict[str, Any]:
        """Return what the manifest says of it, under ``data``."""
        return {"linhagem": self.id, "primeira_linhagem": self.first}

    def origin(self, data: Dataset) -> Origin:
        """Return which written ratings count for a model of this lineage that a data set makes."""
        digests = {film_id: digest_title(title) for film_id, title in data.titles().items()}
        return origin_of({**self.facts(), "escala": [data.lowest, data.highest]}, digests.get)


def begin(name: str) -> Lineage:
    """Return the lineage of a first model."""
    return Lineage(name, name)


def lineage_of(
    incumbent: Mapping[str, Any],
    before: Mapping[int, str],
    after: Mapping[int, str],
    name: str,
    digest: str,
) -> Lineage:
    """Return the lineage of the model that is to follow one in service.

    It is inherited if of the films whose ids are in both catalogues at least ``KEPT`` percent
    have the same title, whatever its case and accents; a year in the title counts. Otherwise, and
    without any such film, a new lineage begins: its name never is one that was in use, because the
    start of a digest is part of it.

    Args:
        incumbent: the part ``data`` of the manifest of the model in service.
        before: the titles of its films by id, as ``titles_of`` reads them.
        after: the titles of the next model's films by id.
        name: of the next model's data set, as ``name_of`` makes it.
        digest: of that data set, or of the next model.
    """
    old = incumbent.get("linhagem", "")
    first = incumbent.get("primeira_linhagem", old)
    shared, changed = compare_titles(before, after)
    if not shared or 100 * len(changed) > (100 - KEPT) * len(shared):
        names = (f"{name}-{digest[:digits]}" for digits in DIGITS)
        return Lineage(next(new for new in names if new not in (old, first)), first)
    if not old:  # the incumbent is older than lineages: all that was written is of this one
        return Lineage(name, name)
    return Lineage(old, first)


def compare_titles(
    before: Mapping[int, str], after: Mapping[int, str]
) -> tuple[set[int], set[int]]:
    """Return the ids that two catalogues share, and those of them whose titles differ.

    Case and accents make no difference.
    """
    shared = before.keys() & after.keys()
    return shared, {film_id for film_id in shared if fold(before[film_id]) != fold(after[film_id])}


def titles_of(catalog: Path) -> dict[int, str]:
    """Return the titles of an artifact's films by id, from its database.

    Raises:
        ArtifactError: the database has no such table.
    """
    try:
        return Catalog(catalog).all_titles()
    except sqlite3.Error as error:
        raise ArtifactError(f"{catalog} cannot be read: {error}") from None


def name_of(path: Path) -> str:
    """Return the name of a lineage that begins with a data set, from its file or folder."""
    name = FOREIGN.sub("-", fold(place_of(path).name))
    return name.strip("._-")[:LONGEST_NAME].rstrip("._-") or NAMELESS


def place_of(path: Path) -> Path:
    """Return the place that stands for a data set, whether it is packed, a folder or a file of it.

    That is the path without the file's extensions. A file whose name tells nothing, such as
    ``ratings.csv``, stands for its folder.
    """
    whole = path.resolve()
    if whole.is_dir():
        return whole
    plain = whole.with_name(PurePath(whole.name.removesuffix(".gz")).stem)
    return whole.parent if plain.name.lower() in TELLING_NOTHING else plain
