"""Routes of the catalogue: films, those like them, the popular ones, their groups and the map."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from recommender.api.paging import next_link, read_cursor
from recommender.api.routes import JSON, Route
from recommender.api.schemas import (
    Film,
    FilmDetails,
    FilmId,
    FilmQuery,
    GroupDetails,
    GroupQuery,
    ListQuery,
    Recommendation,
)
from recommender.api.serving import STRICT, InUse
from recommender.data.catalog import FilmFilter, fold
from recommender.http import problems
from recommender.http.caching import PUBLIC
from recommender.http.problems import ProblemError
from recommender.model import ranking, similarity
from recommender.model.artifact import ArtifactError, Model
from recommender.model.index import Choosable, films_of_genres
from recommender.model.ranking import Strategy

MAP_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

router = APIRouter(
    tags=["filmes"], responses=problems.COMMON, dependencies=[STRICT], route_class=Route
)

_LIST = problems.responses({410: problems.EXPIRED})
_NO_FILM = problems.responses({404: "Não há tal filme."})


@router.get(
    "/filmes",
    response_model=list[Film],
    responses=_LIST,
    summary="Lista filmes",
    description="Os filmes em ordem de id, aos pedaços: o cabeçalho `Link` leva ao seguinte.",
)
def list_films(request: Request, query: Annotated[FilmQuery, Query()], use: InUse) -> JSON:
    """Films in order of id, as far as they pass the filters."""
    offset = read_cursor(request, use, query.cursor)
    wanted = FilmFilter(query.genero, query.excluir, query.diretor, query.ator, query.q)
    if wanted.searches:
        films = use.catalog.list_films(wanted, query.limite, offset)
        total = use.catalog.count_films(wanted)
    else:
        ids, total = films_by_id(use.artifact.model, wanted, query.limite, offset)
        found = use.catalog.films(ids)
        films = [found[film_id] for film_id in ids]
    headers = {**PUBLIC, "X-Total-Count": str(total)}
    if offset + len(films) < total:
        headers["Link"] = next_link(request, use, offset + query.limite)
    return JSON(films, headers=headers)


@router.get(
    "/filmes/populares",
    response_model=list[Recommendation],
    responses=_LIST,
    summary="Lista os filmes populares",
    description="Os que mais gente avaliou. A pontuação é a parte dos usuários que o fez.",
)
def list_popular_films(request: Request, query: Annotated[ListQuery, Query()], use: InUse) -> JSON:
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
    headers = {**PUBLIC, "X-Estrategia": found.strategy.value}
    if found.more:
        headers["Link"] = next_link(request, use, offset + query.limite)
    return JSON(use.lister.write(found, [[] for _ in found.rows]), headers=headers)


@router.get(
    "/filmes/{filme_id}",
    response_model=FilmDetails,
    responses=_NO_FILM,
    summary="Conta de um filme",
    description="O filme, a média e o número de suas avaliações, e o grupo de que faz parte.",
)
def tell_film(filme_id: FilmId, use: InUse) -> JSON:
    """Tell all that is known of a film."""
    film = use.catalog.film(filme_id)
    if film is None:
        raise _unknown(filme_id)
    row = ranking.find_rows(use.artifact.model, [filme_id])
    (cell,) = ranking.find_cells(use.artifact.model, row).tolist()
    return JSON(film | {"grupo": use.group(cell)}, headers=PUBLIC)


@router.get(
    "/filmes/{filme_id}/similares",
    response_model=list[Recommendation],
    responses=problems.responses({404: "Não há tal filme.", 410: problems.EXPIRED}),
    summary="Lista filmes similares a um filme",
    description="Os de que gosta quem gosta dele. A pontuação é o cosseno entre os dois vetores.",
)
def list_similar_films(
    request: Request, filme_id: FilmId, query: Annotated[ListQuery, Query()], use: InUse
) -> JSON:
    """Rank films by how near they lie to a film."""
    model = use.artifact.model
    (row,) = ranking.find_rows(model, [filme_id]).tolist()
    if row < 0:
        raise _unknown(filme_id)
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
    headers = {**PUBLIC}
    if found.more:
        headers["Link"] = next_link(request, use, offset + query.limite)
    reasons = similarity.explain_similar(row, found)
    return JSON(use.lister.write(found, reasons), headers=headers)


@router.get(
    "/grupos",
    response_model=list[GroupDetails],
    responses=_LIST,
    summary="Lista os grupos de filmes",
    description="Os que o KMeans formou: filmes de que gostam as mesmas pessoas.",
)
def list_groups(request: Request, query: Annotated[GroupQuery, Query()], use: InUse) -> JSON:
    """Clusters of films in order of id, each with its films, the most rated ones first."""
    model = use.artifact.model
    first = read_cursor(request, use, query.cursor)
    groups = use.catalog.groups(first, query.limite)
    members = {group["id"]: best_known(model, group["id"], query.filmes) for group in groups}
    titles = use.catalog.titles([film for films in members.values() for film in films])
    starts = model.cell_starts
    body: list[dict[str, Any]] = [
        use.group(group["id"])
        | {
            "generos": _names(group["generos"]),
            "diretores": _names(group["diretores"]),
            "total": int(starts[group["id"] + 1] - starts[group["id"]]),
            "filmes": [{"id": film, "titulo": titles[film]} for film in members[group["id"]]],
        }
        for group in groups
    ]
    total = len(model.cell_labels)
    headers = {**PUBLIC, "X-Total-Count": str(total)}
    if first + len(groups) < total:
        headers["Link"] = next_link(request, use, first + query.limite)
    return JSON(body, headers=headers)


@router.get(
    "/mapa.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}},
    summary="O mapa dos filmes",
    description="Os filmes em dois componentes principais, coloridos por grupo.",
)
def draw_map(use: InUse) -> Response:
    """Hand out the picture that training has drawn, if it is still what it was then."""
    try:
        picture = use.artifact.read_map()
    except ArtifactError:
        raise ProblemError(503, "O mapa do modelo em uso está ausente ou alterado.") from None
    headers = {**PUBLIC, "Content-Security-Policy": MAP_POLICY}
    return Response(picture, headers=headers, media_type="image/svg+xml")


def films_by_id(model: Model, wanted: FilmFilter, limit: int, offset: int) -> tuple[list[int], int]:
    """Return ids of films in their order, and how many there are in all, for no words to search.

    The database would count and pass over one by one what the model has in order.
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


def _unknown(film_id: int) -> ProblemError:
    return ProblemError(404, f"Filme com ID {film_id} não encontrado.")


def _names(text: str) -> list[str]:
    return text.split(", ") if text else []
