"""Labels for groups of films: leading genres and directors, and best known films."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.model.artifact import Model
from recommender.model.ranking import find_cells, find_rows
from training.data.dataset import Dataset, split_names

FILMS = 3  # in a label
NAMES = 2  # genres in a label, and directors
LEAST_GENRE = 0.25  # share of a group's films that a leading genre must have
LEAST_DIRECTOR = 2  # films of a group that a leading director must have made


@dataclass(frozen=True)
class Lead:
    """The leading genres and directors of a group, and its best known films (positions)."""

    genres: list[str]
    directors: list[str]
    films: NDArray[np.intp]


def find_leads(data: Dataset, cells: NDArray[np.integer]) -> list[Lead]:
    """Return a lead for each cell (k,); ``cells`` (n,) is the cell of each film."""
    counts = np.bincount(data.ratings["film"], minlength=len(data.films))
    genres = data.genres()
    directors = [split_names(text) for text in data.films["diretor"]]
    leads = []
    for cell in range(cells.max() + 1):
        members = np.flatnonzero(cells == cell)
        leads.append(
            Lead(
                _leading((genres[film] for film in members), LEAST_GENRE * len(members)),
                _leading((directors[film] for film in members), LEAST_DIRECTOR),
                members[np.argsort(-counts[members], kind="stable")][:FILMS],
            )
        )
    return leads


def find_leads_of(data: Dataset, model: Model) -> list[Lead]:
    """Return a lead for each cell (k,) of a model fitted on the data set."""
    return find_leads(data, find_cells(model, find_rows(model, data.films["id"].tolist())))


def label_cells(leads: list[Lead], titles: pd.Series) -> NDArray[np.str_]:
    """Return a label for each cell (k,), for example ``drama e crime, de Fulano: A, B, C``."""
    labels = []
    for lead in leads:
        directors = "de " + " e ".join(lead.directors) if lead.directors else ""
        kind = ", ".join(filter(None, [" e ".join(lead.genres), directors]))
        films = ", ".join(titles.iloc[lead.films])
        labels.append(f"{kind}: {films}" if kind else films)
    return np.array(labels, dtype=np.str_)


def _leading(names: Iterable[list[str]], least: float) -> list[str]:
    """Return the most common names of films, if at least ``least`` films have them."""
    tally = Counter(name for of_film in names for name in of_film)
    return [name for name, count in tally.most_common(NAMES) if count >= least]
