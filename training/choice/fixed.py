"""What a training is told: hyperparameters that are given instead of chosen, seed and budget."""

from collections.abc import Mapping

from training.data.dataset import DataError

Fixed = Mapping[str, float]
Limits = tuple[type, float, float]  # lowest and highest value allowed

SEED: Limits = (int, 0, 2**31)  # leaves room for those that are derived from it
BUDGET: Limits = (float, 0, 7 * 24 * 3600)  # seconds
LIMITS: dict[str, Limits] = {
    "strength": (float, 0, 1000),
    "bandwidth": (int, 1, 10_000),
    "output_exponent": (float, 0, 1),
    "correction": (float, 0, 1),
    "user_exponent": (float, 0, 1),
    "film_exponent": (float, 0, 1),
    "slope": (float, 0, 2),
    "prior_strength": (float, 0, 1000),
    "cells": (int, 1, 100_000),
    "candidates": (int, 1, 10_000_000),
    "groups": (int, 1, 1000),
}


def check(values: object) -> Fixed:
    """Return given hyperparameters as numbers; texts that stand for numbers are taken, too.

    Raises:
        DataError: naming the hyperparameter, its value and what is allowed.
    """
    if not isinstance(values, Mapping):
        raise DataError(f"hyperparameters is {values!r}, allowed is an object of names and numbers")
    for name in values:
        if name not in LIMITS:
            raise DataError(f"hyperparameter is {name!r}, allowed are {', '.join(LIMITS)}")
    return {name: number(name, value, LIMITS[name]) for name, value in values.items()}


def number(name: str, value: object, limits: Limits) -> float:
    """Return a value within limits as a number of their kind, or raise ``DataError``."""
    kind, lowest, highest = limits
    try:
        found: float = kind(str(value))
    except ValueError:
        found = float("nan")
    if not lowest <= found <= highest:
        what = "whole numbers" if kind is int else "numbers"
        raise DataError(
            f"{name} is {value!r}, allowed are {what} from {lowest:.10g} to {highest:.10g}"
        )
    return found
