"""Routes that recommend, and the making of their answers."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic_core import to_json

from recommender.api import hypotheses
from recommender.api.access import REFUSALS, Reader, allow
from recommender.api.paging import next_link, read_cursor
from recommender.api.routes import JSON, Route
from recommender.api.schemas import (
    Hypothesis,
    Recommendation,
    RecommendationQuery,
    RecommendationRequest,
    WhatIf,
)
from recommender.api.serving import STRICT, InUse, Serving
from recommender.data.catalog import fold
from recommender.http import problems
from recommender.http.caching import PERSONAL
from recommender.http.limits import BODY
from recommender.model import ranking
from recommender.model.ranking import Profile, Ranking

router = APIRouter(
    tags=["recomendacoes"], responses=problems.COMMON, dependencies=[STRICT], route_class=Route
)

_TO_USER = "Pelas avaliações do usuário; sem nenhuma, os mais populares, o que `X-Estrategia` diz."
_NO_USER = problems.responses(REFUSALS | {404: "Não há tal usuário.", 410: problems.EXPIRED})


@router.get(
    "/filmes/{usuario_id}/recomendacoes",
    name="recommend_to_user_by_film_path",
    response_model=list[Recommendation],
    responses=_NO_USER,
    summary="Recomenda filmes a um usuário (o caminho do projeto original)",
    description=_TO_USER,
)
@router.get(
    "/usuarios/{usuario_id}/recomendacoes",
    response_model=list[Recommendation],
    responses=_NO_USER,
    summary="Recomenda filmes a um usuário",
    description=_TO_USER,
)
def recommend_to_user(
    request: Request,
    usuario_id: Reader,
    query: Annotated[RecommendationQuery, Query()],
    use: InUse,
) -> JSON:
    """Rank films for the ratings of a user."""
    profile, source, basis = use.known(usuario_id)
    offset = read_cursor(request, use, query.cursor, basis)
    found = rank(use, profile, query, offset)
    headers = {**PERSONAL, **source, "X-Estrategia": found.strategy}
    if found.more:
        headers["Link"] = next_link(request, use, offset + query.limite, basis)
    reasons = ranking.explain(use.artifact.model, profile, found)
    return JSON(use.lister.write(found, reasons), headers=headers)


_BODY = problems.responses(REFUSALS | {404: "Não há tal usuário."} | BODY)


@router.post(
    "/recomendacoes",
    response_model=list[Recommendation] | WhatIf,
    responses=_BODY,
    summary="Recomenda filmes a quem tem estas avaliações",
    description="Nada é guardado. Sem `usuario_id`, a resposta é uma lista; com ele, a de "
    "`POST /usuarios/{usuario_id}/recomendacoes`, o caminho de quem traz um token.",
)
def recommend_to_anybody(request: Request, asked: RecommendationRequest, use: InUse) -> JSON:
    """Rank films for the ratings in the body, alone or laid over those of a user."""
    if asked.usuario_id is not None:
        allow(request, asked.usuario_id)
        return _compare(use, asked.usuario_id, asked)
    given = hypotheses.checked_ratings(use.artifact, asked)
    profile = ranking.make_profile(use.artifact.model, sorted(given.items()))
    found = rank(use, profile, asked)
    reasons = ranking.explain(use.artifact.model, profile, found)
    headers = {"X-Estrategia": found.strategy.value}
    return JSON(use.lister.write(found, reasons), headers=headers)


@router.post(
    "/usuarios/{usuario_id}/recomendacoes",
    response_model=WhatIf,
    responses=_BODY,
    summary="Diz o que mudaria com estas avaliações",
    description="As recomendações que o usuário teria se às suas avaliações se juntassem estas, e "
    "em que diferem das de hoje. Nada é guardado.",
)
def recommend_if(usuario_id: Reader, asked: Hypothesis, use: InUse) -> JSON:
    """Rank films for the ratings in the body, laid over those of a user."""
    return _compare(use, usuario_id, asked)


def _compare(use: Serving, user_id: int, asked: Hypothesis) -> JSON:
    """Answer with a user's list as some more ratings would make it, beside that of today."""
    model = use.artifact.model
    given = hypotheses.checked_ratings(use.artifact, asked)
    known, source, _ = use.known(user_id)
    rated = ranking.films_rated(model, known) | given
    profile = ranking.make_profile(model, sorted(rated.items()))
    found = rank(use, profile, asked)
    today = rank(use, known, asked)
    old, new = (model.film_ids[ranked.rows].tolist() for ranked in (today, found))
    films = use.lister.write(found, ranking.explain(model, profile, found))
    difference = to_json(hypotheses.difference(old, new, use.catalog.titles({*old, *new})))
    body = b'{"recomendacoes":%b,"diferenca":%b}' % (films, difference)
    return JSON(body, headers={**source, "X-Estrategia": found.strategy.value})


def rank(
    use: Serving,
    profile: Profile,
    asked: RecommendationQuery | Hypothesis,
    offset: int = 0,
) -> Ranking:
    """Rank films for a profile in the way that a request asks for."""
    among = asked.entre if isinstance(asked, Hypothesis) else None
    return ranking.rank(
        use.artifact.model,
        profile,
        asked.estrategia,
        limit=asked.limite,
        offset=offset,
        among=among,
        genres=[fold(genre) for genre in asked.genero],
        excluded=asked.excluir,
        include_rated=asked.incluir_avaliados,
        diversity=asked.diversidade,
    )
