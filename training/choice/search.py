"""Coordinate search: one setting at a time, along a grid, as long as the nDCG rises."""

import logging
import time
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

from training.choice.folds import Fold
from training.choice.race import Race
from training.model.hyperparameters import Settings

REACH = 2  # steps of the grid to try on each side
NORMALISATION_REACH = 1  # ... of settings that need a new decomposition for each step
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
    "slope": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5),
}

Row = dict[str, Any]

_log = logging.getLogger(__name__)


class Search:
    """Coordinate search over ``GRID`` within a budget of time.

    Args:
        folds: what settings are judged by.
        budget: seconds, counted from now. ``complete`` turns false when they run out.
    """

    def __init__(self, folds: list[Fold], budget: float) -> None:
        self.race = Race[Settings](folds, Fold.ndcgs)
        self.end = time.monotonic() + budget
        self.complete = True

    def best(self, candidates: Iterable[Settings]) -> Settings:
        """Return the best of some settings, or of those tried before the budget ran out."""
        found, *others = candidates
        for settings in others:
            if time.monotonic() > self.end:
                self.complete = False
                break
            if self.race.beats(settings, found):
                found = settings
        return found

    def climb(self, start: Settings, names: Iterable[str], folds: int | None = None) -> Settings:
        """Return the best settings reached from a start by changing only the named ones.

        ``folds`` limits the comparison to the first few folds; None takes all.
        """
        best = start
        with tqdm(desc="choosing", unit=" settings", disable=None, leave=False) as bar:
            improved = True
            while improved and self.complete:
                improved = False
                for name in names:
                    for candidate in self._neighbours(best, name):
                        if time.monotonic() > self.end:
                            self.complete = False
                            return best
                        bar.update()
                        if self.race.beats(candidate, best, folds):
                            best, improved = candidate, True
                _log.info("%d settings tried", len(self.race.tried))
        return best

    def _neighbours(self, settings: Settings, name: str) -> list[Settings]:
        """Return copies of settings with one of them moved along its grid."""
        steps = GRID[name]
        value = settings.as_dict()[name]
        place = min(range(len(steps)), key=lambda i: abs(steps[i] - value))
        reach = NORMALISATION_REACH if hasattr(settings.normalisation, name) else REACH
        near = range(max(0, place - reach), min(len(steps), place + reach + 1))
        return [settings.with_value(name, steps[i]) for i in near if i != place]

    def table(self, chosen: Settings) -> list[Row]:
        """Return a row for each of the settings tried, best first."""
        return [
            {**tried.as_dict(), "ndcg": round(ndcg, 6), "folds": folds}
            for tried, ndcg, folds in self.race.standings(chosen)
        ]
