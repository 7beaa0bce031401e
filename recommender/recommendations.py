"""Routes that recommend, and the making of their answers."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from recommender import problems, ranking
from recommender.catalog import fold
from recommender.paging import next_link, read_cursor
from recommender.ranking import Profile
from recommender.routes import Route
from recommender.schemas import Recommendation, RecommendationQuery, UserId
from recommender.serving import InUse, Serving

DECIMALS = 6  # of scores and shares

router = APIRouter(responses=problems.COMMON, route_class=Route)

_TO_USER = "Pelas avaliações do usuário; sem nenhuma, os mais populares, o que `X-Estrategia` diz."
_NO_USER = problems.responses({404: "Não há tal usuário."})


@router.get(
    "/usuarios/{usuario_id}/recomendacoes",
    response_model=list[Recommendation],
    responses=_NO_USER,
    summary="Recomenda filmes a um usuário",
    description=_TO_USER,
)
@router.get(
    "/filmes/{usuario_id}/recomendacoes",
    response_model=list[Recommendation],
    responses=_NO_USER,
    summary="Recomenda filmes a um usuário (o caminho do projeto original)",
    description=_TO_USER,
)
async def recommend_to_user(
    request: Request,
    usuario_id: UserId,
    query: Annotated[RecommendationQuery, Query()],
    use: InUse,
) -> JSONResponse:
    """Rank films for the ratings of a user."""
    profile = ranking.make_profile(use.artifact.model, use.ratings(usuario_id))
    return recommend(request, use, profile, query)


def recommend(
    request: Request, use: Serving, profile: Profile, query: RecommendationQuery
) -> JSONResponse:
    """Answer with the films of a ranking, each with its reasons."""
    model = use.artifact.model
    offset = read_cursor(use, query.cursor)
    found = ranking.rank(
        model,
        profile,
        query.estrategia,
        limit=query.limite,
        offset=offset,
        genres=[fold(genre) for genre in query.genero],
        excluded=query.excluir,
        include_rated=query.incluir_avaliados,
        diversity=query.diversidade,
    )
    reasons = ranking.explain(model, profile, found)
    reason_rows = [reason.row for of_film in reasons for reason in of_film]
    ids = model.film_ids[found.rows].tolist()
    films = use.catalog.films({*ids, *model.film_ids[reason_rows].tolist()})
    body = []
    cells = ranking.find_cells(model, found.rows).tolist()
    for film_id, cell, score, rated, of_film in zip(
        ids, cells, found.scores.tolist(), found.rated.tolist(), reasons, strict=True
    ):
        points = round(score, DECIMALS)
        motives = [
            {
                "filme_id": (source := int(model.film_ids[reason.row])),
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
                "grupo": {"id": cell, "rotulo": str(model.cell_labels[cell])},
                "resto": round(points - sum(motive["parcela"] for motive in motives), DECIMALS),
            }
        )
    headers = {"X-Estrategia": found.strategy.value}
    if found.more:
        headers["Link"] = next_link(request, use, offset + query.limite)
    return JSONResponse(body, headers=headers)
