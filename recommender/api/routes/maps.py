"""Routes of the map: the picture that training drew, and where its films lie."""

import json

from fastapi import Response

from recommender.api.answers import LARGEST, FilmMap, MappedFilms
from recommender.api.listing import describe_group
from recommender.api.serving import Ctx, ListCtx, make_router
from recommender.http.caching import PUBLIC
from recommender.http.problems import ProblemError
from recommender.model.artifact import ArtifactError
from recommender.model.ranking import find_cells

router = make_router("filmes")

NUMBERS = 60  # bytes at most of a film's id, place, group and popularity
PLACE_DIGITS, SHARE_DIGITS = 4, 5


@router.get(
    "/mapa.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}},
    summary="O mapa dos filmes",
    description="Os filmes em dois componentes principais, coloridos por grupo.",
)
async def draw_map(ctx: Ctx) -> Response:
    """Answer with the picture that training drew, if nobody has altered it since."""
    try:
        picture = ctx.artifact.read_map()
    except ArtifactError:
        raise ProblemError(503, "O mapa do modelo em uso está ausente ou alterado.") from None
    policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(picture, headers={**PUBLIC, **policy}, media_type="image/svg+xml")


@router.get(
    "/mapa.json",
    summary="Onde os filmes ficam no mapa",
    description="Os mesmos lugares que em `/mapa.svg`, de até 10.000 filmes, os mais conhecidos; "
    "menos se seus títulos são tão longos que a resposta passaria de 1 MB.",
)
async def tell_map(ctx: ListCtx) -> FilmMap:
    """Answer with the places of the best known films that nobody has hidden."""
    model, marks = ctx.model, ctx.hidden.marks
    rows, places = model.popular_rows[: len(model.map_places)], model.map_places
    if marks is not None:
        shown = ~marks.take(rows)
        rows, places = rows[shown], places[shown]
    ids, cells = model.film_ids.take(rows).tolist(), find_cells(model, rows).tolist()
    titles = ctx.catalog.titles(ids)
    named = [titles[film_id]["titulo_exibido"] for film_id in ids]
    most = _fitting(named, cells, model.cell_labels.tolist())
    x, y = places[:most].astype(float).round(PLACE_DIGITS).T.tolist()
    shares = model.popularity.take(rows[:most]).astype(float).round(SHARE_DIGITS).tolist()
    ctx.headers.update(ctx.public)
    return FilmMap(
        filmes=MappedFilms(
            id=ids[:most],
            titulo_exibido=named[:most],
            x=x,
            y=y,
            grupo=cells[:most],
            popularidade=shares,
        ),
        grupos=[describe_group(model, cell) for cell in sorted(set(cells[:most]))],
    )


def _fitting(titles: list[str], cells: list[int], labels: list[str]) -> int:
    """Return how many of some films, with the labels of their groups, fit into an answer."""
    left, told = LARGEST, set()
    for place, (title, cell) in enumerate(zip(titles, cells, strict=True)):
        left -= NUMBERS + _size(title)
        if cell not in told:
            told.add(cell)
            left -= NUMBERS + _size(labels[cell])
        if left < 0:
            return place
    return len(titles)


def _size(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())
