"""Tastes in words."""

import numpy as np
import pytest

from tests.training.small_data import as_document, as_json, from_json
from training.data.dataset import Dataset
from training.model.tastes import count_likes, find_tastes

GENRES = ["drama", "drama", "drama", "terror", "terror, suspense", "Terror", "suspense", "comédia"]
_ = np.nan
RATINGS = np.array(
    [
        [5, 4, 5, _, _, _, _, 1],  # drama, as many others
        [2, 1, _, 5, 5, 5, _, _],  # horror, in either spelling
        [4, 5, 4, 5, 4, _, 4, 4],
        [_, _, _, 5, _, _, _, _],  # a single film is no taste
        [_, _, _, _, _, _, _, _],
        [4, 4, 5, _, _, _, _, 5],
    ]
)


def data_of(genres: list[str]) -> Dataset:
    document = as_document(RATINGS)
    for film, genre in zip(document["filmes"], genres, strict=True):
        film["genero"] = genre
    return from_json(as_json(document), "d.json")


def test_a_taste_is_what_a_user_likes_more_than_others_do() -> None:
    data = data_of(GENRES)
    tastes = find_tastes(data, count_likes(data))
    assert tastes[0] == ["drama"]
    assert tastes[1] == ["terror"]
    assert tastes[3] == tastes[4] == []


@pytest.mark.parametrize("genre", ["", "drama"])
def test_without_genres_that_differ_there_are_no_tastes(genre: str) -> None:
    data = data_of([genre] * len(GENRES))
    assert find_tastes(data, count_likes(data)) == [[] for _ in RATINGS]
