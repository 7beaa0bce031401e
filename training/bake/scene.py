"""What the map shows and where: films in the plane of two principal components, and a legend."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.data.titles import shown_title
from recommender.model.artifact import Model
from recommender.model.ranking import find_cells
from training.bake.colours import GREY, INK, OTHER, Pair, oklch
from training.bake.texts import NAMES, Floats, Text, measure, name_films, shorten
from training.model.plane import shares_of_variance

WIDTH, MARGIN, MAP_TOP, MAP_BOTTOM, ROW = 1060, 24, 84, 664, 24  # pixels
DOTS = 3000  # films drawn at most: the most popular ones
GROUPS = 10  # of the legend at most: the largest ones, which are the first
LONGEST = 100  # characters of an entry of the legend
TITLE, TEXT = 19.0, 13.0  # font sizes
CHROMA, GOLDEN_ANGLE = 0.15, 137.50776405  # degrees between the hues of a group and the next


@dataclass
class Scene:
    """Dots by colour (m, 3): x, y and radius, the first colour lowest; texts above them."""

    height: float
    dots: list[tuple[Pair, Floats]]
    texts: list[Text]


def arrange(model: Model, titles: dict[int, str]) -> Scene:
    """Return the scene of a model that knows where films lie on the map (``map_places``)."""
    shown = model.popular_rows[:DOTS]
    cells = find_cells(model, shown)
    count = len(model.cell_centers)
    legend = range(min(count, GROUPS))
    popularity = model.popularity[shown] / max(float(model.popularity.max()), 1e-9)
    radii = (2.5 + 5.5 * np.sqrt(popularity)) * min(1.0, (600 / len(shown)) ** 0.3)
    dots = np.column_stack([_fit(model.map_places[: len(shown)]), radii])
    films = {cell: np.flatnonzero(cells == cell) for cell in dict.fromkeys(cells.tolist())}

    layers = [(_hue(cell), dots[films[cell]]) for cell in legend if cell in films]
    entries = [
        (_hue(cell), words)
        for cell, words in zip(legend, _describe(model, legend, titles), strict=True)
    ]
    named = [(_hue(cell, text=True), films[cell]) for cell in legend if cell in films]
    if count > GROUPS:
        layers.insert(0, (OTHER, dots[cells >= GROUPS]))
        entries.append((OTHER, f"outros grupos ({count - GROUPS})"))
        named += [(GREY, of_cell) for cell, of_cell in films.items() if cell >= GROUPS]
    names = [shown_title(titles[film]) for film in model.film_ids[shown].tolist()]
    room = (MARGIN, MAP_TOP, WIDTH - MARGIN, MAP_BOTTOM)
    texts = _heading(model, len(shown)) + name_films(dots, names, named[: 2 * NAMES], room)
    rows = -(-len(entries) // 2)
    scene = Scene(MAP_BOTTOM + ROW * (rows + 1), layers, texts)
    _add_legend(scene, entries, rows)
    return scene


def _hue(cell: int, *, text: bool = False) -> Pair:
    """Return a group's colour, as far from those of the groups before as hues allow.

    Eight groups later, hues come close again, and lightness tells the groups apart.
    """
    light, dark = (0.45, 0.85) if text else (0.53, 0.82) if cell // 8 % 2 else (0.66, 0.70)
    hue = GOLDEN_ANGLE * cell % 360
    return oklch(light, CHROMA, hue), oklch(dark, CHROMA, hue)


def _fit(places: NDArray[np.float32]) -> Floats:
    """Return places (m, 2) stretched over the map's part of the scene."""
    low, high = places.min(axis=0).astype(float), places.max(axis=0).astype(float)
    shares = np.where(high > low, (places - low) / np.maximum(high - low, 1e-12), 0.5)
    left, right, top, bottom = 2 * MARGIN, WIDTH - 2 * MARGIN, MAP_TOP + MARGIN, MAP_BOTTOM - MARGIN
    return np.array([left, bottom]) + shares * (right - left, top - bottom)


def _heading(model: Model, shown: int) -> list[Text]:
    films, groups = len(model.film_ids), len(model.cell_centers)
    best = "" if shown == films else f", desenhados os {_number(shown)} mais conhecidos"
    title = f"{_count(films, 'filme')} em {_count(groups, 'grupo')} (KMeans){best}"
    first, second = (f"{100 * share:.0f}%" for share in shares_of_variance(model, DOTS))
    note = f"Dois componentes principais ({first} e {second} da variância). "
    note += "Pontos maiores têm mais avaliações."
    return [Text(MARGIN, 40, title, TITLE, INK), Text(MARGIN, 64, note, TEXT, GREY)]


def _count(things: int, name: str) -> str:
    return f"{_number(things)} {name}{'' if things == 1 else 's'}"


def _number(count: int) -> str:
    return f"{count:,}".replace(",", ".")


def _describe(model: Model, groups: range, titles: dict[int, str]) -> list[str]:
    """Return what the films of each group have in common, or its whole label if that is unclear."""
    labels = [str(model.cell_labels[group]) for group in groups]
    kinds = []
    for group, label in zip(groups, labels, strict=True):
        kind, _, films = label.partition(": ")
        members = model.film_ids[model.cell_starts[group] : model.cell_starts[group + 1]].tolist()
        named = any(films.startswith(shown_title(titles[film])) for film in members)
        kinds.append(kind if named else label)
    return [
        kind if kinds.count(kind) == 1 else label for kind, label in zip(kinds, labels, strict=True)
    ]


def _add_legend(scene: Scene, entries: list[tuple[Pair, str]], rows: int) -> None:
    """Add entries in two columns below the map."""
    column = (WIDTH - 2 * MARGIN) / 2
    for place, (colour, words) in enumerate(entries):
        x = MARGIN + column * (place // rows)
        y = MAP_BOTTOM + ROW * (place % rows + 0.5)
        text = shorten(words, LONGEST)
        while measure(text, TEXT) > column - 44:
            text = shorten(text, len(text) - 1)
        scene.dots.append((colour, np.array([[x + 7, y, 7.0]])))
        scene.texts.append(Text(x + 20, y + 0.35 * TEXT, text, TEXT, INK))
