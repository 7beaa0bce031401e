"""Lists as JSON text, against the same made of dictionaries."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.api import listing
from recommender.api.listing import UNITS, Lister, _amounts
from recommender.data.catalog import Catalog
from recommender.model.artifact import load
from recommender.model.ranking import (
    Ranking,
    Reason,
    Strategy,
    explain,
    find_cells,
    make_profile,
    rank,
)
from recommender.model.similarity import explain_similar, rank_similar


@pytest.fixture(scope="module")
def lister(artifact_dir: Path) -> Lister:
    artifact = load(artifact_dir)
    return Lister(artifact.model, Catalog(artifact.catalog_path))


def told(lister: Lister, found: Ranking, reasons: list[list[Reason]]) -> list[dict[str, Any]]:
    """What a list tells of a ranking."""
    model, ids = lister.model, lister.model.film_ids.tolist()
    films = lister.catalog.films(ids)
    body = []
    for row, cell, score, rated, of_film in zip(
        found.rows.tolist(),
        find_cells(model, found.rows).tolist(),
        found.scores.tolist(),
        found.rated.tolist(),
        reasons,
        strict=True,
    ):
        shares = [round(share * UNITS) for _, _, share in of_film]
        body.append(
            {
                **films[ids[row]],
                "pontuacao": round(score * UNITS) / UNITS,
                "ja_avaliado": rated,
                "motivos": [
                    {
                        "filme_id": ids[source],
                        "titulo": films[ids[source]]["titulo"],
                        "avaliacao": rating,
                        "parcela": share / UNITS,
                    }
                    for (source, rating, _), share in zip(of_film, shares, strict=True)
                ],
                "grupo": {"id": cell, "rotulo": str(model.cell_labels[cell])},
                "resto": (round(score * UNITS) - sum(shares)) / UNITS,
            }
        )
    return body


@pytest.mark.parametrize("kept", [listing.KEPT, 8])
@pytest.mark.parametrize("strategy", Strategy)
def test_a_list_tells_what_its_ranking_is(
    lister: Lister, strategy: Strategy, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "KEPT", kept)
    for user_id in (1, 7, 42, 1):
        profile = make_profile(lister.model, lister.catalog.ratings(user_id) or [])
        for options in ({}, {"limit": 100, "offset": 300}, {"genres": ["nenhum"]}):
            found = rank(lister.model, profile, strategy, **options)
            reasons = explain(lister.model, profile, found)
            body = json.loads(lister.write(found, reasons))
            assert body == told(lister, found, reasons)
            assert [list(film) for film in body] == [
                list(film) for film in told(lister, found, reasons)
            ]


def test_a_reason_without_a_rating(lister: Lister) -> None:
    found = rank_similar(lister.model, 7, limit=30)
    reasons = explain_similar(7, found)
    body = json.loads(lister.write(found, reasons))
    assert body == told(lister, found, reasons)
    assert body[0]["motivos"][0]["avaliacao"] is None


numbers = st.floats(-1e4, 1e4)


@given(st.lists(st.tuples(numbers, st.lists(numbers, max_size=3)), max_size=5))
def test_shares_and_rest_add_up_to_the_score(films: list[tuple[float, list[float]]]) -> None:
    texts = iter(
        _amounts([score for score, _ in films], [[(0, 1.0, s) for s in of] for _, of in films])
    )
    for score, shares in films:
        points, *parts = (round(json.loads(next(texts)) * UNITS) for _ in range(len(shares) + 2))
        assert points == round(score * UNITS)
        assert parts[:-1] == [round(share * UNITS) for share in shares]
        assert sum(parts) == points
