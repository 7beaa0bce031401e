"""Whether the arrays of a model fit each other: their types, and their shapes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

FORMS = {
    "film_ids": "int64 n",
    "rows_by_id": "int64 n",
    "title_digests": "uint32 *",
    "vectors": "float32 n d",
    "fold_in": "float32 n",
    "prior": "float32 d",
    "next_film": "float32 q q",
    "near_rows": "int n m",
    "near_scores": "float32 n m",
    "cell_centers": "float32 k d",
    "cell_starts": "int k+1",
    "cell_labels": "str k",
    "cell_shelves": "int k+1",
    "shelf_cells": "int s",
    "shelf_starts": "int s+1",
    "shelf_lengths": "float32 s",
    "popularity": "float32 n",
    "popular_rows": "int n",
    "trend": "float32 r",
    "trend_rows": "int r",
    "group_centers": "float32 g n",
    "group_rows": "int g n",
    "group_scale": "float32 n",
    "group_shift": "float32 n",
    "group_norms": "float64 g",
    "genre_names": "str t",
    "genre_starts": "int t+1",
    "genre_rows": "int *",
    "film_genres": "uint8 n t/8",
    "director_names": "str p",
    "director_starts": "int p+1",
    "director_rows": "int *",
    "map_places": "float32 * 2",
}
"""Type and shape of each array. Letters are lengths, the same in all of them; * is any."""

TYPES = {"int": np.integer, "str": np.str_}  # others by their names
DIVIDED = {
    "cell_starts": "film_ids",
    "cell_shelves": "shelf_cells",
    "shelf_starts": "film_ids",
    "genre_starts": "genre_rows",
    "director_starts": "director_rows",
}
"""By array of starts: the array that it divides, from 0 to its end."""


class ShapeError(ValueError):
    """An array has another type or shape than the others ask for."""


def check_shapes(parts: Mapping[str, Any]) -> None:
    """Pass if arrays and scalars are those of a model; ``parts`` has all of its names.

    Raises:
        ShapeError: an array or a scalar is not as it must be.
    """
    lengths: dict[str, int] = {}
    for name, form in FORMS.items():
        kind, *symbols = form.split()
        shape = _shape(name, parts[name], kind)
        for symbol, length in zip(symbols, shape, strict=False):
            if symbol.isalpha():
                lengths.setdefault(symbol, length)
        wanted = tuple(_length(symbol, lengths) for symbol in symbols)
        if len(shape) != len(wanted) or any(
            length not in (None, found) for found, length in zip(shape, wanted, strict=True)
        ):
            told = ", ".join("any" if length is None else str(length) for length in wanted)
            raise ShapeError(f"{name} has the shape {shape}, expected ({told})")
    for name in parts.keys() - FORMS.keys():
        if isinstance(parts[name], bool) or not isinstance(parts[name], int | float):
            raise ShapeError(f"{name} is {type(parts[name]).__name__}, expected a number")
    for name, divided in DIVIDED.items():
        starts, end = parts[name], len(parts[divided])
        if starts[0] != 0 or starts[-1] != end or (starts[1:] < starts[:-1]).any():
            raise ShapeError(f"{name} does not rise from 0 to the {end} entries of {divided}")


def _shape(name: str, found: Any, kind: str) -> tuple[int, ...]:
    """Return the shape of what must be an array of a type."""
    if not isinstance(found, np.ndarray):
        raise ShapeError(f"{name} is {type(found).__name__}, expected an array")
    if not np.issubdtype(found.dtype, TYPES.get(kind, kind)):
        raise ShapeError(f"{name} is of type {found.dtype}, expected {kind}")
    shape: tuple[int, ...] = found.shape
    return shape


def _length(symbol: str, lengths: Mapping[str, int]) -> int | None:
    """Return the length that a symbol stands for; None for any."""
    if symbol == "*":
        return None
    if symbol.isdecimal():
        return int(symbol)
    if symbol == "t/8":  # a bit for each genre
        return -(-lengths["t"] // 8)
    return lengths[symbol[0]] + symbol.endswith("+1")
