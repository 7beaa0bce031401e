"""The evaluation: our strategies as served and the baselines, under each protocol."""

import logging
import math
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.model.artifact import Model
from training.choice.aim import Aim
from training.choice.choose import Choice, choose
from training.choice.folds import BLOCK, make_folds
from training.choice.metrics import (
    CUTOFF,
    Profiles,
    make_profiles,
    rank_all,
)
from training.data.dataset import Dataset
from training.data.splits import BY_FILM, PROTOCOLS, Protocol
from training.evaluation import cold_film_accuracy, cold_user_accuracy, sequences
from training.evaluation.baselines import Baseline
from training.evaluation.index_share import measure_index
from training.evaluation.judge import Judge
from training.evaluation.lists import best_films, positions
from training.evaluation.tuning import candidates, settings, tune
from training.evaluation.variety import Variety
from training.model.fit import fit

DIVERSITIES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)

Rows = NDArray[np.int64]

_log = logging.getLogger(__name__)


def compare(
    data: Dataset, seed: int, aim: Aim = Aim.LIKED, end: float = math.inf
) -> dict[str, Any]:
    """Return the metrics of all protocols, of cold users and of cold films, as plain values.

    Under each protocol, the hyperparameters of our model and of each baseline are chosen for one
    aim, by nDCG at 10 on folds of the train part. The test part is used once. Everything runs in
    one thread.
    """
    left_out: dict[str, str] = {}
    parts: list[dict[str, Any]] = []
    more: dict[str, Any] = {"diversity": [], "cold_users": {}, "cold_films": {}}
    with threadpool_limits(1):
        for protocol in PROTOCOLS:
            name = f"protocol {protocol.name}"
            if protocol.timed and not data.timed:
                left_out[name] = "the data does not say when ratings were given"
                continue
            train, test = protocol.parts(data, seed)
            if not len(train.ratings) or not len(test.ratings):
                left_out[name] = "too few ratings to hold any out"
                continue
            _log.info("protocol %s: %s", protocol.name, protocol.held_out)
            trial = Trial(train, test, seed, aim, end)
            parts.append(trial.run(protocol))
            left_out |= trial.left_out
            if protocol is BY_FILM:
                chosen = trial.choice.chosen
                more = {
                    "diversity": trial.diversity(),
                    "cold_users": cold_user_accuracy.measure(train, test, chosen, trial.ease),
                    "cold_films": cold_film_accuracy.measure(train, test, chosen),
                }
    return {"seed": seed, "aim": aim.value, "protocols": parts, **more, "left_out": left_out}


class Trial(Judge):
    """One train part and test part: everything is chosen, fitted and measured on them."""

    choice: Choice
    model: Model
    profiles: Profiles
    ease: Baseline | None = None  # with its chosen strength

    def __init__(self, train: Dataset, test: Dataset, seed: int, aim: Aim, end: float) -> None:
        super().__init__(train, test, Variety(train))
        self.seed, self.aim, self.end = seed, aim, end
        liked_from = train.liked_from if aim is Aim.LIKED else None
        tried, self.left_out = candidates(len(train.users), len(train.films), seed, liked_from)
        self.candidates = tried

    def run(self, protocol: Protocol) -> dict[str, Any]:
        """Return the metrics under a protocol: a row for each strategy and each baseline."""
        started = time.perf_counter()
        self.choice = choose(self.train, self.seed, self.aim, end=self.end)
        self.model = model = fit(self.train, self.choice.chosen)
        seconds = time.perf_counter() - started
        self.profiles = profiles = make_profiles(model, self.train.ratings, self.test.ratings)
        rows = self.measure_ours(model, profiles, protocol)
        rows[0] |= {"tried": len(self.choice.settings), "seconds": round(seconds, 1)}
        index = measure_index(model, profiles, model.recency if protocol.timed else 0.0)
        folds = make_folds(self.train, self.aim, self.seed)
        for name, tried in self.candidates.items():
            _log.info("%s: %d settings", name, len(tried))
            tuned = tune(tried, folds)
            started = time.perf_counter()
            best = tuned.best.fit(self.train.matrix)
            seconds = tuned.seconds + time.perf_counter() - started
            if name == "EASE":
                self.ease = best
            about = {"tried": tuned.tried, "seconds": round(seconds, 1)}
            rows.append(
                {"name": name, "ours": False, **about, "settings": settings(best)}
                | self.measure(self.lists(best))
            )
        for kind in sequences.KINDS if protocol.timed else ():
            if reason := sequences.why_left_out(self.train):
                self.left_out[kind] = reason
                continue
            ranked = sequences.best_lists(kind, self.train, self.users, self.seed)
            rows.append({"name": kind, "ours": False, **ranked.about} | self.measure(ranked.lists))
        return {
            "name": protocol.name,
            "held_out": protocol.held_out,
            "users": len(self.users),
            "train": len(self.train.ratings),
            "test": len(self.test.ratings),
            "hyperparameters": self.choice.chosen.as_dict(),
            "validation": self.choice.settings[:CUTOFF],
            "index": index,
            "rows": rows,
        }

    def diversity(self) -> list[dict[str, Any]]:
        """Return the metrics of lists for each value of ``diversidade``."""
        return [
            {
                "diversidade": step,
                **self.measure(
                    positions(
                        self.train,
                        self.model,
                        rank_all(self.model, self.profiles, diversity=step, recency=0.0),
                    )
                ),
            }
            for step in DIVERSITIES
        ]

    def lists(self, baseline: Baseline) -> list[Rows]:
        """Return each user's ten best films by a baseline, without known films."""
        found: list[Rows] = []
        for start in range(0, len(self.users), BLOCK):
            users = self.users[start : start + BLOCK]
            known = self.train.matrix[users]
            found += best_films(baseline.scores(known, users), self.known[start : start + BLOCK])
        return found
