"""The documents: what they link to is there."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from training.data.read import READERS

LINK = re.compile(r"""(?:\]\(|\bsrc="|\bsrcset=")([^)#\s"]+)""")
HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    places = LINK.findall(document.read_text(encoding="utf-8"))
    own = [place for place in places if "://" not in place]
    assert [place for place in own if not (document.parent / place).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_headings(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    headings = {title.lower().replace(" ", "-") for _, title in HEADING.findall(text)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


def test_both_readmes_have_the_same_parts() -> None:
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.pt-BR.md")]
    english, portuguese = (
        (
            [level for level, _ in HEADING.findall(text)],
            [place for place in LINK.findall(text) if not place.startswith("README")],
            re.findall(r"^(?:make|curl|\.venv\S*) .*?(?=  #|$)", text, re.MULTILINE),
        )
        for text in texts
    )
    assert english == portuguese
    assert {line.split()[1] for line in english[2] if line.startswith("make")} >= {"run", "test"}


def test_every_layout_of_data_has_a_line() -> None:
    lines = (ROOT / "docs/data.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and "--data" in line]
    for reader in READERS:
        names = re.findall(r"[\w*-]+\.\w+", reader.LAYOUT) or [".json"]
        assert [row for row in rows if all(name in row for name in names)]
