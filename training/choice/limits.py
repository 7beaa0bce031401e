"""Limits of the values that a caller may set: hyperparameters, aim, seed, budget, lists."""

import reprlib
from collections.abc import Mapping

from training.choice.aim import Aim
from training.data.tables import DataError
from training.model.hyperparameters import Values

Limits = tuple[type, float, float]
"""Type of a number, and the lowest and highest value allowed."""

SEED: Limits = (int, 0, 2**31)  # seeds derived from it still fit NumPy's 32 bits
PARTS: Limits = (int, 1, 100_000)
BUDGET: Limits = (float, 0, 7 * 24 * 3600)  # seconds
LIST: Limits = (int, 1, 100)  # films, as in the API
HYPERPARAMETERS: dict[str, Limits] = {
    "strength": (float, 0, 1000),
    "bandwidth": (int, 1, 10_000),
    "output_exponent": (float, 0, 1),
    "correction": (float, 0, 1),
    "user_exponent": (float, 0, 1),
    "film_exponent": (float, 0, 1),
    "slope": (float, 0, 2),
    "content": (float, 0, 10),
    "aversion": (float, 0, 10),
    "prior_strength": (float, 0, 1000),
    "decay": (float, 0.1, 1000),
    "recency": (float, 0, 1),
    "half_life": (float, 0.01, 100_000),
    "cells": (int, 1, 100_000),
    "candidates": (int, 1, 10_000_000),
    "groups": (int, 1, 1000),
}
# What a renewed model has to keep of the one before, as a share: films, users, ratings, titles of
# films in both, and the gain over popularity. Each manifest states them for its successor.
RENEWAL = {"filmes": 0.9, "usuarios": 0.9, "avaliacoes": 0.9, "titulos": 0.95, "ganho": 0.8}


def check_hyperparameters(values: object) -> Values:
    """Return hyperparameters as numbers; text may stand for a number.

    Raises:
        DataError: a name is unknown or a value is out of its limits; the message says which.
    """
    if not isinstance(values, Mapping):
        told = reprlib.repr(values)
        raise DataError(f"hyperparameters is {told}, expected an object of names and numbers")
    for name in values:
        if name not in HYPERPARAMETERS:
            names = ", ".join(HYPERPARAMETERS)
            raise DataError(f"hyperparameter is {reprlib.repr(name)}, expected one of {names}")
    return {
        name: check_number(name, value, HYPERPARAMETERS[name]) for name, value in values.items()
    }


def check_aim(field: str, value: object) -> Aim:
    """Return the aim that a field names; raise ``DataError`` if there is no such aim."""
    if value not in [*Aim]:
        raise DataError(f"{field} is {reprlib.repr(value)}, expected {' or '.join(Aim)}")
    return Aim(str(value))


def check_number(name: str, value: object, limits: Limits) -> float:
    """Return a value as a number of the limits' type; raise ``DataError`` if it is not allowed."""
    kind, lowest, highest = limits
    try:
        found: float = kind(str(value))
    except ValueError:
        found = float("nan")
    if not lowest <= found <= highest:
        what = "a whole number" if kind is int else "a number"
        limit = f"{what} from {lowest:.10g} to {highest:.10g}"
        raise DataError(f"{name} is {reprlib.repr(value)}, expected {limit}")
    return found
