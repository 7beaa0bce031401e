"""What a training learned, whatever the engine: all that an artifact is written from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import Model
from training.choice.aim import Aim
from training.choice.choose import Choice
from training.data.dataset import Dataset
from training.model.labels import Lead
from training.model.told import Told


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

    ``leads`` (k,) are those of its cells. Where the ratings are ``outside``, the data has none, and
    of the users only those whom the database lists.
    """

    data: Dataset
    model: Model
    leads: Sequence[Lead]
    choice: Choice
    evaluation: Evaluation
    outside: "Outside | None" = None


@dataclass(frozen=True)
class Outside:
    """Ratings that this machine does not hold: what is told of them, and parts of profiles.

    ``users`` and ``ratings`` are those of the data, ``kept`` the ratings that are in the parts
    under ``folder``.
    """

    told: Told
    digest: str
    users: int
    ratings: int
    kept: int
    folder: Path


@dataclass(frozen=True)
class Sampled:
    """A model of the train part of ratings, and some of the users by whom it is measured.

    ``train`` and ``test`` hold these users only. ``users`` and ``counts`` (n,), of films, are those
    of the whole train part, ``sizes`` the numbers of ratings in the whole train and test parts.
    """

    model: Model
    choice: Choice
    train: Dataset
    test: Dataset
    users: int
    counts: NDArray[np.float64]
    sizes: tuple[int, int]
    aim: Aim
