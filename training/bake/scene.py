"""What the map shows and where: films in the plane of two principal components, and a legend."""

import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from numpy.typing import NDArray

from recommender.data.titles import shown_title
from recommender.model.artifact import Model, Rows
from recommender.model.ranking import find_cells
from training.bake.colours import GREY, INK, OTHER, Pair, oklch
from training.model.plane import shares_of_variance

WIDTH, MARGIN, MAP_TOP, MAP_HEIGHT, ROW = 1060, 24, 84, 580, 24  # pixels
DOTS = 3000  # films drawn at most: the most popular ones
GROUPS = 10  # of the legend at most: the largest ones, which are the first
LABELS = 20  # films named at most, one of a group
CHROMA, GOLDEN_ANGLE = 0.15, 137.50776405  # degrees between the hues of a group and the next
CHOICE = 5  # best known films of a group of which one is named
DOTS_A_PLACE = 2  # a less known film by one place is named if that hides more dots less
LONGEST, LONGEST_ENTRY = 40, 100  # characters of a film's label, and of an entry of the legend
TITLE, TEXT, SMALL = 19.0, 14.0, 13.0  # font sizes

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]  # left, top, right, bottom
_font = TextToPath()


@dataclass(frozen=True)
class Text:
    """Words that start at x, with their feet at y."""

    x: float
    y: float
    words: str
    size: float
    colour: Pair

    @property
    def box(self) -> Box:
        """The room that the words take."""
        width = measure(self.words, self.size)
        return self.x, self.y - 0.8 * self.size, self.x + width, self.y + 0.25 * self.size


@dataclass
class Scene:
    """Dots by colour (m, 3): x, y and radius, the first colour lowest; texts above them."""

    height: float
    dots: list[tuple[Pair, Floats]]
    texts: list[Text]


@contextmanager
def any_glyph() -> Iterator[None]:
    """Silence matplotlib's warning about characters that its font lacks.

    The PNG then shows a box, and the SVG whatever the viewer's own font has.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        yield


@lru_cache(10_000)
def measure(words: str, size: float) -> float:
    """Return how wide words are; letters of East Asia are as wide as the font is high."""
    with any_glyph():
        drawn, _, _ = _font.get_text_width_height_descent(
            words, FontProperties("DejaVu Sans", size=size), ismath=False
        )
    wide = sum(unicodedata.east_asian_width(letter) in "FW" for letter in words)
    return max(drawn, wide * size)


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
    texts = _heading(model, len(shown)) + _name_films(dots, names, named[: 2 * LABELS])
    rows = -(-len(entries) // 2)
    scene = Scene(MAP_TOP + MAP_HEIGHT + ROW * (rows + 1), layers, texts)
    _add_legend(scene, entries, rows)
    return scene


def _hue(cell: int, *, text: bool = False) -> Pair:
    """Return a group's colour, whose hue is also that of the page's map.

    Eight groups later, hues come close again, and lightness tells the groups apart.
    """
    light, dark = (0.45, 0.85) if text else (0.53, 0.82) if cell // 8 % 2 else (0.66, 0.70)
    hue = GOLDEN_ANGLE * cell % 360
    return oklch(light, CHROMA, hue), oklch(dark, CHROMA, hue)


def _fit(places: NDArray[np.float32]) -> Floats:
    """Return places (m, 2) stretched over the map's part of the scene."""
    low, high = places.min(axis=0).astype(float), places.max(axis=0).astype(float)
    shares = np.where(high > low, (places - low) / np.maximum(high - low, 1e-12), 0.5)
    left, top = 2.0 * MARGIN, MAP_TOP + MARGIN
    return np.column_stack(
        [
            left + shares[:, 0] * (WIDTH - 2 * left),
            top + (1 - shares[:, 1]) * (MAP_HEIGHT - 2 * MARGIN),
        ]
    )


def _heading(model: Model, shown: int) -> list[Text]:
    films, cells = len(model.film_ids), len(model.cell_centers)
    groups = f"em {_number(cells)} grupos (KMeans)"
    best = "" if shown == films else f", os {_number(shown)} mais conhecidos desenhados"
    first, second = (f"{100 * share:.0f}%" for share in shares_of_variance(model, DOTS))
    return [
        Text(MARGIN, 40, f"{_number(films)} filmes {groups}{best}", TITLE, INK),
        Text(
            MARGIN,
            64,
            f"Dois componentes principais ({first} e {second} da variância). "
            "Pontos maiores têm mais avaliações.",
            SMALL,
            GREY,
        ),
    ]


def _number(count: int) -> str:
    return f"{count:,}".replace(",", ".")


def _name_films(dots: Floats, names: list[str], groups: Sequence[tuple[Pair, Rows]]) -> list[Text]:
    """Name one of the best known films of each group, where the words hide the fewest dots.

    ``groups`` are the positions of a group's films, the best known first, and a colour.
    """
    placed: list[Text] = []
    for colour, films in groups:
        if len(placed) == LABELS:
            break
        spots = [
            (_covered(spot.box, dots) + DOTS_A_PLACE * place, spot)
            for place, film in enumerate(films[:CHOICE].tolist())
            for spot in _spots(dots[film], shorten(names[film], LONGEST), colour)
            if _is_free(spot.box, [text.box for text in placed])
        ]
        if spots:
            placed.append(min(spots, key=lambda pair: pair[0])[1])
    return placed


def _spots(dot: Floats, words: str, colour: Pair) -> list[Text]:
    """Return a film's name above, below, to the right and to the left of its dot."""
    x, y, radius = dot.tolist()
    width, away = measure(words, TEXT), radius + 4
    middle = y + 0.3 * TEXT
    return [
        Text(x - width / 2, y - away, words, TEXT, colour),
        Text(x - width / 2, y + away + 0.75 * TEXT, words, TEXT, colour),
        Text(x + away, middle, words, TEXT, colour),
        Text(x - away - width, middle, words, TEXT, colour),
    ]


def _is_free(box: Box, others: list[Box]) -> bool:
    left, top, right, bottom = box
    inside = left >= MARGIN and right <= WIDTH - MARGIN
    inside &= top >= MAP_TOP and bottom <= MAP_TOP + MAP_HEIGHT
    return inside and not any(
        left < other[2] and other[0] < right and top < other[3] and other[1] < bottom
        for other in others
    )


def _covered(box: Box, dots: Floats) -> int:
    """Return how many dots a box touches."""
    left, top, right, bottom = box
    x, y, radius = dots.T
    beside = (x + radius > left) & (x - radius < right)
    return int((beside & (y + radius > top) & (y - radius < bottom)).sum())


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
        y = MAP_TOP + MAP_HEIGHT + ROW * (place % rows + 0.5)
        text = shorten(words, LONGEST_ENTRY)
        while measure(text, SMALL) > column - 32:
            text = shorten(text, len(text) - 1)
        scene.dots.append((colour, np.array([[x + 7, y, 7.0]])))
        scene.texts.append(Text(x + 20, y + 0.35 * SMALL, text, SMALL, INK))


def shorten(words: str, longest: int) -> str:
    """Return words with at most so many characters, none of which XML does not allow."""
    text = "".join(letter if letter.isprintable() else " " for letter in words)
    return text if len(text) <= longest else text[: longest - 1].rstrip("… ,") + "…"
