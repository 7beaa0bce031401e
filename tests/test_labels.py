"""Groups in words."""

import numpy as np
import pandas as pd

from training.labels import label_cells


def test_a_label_names_the_leading_genres_and_the_best_known_films() -> None:
    films = pd.DataFrame({"titulo": ["A", "B", "C", "D", "E", "F"]})
    genres = [["drama"], ["drama", "crime"], ["crime"], ["drama"], [], ["terror"]]
    cells = np.array([0, 0, 0, 0, 1, 0], np.int32)
    rated = pd.Series([1, 1, 1, 2, 2, 0, 4])
    labels = label_cells(films, genres, cells, rated)
    assert labels.tolist() == ["drama e crime: B, C, A", "E"]


def test_a_genre_of_few_films_leads_no_group() -> None:
    films = pd.DataFrame({"titulo": list("ABCDE")})
    genres = [["drama"], ["drama"], ["drama"], ["drama"], ["crime"]]
    labels = label_cells(films, genres, np.zeros(5, np.int32), pd.Series([0]))
    assert labels.tolist() == ["drama: A, B, C"]
