"""The chart of accuracy for users with few known ratings."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK, PAPER, GREY = "#23272f", "#ffffff", "#8b929d"
COLOURS = {"padrao": "#1f5fbf", "EASE": "#d9730d", "populares": GREY}


def draw_cold_users(cold: dict[str, Any], path: Path) -> None:
    """Write what ``cold_user_accuracy.measure`` found as SVG; equal figures give equal bytes."""
    figure = Figure(figsize=(7, 4.2), facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    places = np.arange(len(cold["known"]))
    for name, points in cold["ndcg"].items():
        means = np.array([point["mean"] for point in points])
        margins = np.array([point["margin"] for point in points])
        axes.plot(places, means, marker="o", color=COLOURS[name], label=name)
        axes.fill_between(
            places, means - margins, means + margins, color=COLOURS[name], alpha=0.15, linewidth=0
        )
    axes.set_xticks(places, [str(known) for known in cold["known"]])
    axes.set_xlabel("ratings known of the user", color=GREY)
    axes.set_ylabel("nDCG@10", color=GREY)
    axes.set_title(f"{cold['users']} new users", loc="left", color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    with mpl.rc_context({"svg.hashsalt": "filmes", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})
