"""A whole training: choose, measure, fit on everything, write the artifact."""

import datetime
import logging
import math
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from recommender.model import artifact
from training.bake import database, picture
from training.choice import limits
from training.choice.aim import Aim, resolve
from training.choice.choose import choose
from training.choice.learned import Evaluation, Learned
from training.choice.metrics import CUTOFF, PROTOCOL, measure, sample_users
from training.data.dataset import Dataset
from training.data.splits import BY_FILM
from training.model.fit import complete, fit
from training.model.hyperparameters import Values
from training.model.labels import find_leads_of
from training.profiles.export import profile_facts
from training.profiles.parts import Kept
from training.renewal.lineage import Lineage, begin

DIGEST_DIGITS = 12  # that name a lineage which nobody names
TABLE_ROWS = 10  # of the settings tried, best first, in a manifest

_log = logging.getLogger(__name__)


def evaluate(
    data: Dataset,
    seed: int,
    aim: Aim | None = None,
    fixed: Values | None = None,
    end: float = math.inf,
) -> Evaluation:
    """Train on the train part of a data set as on a whole one, and measure on its test part."""
    train, test = BY_FILM.parts(data, seed)
    aim = resolve(aim, data)
    if not len(train.ratings) or not len(test.ratings):
        return Evaluation(0, {})
    with threadpool_limits(1):  # a fixed order of sums: equal data gives equal bits
        model = fit(train, choose(train, seed, aim, fixed, end).chosen)
    held_out = sample_users(test, seed)
    return Evaluation(held_out.ratings["user"].nunique(), measure(model, train, held_out))


def build(
    data: Dataset,
    folder: Path,
    seed: int,
    aim: Aim | None = None,
    fixed: Values | None = None,
    end: float = math.inf,
    lineage: Lineage | None = None,
    began: datetime.datetime | None = None,
) -> dict[str, Any]:
    """Train on a data set, write the artifact folder, and return its manifest.

    What is served is chosen on validation folds of all ratings and fitted to all of them. The
    metrics are those of a second model, for which the same procedure sees only the train part.

    Args:
        data: the whole data set.
        folder: where the artifact goes; an artifact already there is replaced.
        seed: of every random draw. Equal data, seed, aim and fixed values give an equal version.
        aim: what recommendations are to hit; None: what they like, or where the data only says who
            saw what, what they see.
        fixed: hyperparameters to keep instead of choosing them.
        end: moment of the monotonic clock at which a search that is not done fails.
        lineage: of the films, which the manifest records; None begins one that the digest names.
            The version does not depend on it.
        began: when the data was about to be read; None: now. No user who was erased later is shown.

    Raises:
        ArtifactError: ``folder`` holds something that is not an artifact.
        DataError: the data does not allow the aim.
        SearchTimeoutError: a search was not done in time; nothing is written.
    """
    return write(lambda: learn(data, seed, aim, fixed, end), folder, seed, aim, lineage, began)


def learn(data: Dataset, seed: int, aim: Aim | None, fixed: Values | None, end: float) -> Learned:
    """Train on a data set on this machine; for the arguments see ``build``."""
    aim = resolve(aim, data)
    _log.info("%d users, %d films, %d ratings", len(data.users), len(data.films), len(data.ratings))
    # The splits draw by position, so the order of the ratings must not depend on the source.
    data = data.with_ratings(data.ratings.sort_values(["user", "film"]))
    with threadpool_limits(1):
        choice = choose(data, seed, aim, fixed, end)
        _log.info("fitting to all ratings")
        fitted = fit(data, choice.chosen)
        leads = find_leads_of(data, fitted)
        model = complete(data, fitted, leads, seed)
    _log.info("measuring: the same once more, on three quarters of the ratings")
    return Learned(data, model, leads, choice, evaluate(data, seed, aim, fixed, end))


def write(
    train: Callable[[], Learned],
    folder: Path,
    seed: int,
    aim: Aim | None,
    lineage: Lineage | None,
    began: datetime.datetime | None = None,
) -> dict[str, Any]:
    """Write what a training learns as an artifact; for the arguments see ``build``."""
    started = time.perf_counter()
    began = began or datetime.datetime.now(datetime.UTC)
    artifact.check_place(folder)
    learned = train()
    data, model = learned.data, learned.model
    _log.info("writing the database and drawing the map")

    outside = learned.outside

    def bake(new: Path) -> dict[str, Any]:
        told = outside.told if outside else None
        database.bake(data, learned.leads, new / artifact.CATALOG_FILE, told)
        with threadpool_limits(1):
            picture.draw(model, data.titles(), new)
        if outside is None:
            return {}
        shutil.move(outside.folder / artifact.PROFILES, new)
        kept = Kept(outside.users, outside.kept)
        return {artifact.PROFILES: profile_facts(kept, len(data.users))}

    training = {
        "date": began.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - started, 1),
        "seed": seed,
        "objetivo": resolve(aim, data).value,
    }
    facts = _facts(learned, training)
    facts["data"] |= (lineage or begin(facts["data"]["digest"][:DIGEST_DIGITS])).facts()
    manifest = artifact.write(folder, model, bake, facts)
    _log.info("version %s written to %s", manifest["version"][:12], folder)
    return manifest


def _facts(learned: Learned, training: dict[str, Any]) -> dict[str, Any]:
    data, model, choice, evaluation = (
        learned.data,
        learned.model,
        learned.choice,
        learned.evaluation,
    )
    outside = learned.outside
    return {
        "data": {
            "digest": outside.digest if outside else data.digest,
            "usuarios": outside.users if outside else len(data.users),
            "filmes": len(data.films),
            "avaliacoes": outside.ratings if outside else len(data.ratings),
            "duplicadas": data.duplicates,
            "demonstracao": data.demonstration,
            "escala": [data.lowest, data.highest],
            "passo": outside.told.step if outside else data.step,
        },
        "training": training,
        "limites": limits.RENEWAL,
        "hyperparameters": {
            **choice.chosen.as_dict(),
            "cells": len(model.cell_centers),
            "candidates": model.candidates,
            "recency": model.recency,
            "tried": len(choice.settings),
            "validation": {
                "settings": choice.settings[:TABLE_ROWS],
                "priors": choice.priors,
                "order": choice.order[:TABLE_ROWS],
                "trends": choice.trends[:TABLE_ROWS],
                "indices": choice.indices,
            },
        },
        "metrics": {
            "protocol": PROTOCOL.format(seed=training["seed"]),
            "cutoff": CUTOFF,
            "users": evaluation.users,
            **evaluation.metrics,
        },
    }
