"""A JSON file in the form of ``mock_data.json``."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from training.data.tables import (
    FILM_COLUMNS,
    RATING_COLUMNS,
    TIME_COLUMN,
    USER_COLUMNS,
    DataError,
    Table,
    Tables,
    quote,
)

LAYOUT = "a JSON file"
SCALE = (0.0, 5.0)


def is_mine(path: Path) -> bool:
    """Return whether the path is a file: every other layout is a folder."""
    return path.is_file()


def read(path: Path) -> Tables:
    """Return the lists ``usuarios``, ``filmes`` and ``avaliacoes`` as tables."""
    return parse(path.read_bytes(), path.name)


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
        users=_table(document, "usuarios", USER_COLUMNS, name),
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
        raise DataError(f"{name}: a list named {key} is missing")
    for number, record in enumerate(records):
        if not isinstance(record, dict) or not record.keys() >= set(columns):
            raise DataError(
                f"{name}: {key}[{number}] is {quote(record)}, not an object with "
                + ", ".join(columns)
            )
    given = [record.get(optional) is not None for record in records] if optional else []
    if optional and any(given):
        if not all(given):
            without = f"{name}: {key}[{given.index(False)}] has no {optional}, others have one"
            raise DataError(f"{without}: give it for all or for none")
        columns = [*columns, optional]
    return Table(pd.DataFrame(records, columns=columns, dtype=object), f"{name}: {key}", 0)
