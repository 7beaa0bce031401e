"""A JSON file in the form of ``mock_data.json``."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from training.data.files.source import File, Folder
from training.data.tables import (
    FILM_COLUMNS,
    RATING_COLUMNS,
    TIME_COLUMN,
    USER_COLUMNS,
    DataError,
    Table,
    Tables,
    and_more,
    describe,
    did_you_mean,
    quote,
)

LAYOUT = "a JSON file"
SCALE = (0.0, 5.0)
BEGINNINGS = (b"{", b"[")


def find(folder: Folder) -> list[File]:
    """Return a file that a person named and that begins as JSON, or the only JSON in a folder."""
    if folder.named:
        is_json = folder.named.base.endswith(".json") or folder.named.begins(*BEGINNINGS)
        return [folder.named] if is_json else []
    found = folder.all("*.json")
    return found if len(found) == 1 and len(folder.files) == 1 else []


def read(folder: Folder) -> Tables:
    """Return the lists ``usuarios``, ``filmes`` and ``avaliacoes`` as tables."""
    (file,) = find(folder)
    return parse(file.path.read_bytes(), file.name)


def parse(content: bytes, name: str) -> Tables:
    """Return the tables of a document; ``name`` is what messages call it."""
    if not content.strip():
        raise DataError(f"{name} is empty")
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8: byte {error.start} is wrong") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} is not JSON: {error}") from None
    demonstration = document.get("demonstracao", False) if isinstance(document, dict) else False
    if not isinstance(demonstration, bool):
        raise DataError(f"{name}: demonstracao is {quote(demonstration)}, expected true or false")
    return Tables(
        users=replace(_table(document, "usuarios", USER_COLUMNS, name), of_people=True),
        films=_table(document, "filmes", FILM_COLUMNS, name),
        ratings=_table(document, "avaliacoes", RATING_COLUMNS, name, optional=TIME_COLUMN),
        scale=SCALE,
        demonstration=demonstration,
    )


def _table(
    document: Any, key: str, columns: list[str], name: str, optional: str | None = None
) -> Table:
    """Return a list of objects as a table, with the optional column if the objects have it."""
    records = document.get(key) if isinstance(document, dict) else None
    if not isinstance(records, list):
        slip = _slip([key], document if isinstance(document, dict) else {})
        raise DataError(f"{name}: a list named {key} is missing{slip}")
    needed = set(columns)
    wrong = [
        n
        for n, each in enumerate(records)
        if not (isinstance(each, dict) and each.keys() >= needed)
    ]
    if wrong:
        record = records[wrong[0]]
        found = record if isinstance(record, dict) else {}
        missing = [column for column in columns if column not in found]
        is_object = isinstance(record, dict)
        told = f"lacks {', '.join(missing)}" if is_object else f"is {describe(record)}"
        told = f"{name}: {key}[{wrong[0]}] {told}, expected an object with {', '.join(columns)}"
        raise DataError(told + _slip(missing, found) + and_more(len(wrong) - 1))
    given = [record.get(optional) is not None for record in records] if optional else []
    if optional and any(given):
        if not all(given):
            without = f"{name}: {key}[{given.index(False)}] has no {optional}, others have one"
            raise DataError(f"{without}: give it for all or for none")
        columns = [*columns, optional]
    return Table(pd.DataFrame(records, columns=columns, dtype=object), f"{name}: {key}", 0)


def _slip(missing: list[str], found: Iterable[str]) -> str:
    return did_you_mean(missing, {name.lower(): name for name in found})
