"""What answers are made from, and how a route gets hold of it."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from recommender.artifact import Artifact
from recommender.catalog import Catalog
from recommender.problems import ProblemError, invalid_field

REPEATABLE = ("excluir", "genero")


@dataclass(frozen=True, slots=True)
class Serving:
    """An artifact in use, and its catalogue."""

    artifact: Artifact
    catalog: Catalog

    def ratings(self, user_id: int) -> list[tuple[int, float]]:
        """Return a user's (film id, rating) pairs in order of film id.

        Raises:
            ProblemError: 404 for no such user.
        """
        ratings = self.catalog.ratings(user_id)
        if ratings is None:
            raise ProblemError(404, f"Usuário com ID {user_id} não encontrado.")
        return ratings


async def _in_use(request: Request) -> Serving:
    serving: Serving | None = request.app.state.serving
    if serving is None:
        raise ProblemError(503, "Nenhum modelo válido foi carregado.")
    return serving


async def _refuse_repeats(request: Request) -> None:
    for name, count in Counter(name for name, _ in request.query_params.multi_items()).items():
        if count > 1 and name not in REPEATABLE:
            values = ", ".join(request.query_params.getlist(name))
            raise invalid_field(name, values, "um só valor")


InUse = Annotated[Serving, Depends(_in_use)]
"""A route's parameter: what its answer is made from; without an artifact the route answers 503."""

ONCE = Depends(_refuse_repeats)
"""A route's dependency: what is no list of values may be given only once, else 422."""
