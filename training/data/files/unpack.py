"""Unpacking within limits: a small archive may hold more than a disk."""

import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from training.data.tables import DataError, quote

MOST_BYTES = 4 << 30  # unpacked, of one source
BLOCK = 1 << 20  # bytes
SMALL = 16 << 20  # bytes, up to which any share may be packed away
PACKED = 200  # times: no text of ratings or films packs so well
BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError),
    *(NotImplementedError, RuntimeError, UnicodeError, ValueError, OSError, MemoryError),
)


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, none at the end."""


class Budget:
    """A temporary folder, and the bytes that may be unpacked to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.used = 0
        self.files = 0

    def new(self) -> Path:
        """Return the path of a new file."""
        self.files += 1
        return self.folder / str(self.files)


def check_size(size: int, packed: int, name: str) -> None:
    """Raise ``DataError`` if what was so small while packed has too many bytes."""
    if size > MOST_BYTES:
        raise DataError(f"{name} unpacks to more than {MOST_BYTES >> 30} GB")
    if size > SMALL and size > PACKED * packed:
        raise DataError(f"{name} unpacks to more than {PACKED} times its size: no data")


def copy(content: Readable, name: str, budget: Budget, packed: int) -> Path:
    """Unpack a stream to a new file and return it; ``packed`` is its size while packed."""
    target, size = budget.new(), 0
    with target.open("wb") as new:
        while block := content.read(BLOCK):
            size += len(block)
            budget.used += len(block)
            check_size(size, packed, name)
            check_size(budget.used, budget.used, name)
            new.write(block)
    return target


def gunzip(path: Path, name: str, budget: Budget) -> Path:
    """Unpack a file of gzip's and return the new one."""
    with gzip.open(path) as content:
        return copy(content, name, budget, path.stat().st_size)


@contextmanager
def failing(name: str) -> Iterator[None]:
    """Turn what a broken archive or an unreadable file raises into a ``DataError``."""
    try:
        yield
    except BROKEN as error:
        told = str(error) or type(error).__name__
        if isinstance(error, OSError) and error.strerror:
            told = error.strerror
        raise DataError(f"{name} cannot be read: {quote(told)[1:-1]}") from error
