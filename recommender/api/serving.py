"""What answers are made from, and how a route gets hold of it."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Request, Response

from recommender.api.hiding import NONE, HiddenFilms
from recommender.data.catalog import Catalog, Film, Rated
from recommender.data.profiles import Profiles
from recommender.data.store import MARK, Entry, Store, StoreError, read_moment, surviving
from recommender.http.caching import FRESH, LISTED, PUBLIC
from recommender.http.problems import COMMON, UNKNOWN, ProblemError, invalid_field, invalid_fields
from recommender.model import ranking
from recommender.model.artifact import Artifact
from recommender.model.profile import Profile, make_profile
from recommender.model.ranking import Ranking

_log = logging.getLogger(__name__)


class Serving(NamedTuple):
    """The artifact in use, its catalogue, where packaged ratings are and where written ones are.

    And which films are hidden.
    """

    artifact: Artifact
    catalog: Catalog
    profiles: Profiles
    store: Store | None
    hiding: HiddenFilms


class Context:
    """What a route works with: request, answer (status and headers), model, catalogue, ratings.

    ``hidden`` are the films that a list leaves out, and ``public`` are the headers of an answer
    without personal data that depends on them. Both are set for routes that ask for ``ListCtx``.
    """

    def __init__(self, request: Request, response: Response, serving: Serving) -> None:
        self.request, self.response, self.headers = request, response, response.headers
        self.artifact, self.catalog, self.profiles, self.store, self.hiding = serving
        self.model = self.artifact.model
        self.hidden, self.public = NONE, PUBLIC

    @property
    def trained(self) -> float:
        """When the model's training began, in seconds since 1970."""
        return read_moment(self.artifact.manifest["training"]["date"])

    def film(self, film_id: int) -> Film:
        """Return a film of the catalogue, or raise the 404 for an unknown film."""
        film = self.catalog.films([film_id]).get(film_id)
        if film is None:
            raise ProblemError(404, f"Filme com ID {film_id} não encontrado.")
        return film

    def rank(self, profile: Profile, **options: Any) -> Ranking:
        """Return a ranking for a profile without what is hidden; see ``ranking.rank``."""
        return ranking.rank(self.model, profile, hidden=self.hidden.marks, **options)

    async def both(
        self, user_id: int, film_id: int | None = None
    ) -> tuple[list[Rated] | None, dict[int, Entry]]:
        """Return a user's packaged ratings, and what they have written, for all films or for one.

        See ``Profiles.ratings`` and ``Store.read``. What was erased is not among the packaged ones.
        """
        packaged, written = await self._both(user_id, film_id)
        if isinstance(written, StoreError):
            raise written
        return packaged, written

    async def known(self, user_id: int) -> tuple[Profile, bytes]:
        """Return the ratings of a user that count, or raise the 404 for an unknown user.

        The bytes identify the ratings for cursors; they are empty if all are packaged. If the store
        fails, the packaged ratings count alone, and a header says so; without any, it raises.
        """
        packaged, written = await self._both(user_id)
        if isinstance(written, StoreError):
            if packaged is None:
                raise written
            _log.warning("store not reached, packaged ratings used: %s", written)
            self.headers["X-Avaliacoes"] = "empacotadas"
            written = {}
        if packaged is not None and not written:
            return make_profile(self.model, packaged), b""
        rated = {film_id: (rating, moment) for film_id, rating, moment in packaged or ()}
        for film_id, entry in written.items():
            if entry.rating is None:
                rated.pop(film_id, None)
            else:
                rated[film_id] = entry.rating, entry.moment
        if packaged is None and not rated:
            raise no_user(user_id)
        counting = [(film_id, *given) for film_id, given in rated.items()]
        return make_profile(self.model, counting), repr(sorted(written.items())).encode()

    async def _both(
        self, user_id: int, film_id: int | None = None
    ) -> tuple[list[Rated] | None, dict[int, Entry] | StoreError]:
        """Read packaged and written ratings at the same time; the store's failure is returned.

        Raises:
            StoreError: the packaged ratings cannot be read.
        """
        if self.store is None:
            return await self.profiles.ratings(user_id), {}
        packaged, written = await asyncio.gather(
            self.profiles.ratings(user_id),
            self.store.read(user_id, film_id),
            return_exceptions=True,  # so that nothing goes on after the answer
        )
        if isinstance(packaged, BaseException):
            raise packaged
        if isinstance(written, BaseException) and not isinstance(written, StoreError):
            raise written
        if isinstance(written, StoreError) or MARK not in written:
            return packaged, written
        return surviving(packaged, written[MARK], self.trained), written


def rating_of(film_id: int, rated: Sequence[Rated] | None) -> float | None:
    """Return a film's rating among a user's ratings, None if there is none."""
    return next((rating for film, rating, _ in rated or () if film == film_id), None)


def no_user(user_id: int) -> ProblemError:
    """Return the 404 for an unknown user."""
    return ProblemError(404, f"Usuário com ID {user_id} não encontrado.")


def in_use(request: Request) -> Serving:
    """Return what is served, or raise the 503 if nothing is."""
    serving: Serving | None = request.app.state.serving
    if serving is None:
        raise ProblemError(503, "Nenhum modelo válido foi carregado.")
    return serving


async def _context(request: Request, response: Response) -> Context:
    query, route = request.query_params, request.scope["route"]
    if query and not route.dependant.query_params:
        raise invalid_fields((*item, UNKNOWN) for item in query.multi_items())
    for name, count in Counter(name for name, _ in query.multi_items()).items():
        if count > 1 and name not in ("excluir", "genero"):
            raise invalid_field(name, ", ".join(query.getlist(name)), "um só valor")
    return Context(request, response, in_use(request))


Ctx = Annotated[Context, Depends(_context)]
"""What a route works with. It raises the 503 without an artifact, and the 422 for any parameter
of a route that takes none and for a parameter that comes twice but is not a list."""


async def _in_lists(request: Request, response: Response) -> Context:
    # A dependency more would cost 0.1 ms.
    return await with_hidden(await _context(request, response))


async def with_hidden(ctx: Context) -> Context:
    """Return a context that knows which films are hidden."""
    ctx.hidden = await ctx.hiding.current()
    if not ctx.hidden.is_known:
        ctx.headers["X-Ocultos"] = "desconhecidos"
        ctx.public = FRESH
    elif ctx.hiding.may_be:
        ctx.public = LISTED
    return ctx


ListCtx = Annotated[Context, Depends(_in_lists)]
"""The same for a route whose answer depends on which films are hidden."""


def make_router(tag: str) -> APIRouter:
    """Return a router whose routes share the names of operations and their problems."""
    return APIRouter(
        tags=[tag], responses=COMMON, generate_unique_id_function=lambda route: route.name
    )
