"""Labels for groups of films: what sets a group apart from all films, and its typical films."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.data.titles import shown_title
from recommender.model.artifact import Model
from recommender.model.profile import find_rows
from recommender.model.ranking import find_cells, make_directions
from training.data.dataset import Dataset
from training.data.tables import split_names
from training.model.cold_films import YEAR

FILMS = 3  # in a label
NAMES = 2  # genres in a label, and directors
LEAST_GENRE = 0.15  # share of a group's films that a leading genre must have
LEAST_DECADE = 0.3  # share of a group's films that must be of a decade that is told
LEAST_PEOPLE = 2  # films of a group that a leading director or actor must have made
LIFT = 1.1  # times as common in a group as among all films: what is not, does not set it apart


@dataclass(frozen=True)
class Lead:
    """The leading genres and directors of a group, and its best known typical films (positions).

    ``more`` are further traits: a decade, genres, actors.
    """

    genres: list[str]
    directors: list[str]
    films: NDArray[np.intp]
    more: list[str] = field(default_factory=list)

    def kind(self, traits: int) -> str:
        """Return what the films have in common, with so many of the further traits."""
        directors = "de " + " e ".join(self.directors) if self.directors else ""
        parts = [" e ".join(self.genres), directors, *self.more[:traits]]
        return ", ".join(filter(None, parts))


def find_leads(
    data: Dataset,
    cells: NDArray[np.integer],
    closeness: NDArray[np.floating] | None = None,
    counts: NDArray[np.floating] | None = None,
) -> list[Lead]:
    """Return a lead for each cell (k,).

    ``cells`` (n,) is the cell of each film, ``closeness`` (n,) how typical the film is of it,
    ``counts`` (n,) the films' numbers of ratings; None: as in the data.
    """
    if counts is None:
        counts = np.bincount(data.ratings["film"], minlength=len(data.films)).astype(np.float64)
    closeness = np.zeros(len(cells)) if closeness is None else closeness
    genres, directors, actors, decades = (
        Traits(of_films)
        for of_films in (
            data.genres(),
            [split_names(text) for text in data.films["diretor"]],
            [split_names(text) for text in data.films["atores"]],
            [_decade(title) for title in data.films["titulo"]],
        )
    )
    titles = data.films["titulo"].tolist()
    leads = []
    for cell in range(cells.max() + 1):
        members = np.flatnonzero(cells == cell)
        names = genres.leading(members, LEAST_GENRE * len(members), 2 * NAMES)
        typical = members[closeness[members] >= np.median(closeness[members])]
        known = typical[np.argsort(-counts[typical], kind="stable")]
        # Some data has two entries for one film.
        best: dict[str, int] = {}
        for film in known.tolist():
            best.setdefault(titles[film], film)
        leads.append(
            Lead(
                names[:NAMES],
                directors.leading(members, LEAST_PEOPLE),
                np.array([*best.values()][:FILMS], np.intp),
                decades.leading(members, LEAST_DECADE * len(members), 1, needed=False)
                + names[NAMES:]
                + [f"com {name}" for name in actors.leading(members, LEAST_PEOPLE)],
            )
        )
    return leads


def find_leads_of(
    data: Dataset, model: Model, counts: NDArray[np.floating] | None = None
) -> list[Lead]:
    """Return a lead for each cell (k,) of a model fitted on the data set; see ``find_leads``."""
    rows = find_rows(model, data.films["id"].tolist())
    cells = find_cells(model, rows)
    centers = make_directions(model.cell_centers)[cells]
    closeness = (make_directions(model.vectors[rows]) * centers).sum(axis=1)
    return find_leads(data, cells, closeness, counts)


def label_cells(leads: Sequence[Lead], titles: pd.Series) -> NDArray[np.str_]:
    """Return a label for each cell (k,), for example ``drama e crime, de Fulano: A, B, C``.

    Where cells would have the same traits, further ones tell them apart as far as there are any.
    """
    kinds = [lead.kind(0) for lead in leads]
    for traits in range(1, max((len(lead.more) for lead in leads), default=0) + 1):
        tally = Counter(kinds)
        kinds = [
            kind if tally[kind] == 1 else lead.kind(traits)
            for lead, kind in zip(leads, kinds, strict=True)
        ]
    labels = []
    for lead, kind in zip(leads, kinds, strict=True):
        films = ", ".join(map(shown_title, titles.iloc[lead.films]))
        labels.append(f"{kind}: {films}" if kind else films)
    return np.array(labels, dtype=np.str_)


class Traits:
    """The names that films have of one kind, such as genres, and how common each is."""

    def __init__(self, of_films: Sequence[list[str]]) -> None:
        self.of_films = of_films
        self.common = Counter(name for names in of_films for name in names)

    def leading(
        self, members: NDArray[np.intp], least: float, most: int = NAMES, *, needed: bool = True
    ) -> list[str]:
        """Return the names that set some films apart, if at least ``least`` of them have them.

        The order is by share · log(lift), where the lift is the share among these films over that
        among all. If nothing sets the films apart and a name is ``needed``, these are the most
        common names.
        """
        tally = Counter(name for film in members for name in self.of_films[film])
        found = []
        for name, count in tally.most_common():
            lift = count * len(self.of_films) / (len(members) * self.common[name])
            if count >= least:
                found.append((count * math.log(lift), lift, name))
        apart = [(telling, name) for telling, lift, name in found if lift >= LIFT]
        if not apart and needed:
            return [name for _, _, name in found[:most]]
        return [name for _, name in sorted(apart, key=lambda pair: -pair[0])[:most]]


def _decade(title: str) -> list[str]:
    year = YEAR.search(title)
    return [f"anos {year[1][:3]}0"] if year else []
