"""What lists are measured by, and the lists of our strategies."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.model.artifact import Model
from recommender.model.ranking import Strategy
from training.choice.metrics import (
    METRICS,
    Profiles,
    rank_all,
    score_lists,
    score_some,
    share_of_hits,
    summarise,
)
from training.data.dataset import Dataset
from training.data.splits import Protocol
from training.evaluation.lists import positions
from training.evaluation.variety import Variety

LIKED = "liked"  # nDCG where only liked films are relevant

Rows = NDArray[np.int64]


class Judge:
    """Measures lists of the users of a test part, whose other ratings are the train part's."""

    def __init__(self, train: Dataset, test: Dataset, variety: Variety) -> None:
        self.train, self.test, self.variety = train, test, variety
        self.users: Rows = np.unique(test.ratings["user"])
        self.known = [train.matrix[user].indices for user in self.users]
        rating = test.ratings["avaliacao"]
        self.relevant = self._rated(test)
        self.liked, self.disliked = (
            self._rated(test.with_ratings(test.ratings[kept]))
            for kept in (rating >= test.liked_from, rating <= test.disliked_to)
        )

    def _rated(self, part: Dataset) -> list[Rows]:
        return [part.matrix[user].indices for user in self.users]

    def measure(self, lists: list[Rows]) -> dict[str, Any]:
        """Return all metrics of the users' lists."""
        of_users = score_lists(lists, self.relevant)
        of_users[LIKED] = score_some(lists, self.liked)[METRICS[0]]
        of_users |= self.variety.of_users(lists, self.known)
        finite = {name: values[np.isfinite(values)] for name, values in of_users.items()}
        kept = {name: values for name, values in finite.items() if len(values)}
        of_all = {n: round(value, 6) for n, value in self.variety.of_catalogue(lists).items()}
        disliked = share_of_hits(lists, self.relevant, self.disliked)
        return {"metrics": summarise(kept), "disliked": disliked, **of_all}

    def measure_ours(
        self, model: Model, profiles: Profiles, protocol: Protocol
    ) -> list[dict[str, Any]]:
        """Return a row for each strategy of a model, first the model's own."""
        rows = []
        for name, strategy, recency in _asked(model, protocol):
            found = rank_all(model, profiles, strategy, recency=recency)
            lists = positions(self.train, model, found)
            rows.append({"name": name, "ours": True, **self.measure(lists)})
        return rows


def _asked(model: Model, protocol: Protocol) -> list[tuple[str, Strategy, float]]:
    """Return what is asked under a protocol: a name, a strategy, and how much the order counts.

    The model is asked with its own recency where the last ratings are held out, and with none where
    they are drawn at random. A row with the other recency is added. What is trending is asked for
    where times tell it.
    """
    recency = model.recency
    order = (recency, 0.0) if protocol.timed else (0.0, recency)
    others = [Strategy.GROUP, Strategy.POPULAR]
    others += [Strategy.TRENDING] if len(model.trend_rows) else []
    asked = [(Strategy.MODEL.value, Strategy.MODEL, order[0])]
    asked += [(strategy.value, strategy, 0.0) for strategy in others]
    if recency:
        asked.append((f"padrao, recencia {order[1]:g}", Strategy.MODEL, order[1]))
    return asked
