"""What a path holds: plain files by folder, whether they are packed or not."""

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property, partial
from pathlib import Path, PurePosixPath

from training.data.files.archives import (
    MOST_MEMBERS,
    Members,
    check_count,
    open_tar,
    tar_members,
    zip_members,
)
from training.data.files.unpack import Budget, failing, gunzip
from training.data.tables import DataError, one_line

DEEPEST = 4  # folders in folders
NO_DATA = "__MACOSX"  # beside the data in archives made by macOS
PART = re.compile(r"part-.+(\.[a-z]+)")  # as Spark names the files of a table
IN_PARTS = "ratings"  # are what parts beside other files are
ADDRESS = "://"  # in what is no path, as s3://bucket/folder
ZIP, GZIP = (b"PK\x03\x04", b"PK\x05\x06"), b"\x1f\x8b"


@dataclass(frozen=True, eq=False)
class File:
    """A file: ``base`` is its name in small letters, ``name`` what messages call it.

    A table in several files counts as one, of which ``parts`` are these; its path is the first's.
    """

    base: str
    name: str
    unpack: Callable[[], Path] = field(repr=False)
    parts: tuple["File", ...] = ()

    @property
    def pieces(self) -> tuple["File", ...]:
        """The files that it consists of: one, unless it is in parts."""
        return self.parts or (self,)

    @cached_property
    def path(self) -> Path:
        """Where the plain file is; a packed one is unpacked on demand."""
        return self.unpack()

    def begins(self, *marks: bytes) -> bool:
        """Return whether the content begins with one of some bytes."""
        with self.path.open("rb") as content:
            return content.read(max(map(len, marks))).startswith(marks)


@dataclass(frozen=True)
class Folder:
    """The files of one folder.

    Args:
        name: what messages call it.
        files: without those whose names begin with a dot.
        named: the file that a person named instead of the folder.
        columns: our names of the columns of a single file of ratings and where a person says that
            each is: a position from 0, or a name. Empty: they are found by their names.
    """

    name: str
    files: tuple[File, ...]
    named: File | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    def get(self, *bases: str) -> File | None:
        """Return the first file that has one of some names."""
        by_base = {file.base: file for file in self.files}
        return next((by_base[base] for base in bases if base in by_base), None)

    def all(self, pattern: str) -> list[File]:
        """Return the files whose names match a pattern, in order of their names."""
        found = (file for file in self.files if fnmatch(file.base, pattern))
        return sorted(found, key=lambda file: file.base)


@contextmanager
def open_source(path: Path, name: str) -> Iterator[list[list[Folder]]]:
    """Give the folders in which the data of a path may be, in order; those of a list are alike.

    A path may be a folder, an archive (.zip, .tar, .tar.gz), a packed file (.gz) or a plain one.
    What is packed is unpacked to a temporary folder. ``name`` is what messages call the path.

    Raises:
        DataError: an archive is broken, too large, or holds links or names that leave it.
    """
    with ExitStack() as stack:
        budget = Budget(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        with failing(name):
            found = _open(path, name, budget, stack)
        yield found


def _open(path: Path, name: str, budget: Budget, stack: ExitStack) -> list[list[Folder]]:
    if path.is_dir():
        return _by_depth(name, _walk(path, name), budget)
    if not path.is_file():
        raise DataError(f"{name} is no file and no folder")
    with path.open("rb") as content:
        start = content.read(4)
    if start in ZIP:
        archive = stack.enter_context(zipfile.ZipFile(path))
        return _by_depth(name, zip_members(archive, name, budget), budget)
    if packed := open_tar(path):
        stack.enter_context(packed)
        size = path.stat().st_size
        return _by_depth(name, tar_members(packed, name, budget, size), budget)
    beside = list(_beside(path, name, budget))
    named = beside[0]
    return [[Folder(name, tuple(beside), named)], [Folder(name, (named,), named)]]


def _by_depth(name: str, members: Members, budget: Budget) -> list[list[Folder]]:
    files = (
        (place, _file(place.name, called, unpack, budget)) for place, unpack, called in members
    )
    return arrange(name, files)


def arrange(name: str, files: Iterable[tuple[PurePosixPath, File]]) -> list[list[Folder]]:
    """Return folders by depth, the outermost first, without what is no data.

    ``files`` come with the place of each within the source.
    """
    folders: dict[PurePosixPath, list[File]] = {}
    for place, file in files:
        if not any(part.startswith(".") or part == NO_DATA for part in place.parts):
            folders.setdefault(place.parent, []).append(file)
    for place in sorted(folders, key=lambda place: -len(place.parts)):
        _join_parts(name, place, folders)
    levels: list[list[Folder]] = [[] for _ in range(DEEPEST)]
    for place, inside in sorted(folders.items()):
        if (depth := len(place.parts)) < DEEPEST:
            called = f"{name}/{place}" if depth else name
            levels[depth].append(Folder(one_line(called), tuple(inside)))
    return levels


def _join_parts(name: str, place: PurePosixPath, folders: dict[PurePosixPath, list[File]]) -> None:
    """Make the parts of a table in a folder one file, and one that has only these a file."""
    by_ending: dict[str, list[File]] = {}
    others = []
    for file in folders[place]:
        if found := PART.fullmatch(file.base):
            by_ending.setdefault(found[1], []).append(file)
        elif not file.base.startswith("_"):  # as _SUCCESS
            others.append(file)
    if not by_ending:
        return
    is_alone = not others and bool(place.parts)
    stem, called = (place.name.lower(), f"{name}/{place}") if is_alone else (IN_PARTS, name)
    del folders[place]
    for ending, parts in by_ending.items():
        ordered = tuple(sorted(parts, key=lambda file: file.base))
        base = stem if stem.endswith(ending) else stem + ending
        whole = File(base, one_line(called), partial(getattr, ordered[0], "path"), ordered)
        folders.setdefault(place.parent if is_alone else place, others).append(whole)


def _file(base: str, called: str, unpack: Callable[[], Path], budget: Budget) -> File:
    """Return a file, which is unpacked once more if it is packed by gzip."""

    def give() -> Path:
        path = unpack()
        with failing(called):
            with path.open("rb") as content:
                is_packed = content.read(2) == GZIP
            return gunzip(path, called, budget) if is_packed else path

    return File(base.lower().removesuffix(".gz"), one_line(called), give)


def _walk(folder: Path, name: str) -> Members:
    seen = 0
    pending = [(folder, PurePosixPath())]
    while pending:
        inside, place = pending.pop(0)
        for path in sorted(inside.iterdir()):
            if path.name.startswith("."):
                continue
            if path.is_dir():
                if len(place.parts) + 1 < DEEPEST:
                    pending.append((path, place / path.name))
            elif path.is_file():
                seen += 1
                check_count(seen, name)
                called = f"{name.rstrip('/')}/{place / path.name}"
                yield place / path.name, partial(Path, path), called


def _beside(path: Path, name: str, budget: Budget) -> Iterator[File]:
    """Yield a file, and those of its folder that may belong to it."""
    folder = name[: len(name) - len(path.name)]
    yield _file(path.name, name, partial(Path, path), budget)
    others = (other for other in path.parent.iterdir() if other.is_file() and other != path)
    for other in sorted(others)[:MOST_MEMBERS]:
        if not other.name.startswith("."):
            called = folder + other.name
            yield _file(other.name, called, partial(Path, other), budget)
