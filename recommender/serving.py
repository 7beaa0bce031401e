"""What answers are made from, and how a route gets hold of it."""

import logging
from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from recommender.artifact import Artifact
from recommender.catalog import Catalog
from recommender.problems import UNKNOWN, ProblemError, invalid_field, invalid_fields
from recommender.routes import Route
from recommender.store import Entry, Store, StoreError, overlay

REPEATABLE = ("excluir", "genero")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """A user's (film id, rating) pairs in order of film id, and headers that tell their source."""

    ratings: list[tuple[int, float]]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Serving:
    """An artifact in use, its catalogue, and where written ratings last, if anywhere."""

    artifact: Artifact
    catalog: Catalog
    store: Store | None = None

    def written(self, user_id: int, film_id: int | None = None) -> dict[int, Entry]:
        """Return what was written over a user's packaged ratings, of all films or of one.

        Raises:
            StoreError: it cannot be reached.
        """
        return self.store.read(user_id, film_id) if self.store else {}

    def ratings(self, user_id: int) -> Known:
        """Return what to recommend by: the ratings of a user that count.

        Where the written ones cannot be reached, the packaged ones must do; the headers say so.

        Raises:
            ProblemError: 404 for no such user.
            StoreError: whether there is such a user could not be found out.
        """
        packaged = self.catalog.ratings(user_id)
        if packaged is not None and self.store is None:
            return Known(packaged, {})
        headers = {}
        try:
            written = self.written(user_id)
        except StoreError as error:
            if packaged is None:
                raise
            _log.warning("packaged ratings used, for the others: %s", error)
            written, headers = {}, {"X-Avaliacoes": "empacotadas"}
        entries = overlay(packaged, written)
        if entries is None:
            raise no_user(user_id)
        pairs = [
            (film, entry.rating) for film, entry in entries.items() if entry.rating is not None
        ]
        return Known(pairs, headers)


def no_user(user_id: int) -> ProblemError:
    """Return the 404 for a user of whom nothing is known."""
    return ProblemError(404, f"Usuário com ID {user_id} não encontrado.")


async def _in_use(request: Request) -> Serving:
    serving: Serving | None = request.app.state.serving
    if serving is None:
        raise ProblemError(503, "Nenhum modelo válido foi carregado.")
    return serving


async def _check_parameters(request: Request) -> None:
    if not request.query_params:
        return
    route: Route = request.scope["route"]
    if route.takes_none:
        raise invalid_fields((*item, UNKNOWN) for item in request.query_params.multi_items())
    for name, count in Counter(name for name, _ in request.query_params.multi_items()).items():
        if count > 1 and name not in REPEATABLE:
            values = ", ".join(request.query_params.getlist(name))
            raise invalid_field(name, values, "um só valor")


InUse = Annotated[Serving, Depends(_in_use)]
"""A route's parameter: what its answer is made from; without an artifact the route answers 503."""

STRICT = Depends(_check_parameters)
"""A route's dependency: 422 for any parameter where none is taken (pages aside, whose links others
may have tagged), and for what is no list of values if it is given more than once."""
