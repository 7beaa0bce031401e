"""Limits of given hyperparameters."""

from typing import Any

import pytest

from training.choice.limits import HYPERPARAMETERS, check_hyperparameters
from training.data.tables import DataError
from training.model.hyperparameters import Hyperparameters


def test_every_hyperparameter_but_the_seed_can_be_given() -> None:
    assert set(HYPERPARAMETERS) == Hyperparameters().as_dict().keys() - {"seed"}


def test_numbers_may_be_given_as_text() -> None:
    assert check_hyperparameters({}) == {}
    assert check_hyperparameters(
        {"bandwidth": "40", "slope": 0.5, "groups": 7, "strength": "1e1"}
    ) == {
        "bandwidth": 40,
        "slope": 0.5,
        "groups": 7,
        "strength": 10.0,
    }


def test_given_values_replace_the_defaults() -> None:
    found = Hyperparameters().with_values({"slope": 0.5, "bandwidth": 8, "groups": 7, "cells": 3})
    changed = {"slope": 0.5, "bandwidth": 8, "groups": 7, "cells": 3}
    assert found.as_dict() == {**Hyperparameters().as_dict(), **changed}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("bandwidth", "4.5", "a whole number from 1 to 10000"),
        ("bandwidth", 0, "a whole number from 1 to 10000"),
        ("cells", True, "a whole number from 1 to 100000"),
        ("slope", "", "a number from 0 to 2"),
        ("slope", "nan", "a number from 0 to 2"),
        ("slope", None, "a number from 0 to 2"),
        ("slope", 2.1, "a number from 0 to 2"),
        ("correction", [1], "a number from 0 to 1"),
        ("groups", "many", "a whole number from 1 to 1000"),
    ],
)
def test_a_value_out_of_its_limits(name: str, value: Any, expected: str) -> None:
    with pytest.raises(DataError) as raised:
        check_hyperparameters({name: value})
    assert str(raised.value) == f"{name} is {value!r}, expected {expected}"


def test_an_unknown_hyperparameter() -> None:
    with pytest.raises(DataError, match="hyperparameter is 'depth', expected one of strength, "):
        check_hyperparameters({"depth": 3})
