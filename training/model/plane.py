"""The plane of the map: films by the two principal components of their tastes."""

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from recommender.model.artifact import Floats, Model
from recommender.model.ranking import make_directions

FILMS = 10_000  # at most: the best known ones


def place_films(model: Model) -> Floats:
    """Return where the m best known films, ``popular_rows[:m]``, lie on the map (m, 2).

    Popularity lengthens a vector, so only its direction counts: the taste.
    """
    vectors = make_directions(model.vectors[model.popular_rows[:FILMS]]).astype(np.float64)
    places = np.zeros((len(vectors), 2), np.float32)
    if np.ptp(vectors, axis=0).any():
        components = min(2, *vectors.shape)
        places[:, :components] = PCA(components, random_state=0).fit_transform(vectors)
    return places


def shares_of_variance(model: Model, films: int) -> NDArray[np.float64]:
    """Return what the map's axes (2,) show of the variance among its first films' directions."""
    vectors = make_directions(model.vectors[model.popular_rows[:films]]).astype(np.float64)
    places = model.map_places[:films].astype(np.float64)
    return np.asarray(places.var(axis=0) / max(vectors.var(axis=0).sum(), 1e-12))
