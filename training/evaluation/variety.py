"""Measures beyond accuracy: diversity, novelty, popularity bias, coverage, concentration."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import MultiLabelBinarizer

from training.data.dataset import Dataset

VARIETY = ("diversity", "novelty", "lift")  # of each user's list
CATALOGUE = ("coverage", "gini")  # of all lists together

Rows = NDArray[np.int64]
Array = NDArray[np.float64]


class Variety:
    """Measures of lists of films, from the genres and the train ratings of a data set.

    *diversity*: mean distance between two films of a list, where the distance is 1 minus the
    Jaccard index of their genres (Ziegler et al., Improving Recommendation Lists Through Topic
    Diversification, 2005). A film without genres has distance 1 from every film.

    *novelty*: mean of -log2(share of users who rated the film), in bits (Zhou et al., Solving the
    apparent diversity-accuracy dilemma, 2010). A film without ratings counts as rated once.

    *lift*: popularity bias, the mean popularity of a list divided by that of the user's own films,
    minus 1 (Abdollahpouri et al., The Unfairness of Popularity Bias in Recommendation, 2019).
    Undefined for users without ratings.

    *coverage*: share of all films that are in at least one list (Ge, Delgado, Jannach, Beyond
    Accuracy, 2010).

    *gini*: Gini coefficient of the films' numbers of appearances: 0 if all are equal, near 1 if few
    films fill the lists (Fleder, Hosanagar, Blockbuster Culture's Next Rise or Fall, 2009).
    """

    def __init__(self, train: Dataset, counts: Array | None = None, users: int = 0) -> None:
        """Take the numbers of ratings of films (n,) and of users, if ``train`` has some only."""
        self.genres: Array = MultiLabelBinarizer().fit_transform(train.genres()).astype(np.float64)
        own = np.bincount(train.ratings["film"], minlength=len(train.films))
        self.counts = own if counts is None else counts
        self.users = users or len(train.users)

    def of_users(self, lists: list[Rows], known: list[Rows]) -> dict[str, Array]:
        """Return the measures of each list of films (positions), NaN where undefined.

        ``known`` are the films that each user rated.
        """
        information = -np.log2(np.maximum(self.counts, 1) / self.users)
        found = {
            "diversity": [self._distance(films) for films in lists],
            "novelty": [_mean(information[films]) for films in lists],
            "lift": [
                _mean(self.counts[films]) / _mean(self.counts[own]) - 1
                for films, own in zip(lists, known, strict=True)
            ],
        }
        return {name: np.array(values) for name, values in found.items()}

    def of_catalogue(self, lists: list[Rows]) -> dict[str, float]:
        """Return the measures of all lists together."""
        places = np.bincount(np.concatenate(lists), minlength=len(self.counts))
        shares = np.sort(places) / max(places.sum(), 1)
        count = len(shares)
        weights = 2 * np.arange(1, count + 1) - count - 1
        return {"coverage": float((places > 0).mean()), "gini": float(weights @ shares / count)}

    def _distance(self, films: Rows) -> float:
        common = self.genres[films] @ self.genres[films].T
        sizes = common.diagonal()
        union = sizes[:, None] + sizes[None, :] - common
        pairs = np.triu_indices(len(films), 1)
        return _mean(1 - common[pairs] / np.maximum(union[pairs], 1))


def _mean(values: NDArray[Any]) -> float:
    """Return the mean, NaN for no values."""
    return float(values.mean()) if len(values) else float("nan")
