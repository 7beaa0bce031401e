"""Hyperparameters that are given: which, and within which bounds."""

from typing import Any

import pytest

from training.choice.limits import HYPERPARAMETERS, check_hyperparameters
from training.data.tables import DataError
from training.model.hyperparameters import Hyperparameters


def test_every_hyperparameter_but_the_seed_can_be_given() -> None:
    assert set(HYPERPARAMETERS) == Hyperparameters().as_dict().keys() - {"seed"}


def test_numbers_and_texts_that_stand_for_them() -> None:
    assert check_hyperparameters({}) == {}
    assert check_hyperparameters(
        {"bandwidth": "40", "slope": 0.5, "groups": 7, "strength": "1e1"}
    ) == {
        "bandwidth": 40,
        "slope": 0.5,
        "groups": 7,
        "strength": 10.0,
    }


def test_values_given_take_their_places() -> None:
    found = Hyperparameters().with_values({"slope": 0.5, "bandwidth": 8, "groups": 7, "cells": 3})
    changed = {"slope": 0.5, "bandwidth": 8, "groups": 7, "cells": 3}
    assert found.as_dict() == {**Hyperparameters().as_dict(), **changed}


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("bandwidth", "4.5", "whole numbers from 1 to 10000"),
        ("bandwidth", 0, "whole numbers from 1 to 10000"),
        ("cells", True, "whole numbers from 1 to 100000"),
        ("slope", "", "numbers from 0 to 2"),
        ("slope", "nan", "numbers from 0 to 2"),
        ("slope", None, "numbers from 0 to 2"),
        ("slope", 2.1, "numbers from 0 to 2"),
        ("correction", [1], "numbers from 0 to 1"),
        ("groups", "many", "whole numbers from 1 to 1000"),
    ],
)
def test_what_is_not_allowed(name: str, value: Any, allowed: str) -> None:
    with pytest.raises(DataError) as raised:
        check_hyperparameters({name: value})
    assert str(raised.value) == f"{name} is {value!r}, allowed are {allowed}"


def test_no_such_hyperparameter() -> None:
    with pytest.raises(DataError, match="hyperparameter is 'depth', allowed are strength, "):
        check_hyperparameters({"depth": 3})
