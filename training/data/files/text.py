"""Text files line by line, in UTF-8 or, where a line is not UTF-8, in Windows-1252."""

import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.files.source import File
from training.data.tables import DataError

LONGEST_LINE = 1_000_000  # characters
BLOCK = 1 << 24  # bytes
NEWLINE, RETURN = b"\n\r"
EXPONENT = re.compile(rb"[0-9.][eE][+-]?[0-9]")
MARK = "ï»¿"  # the mark at the start of many files in UTF-8, read as Latin-1
OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16

_log = logging.getLogger(__name__)


def lines(file: File) -> Iterator[str]:
    """Yield the lines of a file without their ends, which may be those of any system.

    The log says how many lines were not UTF-8.

    Raises:
        DataError: the file is UTF-16, or a line is too long to be one.
    """
    foreign = 0
    with file.path.open("rb") as binary:
        if binary.peek(2)[:2] in OTHER_MARKS:
            raise DataError(f"{file.name} is UTF-16 text, expected UTF-8: save it as UTF-8")
        # Latin-1 takes any byte, and no byte of a longer character of UTF-8 is an end of a line.
        text = io.TextIOWrapper(binary, "latin-1", newline=None)
        for number, line in enumerate(iter(lambda: text.readline(LONGEST_LINE), ""), 1):
            if len(line) == LONGEST_LINE:
                told = f"longer than {LONGEST_LINE:,} characters, expected a line of text"
                raise DataError(f"{file.name}, line {number}: {told}")
            line = line.removesuffix("\n")
            if number == 1:
                line = line.removeprefix(MARK)
            if not line.isascii():
                try:
                    line = line.encode("latin-1").decode()
                except UnicodeDecodeError:
                    foreign += 1
                    line = _windows(line)
            yield line
    if foreign:
        _log.warning("%s: lines that are not UTF-8, read as Windows-1252: %d", file.name, foreign)


def _windows(line: str) -> str:
    """Return a line that was read as Latin-1 in Windows-1252, which gives most controls a sign."""
    content = line.encode("latin-1")
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        each = (bytes([byte]) for byte in content)
        return "".join(byte.decode("cp1252", "ignore") or byte.decode("latin-1") for byte in each)


def has_exponents(path: Path) -> bool:
    """Return whether a file may hold numbers such as 1.2E+11, as spreadsheets write long ids."""
    end = b""
    with path.open("rb") as binary:
        while block := binary.read(BLOCK):
            block, end = end + block, block[-3:]
            if (b"e" in block or b"E" in block) and EXPONENT.search(block):
                return True
    return False


def find_lines(path: Path) -> "range | NDArray[np.int64] | None":
    """Return which lines of a file are not empty, counted from 0.

    None if lines end in a carriage return alone, as on very old systems.
    """
    total, empty = 0, []
    with path.open("rb") as binary:
        while block := binary.read(BLOCK) + binary.readline(LONGEST_LINE):
            if not block.endswith(b"\n"):
                block += b"\n"
            if block.count(b"\r") != block.count(b"\r\n"):
                return None
            content = np.frombuffer(block, np.uint8)
            ends = np.flatnonzero(content == NEWLINE)
            starts = np.concatenate([[0], ends[:-1] + 1])
            is_empty = (ends == starts) | ((ends == starts + 1) & (content[starts] == RETURN))
            empty.append(total + np.flatnonzero(is_empty))
            total += len(ends)
    without = np.concatenate(empty) if empty else np.empty(0, np.int64)
    return np.delete(np.arange(total), without) if len(without) else range(total)
