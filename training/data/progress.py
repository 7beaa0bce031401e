"""Bars that show how far long work is, on a terminal, unless informative lines are off."""

import logging
from typing import Any

from tqdm import tqdm

_log = logging.getLogger(__name__)


def progress(what: str, unit: str, total: int | None = None) -> "tqdm[Any]":
    """Return a bar for ``total`` steps, or an unknown number of them, each of which updates it."""
    hidden = None if _log.isEnabledFor(logging.INFO) else True  # None: where there is no terminal
    return tqdm(desc=what, unit=unit, total=total, disable=hidden, leave=False)
