"""What tests of the command line share."""

from pathlib import Path

import pytest

from training.evaluation import lenskit, sequences


@pytest.fixture
def no_other_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that LensKit and RecTools are not set up: they take minutes."""
    for module in (lenskit, sequences):
        monkeypatch.setattr(module, "PYTHON", Path("/none"))
