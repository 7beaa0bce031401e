"""The charts in docs: bars from zero, and a colour for dark pages for each that is used."""

import re
from pathlib import Path

import pytest
from matplotlib.patches import Rectangle

from benchmarks import chart, machine
from tests.conftest import ROOT
from training.evaluation.look import DARK, panels

CHARTS = sorted((ROOT / "docs").glob("*.svg"))


@pytest.mark.parametrize("path", CHARTS, ids=lambda path: path.name)
def test_all_colours_change_on_dark_pages(path: Path) -> None:
    sheet, _, drawing = path.read_text().partition("</defs>")
    used = set(re.findall(r"(fill|stroke): (#\w+)", drawing))
    assert {colour for _, colour in used} <= DARK.keys()
    for what, colour in used:
        assert f'[style*="{what}: {colour}"]{{{what}:{DARK[colour]}!important}}' in sheet
    # Black is matplotlib's default, for which it writes no colour.
    for style in re.findall(r'<text style="([^"]*)"', drawing):
        assert "fill: #" in style


@pytest.mark.parametrize(
    ("results", "rows", "value", "spread"),
    [("cold", "starts", "answer_ms", "quartiles_ms"), ("warm", "handler", "p50_ms", "medians_ms")],
)
def test_bars_are_as_long_as_the_figures(results: str, rows: str, value: str, spread: str) -> None:
    _, (axes,) = panels(1, 5, 3)
    found = [row for row in machine.read(results)[rows] if row.get("memory_mb", 512) == 512]
    chart.bars(axes, found, value, spread, "title", 0)
    assert axes.get_xscale() == "linear"
    assert axes.get_xlim()[0] == 0
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [bar.get_x() for bar in bars] == [0] * len(found)
    assert [bar.get_width() for bar in bars] == [row[value] for row in reversed(found)]
