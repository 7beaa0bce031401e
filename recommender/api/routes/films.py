"""Routes of the catalogue: films, similar ones, popular ones and their groups."""

from typing import Annotated, Any

import numpy as np
from fastapi import Query

from recommender.api import answers
from recommender.api.answers import Recommendation
from recommender.api.listing import describe, describe_group
from recommender.api.paging import EXPIRED, read_offset, set_next_link
from recommender.api.requests import FilmQuery, GroupQuery, Id, ListQuery
from recommender.api.serving import Context, ListCtx, make_router
from recommender.data.catalog import FilmFilter
from recommender.data.histogram import split_scale
from recommender.http.problems import responses
from recommender.model import ranking, similarity
from recommender.model.index import unmarked
from recommender.model.profile import find_rows, make_profile
from recommender.model.ranking import Strategy

router = make_router("filmes")

_LIST = responses({410: EXPIRED})


@router.get(
    "/filmes",
    responses=_LIST,
    summary="Lista filmes",
    description="Os filmes em ordem de id, aos pedaços: o cabeçalho `Link` leva ao seguinte.",
)
async def list_films(query: Annotated[FilmQuery, Query()], ctx: ListCtx) -> list[answers.Film]:
    """Answer with the films that pass the filters, in order of id."""
    offset = read_offset(ctx, query.cursor)
    wanted = FilmFilter(
        query.genero, query.excluir, query.diretor, query.ator, query.q, ctx.hidden.text
    )
    films = ctx.catalog.list_films(wanted, query.limite, offset)
    total = ctx.catalog.count_films(wanted)
    ctx.headers.update({**ctx.public, "X-Total-Count": str(total)})
    set_next_link(ctx, offset + query.limite, more=offset + len(films) < total)
    return [answers.Film(**film) for film in films]


@router.get(
    "/filmes/populares",
    responses=_LIST,
    summary="Lista os filmes populares",
    description="Os que mais gente avaliou. A pontuação é a parte dos usuários que o fez.",
)
async def list_popular_films(
    query: Annotated[ListQuery, Query()], ctx: ListCtx
) -> list[Recommendation]:
    """Rank films for nobody in particular."""
    offset = read_offset(ctx, query.cursor)
    nobody = make_profile(ctx.model, [])
    found = ctx.rank(nobody, offset=offset, strategy=Strategy.POPULAR, **query.options())
    ctx.headers.update({**ctx.public, "X-Estrategia": found.strategy})
    set_next_link(ctx, offset + query.limite, more=found.more)
    return describe(ctx, found, ranking.explain(ctx.model, nobody, found))


@router.get(
    "/filmes/{filme_id}",
    responses=responses({404: "Não há tal filme."}),
    summary="Conta de um filme",
    description="O filme, a média, o número e o histograma de suas avaliações, e o grupo de que "
    "faz parte.",
)
async def tell_film(filme_id: Id, ctx: ListCtx) -> answers.FilmDetails:
    """Answer with everything that is known of a film."""
    film = ctx.film(filme_id)
    row = find_rows(ctx.model, [filme_id])
    (cell,) = ranking.find_cells(ctx.model, row).tolist()
    ctx.headers.update(ctx.public)
    group, is_hidden = describe_group(ctx.model, cell), not len(unmarked(ctx.hidden.marks, row))
    histogram = _tell_histogram(ctx, filme_id)
    return answers.FilmDetails(**film, histograma=histogram, grupo=group, oculto=is_hidden)


def _tell_histogram(ctx: Context, film_id: int) -> list[answers.HistogramPart]:
    """Return how many of a film's ratings lie in each part of the scale."""
    totals = ctx.catalog.histogram(film_id)
    return [
        answers.HistogramPart(de=start, ate=end, total=totals.get(part, 0))
        for part, (start, end) in enumerate(split_scale(ctx.artifact.scale, ctx.artifact.step))
    ]


@router.get(
    "/filmes/{filme_id}/similares",
    responses=responses({404: "Não há tal filme.", 410: EXPIRED}),
    summary="Lista filmes similares a um filme",
    description="Os de que gosta quem gosta dele e que têm algo em comum com ele. A pontuação "
    "junta o cosseno dos vetores, a correlação das avaliações e o conteúdo.",
)
async def list_similar_films(
    filme_id: Id, query: Annotated[ListQuery, Query()], ctx: ListCtx
) -> list[Recommendation]:
    """Rank films by how near they lie to a film."""
    (row,) = find_rows(ctx.model, [ctx.film(filme_id)["id"]]).tolist()
    offset = read_offset(ctx, query.cursor)
    found = similarity.rank_similar(
        ctx.model, row, offset=offset, hidden=ctx.hidden.marks, **query.options()
    )
    ctx.headers.update(ctx.public)
    set_next_link(ctx, offset + query.limite, more=found.more)
    return describe(ctx, found, similarity.explain_similar(row, found))


@router.get(
    "/grupos",
    responses=_LIST,
    summary="Lista os grupos de filmes",
    description="Os que o KMeans formou: filmes de que gostam as mesmas pessoas.",
)
async def list_groups(
    query: Annotated[GroupQuery, Query()], ctx: ListCtx
) -> list[answers.GroupDetails]:
    """Answer with clusters in order of id, each with its films, the most rated ones first."""
    first, total = read_offset(ctx, query.cursor), len(ctx.model.cell_labels)
    ctx.headers.update({**ctx.public, "X-Total-Count": str(total)})
    set_next_link(ctx, first + query.limite, more=first + query.limite < total)
    return [
        _describe_members(ctx, group, query.filmes)
        for group in ctx.catalog.groups(first, query.limite)
    ]


def _describe_members(ctx: Context, group: dict[str, Any], most: int) -> answers.GroupDetails:
    """Return a group as an answer shows it, with its films that most people have rated."""
    model, cell = ctx.model, group["id"]
    films = unmarked(ctx.hidden.marks, np.arange(*model.cell_starts[cell : cell + 2].tolist()))
    ids = model.film_ids[films]
    known = ids[np.lexsort((ids, -model.popularity[films]))][:most].tolist()
    titles = ctx.catalog.films(known)
    return answers.GroupDetails(
        **dict(describe_group(model, cell)),
        generos=_names(group["generos"]),
        diretores=_names(group["diretores"]),
        total=len(ids),
        filmes=[answers.FilmTitle(**titles[film_id]) for film_id in known],
    )


def _names(text: str) -> list[str]:
    return text.split(", ") if text else []
