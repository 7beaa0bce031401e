"""Routes of the catalogue: films, similar ones, popular ones, their groups and the map."""

from typing import Annotated

import numpy as np
from fastapi import Query, Request, Response

from recommender.api.listing import describe, describe_group
from recommender.api.paging import EXPIRED, next_link, read_cursor
from recommender.api.schemas.answers import (
    Film,
    FilmDetails,
    FilmTitle,
    GroupDetails,
    Recommendation,
)
from recommender.api.schemas.fields import FilmId
from recommender.api.schemas.requests import NO_PARAMETERS, FilmQuery, GroupQuery, ListQuery
from recommender.api.serving import InUse, make_router, no_film
from recommender.data.catalog import FilmFilter, fold
from recommender.http.caching import PUBLIC
from recommender.http.problems import ProblemError, responses
from recommender.model import ranking, similarity
from recommender.model.artifact import ArtifactError, Model
from recommender.model.index import Choosable, films_of_genres
from recommender.model.ranking import Strategy

MAP_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

router = make_router("filmes")

_LIST = responses({410: EXPIRED})
_NO_FILM = responses({404: "Não há tal filme."})


@router.get(
    "/filmes",
    responses=_LIST,
    summary="Lista filmes",
    description="Os filmes em ordem de id, aos pedaços: o cabeçalho `Link` leva ao seguinte.",
)
async def list_films(
    request: Request, response: Response, query: Annotated[FilmQuery, Query()], use: InUse
) -> list[Film]:
    """Answer with the films that pass the filters, in order of id."""
    offset = read_cursor(request, use, query.cursor)
    wanted = FilmFilter(query.genero, query.excluir, query.diretor, query.ator, query.q)
    if wanted.searches:
        films = use.catalog.list_films(wanted, query.limite, offset)
        total = use.catalog.count_films(wanted)
    else:
        ids, total = films_by_id(use.artifact.model, wanted, query.limite, offset)
        found = use.catalog.films(ids)
        films = [found[film_id] for film_id in ids]
    response.headers.update({**PUBLIC, "X-Total-Count": str(total)})
    if offset + len(films) < total:
        response.headers["Link"] = next_link(request, use, offset + query.limite)
    return [Film(**film) for film in films]


@router.get(
    "/filmes/populares",
    responses=_LIST,
    summary="Lista os filmes populares",
    description="Os que mais gente avaliou. A pontuação é a parte dos usuários que o fez.",
)
async def list_popular_films(
    request: Request, response: Response, query: Annotated[ListQuery, Query()], use: InUse
) -> list[Recommendation]:
    """Rank films for nobody in particular."""
    model = use.artifact.model
    offset = read_cursor(request, use, query.cursor)
    found = ranking.rank(
        model,
        ranking.make_profile(model, []),
        Strategy.POPULAR,
        limit=query.limite,
        offset=offset,
        genres=[fold(genre) for genre in query.genero],
        excluded=query.excluir,
        diversity=query.diversidade,
    )
    response.headers.update({**PUBLIC, "X-Estrategia": found.strategy})
    if found.more:
        response.headers["Link"] = next_link(request, use, offset + query.limite)
    return describe(use, found, [[] for _ in found.rows])


@router.get(
    "/filmes/{filme_id}",
    responses=_NO_FILM,
    dependencies=[NO_PARAMETERS],
    summary="Conta de um filme",
    description="O filme, a média e o número de suas avaliações, e o grupo de que faz parte.",
)
async def tell_film(filme_id: FilmId, response: Response, use: InUse) -> FilmDetails:
    """Answer with everything that is known of a film."""
    film = use.catalog.film(filme_id)
    if film is None:
        raise no_film(filme_id)
    model = use.artifact.model
    (cell,) = ranking.find_cells(model, ranking.find_rows(model, [filme_id])).tolist()
    response.headers.update(PUBLIC)
    return FilmDetails(**film, grupo=describe_group(model, cell))


