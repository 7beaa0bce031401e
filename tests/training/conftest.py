"""What tests of the command line share."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from training.evaluation import lenskit, sequences


@pytest.fixture
def log_as_before() -> Iterator[None]:
    """Restore the root logger, which the command configures."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture
def no_other_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that LensKit and RecTools are not set up: they take minutes."""
    for module in (lenskit, sequences):
        monkeypatch.setattr(module, "PYTHON", Path("/none"))
