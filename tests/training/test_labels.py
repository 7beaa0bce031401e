"""Labels of groups."""

import numpy as np
import pytest

from tests.training.small_data import as_document, as_json, from_json
from training.data.dataset import Dataset
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters
from training.model.labels import find_leads, find_leads_of, label_cells


def films(
    genres: list[str], directors: list[str] | None = None, rated: list[int] | None = None
) -> Dataset:
    """Films A, B, … with these genres, directors and numbers of ratings."""
    times = rated or [1] * len(genres)
    ratings = np.full((max(times), len(genres)), np.nan)
    for film, count in enumerate(times):
        ratings[:count, film] = 3
    document = as_document(ratings, [chr(ord("A") + n) for n in range(len(genres))])
    for place, row in enumerate(document["filmes"]):
        row |= {"genero": genres[place], "diretor": directors[place] if directors else ""}
    return from_json(as_json(document), "d.json")


def labels(data: Dataset, cells: list[int]) -> list[str]:
    found: list[str] = label_cells(
        find_leads(data, np.array(cells, np.int32)), data.films["titulo"]
    ).tolist()
    return found


def test_a_label_names_the_leading_genres_and_the_best_known_films() -> None:
    genres = ["drama", "drama, crime", "crime", "drama", "faroeste", "terror"]
    data = films(genres, rated=[2, 4, 3, 1, 1, 1])
    assert labels(data, [0, 0, 0, 0, 1, 0]) == ["drama e crime: B, C, A", "faroeste: E"]


def test_a_genre_of_few_films_is_not_leading() -> None:
    data = films(["drama", "drama", "drama", "drama", "crime"])
    assert labels(data, [0] * 5) == ["drama: A, B, C"]


@pytest.mark.parametrize(
    ("directors", "label"),
    [
        (["Ana", "Ana", "Rui", "Bia"], "drama, de Ana: A, B, C"),
        (["Ana, Rui", "Rui", "Ana", "Rui"], "drama, de Rui e Ana: A, B, C"),
        (["Ana", "Rui", "Bia", ""], "drama: A, B, C"),
    ],
)
def test_a_director_of_several_films_is_leading(directors: list[str], label: str) -> None:
    assert labels(films(["drama"] * 4, directors), [0] * 4) == [label]


def test_the_leads_of_a_model_give_its_labels(data: Dataset) -> None:
    model = fit(data, Hyperparameters())
    leads = find_leads_of(data, model)
    assert label_cells(leads, data.films["titulo"]).tolist() == model.cell_labels.tolist()
    assert any(lead.directors for lead in leads)
