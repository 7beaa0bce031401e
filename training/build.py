"""A whole training: choose, measure, fit on everything, write the artifact."""

import datetime
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.model import artifact
from recommender.model.artifact import Model
from recommender.model.ranking import Strategy
from training.bake import database, picture
from training.choice.choose import Choice, choose
from training.choice.metrics import (
    CUTOFF,
    PROTOCOL,
    make_profiles,
    rank_all,
    score_lists,
    summarise,
)
from training.data.dataset import Dataset
from training.data.splits import BY_FILM
from training.model.fit import fit
from training.model.hyperparameters import Values
from training.model.labels import find_leads_of

BUDGET = 600.0  # seconds for the choice of hyperparameters
MEASURED = 10_000  # users at most in the means of a manifest's metrics
TABLE_ROWS = 10  # of the settings tried, best first, in a manifest

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Evaluation:
    """A choice made on the train part, and each strategy's metrics on the test part.

    ``users`` is the number of users whose metrics were averaged.
    """

    choice: Choice
    users: int
    metrics: dict[str, Any]


def evaluate(
    data: Dataset, seed: int, budget: float = BUDGET, fixed: Values | None = None
) -> Evaluation:
    """Choose hyperparameters and fit on the train part of a data set; measure on its test part."""
    train, test = BY_FILM.parts(data, seed)
    with threadpool_limits(1):  # a fixed order of sums: equal data gives equal bits
        choice = choose(train, seed, budget, fixed)
        if not len(test.ratings):
            return Evaluation(choice, 0, {})
        model = fit(train, choice.chosen)
    users = np.unique(test.ratings["user"])
    if len(users) > MEASURED:
        users = np.random.RandomState(seed).choice(users, MEASURED, replace=False)
    held_out = test.ratings[test.ratings["user"].isin(users)]
    profiles = make_profiles(model, train.ratings, held_out)
    metrics = {
        strategy.value: summarise(
            score_lists(rank_all(model, profiles, strategy), profiles.relevant)
        )
        for strategy in Strategy
    }
    return Evaluation(choice, len(profiles.users), metrics)


def build(
    data: Dataset, folder: Path, seed: int, budget: float = BUDGET, fixed: Values | None = None
) -> dict[str, Any]:
    """Train on a data set, write the artifact folder, and return its manifest.

    Args:
        data: the whole data set.
        folder: where the artifact goes; an artifact already there is replaced.
        seed: of every random draw. Equal data and seed give an equal version.
        budget: seconds for the choice of hyperparameters.
        fixed: hyperparameters to keep instead of choosing them.

    Raises:
        ArtifactError: ``folder`` holds something that is not an artifact.
    """
    started = time.perf_counter()
    artifact.check_place(folder)
    _log.info("%d users, %d films, %d ratings", len(data.users), len(data.films), len(data.ratings))
    # The splits draw by position, so the order of the ratings must not depend on the source.
    data = data.with_ratings(data.ratings.sort_values(["user", "film"]))
    evaluation = evaluate(data, seed, budget, fixed)
    with threadpool_limits(1):
        model = fit(data, evaluation.choice.chosen)

    def bake(new: Path) -> None:
        database.bake(data, find_leads_of(data, model), new / artifact.CATALOG_FILE)
        titles = dict(zip(data.films["id"].tolist(), data.films["titulo"], strict=True))
        with threadpool_limits(1):
            picture.draw(model, titles, new)

    manifest = artifact.write(folder, model, bake, _facts(data, model, evaluation, seed, started))
    _log.info("version %s written to %s", manifest["version"][:12], folder)
    return manifest


def _facts(
    data: Dataset, model: Model, evaluation: Evaluation, seed: int, started: float
) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC)
    choice = evaluation.choice
    return {
        "data": {
            "digest": data.digest,
            "usuarios": len(data.users),
            "filmes": len(data.films),
            "avaliacoes": len(data.ratings),
            "duplicadas": data.duplicates,
            "escala": [data.lowest, data.highest],
            "passo": data.step,
        },
        "training": {
            "date": now.isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - started, 1),
            "seed": seed,
        },
        "hyperparameters": {
            **choice.chosen.as_dict(),
            "cells": len(model.cell_centers),
            "candidates": model.candidates,
            "tried": len(choice.settings),
            "complete": choice.complete,
            "validation": {
                "settings": choice.settings[:TABLE_ROWS],
                "priors": choice.priors,
                "indices": choice.indices,
            },
        },
        "metrics": {
            "protocol": PROTOCOL.format(seed=seed),
            "cutoff": CUTOFF,
            "users": evaluation.users,
            **evaluation.metrics,
        },
    }
