"""Routes of the catalogue."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from recommender import problems
from recommender.catalog import FilmFilter
from recommender.paging import next_link, read_cursor
from recommender.routes import Route
from recommender.schemas import Film, FilmQuery
from recommender.serving import InUse

router = APIRouter(responses=problems.COMMON, route_class=Route)


@router.get(
    "/filmes",
    response_model=list[Film],
    summary="Lista filmes",
    description="Os filmes em ordem de id, aos pedaços: o cabeçalho `Link` leva ao seguinte.",
)
async def list_films(
    request: Request, query: Annotated[FilmQuery, Query()], use: InUse
) -> JSONResponse:
    """Films in order of id, as far as they pass the filters."""
    offset = read_cursor(use, query.cursor)
    wanted = FilmFilter(query.genero, query.diretor, query.ator, query.q)
    films = use.catalog.list_films(wanted, query.limite, offset)
    total = use.catalog.count_films(wanted)
    headers = {"X-Total-Count": str(total)}
    if offset + len(films) < total:
        headers["Link"] = next_link(request, use, offset + query.limite)
    return JSONResponse(films, headers=headers)
