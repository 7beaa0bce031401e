"""Labels of groups."""

from dataclasses import replace

import numpy as np
import pytest

from tests.training.small_data import as_document, as_json, from_json
from training.data.dataset import Dataset
from training.model.fit import complete, fit
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
    data = films(["drama"] * 6 + ["crime"])
    assert labels(data, [0] * 7) == ["drama: A, B, C"]


def test_a_label_says_what_sets_a_group_apart() -> None:
    """A genre that is as common everywhere is not told if there is one that is not."""
    data = films(["drama", "drama, guerra", "drama", "drama, terror", "drama", "drama"])
    assert labels(data, [0, 0, 0, 1, 1, 1]) == ["guerra: A, B, C", "terror: D, E, F"]


def test_groups_of_the_same_kind_are_told_apart() -> None:
    data = films(["drama"] * 6)
    titles = [
        f"{name} ({year})" for name, year in zip("ABCDEF", [1971] * 3 + [1994] * 3, strict=True)
    ]
    data = replace(data, films=data.films.assign(titulo=titles))
    assert [label.split(":")[0] for label in labels(data, [0, 0, 0, 1, 1, 1])] == [
        "drama, anos 1970",
        "drama, anos 1990",
    ]
    actors = ["Ana, Rui", "Ana", "", "Bia", "Bia", ""]
    data = films(["drama"] * 6)
    data = replace(data, films=data.films.assign(atores=actors))
    assert [label.split(":")[0] for label in labels(data, [0, 0, 0, 1, 1, 1])] == [
        "drama, com Ana",
        "drama, com Bia",
    ]


def test_a_label_shows_typical_films_and_each_title_once() -> None:
    data = films(["drama"] * 6, rated=[6, 5, 4, 3, 2, 1])
    cells = np.zeros(6, np.int32)
    (lead,) = find_leads(data, cells, np.array([0.1, 0.9, 0.2, 0.8, 0.7, 0.3]))
    assert lead.films.tolist() == [1, 3, 4]
    twice = data.films.assign(titulo=["A", "B", "B", "C", "D", "E"])
    (lead,) = find_leads(replace(data, films=twice), cells)
    assert lead.films.tolist() == [0, 1, 3]


def test_the_largest_group_comes_first(data: Dataset) -> None:
    sizes = np.diff(fit(data, Hyperparameters()).cell_starts)
    assert len(sizes) > 10
    assert (np.diff(sizes) <= 0).all()


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
    fitted = fit(data, Hyperparameters())
    leads = find_leads_of(data, fitted)
    model = complete(data, fitted, leads, seed=0)
    assert label_cells(leads, data.films["titulo"]).tolist() == model.cell_labels.tolist()
    assert any(lead.directors for lead in leads)
