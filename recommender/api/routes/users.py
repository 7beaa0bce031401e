"""The route of the users: who they are, and what they like."""

from typing import Annotated, Any

from fastapi import Query

from recommender.api.access import FOR_LISTS_OF_USERS, SERVICE_REFUSALS
from recommender.api.answers import User, fitting
from recommender.api.paging import EXPIRED, read_offset, set_next_link
from recommender.api.requests import PageQuery
from recommender.api.serving import Context, Ctx, make_router
from recommender.http.caching import PERSONAL
from recommender.http.problems import responses
from recommender.model.artifact import PROFILES

Row = dict[str, Any]
"""A user as ``Catalog.users`` returns them."""

router = make_router("usuarios")


@router.get(
    "/usuarios",
    dependencies=[FOR_LISTS_OF_USERS],
    responses=responses(SERVICE_REFUSALS | {410: EXPIRED}),
    summary="Lista os usuários e o gosto de cada um",
    description="Os dos dados do modelo, em ordem de id, aos pedaços. O gosto são os gêneros de "
    "que cada um gosta mais do que os outros. Só se os dados são de demonstração, para serviços ou "
    "na própria máquina. Quem foi apagado não aparece, mas conta em `X-Total-Count`.",
)
async def list_users(query: Annotated[PageQuery, Query()], ctx: Ctx) -> list[User]:
    """Answer with users in order of id, each with a taste in words."""
    manifest = ctx.artifact.manifest
    total = manifest.get(PROFILES, {}).get("listados", manifest["data"]["usuarios"])
    offset = read_offset(ctx, query.cursor, most=total)
    is_demonstration = manifest["data"]["demonstracao"]
    users = ctx.catalog.users(query.limite, offset)
    users, shown = await _known(ctx, users)
    listed = fitting([_show(users[place], named=is_demonstration) for place in shown])
    following = offset + (len(users) if len(listed) == len(shown) else shown[len(listed)])
    ctx.headers.update({**PERSONAL, "X-Total-Count": str(total)})
    set_next_link(ctx, following, more=bool(users) and following < total)
    return listed


async def _known(ctx: Context, users: list[Row]) -> tuple[list[Row], list[int]]:
    """Return as many of some users as one look at the marks tells of, and the places of the known.

    An erased user is known again once a model was trained later, on ratings that all are newer.
    """
    if ctx.store is None or not users:
        return users, list(range(len(users)))
    marks, last = await ctx.store.erased([user["id"] for user in users])
    users = [user for user in users if user["id"] <= last]
    erased = {user["id"]: marks[user["id"]] for user in users if user["id"] in marks}
    gone = erased.keys() - (ctx.catalog.rated_since(erased, ctx.trained) if erased else set())
    return users, [place for place, user in enumerate(users) if user["id"] not in gone]


def _show(user: Row, *, named: bool) -> User:
    genres = user["generos"].split(", ") if user["generos"] else []
    return User(
        id=user["id"],
        nome=user["nome"] if named else None,
        gosto=_tell(genres, user["total_avaliacoes"]),
        generos=genres,
        total_avaliacoes=user["total_avaliacoes"],
    )


def _tell(genres: list[str], total: int) -> str:
    """Return a taste in words."""
    if genres:
        return f"gosta de {' e '.join(genres)}"
    return "gosta de um pouco de tudo" if total else "ainda não avaliou nenhum filme"
