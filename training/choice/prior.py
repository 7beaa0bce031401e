"""Choosing the strength of the prior: how much all users' taste counts in one user's vector."""

import numpy as np
from numpy.typing import NDArray

from training.choice.folds import Fold, shorten
from training.choice.race import Race
from training.choice.search import Row
from training.model.hyperparameters import Hyperparameters

PRIOR_STRENGTHS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)  # a greater one would drown a single rating
KNOWN_RATINGS = (1, 3, 10)  # ratings left of each profile, besides the whole profile


def choose_prior(folds: list[Fold], chosen: Hyperparameters) -> tuple[float, list[Row]]:
    """Return the best strength and a table of those tried, best first.

    Each strength ranks for every user four times: with 1, 3, 10 and all of the known ratings.
    """
    shortened = {
        fold: [shorten(fold.known, most, fold.seed) for most in KNOWN_RATINGS] + [fold.known]
        for fold in folds
    }

    def ndcgs(fold: Fold, strength: float) -> NDArray[np.float64]:
        return np.concatenate(
            [fold.ndcgs(chosen.settings, strength, known) for known in shortened[fold]]
        )

    race = Race(folds, ndcgs)
    best, before = Hyperparameters.prior_strength, None
    while best != before:
        before = best
        place = PRIOR_STRENGTHS.index(best)
        for other in PRIOR_STRENGTHS[max(0, place - 1) : place + 2]:
            if race.beats(other, best):
                best = other
    rows = [
        {"prior_strength": strength, "ndcg": round(ndcg, 6), "folds": judged}
        for strength, ndcg, judged in race.standings(best)
    ]
    return best, rows
