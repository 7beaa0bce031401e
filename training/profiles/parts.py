"""Parts of profiles: the files from which DynamoDB's import makes a profile table.

A part is gzip of DynamoDB JSON, an item a line: ``usuario_id``, the key, and ``avaliacoes``, the
user's newest ratings as ``recommender.data.packing`` packs them.
"""

import gzip
import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from recommender.data.catalog import Rated
from recommender.data.packing import newest, pack
from recommender.model.artifact import (
    Artifact,
    ArtifactError,
    part_name,
    part_names,
    verify_file,
)

PART_BYTES = 50_000_000  # after which a part takes no further user
LINE = '{"Item":{"usuario_id":{"N":"%d"},"avaliacoes":{"B":"%s"}}}\n'

Profiles = Iterable[tuple[int, Sequence[Rated]]]
"""Ids of users, each with all ratings in order of film id; users without ratings too."""


class Kept(NamedTuple):
    """How many users and ratings parts hold."""

    users: int
    ratings: int


def write_parts(profiles: Profiles, folder: Path, most: int = PART_BYTES) -> Kept:
    """Write profiles to the parts of an artifact folder, from the first one on.

    ``most`` is the size of a part in bytes; a part without users is written only if there are none.
    """
    left, number, users, ratings = iter(profiles), 0, 0, 0
    while True:
        path = folder / part_name(number)
        kept = write_part(left, path, most)
        users, ratings = users + kept.users, ratings + kept.ratings
        if not kept.users and number:
            path.unlink()
        if not kept.users:
            return Kept(users, ratings)
        number += 1


def write_part(profiles: Profiles, path: Path, most: int = PART_BYTES) -> Kept:
    """Write a part: the users of an iterator until there are ``most`` bytes, and none after that.

    Equal profiles give equal bytes, as long as zlib is the same.
    """
    path.parent.mkdir(exist_ok=True)
    users = ratings = 0
    with path.open("wb") as file, gzip.GzipFile("", "wb", 1, file, mtime=0) as packed:
        for user_id, rated in profiles:
            kept = newest(rated)
            packed.write((LINE % (user_id, b64encode(pack(kept)).decode())).encode())
            users, ratings = users + 1, ratings + len(kept)
            if file.tell() >= most:
                break
    return Kept(users, ratings)


def verified_parts(artifact: Artifact) -> list[Path]:
    """Return the parts of an artifact in order, each checked; none where ratings are packaged.

    Raises:
        ArtifactError: one is missing or altered.
    """
    digests = artifact.manifest["files"]
    parts = {artifact.path / name: digests[name] for name in part_names(digests)}
    for path, digest in parts.items():
        if not path.is_file():
            told = f"{path} is missing: without the parts of its profiles"
            raise ArtifactError(f"{told}, an artifact gives no lists; name the folder of an export")
        verify_file(path, digest)
    return [*parts]


def read_part(part: Path | IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the id and the packed ratings of each user of a part, a file or what reads like one.

    Raises:
        ArtifactError: it is no part.
    """
    try:
        with gzip.open(part, "rb") as lines:
            for line in lines:
                item = json.loads(line)["Item"]
                yield int(item["usuario_id"]["N"]), b64decode(item["avaliacoes"]["B"])
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{part} is no part of profiles: {error}") from None
