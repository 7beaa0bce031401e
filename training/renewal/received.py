"""Candidates: artifacts that were made elsewhere, in a folder of the bucket."""

import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from recommender.model.artifact import (
    ARTIFACT_FILES,
    MANIFEST_FILE,
    ArtifactError,
    part_names,
    read_manifest,
    verify_file,
)
from training.data.tables import DataError
from training.release.bucket import Bucket
from training.renewal.models import Stored

CHUNK = 1 << 20  # bytes of a part in memory
COPIES = 2  # of the files on the disk: the folder, and the layer that is made of it
MB = 1_000_000

_log = logging.getLogger(__name__)


class Received:
    """An artifact in the bucket, and a folder for what is served of it.

    Each method raises ``DataError`` if something is missing, altered or of another format.

    Args:
        bucket: the bucket.
        prefix: key of the artifact's folder, with a last slash.
        folder: a new folder for its files.
    """

    def __init__(self, bucket: Bucket, prefix: str, folder: Path) -> None:
        self.bucket, self.prefix, self.folder = bucket, prefix, folder
        self.address = f"s3://{bucket.name}/{prefix}"
        folder.mkdir()
        with self.told():
            bucket.fetch(prefix + MANIFEST_FILE, folder / MANIFEST_FILE)
            self.manifest: dict[str, Any] = read_manifest(folder)

    def fetch(self) -> None:
        """Download what is served and the pictures, if the disk has room, and check them."""
        with self.told():
            needed = COPIES * sum(self.bucket.size(self.prefix + name) for name in ARTIFACT_FILES)
            free = shutil.disk_usage(self.folder).free
            if needed > free:
                raise DataError(
                    f"{self.address} needs {needed / MB:,.0f} MB of disk, this function has "
                    f"{free / MB:,.0f}: raise TrainingDisk"
                )
            for name in ARTIFACT_FILES:
                self.bucket.fetch(self.prefix + name, self.folder / name)
                verify_file(self.folder / name, self.manifest["files"][name])

    def check_parts(self) -> dict[str, Stored]:
        """Check the parts of profiles without storing them; return where they are, by name."""
        names = part_names(self.manifest["files"])
        with self.told():
            return {name: self._check_part(name) for name in names}

    @contextmanager
    def open(self, part: Stored) -> Iterator[Any]:
        """Open a part of the profiles as it was when it was checked."""
        with self.told():
            content, _ = self.bucket.open(part.key, part.etag)
            with closing(content):
                yield content

    @contextmanager
    def told(self) -> Iterator[None]:
        """Have errors of a block be ``DataError`` and name the address instead of the folder."""
        try:
            yield
        except ArtifactError as error:
            raise DataError(str(error).replace(f"{self.folder}/", self.address)) from error
        except ClientError as error:
            raise DataError(f"{self.address} is not whole: {error}") from error

    def _check_part(self, name: str) -> Stored:
        content, etag = self.bucket.open(self.prefix + name)
        digest = hashlib.sha256()
        with closing(content):
            for chunk in content.iter_chunks(CHUNK):
                digest.update(chunk)
        if digest.hexdigest() != self.manifest["files"][name]:
            raise ArtifactError(f"{self.folder / name} was altered or truncated")
        _log.info("%s is as the manifest says", name)
        return Stored(self.prefix + name, etag)
