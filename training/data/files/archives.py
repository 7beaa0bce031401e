"""Archives: the files in them, none of which may be a link or leave its folder."""

import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Self

from training.data.files.unpack import Budget, check_size, copy, failing
from training.data.tables import DataError, quote

MOST_MEMBERS = 1000
MOST_TOLD = 1 << 20  # bytes of names and of whatever else is told of members, in all
MOST_SHARED = 1 << 10  # bytes of what is told of all members at once, which each of them keeps
DESCRIBING = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)

Members = Iterator[tuple[PurePosixPath, Callable[[], Path], str]]
"""Where each file is within its source, what gives it, and what messages call it."""


class _Member(tarfile.TarInfo):
    """A member of an archive that tells not too much of its members.

    The library reads that before anybody can look. Each archive has a class of its own, which
    counts.
    """

    told = shared = 0

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        found = super().frombuf(buf, encoding, errors)
        cls.told += found.size if found.type in DESCRIBING else 0
        cls.shared += found.size if found.type == tarfile.XGLTYPE else 0
        if cls.told > MOST_TOLD or cls.shared > MOST_SHARED:
            raise ValueError("it tells too much of its members")
        return found


def open_tar(path: Path) -> tarfile.TarFile | None:
    """Open an archive, packed or not; return None if it is none.

    Raises:
        ValueError: it tells more of its members than any names need.
    """

    class Member(_Member):
        pass

    try:
        return tarfile.open(path, tarinfo=Member)
    except tarfile.TarError:
        return None


def zip_members(archive: zipfile.ZipFile, name: str, budget: Budget) -> Members:
    """Yield the files of an archive; refuse one that holds links, or names that leave it."""
    found = archive.infolist()
    check_count(len(found), name)
    for member in found:
        place = _place(member.filename, name)
        if stat.S_ISLNK(member.external_attr >> 16):
            raise DataError(f"{name} holds a link, {quote(member.filename)}: refused")
        if not member.is_dir():
            called = f"{name}: {place}"

            def give(member: zipfile.ZipInfo = member, called: str = called) -> Path:
                with failing(called), archive.open(member) as content:
                    return copy(content, called, budget, member.compress_size)

            yield place, give, called


def tar_members(archive: tarfile.TarFile, name: str, budget: Budget, size: int) -> Members:
    """Yield the files of an archive of so many bytes; refuse what ``zip_members`` refuses."""
    for number, member in enumerate(archive, 1):
        check_count(number, name)
        check_size(member.offset_data + member.size, size, name)
        place = _place(member.name, name)
        if not member.isfile() and not member.isdir():
            raise DataError(f"{name} holds a link or device, {quote(member.name)}: refused")
        if member.isfile():
            called = f"{name}: {place}"

            def give(member: tarfile.TarInfo = member, called: str = called) -> Path:
                with failing(called):
                    content = archive.extractfile(member)
                    if content is None:
                        raise DataError(f"{called} is no file")
                    return copy(content, called, budget, member.size)

            yield place, give, called


def check_count(count: int, name: str) -> None:
    """Raise ``DataError`` if a source holds too many files."""
    if count > MOST_MEMBERS:
        raise DataError(f"{name} holds more than {MOST_MEMBERS} files")


def _place(member: str, name: str) -> PurePosixPath:
    """Return where a member of an archive is; refuse a name that leaves the archive."""
    place = PurePosixPath(member.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or ":" in member.partition("/")[0]:
        raise DataError(f"{name} holds {quote(member)}, a name that leaves its folder")
    return place
