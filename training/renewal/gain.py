"""What a model gains over popular films, as its manifest states it."""

from collections.abc import Mapping
from typing import Any

from recommender.model.ranking import Strategy
from training.choice.aim import Aim
from training.data.tables import DataError


def gain_on_popularity(manifest: Mapping[str, Any], aim: str) -> float | None:
    """Return the model's nDCG over that of popular films, on the test part; None if unknown.

    Raises:
        DataError: its metrics have another form.
    """
    liked = [Aim.LIKED.value] if aim == Aim.LIKED else []
    model, popular = (
        _metric(manifest, strategy.value, *liked, "ndcg", "mean")
        for strategy in (Strategy.MODEL, Strategy.POPULAR)
    )
    return round(model / popular, 4) if model and popular else None


def _metric(manifest: Mapping[str, Any], *names: str) -> float | None:
    """Return the number under names in each other of a manifest's metrics, None if it has none."""
    found, path = manifest["metrics"], "metrics"
    for name in names:
        if not isinstance(found, Mapping):
            raise DataError(f"{path} of model {manifest['version']} is {found}, expected an object")
        found, path = found.get(name), f"{path}.{name}"
        if found is None:
            return None
    if not isinstance(found, int | float):
        raise DataError(f"{path} of model {manifest['version']} is {found!r}, expected a number")
    return float(found)
