"""Routes that recommend."""

from typing import Annotated

from fastapi import Query, Request, Response

from recommender.api import hypotheses
from recommender.api.access import REFUSALS, Reader, allow
from recommender.api.listing import describe
from recommender.api.paging import EXPIRED, next_link, read_cursor
from recommender.api.schemas.answers import Recommendation, WhatIf
from recommender.api.schemas.fields import LARGEST_BODY
from recommender.api.schemas.requests import (
    NO_PARAMETERS,
    Hypothesis,
    RecommendationQuery,
    RecommendationRequest,
)
from recommender.api.serving import InUse, Serving, make_router
from recommender.data.catalog import fold
from recommender.http.caching import PERSONAL
from recommender.http.problems import BODY, responses
from recommender.model import ranking
from recommender.model.ranking import Profile, Ranking

router = make_router("recomendacoes")

_TO_USER = "Pelas avaliações do usuário; sem nenhuma, os mais populares, o que `X-Estrategia` diz."
_NO_USER = responses(REFUSALS | {404: "Não há tal usuário.", 410: EXPIRED})
_BODY = responses(REFUSALS | {404: "Não há tal usuário."} | BODY)


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
    request: Request,
    response: Response,
    usuario_id: Reader,
    query: Annotated[RecommendationQuery, Query()],
    use: InUse,
) -> list[Recommendation]:
    """Rank films for the ratings of a user."""
    known = await use.known(usuario_id)
    offset = read_cursor(request, use, query.cursor, known.basis)
    found = _rank(use, known.profile, query, offset)
    response.headers.update({**PERSONAL, **known.headers, "X-Estrategia": found.strategy})
    if found.more:
        response.headers["Link"] = next_link(request, use, offset + query.limite, known.basis)
    return describe(use, found, ranking.explain(use.artifact.model, known.profile, found))


@router.post(
    "/recomendacoes",
    responses=_BODY,
    max_body_size=LARGEST_BODY,
    dependencies=[NO_PARAMETERS],
    summary="Recomenda filmes a quem tem estas avaliações",
    description="Nada é guardado. Sem `usuario_id`, a resposta é uma lista; com ele, a de "
    "`POST /usuarios/{usuario_id}/recomendacoes`, o caminho de quem traz um token.",
)
async def recommend_to_anybody(
    request: Request, response: Response, asked: RecommendationRequest, use: InUse
) -> list[Recommendation] | WhatIf:
    """Rank films for the ratings in the body, alone or laid over those of a user."""
    if asked.usuario_id is not None:
        allow(request, asked.usuario_id)
        return await _compare(use, asked.usuario_id, asked, response)
    given = hypotheses.checked_ratings(use.artifact, asked)
    profile = ranking.make_profile(use.artifact.model, sorted(given.items()))
    found = _rank(use, profile, asked)
    response.headers["X-Estrategia"] = found.strategy
    return describe(use, found, ranking.explain(use.artifact.model, profile, found))


@router.post(
    "/usuarios/{usuario_id}/recomendacoes",
    responses=_BODY,
    max_body_size=LARGEST_BODY,
    dependencies=[NO_PARAMETERS],
    summary="Diz o que mudaria com estas avaliações",
    description="As recomendações que o usuário teria se às suas avaliações se juntassem estas, e "
    "em que diferem das de hoje. Nada é guardado.",
)
async def recommend_if(
    response: Response, usuario_id: Reader, asked: Hypothesis, use: InUse
) -> WhatIf:
    """Rank films for the ratings in the body, laid over those of a user."""
    return await _compare(use, usuario_id, asked, response)


async def _compare(use: Serving, user_id: int, asked: Hypothesis, response: Response) -> WhatIf:
    """Return a user's list as some more ratings would make it, beside that of today."""
    model = use.artifact.model
    given = hypotheses.checked_ratings(use.artifact, asked)
    known = await use.known(user_id)
    rated = ranking.films_rated(model, known.profile) | given
    profile = ranking.make_profile(model, sorted(rated.items()))
    found = _rank(use, profile, asked)
    today = _rank(use, known.profile, asked)
    old, new = (model.film_ids[ranked.rows].tolist() for ranked in (today, found))
    response.headers.update({**known.headers, "X-Estrategia": found.strategy})
    return WhatIf(
        recomendacoes=describe(use, found, ranking.explain(model, profile, found)),
        diferenca=hypotheses.difference(old, new, use.catalog.titles({*old, *new})),
    )


def _rank(
    use: Serving,
    profile: Profile,
    asked: RecommendationQuery | Hypothesis,
    offset: int = 0,
) -> Ranking:
    """Rank films for a profile in the way that a request asks for."""
    return ranking.rank(
        use.artifact.model,
        profile,
        asked.estrategia,
        limit=asked.limite,
        offset=offset,
        among=asked.entre if isinstance(asked, Hypothesis) else None,
        genres=[fold(genre) for genre in asked.genero],
        excluded=asked.excluir,
        include_rated=asked.incluir_avaliados,
        diversity=asked.diversidade,
    )
