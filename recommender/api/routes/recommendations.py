"""Routes that recommend."""

from typing import Annotated

from fastapi import Query

from recommender.api import hypotheses
from recommender.api.access import REFUSALS, Reader, allow
from recommender.api.answers import LARGEST, Recommendation, WhatIf
from recommender.api.listing import describe, describe_page
from recommender.api.paging import EXPIRED, read_offset
from recommender.api.requests import (
    Hypothesis,
    RecommendationQuery,
    RecommendationRequest,
)
from recommender.api.serving import Context, ListCtx, make_router
from recommender.http.caching import PERSONAL
from recommender.http.problems import BODY, LARGEST_BODY, responses
from recommender.model import ranking
from recommender.model.profile import films_rated, make_profile

router = make_router("recomendacoes")

_TO_USER = "Pelas avaliações do usuário; sem nenhuma, os mais populares, o que `X-Estrategia` diz."
_NO_USER = responses(REFUSALS | {404: "Não há tal usuário.", 410: EXPIRED})
_BODY = responses(REFUSALS | {404: "Não há tal usuário."} | BODY)
# Without a token, as nobody needs one for ratings in a body.
_IF_USER = {status: f"Só com `usuario_id`. {text}" for status, text in REFUSALS.items()}
_IF_USER[404] = "Só com `usuario_id`. Não há tal usuário."


@router.get(
    "/filmes/{usuario_id}/recomendacoes",
    name="recommend_to_user_by_film_path",
    responses=_NO_USER,
    summary="Recomenda filmes a um usuário (o caminho do projeto original)",
    description=_TO_USER,
)
@router.get(
    "/usuarios/{usuario_id}/recomendacoes",
    responses=_NO_USER,
    summary="Recomenda filmes a um usuário",
    description=_TO_USER,
)
async def recommend_to_user(
    usuario_id: Reader, query: Annotated[RecommendationQuery, Query()], ctx: ListCtx
) -> list[Recommendation]:
    """Rank films for the ratings of a user."""
    profile, basis = await ctx.known(usuario_id)
    offset = read_offset(ctx, query.cursor, basis)
    found = ctx.rank(profile, offset=offset, **query.options())
    ctx.headers.update({**PERSONAL, "X-Estrategia": found.strategy})
    return describe_page(ctx, found, ranking.explain(ctx.model, profile, found), offset, basis)


@router.post(
    "/recomendacoes",
    responses=responses(_IF_USER | BODY),
    openapi_extra={"security": []},
    max_body_size=LARGEST_BODY,
    summary="Recomenda filmes a quem tem estas avaliações",
    description="Nada é guardado. Sem `usuario_id`, a resposta é uma lista; com ele, a de "
    "`POST /usuarios/{usuario_id}/recomendacoes`, o caminho de quem traz um token.",
)
async def recommend_to_anybody(
    asked: RecommendationRequest, ctx: ListCtx
) -> list[Recommendation] | WhatIf:
    """Rank films for the ratings in the body, alone or laid over those of a user."""
    if asked.usuario_id is not None:
        allow(ctx.request, asked.usuario_id)
        return await _compare(ctx, asked.usuario_id, asked)
    given = hypotheses.timed_ratings(ctx.artifact, asked.avaliacoes, asked.entre or ())
    profile = make_profile(ctx.model, [(film_id, *rated) for film_id, rated in given.items()])
    found = ctx.rank(profile, **asked.options())
    ctx.headers["X-Estrategia"] = found.strategy
    return describe(ctx, found, ranking.explain(ctx.model, profile, found))


@router.post(
    "/usuarios/{usuario_id}/recomendacoes",
    responses=_BODY,
    max_body_size=LARGEST_BODY,
    summary="Diz o que mudaria com estas avaliações",
    description="As recomendações que o usuário teria se às suas avaliações se juntassem estas, e "
    "em que diferem das de hoje. Nada é guardado.",
)
async def recommend_if(usuario_id: Reader, asked: Hypothesis, ctx: ListCtx) -> WhatIf:
    """Rank films for the ratings in the body, laid over those of a user."""
    return await _compare(ctx, usuario_id, asked)


async def _compare(ctx: Context, user_id: int, asked: Hypothesis) -> WhatIf:
    """Return a user's list as some more ratings would make it, and how it differs from today's."""
    given = hypotheses.timed_ratings(ctx.artifact, asked.avaliacoes, asked.entre or ())
    known, _ = await ctx.known(user_id)
    rated = films_rated(ctx.model, known) | given
    profile = make_profile(ctx.model, [(film_id, *rating) for film_id, rating in rated.items()])
    found, today = (ctx.rank(ratings, **asked.options()) for ratings in (profile, known))
    old, new = (ctx.model.film_ids[ranked.rows].tolist() for ranked in (today, found))
    ctx.headers.update({"X-Estrategia": found.strategy})
    films = ctx.catalog.films({*old, *new})
    reasons = ranking.explain(ctx.model, profile, found)
    return WhatIf(
        recomendacoes=describe(ctx, found, reasons, LARGEST // 2),
        diferenca=hypotheses.difference(old, new, films, LARGEST // 2),
    )
