"""The map: films in the plane of two principal components, coloured by cluster."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from recommender.data.titles import shown_title
from recommender.model.artifact import Model
from recommender.model.ranking import find_cells

DOTS = 3000  # films drawn at most: the most popular ones
LONGEST_LABEL = 40  # characters
LABELS = 40  # clusters at most whose best known film is named
INK, PAPER, GREY = "#23272f", "#ffffff", "#8b929d"


@contextmanager
def _any_glyph() -> Iterator[None]:
    """Silence matplotlib's warning about characters that its font lacks.

    The PNG then shows a box, and the SVG whatever the viewer's own font has.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        yield


@_any_glyph()
def draw(model: Model, titles: dict[int, str], folder: Path) -> None:
    """Write ``mapa.svg`` and ``mapa.png``; equal models give equal bytes."""
    shown = np.asarray(model.popular_rows[:DOTS])
    cells = find_cells(model, shown)
    # Popularity is the size of a dot, so places show only the direction of a vector: the taste.
    vectors = model.vectors[shown].astype(np.float64)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    places, share = _project(vectors)

    figure = Figure(figsize=(11, 8), dpi=120, facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    popularity = model.popularity[shown] / max(float(model.popularity.max()), 1e-9)
    colours = mpl.colormaps["hsv"](_spread(len(model.cell_centers)))[cells]
    colours[:, :3] *= 0.82  # dark enough on white
    axes.scatter(
        places[:, 0], places[:, 1], s=14 + 170 * popularity, c=colours, alpha=0.72, linewidths=0
    )
    axes.margins(0.06)
    figure.draw_without_rendering()  # fixes the scales, so that labels can be measured
    named = [shown_title(titles[film]) for film in model.film_ids[shown].tolist()]
    _name_clusters(axes, places, colours, cells.tolist(), named)
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


def _name_clusters(
    axes: Axes,
    places: NDArray[np.float64],
    colours: NDArray[np.float64],
    cells: list[int],
    titles: list[str],
) -> None:
    """Write the title of each cluster's first film at its place, unless labels would overlap."""
    drawn: list[Annotation] = []
    named: set[int] = set()
    for place, colour, cell, title in zip(places, colours, cells, titles, strict=True):
        if cell in named or len(named) >= LABELS:
            continue
        named.add(cell)
        label = axes.annotate(
            _label(title),
            (place[0], place[1]),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            parse_math=False,
            color=tuple(colour[:3] * 0.6),
            path_effects=[withStroke(linewidth=2.5, foreground=PAPER)],
        )
        box = label.get_window_extent()
        if any(box.overlaps(other.get_window_extent()) for other in drawn):
            label.remove()
        else:
            drawn.append(label)


def _project(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coordinates (n, 2) on up to two principal components, and their shares of variance."""
    places = np.zeros((len(vectors), 2))
    if not np.ptp(vectors, axis=0).any():
        return places, np.empty(0)
    components = min(2, *vectors.shape)
    pca = PCA(components, random_state=0).fit(vectors)
    places[:, :components] = pca.transform(vectors)
    return places, pca.explained_variance_ratio_


def _label(title: str) -> str:
    """Return a title shortened to a label, without characters that XML does not allow."""
    text = "".join(c if c.isprintable() else " " for c in title)
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1].rstrip() + "…"


def _spread(count: int) -> np.ndarray:
    """Return hues (count,) in [0, 1) by steps of the golden ratio: neighbours differ in colour."""
    return (np.arange(count) * 0.61803398875) % 1
