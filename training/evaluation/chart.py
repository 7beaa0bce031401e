"""The chart of accuracy for users with few known ratings."""

from pathlib import Path
from typing import Any

import numpy as np

from training.evaluation.look import ACCENT, GREY, panels, save, styled

LINES = {
    "padrao": ("this API", ACCENT, "-"),
    "EASE": ("EASE", GREY, "--"),
    "populares": ("popular films", GREY, ":"),
}


@styled
def draw_cold_users(cold: dict[str, Any], path: Path) -> None:
    """Write what ``cold_user_accuracy.measure`` found as SVG; equal figures give equal bytes."""
    figure, (axes,) = panels(1, 7, 4)
    places = np.arange(len(cold["known"]))
    for name, points in cold["ndcg"].items():
        label, colour, line = LINES[name]
        means = np.array([point["mean"] for point in points])
        margins = np.array([point["margin"] for point in points])
        axes.plot(places, means, line, marker="o", color=colour, label=label)
        axes.fill_between(
            places, means - margins, means + margins, color=colour, alpha=0.15, linewidth=0
        )
    axes.set_xticks(places, [str(known) for known in cold["known"]])
    axes.set_ylim(0)
    axes.set_xlabel("ratings known of a user")
    axes.set_title(f"nDCG@10, {cold['users']} new users")
    axes.legend(frameon=False, loc="lower right")
    save(figure, path)
