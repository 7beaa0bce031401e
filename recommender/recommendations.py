"""Routes that recommend, and the making of their answers."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from recommender import hypotheses, problems, ranking
from recommender.access import REFUSALS, Reader, allow
from recommender.caching import PERSONAL
from recommender.catalog import fold
from recommender.limits import BODY
from recommender.paging import next_link, read_cursor
from recommender.ranking import Profile, Ranking, Reason
from recommender.routes import JSON, Route
from recommender.schemas import (
    Hypothesis,
    Recommendation,
    RecommendationQuery,
    RecommendationRequest,
    WhatIf,
)
from recommender.serving import STRICT, InUse, Serving

DECIMALS = 6  # of scores and shares

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
async def recommend_to_user(
    request: Request,
    usuario_id: Reader,
    query: Annotated[RecommendationQuery, Query()],
    use: InUse,
) -> JSON:
    """Rank films for the ratings of a user."""
    known = use.ratings(usuario_id)
    profile = ranking.make_profile(use.artifact.model, known.ratings)
    basis = profile.rows.tobytes() + profile.ratings.tobytes()
    offset = read_cursor(request, use, query.cursor, basis)
    found = rank(use, profile, query, offset)
    headers = {**PERSONAL, **known.headers, "X-Estrategia": found.strategy.value}
    if found.more:
        headers["Link"] = next_link(request, use, offset + query.limite, basis)
    reasons = ranking.explain(use.artifact.model, profile, found)
    return JSON(describe(use, found, reasons), headers=headers)


_BODY = problems.responses(REFUSALS | {404: "Não há tal usuário."} | BODY)


@router.post(
    "/recomendacoes",
    response_model=list[Recommendation] | WhatIf,
    responses=_BODY,
    summary="Recomenda filmes a quem tem estas avaliações",
    description="Nada é guardado. Sem `usuario_id`, a resposta é uma lista; com ele, a de "
    "`POST /usuarios/{usuario_id}/recomendacoes`, o caminho de quem traz um token.",
)
async def recommend_to_anybody(request: Request, asked: RecommendationRequest, use: InUse) -> JSON:
    """Rank films for the ratings in the body, alone or laid over those of a user."""
    if asked.usuario_id is not None:
        allow(request, asked.usuario_id)
        return _compare(use, asked.usuario_id, asked)
    given = hypotheses.checked_ratings(use.artifact, asked)
    profile = ranking.make_profile(use.artifact.model, sorted(given.items()))
    found = rank(use, profile, asked)
    reasons = ranking.explain(use.artifact.model, profile, found)
    headers = {"X-Estrategia": found.strategy.value}
    return JSON(describe(use, found, reasons), headers=headers)


@router.post(
    "/usuarios/{usuario_id}/recomendacoes",
    response_model=WhatIf,
    responses=_BODY,
    summary="Diz o que mudaria com estas avaliações",
    description="As recomendações que o usuário teria se às suas avaliações se juntassem estas, e "
    "em que diferem das de hoje. Nada é guardado.",
)
async def recommend_if(usuario_id: Reader, asked: Hypothesis, use: InUse) -> JSON:
    """Rank films for the ratings in the body, laid over those of a user."""
    return _compare(use, usuario_id, asked)


def _compare(use: Serving, user_id: int, asked: Hypothesis) -> JSON:
    """Answer with a user's list as some more ratings would make it, beside that of today."""
    model = use.artifact.model
    given = hypotheses.checked_ratings(use.artifact, asked)
    known = use.ratings(user_id)
    profile = ranking.make_profile(model, sorted((dict(known.ratings) | given).items()))
    found = rank(use, profile, asked)
    today = rank(use, ranking.make_profile(model, known.ratings), asked)
    old, new = (model.film_ids[ranked.rows].tolist() for ranked in (today, found))
    body = {
        "recomendacoes": describe(use, found, ranking.explain(model, profile, found)),
        "diferenca": hypotheses.difference(old, new, use.catalog.titles({*old, *new})),
    }
    return JSON(body, headers={**known.headers, "X-Estrategia": found.strategy.value})


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


def describe(
    use: Serving, found: Ranking, reasons: Sequence[Sequence[Reason]]
) -> list[dict[str, Any]]:
    """Return what is told of the films of a ranking: each with its score, reasons and group."""
    model = use.artifact.model
    reason_rows = list({reason.row for of_film in reasons for reason in of_film})
    sources = dict(zip(reason_rows, model.film_ids[reason_rows].tolist(), strict=True))
    ids = model.film_ids[found.rows].tolist()
    films = use.catalog.films({*ids, *sources.values()})
    cells = ranking.find_cells(model, found.rows).tolist()
    body = []
    for film_id, cell, score, rated, of_film in zip(
        ids, cells, found.scores.tolist(), found.rated.tolist(), reasons, strict=True
    ):
        points = round(score, DECIMALS)
        motives = [
            {
                "filme_id": (source := sources[reason.row]),
                "titulo": films[source]["titulo"],
                "avaliacao": reason.rating,
                "parcela": round(reason.share, DECIMALS),
            }
            for reason in of_film
        ]
        body.append(
            films[film_id]
            | {
                "pontuacao": points,
                "ja_avaliado": rated,
                "motivos": motives,
                "grupo": describe_group(use, cell),
                "resto": round(points - sum(motive["parcela"] for motive in motives), DECIMALS),
            }
        )
    return body


def describe_group(use: Serving, cell: int) -> dict[str, Any]:
    """Return what a group is called."""
    return {"id": cell, "rotulo": str(use.artifact.model.cell_labels[cell])}
