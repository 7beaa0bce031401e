"""Routes of the catalogue: films, similar ones, popular ones and their groups."""

from typing import Annotated, Any

import numpy as np
from fastapi import Query

from recommender.api import answers
from recommender.api.answers import LARGEST, Recommendation, fitting
from recommender.api.browsing import START, browse
from recommender.api.listing import describe_group, describe_page
from recommender.api.paging import EXPIRED, read_offset, read_place, set_next_link
from recommender.api.requests import FilmQuery, GroupQuery, Id, ListQuery
from recommender.api.serving import Context, ListCtx, make_router
from recommender.data.catalog import MAX_ID, Words, fold
from recommender.data.histogram import split_scale
from recommender.http.problems import responses
from recommender.model import ranking, similarity
from recommender.model.index import unmarked
from recommender.model.profile import find_rows, make_profile
from recommender.model.ranking import Strategy

router = make_router("filmes")

MOST_NAMED = 10_000  # films that an answer about groups names, unless it is of one group

_LIST = responses({410: EXPIRED})


@router.get(
    "/filmes",
    responses=_LIST,
    summary="Lista filmes",
    description="Os filmes em ordem de id, aos pedaços: o cabeçalho `Link` leva ao seguinte. "
    "Uma busca por palavras olha até 30.000 filmes que as têm de cada vez; se há mais, um pedaço "
    "pode ter menos de `limite` filmes, e não vem `X-Total-Count`.",
)
async def list_films(query: Annotated[FilmQuery, Query()], ctx: ListCtx) -> list[answers.Film]:
    """Answer with the films that pass the filters, in order of id."""
    after, total = START, None
    if query.cursor is not None:
        after, total = read_place(ctx, query.cursor, most=MAX_ID)
    page = browse(
        ctx.model,
        ctx.catalog,
        Words(query.q, query.diretor, query.ator),
        query.limite,
        after,
        genres=[fold(genre) for genre in query.genero],
        excluded=query.excluir,
        hidden=ctx.hidden.marks,
    )
    total = total if page.total is None else page.total
    films = ctx.catalog.films(page.ids)
    listed = fitting([answers.Film(**films[film_id]) for film_id in page.ids])
    ctx.headers.update(ctx.public)
    if total is not None:
        ctx.headers["X-Total-Count"] = str(total)
    following = page.after if len(listed) == len(page.ids) else listed[-1].id
    set_next_link(ctx, following or 0, more=following is not None, total=total)
    return listed


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
    return describe_page(ctx, found, ranking.explain(ctx.model, nobody, found), offset)


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
    return describe_page(ctx, found, similarity.explain_similar(row, found), offset)


@router.get(
    "/grupos",
    responses=_LIST,
    summary="Lista os grupos de filmes",
    description="Os que o KMeans formou: filmes de que gostam as mesmas pessoas. Um pedaço diz até "
    "10.000 filmes, e pode ter menos de `limite` grupos.",
)
async def list_groups(
    query: Annotated[GroupQuery, Query()], ctx: ListCtx
) -> list[answers.GroupDetails]:
    """Answer with clusters in order of id, each with its films, the most rated ones first."""
    first, total = read_offset(ctx, query.cursor), len(ctx.model.cell_labels)
    groups = ctx.catalog.groups(first, query.limite)
    members = [_members(ctx, group["id"]) for group in groups]
    named = np.cumsum([min(len(ids), query.filmes) for ids in members])
    shown = max(int(np.searchsorted(named, MOST_NAMED, "right")), 1)
    titles = ctx.catalog.titles(
        [film_id for ids in members[:shown] for film_id in ids[: query.filmes]]
    )
    listed = fitting(
        [
            _describe_members(ctx, group, ids, titles)
            for group, ids in zip(groups[:shown], members, strict=False)
        ]
    )
    ctx.headers.update({**ctx.public, "X-Total-Count": str(total)})
    following = first + len(listed)
    set_next_link(ctx, following, more=following < total)
    return listed


def _members(ctx: Context, cell: int) -> list[int]:
    """Return the ids of a group's films, those first that most people have rated."""
    model = ctx.model
    films = unmarked(ctx.hidden.marks, np.arange(*model.cell_starts[cell : cell + 2].tolist()))
    ids = model.film_ids[films]
    known: list[int] = ids[np.lexsort((ids, -model.popularity[films]))].tolist()
    return known


def _describe_members(
    ctx: Context, group: dict[str, Any], ids: list[int], titles: dict[int, dict[str, Any]]
) -> answers.GroupDetails:
    """Return a group as an answer shows it, with those of its films that have titles here."""
    films = [answers.FilmTitle(**titles[film_id]) for film_id in ids if film_id in titles]
    return answers.GroupDetails(
        **dict(describe_group(ctx.model, group["id"])),
        generos=_names(group["generos"]),
        diretores=_names(group["diretores"]),
        total=len(ids),
        filmes=fitting(films, LARGEST // 2),
    )


def _names(text: str) -> list[str]:
    return text.split(", ") if text else []
