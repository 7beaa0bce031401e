"""The map as SVG and as PNG."""

from pathlib import Path
from xml.sax.saxutils import escape

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from recommender.model.artifact import Model
from training.bake.colours import PAPER
from training.bake.scene import WIDTH, Scene, arrange
from training.bake.texts import any_glyph

ALPHA, HALO = 0.85, 3
DOTS_PER_PIXEL = 1.5  # of the PNG
POINT = 0.72  # points in a pixel of the scene, at 100 pixels an inch


def draw(model: Model, titles: dict[int, str], folder: Path) -> None:
    """Write ``mapa.svg`` and ``mapa.png``; equal models give equal bytes.

    The model has to know where films lie on the map (``map_places``).
    """
    scene = arrange(model, titles)
    (folder / "mapa.svg").write_text(as_svg(scene), encoding="utf-8")
    _save_png(scene, folder / "mapa.png")


def as_svg(scene: Scene) -> str:
    """Return a scene as SVG, whose colours follow the page's being light or dark."""
    colours = dict.fromkeys([c for c, _ in scene.dots] + [text.colour for text in scene.texts])
    classes = {colour: f"c{place}" for place, colour in enumerate(colours)}

    def sheet(mode: int) -> str:
        fills = "".join(f".{name}{{fill:{pair[mode]}}}" for pair, name in classes.items())
        return f".p{{fill:{PAPER[mode]}}}text{{stroke:{PAPER[mode]}}}{fills}"

    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {scene.height}" '
        f'width="{WIDTH}" height="{scene.height}">',
        f"<style>circle{{fill-opacity:{ALPHA}}}"
        f"text{{font-family:'DejaVu Sans',Verdana,sans-serif;paint-order:stroke;"
        f"stroke-width:{HALO};stroke-linejoin:round}}"
        f"{sheet(0)}@media(prefers-color-scheme:dark){{{sheet(1)}}}</style>",
        '<rect class="p" width="100%" height="100%"/>',
    ]
    for colour, dots in scene.dots:
        circles = (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}"/>' for x, y, r in dots.tolist())
        lines += [f'<g class="{classes[colour]}">', *circles, "</g>"]
    lines += [
        f'<text class="{classes[text.colour]}" x="{text.x:.1f}" y="{text.y:.1f}" '
        f'font-size="{text.size:g}">{escape(text.words)}</text>'
        for text in scene.texts
    ]
    return "\n".join([*lines, "</svg>", ""])


@any_glyph()
def _save_png(scene: Scene, path: Path) -> None:
    size = (WIDTH / 100, scene.height / 100)
    figure = Figure(figsize=size, dpi=100 * DOTS_PER_PIXEL, facecolor=PAPER[0])
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(scene.height, 0))
    axes.axis("off")
    for colour, dots in scene.dots:
        x, y, radius = dots.T
        area = (2 * POINT * radius) ** 2
        axes.scatter(x, y, s=area, c=colour[0], alpha=ALPHA, linewidths=0)
    halo = [withStroke(linewidth=HALO * POINT, foreground=PAPER[0])]
    for text in scene.texts:
        axes.text(
            text.x,
            text.y,
            text.words,
            fontsize=text.size * POINT,
            family="DejaVu Sans",
            color=text.colour[0],
            parse_math=False,
            path_effects=halo,
        )
    figure.savefig(path, metadata={"Software": None})