@router.get(
    "/filmes/{filme_id}/similares",
    responses=responses({404: "Não há tal filme.", 410: EXPIRED}),
    summary="Lista filmes similares a um filme",
    description="Os de que gosta quem gosta dele. A pontuação é o cosseno entre os dois vetores.",
)
async def list_similar_films(
    request: Request,
    response: Response,
    filme_id: FilmId,
    query: Annotated[ListQuery, Query()],
    use: InUse,
) -> list[Recommendation]:
    """Rank films by how near they lie to a film."""
    model = use.artifact.model
    (row,) = ranking.find_rows(model, [filme_id]).tolist()
    if row < 0:
        raise no_film(filme_id)
    offset = read_cursor(request, use, query.cursor)
    found = similarity.rank_similar(
        model,
        row,
        limit=query.limite,
        offset=offset,
        genres=[fold(genre) for genre in query.genero],
        excluded=query.excluir,
        diversity=query.diversidade,
    )
    response.headers.update(PUBLIC)
    if found.more:
        response.headers["Link"] = next_link(request, use, offset + query.limite)
    return describe(use, found, similarity.explain_similar(row, found))


@router.get(
    "/grupos",
    responses=_LIST,
    summary="Lista os grupos de filmes",
    description="Os que o KMeans formou: filmes de que gostam as mesmas pessoas.",
)
async def list_groups(
    request: Request, response: Response, query: Annotated[GroupQuery, Query()], use: InUse
) -> list[GroupDetails]:
    """Answer with clusters in order of id, each with its films, the most rated ones first."""
    model = use.artifact.model
    first = read_cursor(request, use, query.cursor)
    groups = use.catalog.groups(first, query.limite)
    members = {group["id"]: best_known(model, group["id"], query.filmes) for group in groups}
    titles = use.catalog.titles([film for films in members.values() for film in films])
    total = len(model.cell_labels)
    response.headers.update({**PUBLIC, "X-Total-Count": str(total)})
    if first + len(groups) < total:
        response.headers["Link"] = next_link(request, use, first + query.limite)
    return [
        GroupDetails(
            **dict(describe_group(model, group["id"])),
            generos=_names(group["generos"]),
            diretores=_names(group["diretores"]),
            total=int(np.diff(model.cell_starts[group["id"] :][:2])[0]),
            filmes=[FilmTitle(id=film, titulo=titles[film]) for film in members[group["id"]]],
        )
        for group in groups
    ]


@router.get(
    "/mapa.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}},
    dependencies=[NO_PARAMETERS],
    summary="O mapa dos filmes",
    description="Os filmes em dois componentes principais, coloridos por grupo.",
)
async def draw_map(use: InUse) -> Response:
    """Answer with the picture that training has drawn, if nobody has altered it since."""
    try:
        picture = use.artifact.read_map()
    except ArtifactError:
        raise ProblemError(503, "O mapa do modelo em uso está ausente ou alterado.") from None
    headers = {**PUBLIC, "Content-Security-Policy": MAP_POLICY}
    return Response(picture, headers=headers, media_type="image/svg+xml")


def films_by_id(model: Model, wanted: FilmFilter, limit: int, offset: int) -> tuple[list[int], int]:
    """Return a page of film ids in ascending order and how many there are in all.

    For filters without a search: the model has the films in order, where the database would count
    them and pass over them one by one.
    """
    barred = ranking.find_rows(model, wanted.excluded)
    barred = barred[barred >= 0]
    genres = films_of_genres(model, [fold(genre) for genre in wanted.genres])
    if genres is not None:
        whole = (np.array([bound], np.int32) for bound in (0, len(model.film_ids)))
        rows = np.setdiff1d(Choosable(barred, genres).between(*whole), barred)
        ids = np.sort(model.film_ids[rows])
        return ids[offset : offset + limit].tolist(), len(ids)
    rows = model.rows_by_id
    if len(barred):
        rows = np.delete(rows, model.film_ids.searchsorted(model.film_ids[barred], sorter=rows))
    return model.film_ids[rows[offset : offset + limit]].tolist(), len(rows)


def best_known(model: Model, cell: int, most: int) -> list[int]:
    """Return the ids of the films of a cell that most people have rated, equals by id."""
    films = slice(*model.cell_starts[cell : cell + 2])
    order = np.lexsort((model.film_ids[films], -model.popularity[films]))[:most]
    ids: list[int] = model.film_ids[films][order].tolist()
    return ids


def _names(text: str) -> list[str]:
    return text.split(", ") if text else []
