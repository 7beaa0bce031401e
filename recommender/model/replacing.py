"""Puts a new folder in the place of an old one, so that a whole one is there at every instant."""

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

AT_FDCWD = -2 if sys.platform == "darwin" else -100  # stands for the working directory
EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS

Place = tuple[int, int, int] | None
"""What stands at a path: it changes when another folder does. None is nothing."""


def place_of(folder: Path) -> Place:
    """Return what stands at a path."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns


@contextmanager
def scratch_beside(folder: Path) -> Iterator[Path]:
    """Give an empty folder on the same disk; it goes at the end.

    Those that were left by writers who were killed go at the start.
    """
    prefix = f".{folder.name}-"
    with _locked(folder.parent):
        for left in folder.parent.glob(f"{prefix}*"):
            with suppress(OSError), _locked(left, wait=False):  # its writer is dead
                shutil.rmtree(left, ignore_errors=True)
        scratch = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
        lock = _lock(scratch, wait=True)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        os.close(lock)


def replace(folder: Path, new: Path, before: Place) -> bool:
    """Put a new folder in the place of what stood there before; return whether it still did.

    What stood there is in ``new`` then. Where the system cannot exchange two folders at once, such
    as on some network file systems, there is none for an instant.
    """
    with _locked(folder.parent):
        if place_of(folder) != before:
            return False
        if before is None:
            new.rename(folder)
        elif not _exchange(new, folder):
            old = new.with_name("old")
            folder.rename(old)
            new.rename(folder)
        return True


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders at once; return whether the system can."""
    import ctypes  # takes milliseconds, and only trainings need it

    library = ctypes.CDLL(None)
    rename = getattr(library, "renameatx_np" if sys.platform == "darwin" else "renameat2", None)
    if rename is None:
        return False
    return bool(rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), EXCHANGE) == 0)


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    lock = _lock(folder, wait=wait)
    try:
        yield
    finally:
        os.close(lock)


def _lock(folder: Path, *, wait: bool) -> int:
    """Return an open folder that is locked; raise ``OSError`` if another has it, and no wait."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(lock)
        raise
    return lock
