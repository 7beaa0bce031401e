"""The map is drawn for any titles and any number of films."""

import struct
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Annotation

from tests.training.small_data import Matrix, as_data, random_ratings
from training.bake.picture import LONGEST_LABEL, draw
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters
from training.model.plane import place_films

SVG = "{http://www.w3.org/2000/svg}"
TITLES = [
    "Plain",
    "Ca$h & $how <b>",
    r"$\frac$ of_x^2 {",
    "_a_ #1 100% \\n",
    "🎬 Emoji 👩‍🚀",
    "東京物語",
    "\x00\x01\x1b control",
    "two\nlines",
    "\u202eright to left",
    "Ação – É",
    "$",
    "A title that does not end: " + "on and " * 200,
]


@pytest.fixture
def labels(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The labels drawn, recorded here because outlined text becomes paths in the SVG."""
    found: list[str] = []
    annotate = Axes.annotate

    def noting(axes: Axes, text: str, *rest: Any, **options: Any) -> Annotation:
        found.append(text)
        return annotate(axes, text, *rest, **options)

    monkeypatch.setattr(Axes, "annotate", noting)
    return found


def drawn(folder: Path, ratings: Matrix, titles: list[str] | None = None) -> list[str]:
    """The texts in the picture of a model with one cell for each film."""
    data = as_data(ratings, titles)
    model = fit(data, Hyperparameters(cells=len(data.films)))
    names = dict(zip(data.films["id"].tolist(), data.films["titulo"], strict=True))
    draw(replace(model, map_places=place_films(model)), names, folder)
    root = ET.fromstring((folder / "mapa.svg").read_bytes())
    assert root.tag == SVG + "svg"
    png = (folder / "mapa.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert 1000 <= width <= 2000
    assert 700 <= height <= 1500
    assert 5_000 < len(png) < 500_000
    return ["".join(text.itertext()) for text in root.iter(SVG + "text")]


def test_the_picture_names_films_and_axes(tmp_path: Path, labels: list[str]) -> None:
    titles = ["Alien", "Brazil", "Cidade", "Dune", "Eraser"]
    texts = drawn(tmp_path, random_ratings(20, 5), titles)
    assert sorted(labels) == titles
    assert "5 filmes em 5 grupos (KMeans)" in texts
    assert any(text.startswith("1º componente principal (") for text in texts)


@pytest.mark.parametrize("title", TITLES)
def test_any_title_can_be_drawn(title: str, tmp_path: Path, labels: list[str]) -> None:
    drawn(tmp_path, random_ratings(6, 1, share=1.0), [title])
    (label,) = labels
    assert label.isprintable()
    assert len(label) <= LONGEST_LABEL
    words = "".join(c if c.isprintable() else " " for c in title).split()
    assert label.split()[0] == words[0]


def test_several_strange_titles_in_one_picture(tmp_path: Path, labels: list[str]) -> None:
    drawn(tmp_path, random_ratings(20, len(TITLES)), TITLES)
    assert len(labels) == len(TITLES)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (3, 3), (1, 30)])
def test_few_films(shape: tuple[int, int], tmp_path: Path) -> None:
    texts = drawn(tmp_path, random_ratings(*shape, share=1.0))
    assert not any("nan" in text for text in texts)


def test_equal_films(tmp_path: Path) -> None:
    assert not any("nan" in text for text in drawn(tmp_path, np.full((4, 6), 3.0)))


def test_equal_models_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        drawn(tmp_path / name, random_ratings(20, 15))
    for picture in ("mapa.svg", "mapa.png"):
        assert (tmp_path / "a" / picture).read_bytes() == (tmp_path / "b" / picture).read_bytes()
