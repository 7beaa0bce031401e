"""Everything that shapes a model besides the data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

from training.model.embedding import REFERENCE, Normalisation, SpectralEmbedding, Spectrum

Values = Mapping[str, float]
"""Some hyperparameters by name, named as in ``Hyperparameters.as_dict``."""


@dataclass(frozen=True)
class Settings:
    """What shapes the embedding; see ``Normalisation`` and ``SpectralEmbedding``.

    ``aversion`` caps the weight of a disliked film below zero, so that it lowers similar films even
    if it is the user's only rating, see ``weigh_profiles``. 0 leaves the weights as they are.
    """

    normalisation: Normalisation = field(default_factory=Normalisation)
    bandwidth: int = 40
    strength: float = 1.0
    output_exponent: float = 0.2
    correction: float = 0.0
    aversion: float = 0.0

    @property
    def wanted(self) -> int:
        """Number of singular vectors that these settings use."""
        return max(2 * self.bandwidth, REFERENCE)

    def embed(self, spectrum: Spectrum) -> SpectralEmbedding:
        """Return the embedding that these settings make of a spectrum."""
        return SpectralEmbedding(
            self.bandwidth, self.strength, self.output_exponent, self.correction
        ).fit(spectrum)

    def as_dict(self) -> dict[str, float]:
        """Return all values by name, including those of the normalisation."""
        values = asdict(self)
        return {**values.pop("normalisation"), **values}

    def with_value(self, name: str, value: float) -> "Settings":
        """Return a copy with one value changed, named as in ``as_dict``."""
        if hasattr(self.normalisation, name):
            changed: dict[str, Any] = {
                "normalisation": replace(self.normalisation, **{name: value})
            }
        else:
            changed = {name: value}
        return replace(self, **changed)


@dataclass(frozen=True)
class Hyperparameters:
    """Everything that shapes a model besides the data."""

    settings: Settings = field(default_factory=Settings)
    prior_strength: float = 5.0  # weight of the prior in a user's vector, as a number of ratings
    decay: float = 5.0  # later ratings after which a rating weighs e times less for the next film
    recency: float = 0.0  # what the next film counts against all ratings alike, from 0 to 1
    half_life: float = 30.0  # days after which a rating counts half for what is trending
    cells: int | None = None  # by default the square root of the number of films
    candidates: int | None = None  # films to score; by default a quarter of them
    groups: int = 5
    seed: int = 42

    def with_values(self, values: Values) -> "Hyperparameters":
        """Return a copy with some values changed, named as in ``as_dict``."""
        own = {name: value for name, value in values.items() if hasattr(self, name)}
        settings = self.settings
        for name in values.keys() - own.keys():
            settings = settings.with_value(name, values[name])
        return replace(self, settings=settings, **cast(Any, own))

    def as_dict(self) -> dict[str, Any]:
        """Return all values by name, including those of the settings."""
        values = asdict(self)
        return {**self.settings.as_dict(), **{n: v for n, v in values.items() if n != "settings"}}
