"""What answers are made from, and how a route gets hold of it."""

import logging
from collections import Counter
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Request

from recommender.api.listing import Lister
from recommender.api.routes import Route
from recommender.data.catalog import Catalog
from recommender.data.store import Entry, Store, StoreError
from recommender.http.problems import UNKNOWN, ProblemError, invalid_field, invalid_fields
from recommender.model.artifact import Artifact
from recommender.model.ranking import Profile, films_rated, make_profile

REPEATABLE = ("excluir", "genero")

_log = logging.getLogger(__name__)


class Known(NamedTuple):
    """What a user has rated, headers that tell where that is from, and what it is told apart by.

    ``basis`` is empty if it is all packaged.
    """

    profile: Profile
    headers: dict[str, str]
    basis: bytes = b""


class Serving:
    """An artifact in use, its catalogue, and where written ratings last, if anywhere."""

    def __init__(self, artifact: Artifact, catalog: Catalog, store: Store | None = None) -> None:
        self.artifact, self.catalog, self.store = artifact, catalog, store
        self.lister = Lister(artifact.model, catalog)

    def group(self, cell: int) -> dict[str, Any]:
        """Return what a group is called."""
        return {"id": cell, "rotulo": str(self.artifact.model.cell_labels[cell])}

    def written(self, user_id: int, film_id: int | None = None) -> dict[int, Entry]:
        """Return what was written over a user's packaged ratings, of all films or of one.

        Raises:
            StoreError: it cannot be reached.
        """
        return self.store.read(user_id, film_id) if self.store else {}

    def known(self, user_id: int) -> Known:
        """Return what to recommend by: the ratings of a user that count.

        Where the written ones cannot be reached, the packaged ones must do; the headers say so.

        Raises:
            ProblemError: 404 for no such user.
            StoreError: whether there is such a user could not be found out.
        """
        ratings = self.catalog.ratings(user_id)
        packaged = None if ratings is None else make_profile(self.artifact.model, ratings)
        try:
            written = self.written(user_id)
        except StoreError as error:
            if packaged is None:
                raise
            _log.warning("packaged ratings used, for the others: %s", error)
            return Known(packaged, {"X-Avaliacoes": "empacotadas"})
        if not written and packaged is not None:
            return Known(packaged, {})
        rated: dict[int, float | None] = {}
        if packaged is not None:
            rated |= films_rated(self.artifact.model, packaged)
        rated |= {film: entry.rating for film, entry in written.items()}
        pairs = sorted((film, rating) for film, rating in rated.items() if rating is not None)
        if not pairs and packaged is None:
            raise no_user(user_id)
        return Known(make_profile(self.artifact.model, pairs), {}, repr(pairs).encode())


def no_user(user_id: int) -> ProblemError:
    """Return the 404 for a user of whom nothing is known."""
    return ProblemError(404, f"Usuário com ID {user_id} não encontrado.")


def _in_use(request: Request) -> Serving:
    serving: Serving | None = request.app.state.serving
    if serving is None:
        raise ProblemError(503, "Nenhum modelo válido foi carregado.")
    return serving


def _check_parameters(request: Request) -> None:
    if not request.scope["query_string"]:
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
