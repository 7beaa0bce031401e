"""The colours of the map, on light and on dark paper."""

import numpy as np

Pair = tuple[str, str]  # on light paper, on dark paper

PAPER: Pair = ("#ffffff", "#14171c")
INK: Pair = ("#23272f", "#e6e9ee")
GREY: Pair = ("#6f7782", "#9aa3b0")
OTHER: Pair = ("#c3c8d0", "#4a515c")
_TO_LMS = np.array([[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728],
                    [1, -0.0894841775, -1.2914855480]])  # fmt: skip
_TO_RGB = np.array([[4.0767416621, -3.3077115913, 0.2309699292],
                    [-1.2684380046, 2.6097574011, -0.3413193965],
                    [-0.0041960863, -0.7034186147, 1.7076147010]])  # fmt: skip


def oklch(lightness: float, chroma: float, degrees: float) -> str:
    """Return an OKLCH colour as sRGB, ``#rrggbb`` (https://bottosson.github.io/posts/oklab)."""
    angle = np.radians(degrees)
    lab = np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])
    linear = np.clip(_TO_RGB @ (_TO_LMS @ lab) ** 3, 0, 1)
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * part):02x}" for part in rgb.tolist())
