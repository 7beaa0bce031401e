"""The map: films in two principal components, coloured by cluster."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from sklearn.decomposition import PCA

from recommender.artifact import Model
from recommender.ranking import find_cells

DOTS = 3000  # most films drawn, the most popular ones
LABELS = 40  # most clusters whose best known film is named
INK, PAPER, GREY = "#23272f", "#ffffff", "#8b929d"


def draw(model: Model, titles: dict[int, str], folder: Path) -> None:
    """Write ``mapa.svg`` and ``mapa.png``; equal models give equal bytes."""
    shown = np.asarray(model.popular_rows[:DOTS])
    cells = find_cells(model, shown)
    axes_count = min(2, *model.vectors.shape)
    places = np.zeros((len(shown), 2))
    # Length is mostly popularity, which the size of a dot shows; the direction is the taste.
    vectors = model.vectors[shown].astype(np.float64)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    pca = PCA(axes_count, random_state=0).fit(vectors)
    places[:, :axes_count] = pca.transform(vectors)

    figure = Figure(figsize=(11, 8), dpi=120, facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    popularity = model.popularity[shown] / max(float(model.popularity.max()), 1e-9)
    colours = mpl.colormaps["hsv"](_spread(len(model.cell_centers)))[cells]
    colours[:, :3] *= 0.82  # dark enough to be told from the paper
    axes.scatter(
        places[:, 0], places[:, 1], s=14 + 170 * popularity, c=colours, alpha=0.72, linewidths=0
    )
    axes.margins(0.06)
    figure.draw_without_rendering()  # sets the scales, on which the labels' boxes depend
    drawn: list[Annotation] = []
    named: set[int] = set()
    for place, colour, cell, row in zip(
        places, colours, cells.tolist(), shown.tolist(), strict=True
    ):
        if cell in named or len(named) >= LABELS:
            continue
        named.add(cell)
        label = axes.annotate(
            titles[int(model.film_ids[row])],
            (place[0], place[1]),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=tuple(colour[:3] * 0.6),
            path_effects=[withStroke(linewidth=2.5, foreground=PAPER)],
        )
        box = label.get_window_extent()
        if any(box.overlaps(other.get_window_extent()) for other in drawn):
            label.remove()
        else:
            drawn.append(label)
    share = pca.explained_variance_ratio_
    axes.set_title(
        f"{len(shown)} filmes em {len(model.cell_centers)} grupos (KMeans)",
        loc="left", fontsize=14, color=INK, pad=12,
    )  # fmt: skip
    for set_label, number in ((axes.set_xlabel, 0), (axes.set_ylabel, 1)):
        part = f" ({100 * share[number]:.0f}% da variância)" if number < len(share) else ""
        set_label(f"{number + 1}º componente principal{part}", color=GREY, fontsize=10)
    axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    with mpl.rc_context({"svg.hashsalt": "filmes", "svg.fonttype": "none"}):
        figure.savefig(folder / "mapa.svg", metadata={"Date": None, "Creator": None})
        figure.savefig(folder / "mapa.png", metadata={"Software": None})


def _spread(count: int) -> np.ndarray:
    """Return hues (count,) in [0, 1), neighbours in number far apart: golden-ratio steps."""
    return (np.arange(count) * 0.61803398875) % 1
