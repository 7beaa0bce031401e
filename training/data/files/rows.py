"""Rows of delimited files: separators, headers, and the line on which each row begins."""

import csv
from collections.abc import Iterator, Sized
from dataclasses import dataclass
from itertools import islice

from training.data.files.source import File
from training.data.files.text import lines
from training.data.tables import DataError, counted

SEPARATORS = (",", ";", "\t")

Row = tuple[int, list[str]]
"""The line on which a row begins, and its fields."""


@dataclass(frozen=True)
class Form:
    """How a file is to be taken apart.

    Args:
        separator: between the fields of a row.
        quoted: whether a field between quotation marks may hold separators and ends of lines.
    """

    separator: str = ","
    quoted: bool = True


def read_rows(file: File, form: Form) -> Iterator[Row]:
    """Yield the rows of a file, blank ones left out.

    Raises:
        DataError: quotation marks are not closed, or a field is longer than the csv module allows.
    """
    if not form.quoted:
        for number, line in enumerate(lines(file), 1):
            if line.strip():
                yield number, line.split(form.separator)
        return
    rows = csv.reader((line + "\n" for line in lines(file)), delimiter=form.separator, strict=True)
    begins = 1
    try:
        for row in rows:
            if any(map(str.strip, row)):
                yield begins, row
            begins = rows.line_num + 1
    except csv.Error as error:
        raise DataError(f"{file.name}, line {begins}: {error}") from None


def first_row(file: File, form: Form) -> list[str]:
    """Return the first row that is not blank, or none."""
    return next((row for _, row in islice(read_rows(file, form), 1)), [])


def sniff(file: File) -> Form:
    """Return how a file with quoted fields is to be taken apart: what separates its first row."""
    rows = {}
    for separator in SEPARATORS:
        try:
            rows[separator] = len(first_row(file, Form(separator)))
        except DataError:  # a field between quotation marks, and then another separator
            rows[separator] = 0
    if not any(rows.values()):
        first_row(file, Form())  # is refused, or the file is empty
    return Form(max(SEPARATORS, key=lambda separator: rows[separator]))


def unlike(row: Sized, needed: int) -> str:
    """Return the end of a message about a row that has not as many fields as it should have."""
    return f": {counted(len(row), 'field')}, {needed} are needed"


def require_fields(file: File, line: int, row: Sized, least: int) -> None:
    """Raise ``DataError`` if the fields of a row are too few."""
    if len(row) < least:
        raise DataError(f"{file.name}, line {line}{unlike(row, least)}")
