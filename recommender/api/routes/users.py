"""The route of the users: who they are, and what they like."""

from typing import Annotated, Any

from fastapi import Query

from recommender.api.access import FOR_LISTS_OF_USERS, SERVICE_REFUSALS
from recommender.api.answers import User, fitting
from recommender.api.paging import EXPIRED, read_offset, set_next_link
from recommender.api.requests import PageQuery
from recommender.api.serving import Ctx, make_router
from recommender.http.caching import PERSONAL
from recommender.http.problems import responses
from recommender.model.artifact import PROFILES

router = make_router("usuarios")


@router.get(
    "/usuarios",
    dependencies=[FOR_LISTS_OF_USERS],
    responses=responses(SERVICE_REFUSALS | {410: EXPIRED}),
    summary="Lista os usuários e o gosto de cada um",
    description="Os dos dados do modelo, em ordem de id, aos pedaços. O gosto são os gêneros de "
    "que cada um gosta mais do que os outros. Só se os dados são de demonstração, para serviços ou "
    "na própria máquina.",
)
async def list_users(query: Annotated[PageQuery, Query()], ctx: Ctx) -> list[User]:
    """Answer with users in order of id, each with a taste in words."""
    manifest = ctx.artifact.manifest
    total = manifest.get(PROFILES, {}).get("listados", manifest["data"]["usuarios"])
    offset = read_offset(ctx, query.cursor, most=total)
    is_demonstration = manifest["data"]["demonstracao"]
    users = ctx.catalog.users(query.limite, offset)
    listed = fitting([_show(user, named=is_demonstration) for user in users])
    following = offset + len(listed)
    ctx.headers.update({**PERSONAL, "X-Total-Count": str(total)})
    set_next_link(ctx, following, more=bool(listed) and following < total)
    return listed


def _show(user: dict[str, Any], *, named: bool) -> User:
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
