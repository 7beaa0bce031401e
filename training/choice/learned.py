"""What a training learned, whatever the engine: all that an artifact is written from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recommender.model.artifact import Model
from training.choice.choose import Choice
from training.data.dataset import Dataset
from training.model.labels import Lead


@dataclass(frozen=True)
class Evaluation:
    """Each strategy's metrics on the test part, for a model that was trained on the train part.

    ``users`` is the number of users whose metrics were averaged.
    """

    users: int
    metrics: dict[str, Any]


@dataclass(frozen=True)
class Learned:
    """A model, the data that it serves, and how it came about.

    ``leads`` (k,) are those of its cells.
    """

    data: Dataset
    model: Model
    leads: Sequence[Lead]
    choice: Choice
    evaluation: Evaluation
