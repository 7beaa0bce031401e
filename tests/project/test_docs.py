"""The documents: what they link to is there."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

LINK = re.compile(r"\]\(([^)#\s]+)")
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    places = LINK.findall(document.read_text(encoding="utf-8"))
    own = [place for place in places if "://" not in place]
    assert [place for place in own if not (document.parent / place).exists()] == []
