"""The ratings that came with the model: in the artifact's database, or in a profile table."""

from typing import Protocol

from recommender.data.catalog import Catalog, Rated


class Profiles(Protocol):
    """Where the ratings are that came with the model."""

    async def ratings(self, user_id: int) -> list[Rated] | None:
        """Return a user's ratings in order of film id, or None for no such user.

        Raises:
            StoreError: they cannot be read.
        """

    def close(self) -> None:
        """Close what is open."""


class PackagedProfiles:
    """The ratings in an artifact's database."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def ratings(self, user_id: int) -> list[Rated] | None:
        """See ``Profiles``."""
        return self._catalog.ratings(user_id)

    def close(self) -> None:
        """See ``Profiles``."""
