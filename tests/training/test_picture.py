"""The map is drawn for any titles and any number of films, in words that do not overlap."""

import struct
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from benchmarks.catalogues import make_catalogue, make_model
from tests.training.small_data import Matrix, as_data, random_ratings
from training.bake.picture import draw
from training.bake.scene import DOTS, GROUPS, MAP_BOTTOM, MAP_TOP, WIDTH
from training.bake.texts import LONGEST, NAMES, any_glyph
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
    "A title that does not end: " + "on and " * 39,
]


def read(folder: Path) -> ET.Element:
    """The SVG, and a look at the PNG."""
    root = ET.fromstring((folder / "mapa.svg").read_bytes())
    assert root.tag == SVG + "svg"
    png = (folder / "mapa.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert 1000 <= width <= 2000
    assert 700 <= height <= 1500
    assert 5_000 < len(png) < 1_000_000
    return root


def drawn(folder: Path, ratings: Matrix, titles: list[str] | None = None) -> ET.Element:
    """The picture of a model with one cell for each film, whose labels are as of films alone."""
    data = as_data(ratings, titles)
    model = fit(data, Hyperparameters(cells=len(data.films)))
    names = dict(zip(data.films["id"].tolist(), data.films["titulo"], strict=True))
    labels = [f"group {cell}" for cell in range(len(model.cell_centers))]
    draw(replace(model, map_places=place_films(model), cell_labels=np.array(labels)), names, folder)
    return read(folder)


def words(root: ET.Element) -> list[str]:
    return [text.text or "" for text in root.iter(SVG + "text")]


def labels(root: ET.Element) -> list[str]:
    """The films' names: what is written on the map itself."""
    texts = root.iter(SVG + "text")
    return [text.text or "" for text in texts if MAP_TOP < float(text.attrib["y"]) < MAP_BOTTOM]


def boxes(root: ET.Element) -> list[Bbox]:
    """Where the texts of a picture are, in pixels, y upwards, and its legend's dots."""
    height = float(root.attrib["height"])
    figure = Figure(figsize=(float(root.attrib["width"]) / 72, height / 72), dpi=72)
    FigureCanvasAgg(figure)
    found = []
    for text in root.iter(SVG + "text"):
        x, y, size = (float(text.attrib[name]) for name in ("x", "y", "font-size"))
        with any_glyph():
            drawn = figure.text(
                x, height - y, text.text or "", transform=None, fontsize=size,
                parse_math=False, family="DejaVu Sans",
            )  # fmt: skip
            found.append(drawn.get_window_extent())
    for dot in root.iter(SVG + "circle"):
        x, y, radius = (float(dot.attrib[name]) for name in ("cx", "cy", "r"))
        if y > MAP_BOTTOM:
            found.append(
                Bbox.from_extents(x - radius, height - y - radius, x + radius, height - y + radius)
            )
    return found


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The picture of 40,000 films in 200 groups, with titles long and hostile."""
    folder = tmp_path_factory.mktemp("large")
    model = make_model(make_catalogue("themes", 40_000).vectors)
    titles = {
        film: f"{TITLES[film % 7]} {TITLES[film % 12]} {film}" + "<&>東京" * (film % 60)
        for film in model.film_ids.tolist()
    }
    labels = [
        f"{TITLES[cell % 12]}, de {cell}: {titles[film]}"
        for cell, film in enumerate(model.film_ids[model.cell_starts[:-1]].tolist())
    ]
    model = replace(model, map_places=place_films(model), cell_labels=np.array(labels))
    draw(model, titles, folder)
    return folder


def test_the_picture_names_films_and_axes(tmp_path: Path) -> None:
    titles = ["Alien", "Brazil", "Cidade", "Dune", "Eraser"]
    root = drawn(tmp_path, random_ratings(20, 5), titles)
    assert sorted(labels(root)) == titles
    assert "5 filmes em 5 grupos (KMeans)" in words(root)
    assert any(text.startswith("Dois componentes principais (") for text in words(root))
    assert sum(1 for _ in root.iter(SVG + "circle")) == 5 + 5


def test_the_picture_of_large_data_with_hostile_titles_is_small(large: Path) -> None:
    root = read(large)
    assert (large / "mapa.svg").stat().st_size < 300_000
    assert sum(1 for _ in root.iter(SVG + "circle")) == DOTS + GROUPS + 1
    assert "outros grupos (190)" in words(root)
    assert GROUPS <= len(labels(root)) <= NAMES
    assert all(len(label) <= LONGEST and label.isprintable() for label in labels(root))


def test_no_words_overlap_others_or_the_legend(large: Path) -> None:
    found = boxes(read(large))
    assert len(found) > 3 * GROUPS
    for place, box in enumerate(found):
        assert box.x0 >= 0
        assert box.x1 <= WIDTH
        assert not any(box.overlaps(other) for other in found[place + 1 :])


def test_the_legend_says_what_groups_have_in_common(tmp_path: Path) -> None:
    data = as_data(random_ratings(20, 12))
    model = fit(data, Hyperparameters(cells=4))
    titles = dict(zip(data.films["id"].tolist(), data.films["titulo"], strict=True))
    first = [titles[model.film_ids[start]] for start in model.cell_starts[:-1].tolist()]
    titles |= {model.film_ids[model.cell_starts[3]]: "Star Trek: Generations"}
    texts = [f"drama, de Fulano: {first[0]}", f"terror: {first[1]}", f"terror: {first[2]}"]
    texts.append("Star Trek: Generations")
    draw(
        replace(model, map_places=place_films(model), cell_labels=np.array(texts)),
        titles, tmp_path,
    )  # fmt: skip
    assert words(read(tmp_path))[-4:] == ["drama, de Fulano", *texts[1:]]


def test_dark_pages_have_colours_of_their_own(tmp_path: Path) -> None:
    root = drawn(tmp_path, random_ratings(20, 5))
    (style,) = root.iter(SVG + "style")
    light, _, dark = (style.text or "").partition("@media(prefers-color-scheme:dark)")
    classes = {element.attrib["class"] for element in root.iter() if "class" in element.attrib}
    for name in classes:
        assert f".{name}{{fill:#" in light
        assert f".{name}{{fill:#" in dark


@pytest.mark.parametrize("title", TITLES)
def test_any_title_can_be_drawn(title: str, tmp_path: Path) -> None:
    (label,) = labels(drawn(tmp_path, random_ratings(6, 1, share=1.0), [title]))
    assert label.isprintable()
    assert len(label) <= LONGEST
    words = "".join(c if c.isprintable() else " " for c in title).split()
    assert label.split()[0] == words[0]


def test_several_strange_titles_in_one_picture(tmp_path: Path) -> None:
    root = drawn(tmp_path, random_ratings(20, len(TITLES)), TITLES)
    assert len(labels(root)) == len(TITLES)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (3, 3), (1, 30)])
def test_few_films(shape: tuple[int, int], tmp_path: Path) -> None:
    drawn(tmp_path, random_ratings(*shape, share=1.0))
    assert "nan" not in (tmp_path / "mapa.svg").read_text()


def test_equal_films(tmp_path: Path) -> None:
    root = drawn(tmp_path, np.full((4, 6), 3.0))
    assert "nan" not in (tmp_path / "mapa.svg").read_text()
    assert any(text.startswith("6 filmes em ") for text in words(root))


def test_equal_models_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        drawn(tmp_path / name, random_ratings(20, 15))
    for picture in ("mapa.svg", "mapa.png"):
        assert (tmp_path / "a" / picture).read_bytes() == (tmp_path / "b" / picture).read_bytes()
