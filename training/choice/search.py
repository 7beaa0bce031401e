"""Coordinate search: one setting at a time, along a grid, as long as the nDCG rises."""

import logging
import math
import time
from collections.abc import Collection, Iterable
from typing import Any

from training.choice.folds import Fold
from training.choice.race import Race
from training.data.progress import progress
from training.data.tables import DataError
from training.model.hyperparameters import Settings

MOST_TRIED = 150  # settings on the way from one start
STEP_ERRORS = 1.0  # that a step has to gain: with many tries, smaller gains are mostly noise
LOSS = 0.002  # share of nDCG that shorter vectors may lose
REACH = 2  # steps of the grid to try on each side
WIDEST = 10_000  # bandwidth beyond all singular vectors: no low-pass
HUNDREDTHS = tuple(step / 100 for step in range(0, 65, 5))
GRID: dict[str, tuple[float, ...]] = {
    "strength": (0.0, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 3, 4, 5, 7, 10, 15, 20),
    "bandwidth": (
        *(3, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64, 80, 96, 128, 192, 256),
        *(512, WIDEST),
    ),
    "output_exponent": HUNDREDTHS,
    "correction": (0.0, 0.5, 1.0),
    "user_exponent": HUNDREDTHS,
    "film_exponent": HUNDREDTHS,
    "content": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0),
    "slope": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5),
}

Row = dict[str, Any]

_log = logging.getLogger(__name__)


class SearchTimeoutError(DataError):
    """The search for settings did not end in the time that it was given."""


class Search:
    """Coordinate search over ``GRID``, bounded in steps so that no clock decides what is found.

    Args:
        folds: what settings are judged by.
        end: moment of the monotonic clock at which the search fails.
    """

    def __init__(self, folds: list[Fold], end: float) -> None:
        self.race = Race[Settings](folds, Fold.ndcgs)
        self.end = end

    def best(self, candidates: Iterable[Settings], folds: int | None = None) -> Settings:
        """Return the best of some settings; the first of equals."""
        found, *others = candidates
        for settings in others:
            found = self._better(settings, found, folds, errors=0.0)
        return found

    def climb(
        self,
        start: Settings,
        names: Collection[str],
        folds: int | None = None,
        reach: int = REACH,
        passes: float = math.inf,
    ) -> Settings:
        """Return the best settings reached from a start by changing only the named ones.

        A step is taken if it gains more than ``STEP_ERRORS`` standard errors.

        ``folds`` limits the comparison to the first few folds; None takes all. ``reach`` steps of
        the grid are tried on each side, one where each needs a new decomposition. The climb ends
        after so many ``passes`` over the names.
        """
        best, last = start, len(self.race.tried) + MOST_TRIED
        with progress("choosing", " settings") as bar:
            before = None
            while before != best and passes > 0:
                before, passes = best, passes - 1
                for name in names:
                    for candidate in self._neighbours(best, name, reach):
                        if len(self.race.tried) >= last:
                            return best
                        bar.update()
                        best = self._better(candidate, best, folds, STEP_ERRORS)
                _log.info("%d settings tried", len(self.race.tried))
        return best

    def narrow(self, best: Settings, short: Settings) -> Settings:
        """Return settings with shorter vectors than the best that lose next to no nDCG (``LOSS``).

        These are ``short`` if they are good enough, else the best with a lower ``bandwidth``.
        """
        wanted = (1 - LOSS) * self.race.ndcg(best)
        if short.bandwidth < best.bandwidth and self.race.ndcg(short) >= wanted:
            return short
        kept = best
        for bandwidth in reversed(GRID["bandwidth"]):
            candidate = best.with_value("bandwidth", bandwidth)
            if bandwidth < best.bandwidth:
                if self.race.ndcg(candidate) < wanted:
                    break
                kept = candidate
        return kept

    def _better(
        self, other: Settings, best: Settings, folds: int | None, errors: float
    ) -> Settings:
        if time.monotonic() > self.end:
            told = f"the search for settings did not end in time, {len(self.race.tried)} were tried"
            raise SearchTimeoutError(f"{told}: allow more time, or set some hyperparameters")
        return other if self.race.beats(other, best, folds, errors) else best

    def _neighbours(self, settings: Settings, name: str, reach: int) -> list[Settings]:
        """Return copies of settings with one of them moved along its grid."""
        steps = GRID[name]
        value = settings.as_dict()[name]
        place = min(range(len(steps)), key=lambda i: abs(steps[i] - value))
        if hasattr(settings.normalisation, name):
            reach = 1
        near = range(max(0, place - reach), min(len(steps), place + reach + 1))
        return [settings.with_value(name, steps[i]) for i in near if i != place]

    def table(self, chosen: Settings) -> list[Row]:
        """Return a row for each of the settings tried, best first."""
        return [
            {**tried.as_dict(), "ndcg": round(ndcg, 6), "folds": folds}
            for tried, ndcg, folds in self.race.standings(chosen)
        ]
