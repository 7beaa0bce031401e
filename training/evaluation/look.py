"""What all charts look like: one calm colour among greys, readable on light and dark pages."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK, PAPER, GREY, ACCENT = "#23272f", "#ffffff", "#6f7782", "#1f5fbf"
DARK = {INK: "#e6e9ee", PAPER: "#14171c", GREY: "#9aa3b0", ACCENT: "#7db1ff"}
STYLE: dict[Any, Any] = {
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.12,  # inches
    "figure.constrained_layout.h_pad": 0.1,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": GREY,
    "axes.edgecolor": GREY,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "svg.fonttype": "none",
    "svg.hashsalt": "filmes",
}
styled = mpl.rc_context(STYLE)  # decorates what draws a chart


def panels(count: int, width: float, height: float) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure of a size in inches with so many axes side by side."""
    figure = Figure(figsize=(width, height), facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, count, squeeze=False)[0]


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG; equal figures give equal bytes.

    A style sheet replaces its colours on pages that are dark.
    """
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    rules = "".join(
        f'[style*="{what}: {light}"]{{{what}:{dark}!important}}'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
    )
    sheet = f"<style>@media(prefers-color-scheme:dark){{{rules}}}</style>"
    start, end, rest = drawn.getvalue().partition("</defs>")
    path.write_text(start + sheet + end + rest, encoding="utf-8")
