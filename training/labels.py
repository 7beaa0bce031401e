"""Groups of films in words: their leading genres and best known films."""

from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FILMS = 3  # named in a label
GENRES = 2
LEAST = 0.25  # share of a group's films that a genre must have to lead it


def label_cells(
    films: pd.DataFrame, genres: list[list[str]], cells: NDArray[np.int32], rated: pd.Series
) -> NDArray[np.str_]:
    """Return a label for each cell (k,).

    ``cells`` (n,) is the cell of each film, ``rated`` the film (position) of each rating.
    """
    counts = np.bincount(rated, minlength=len(films))
    labels = []
    for cell in range(cells.max() + 1):
        members = np.flatnonzero(cells == cell)
        tally = Counter(genre for film in members for genre in genres[film])
        leading = [name for name, n in tally.most_common(GENRES) if n >= LEAST * len(members)]
        best = members[np.argsort(-counts[members], kind="stable")][:FILMS]
        titles = ", ".join(films["titulo"].iloc[best])
        labels.append(f"{' e '.join(leading)}: {titles}" if leading else titles)
    return np.array(labels, dtype=np.str_)
