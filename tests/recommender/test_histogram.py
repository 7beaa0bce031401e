"""The histogram of a film's ratings, held against the raw data."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st

from recommender.api.application import create_app
from recommender.data.histogram import PARTS, VALUES, split_scale
from tests.recommender.conftest import LOCAL
from tests.training.small_data import Matrix, as_document, as_json, random_ratings
from training.build import build
from training.data.dataset import STEPS, check
from training.data.readers import json_file
from training.data.tables import Scale

USERS, FILMS = 60, 4
UNRATED = FILMS + 1  # the id of one more film
NEAR = 1e-8


def histograms(ratings: Matrix, scale: Scale, folder: Path) -> list[list[dict[str, Any]]]:
    """The histogram of each film of a model that is trained on ratings, users × films."""
    data = check(json_file.parse(as_json(as_document(ratings)), "d.json"), scale)
    build(data, folder / "artifact", seed=42)
    client = TestClient(create_app(folder / "artifact", LOCAL))
    films = [client.get(f"/filmes/{film + 1}").json() for film in range(ratings.shape[1])]
    for film in films:
        assert sum(part["total"] for part in film["histograma"]) == film["total_avaliacoes"]
    return [film["histograma"] for film in films]


def with_an_unrated_film(ratings: Matrix) -> Matrix:
    return np.column_stack([ratings, np.full(len(ratings), np.nan)])


def drawn(values: list[float]) -> Matrix:
    """Ratings of a share of all pairs, each one of these values."""
    places = random_ratings(USERS, FILMS, share=0.7)
    chosen = np.random.default_rng(1).choice(values, places.shape)
    return with_an_unrated_film(np.where(np.isnan(places), np.nan, chosen))


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([half / 2 for half in range(1, 11)], (0.5, 5.0)),
        ([1.0, 2.0, 3.0, 4.0, 5.0], (1.0, 5.0)),
        ([0.0, 1.0, 2.0, 5.0], (0.0, 5.0)),  # no film has a 3 or a 4
        ([-1.0, -0.9, 0.1, 0.7 - 0.4, 0.9], (-1.0, 0.9)),  # twenty values; one is just below 0.3
    ],
    ids=["half stars", "1 to 5", "values that no rating has", "tenths"],
)
def test_each_value_of_a_scale_has_its_entry(
    values: list[float], scale: Scale, tmp_path: Path
) -> None:
    ratings = drawn(values)
    found = histograms(ratings, scale, tmp_path)
    lowest, highest = scale
    step = round(values[1] - values[0], 9)
    every = [round(lowest + n * step, 9) for n in range(round((highest - lowest) / step) + 1)]
    for of_film, histogram in zip(ratings.T, found, strict=True):
        counts = Counter(of_film[~np.isnan(of_film)].round(9).tolist())
        expected = [{"de": value, "ate": value, "total": counts[value]} for value in every]
        assert histogram == expected
    assert {part["total"] for part in found[UNRATED - 1]} == {0}


@pytest.mark.parametrize(
    ("values", "scale", "ends"),
    [
        (
            [*np.random.default_rng(2).uniform(0, 10, 500).round(5).tolist(), 0.0, 5.0, 10.0],
            (0.0, 10.0),
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        ),
        (
            [round(1 + n / 10, 1) for n in range(41)],
            (1.0, 5.0),
            [1, 1.4, 1.8, 2.2, 2.6, 3, 3.4, 3.8, 4.2, 4.6, 5],
        ),
        (
            [float(n) for n in range(101)],
            (0.0, 100.0),
            [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
        ),
    ],
    ids=["continuous", "tenths", "percent"],
)
def test_a_finer_scale_has_ten_equal_parts(
    values: list[float], scale: Scale, ends: list[float], tmp_path: Path
) -> None:
    ratings = drawn(values)
    found = histograms(ratings, scale, tmp_path)
    for of_film, histogram in zip(ratings.T, found, strict=True):
        given = of_film[~np.isnan(of_film)].tolist()
        assert [part["de"] for part in histogram] == ends[:-1]
        assert [part["ate"] for part in histogram] == ends[1:]
        for part in histogram:
            start, end = part["de"], part["ate"]
            inside = [r for r in given if start <= r < end or r == end == ends[-1]]
            assert part["total"] == len(inside)
    assert {part["total"] for part in found[UNRATED - 1]} == {0}


@given(st.floats(-1000, 1000), st.floats(0, 1000), st.sampled_from([None, *STEPS]))
@example(0.0, 5.0, 0.25)
@example(0.05, 0.95, 0.05)
@example(1.0, 0.0, 1.0)
@example(0.5, 4.5, 1.0)  # half a star, and whole ones above it
def test_parts_follow_each_other_from_end_to_end(
    lowest: float, width: float, step: float | None
) -> None:
    parts = split_scale((lowest, lowest + width), step)
    if step and width / step < VALUES - 0.5:
        assert all(start == end for start, end in parts)
        starts = [start for start, _ in parts]
        assert starts[0] == pytest.approx(lowest, abs=NEAR)
        assert np.diff(starts) == pytest.approx([step] * (len(starts) - 1), abs=NEAR)
        assert lowest + width - step < starts[-1] + NEAR
        assert starts[-1] <= lowest + width + NEAR
    elif step is None or width / step > VALUES:
        assert len(parts) == PARTS
        assert (parts[0][0], parts[-1][1]) == (lowest, lowest + width)
        assert [end for _, end in parts[:-1]] == [start for start, _ in parts[1:]]
        widths = [end - start for start, end in parts]
        assert widths == pytest.approx([width / PARTS] * PARTS, abs=NEAR)
