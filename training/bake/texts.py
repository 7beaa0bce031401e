"""Words on the map: how wide they are, and films named where no words are in the way."""

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

from recommender.model.artifact import Rows
from training.bake.colours import Pair

NAMES = 20  # films named at most, one of a group
CHOICE = 5  # best known films of a group of which one is named
DOTS_A_PLACE = 2  # the next less known film is named if its name hides so many fewer dots
LONGEST = 40  # characters of a name
SIZE = 14.0  # of names

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
            words, FontProperties(family="DejaVu Sans", size=size), ismath=False
        )
    wide = sum(unicodedata.east_asian_width(letter) in "FW" for letter in words)
    return max(drawn, wide * size)


def name_films(
    dots: Floats, names: list[str], groups: Sequence[tuple[Pair, Rows]], room: Box
) -> list[Text]:
    """Name one of the best known films of each group, where the words hide the fewest dots.

    ``groups`` are colours, and positions of films among ``dots`` (m, 3), the best known first.
    Names stay within ``room``, and those of earlier groups come first.
    """
    placed: list[Text] = []
    for colour, films in groups:
        if len(placed) == NAMES:
            break
        spots = [
            (_covered(spot.box, dots) + DOTS_A_PLACE * place, spot)
            for place, film in enumerate(films[:CHOICE].tolist())
            for spot in _spots(dots[film], shorten(names[film], LONGEST), colour)
            if _is_free(spot.box, room, placed)
        ]
        if spots:
            placed.append(min(spots, key=lambda pair: pair[0])[1])
    return placed


def _spots(dot: Floats, words: str, colour: Pair) -> list[Text]:
    """Return a film's name above, below, to the right and to the left of its dot."""
    x, y, radius = dot.tolist()
    width, away = measure(words, SIZE), radius + 4
    middle = y + 0.3 * SIZE
    return [
        Text(x - width / 2, y - away, words, SIZE, colour),
        Text(x - width / 2, y + away + 0.75 * SIZE, words, SIZE, colour),
        Text(x + away, middle, words, SIZE, colour),
        Text(x - away - width, middle, words, SIZE, colour),
    ]


def _is_free(box: Box, room: Box, others: list[Text]) -> bool:
    left, top, right, bottom = box
    inside = room[0] <= left and room[1] <= top and right <= room[2] and bottom <= room[3]
    return inside and not any(
        left < other[2] and other[0] < right and top < other[3] and other[1] < bottom
        for other in (text.box for text in others)
    )


def _covered(box: Box, dots: Floats) -> int:
    """Return how many dots a box touches."""
    left, top, right, bottom = box
    x, y, radius = dots.T
    beside = (x + radius > left) & (x - radius < right)
    return int((beside & (y + radius > top) & (y - radius < bottom)).sum())


def shorten(words: str, longest: int) -> str:
    """Return words with at most so many characters, none of which XML does not allow."""
    text = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return text if len(text) <= longest else text[: longest - 1].rstrip("… ,") + "…"
