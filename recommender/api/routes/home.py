"""Routes of a whole first screen: titled lines of films, none twice."""

from typing import Annotated

from fastapi import Query

from recommender.api import hypotheses
from recommender.api.access import REFUSALS, Reader
from recommender.api.answers import LARGEST, Home, HomeLine, Recommendation, fitting
from recommender.api.headings import head
from recommender.api.listing import named_films, show
from recommender.api.requests import HomeQuery, HomeRequest
from recommender.api.serving import Context, ListCtx, make_router
from recommender.http.caching import PERSONAL
from recommender.http.problems import BODY, LARGEST_BODY, responses
from recommender.model import ranking, screen
from recommender.model.profile import Profile, make_profile

router = make_router("recomendacoes")

_WHAT = (
    "Até 8 linhas de até 12 filmes, escolhidas e ordenadas para a pessoa, cada uma com um título e "
    "o motivo de estar aqui; nenhum filme aparece duas vezes, nem os que a pessoa já avaliou. Sem "
    "avaliações, as linhas servem a qualquer um, o que `X-Estrategia` diz (`populares`)."
)


@router.get(
    "/usuarios/{usuario_id}/inicio",
    responses=responses(REFUSALS | {404: "Não há tal usuário."}),
    summary="A tela inicial de um usuário",
    description=_WHAT,
)
async def show_home(usuario_id: Reader, query: Annotated[HomeQuery, Query()], ctx: ListCtx) -> Home:
    """Answer with lines of films for the ratings of a user."""
    profile, _ = await ctx.known(usuario_id)
    ctx.headers.update(PERSONAL)
    return _compose(ctx, profile, query)


@router.post(
    "/inicio",
    responses=responses(BODY),
    max_body_size=LARGEST_BODY,
    summary="A tela inicial de quem tem estas avaliações",
    description=f"{_WHAT} Nada é guardado.",
)
async def show_home_to_anybody(asked: HomeRequest, ctx: ListCtx) -> Home:
    """Answer with lines of films for the ratings in the body."""
    given = hypotheses.timed_ratings(ctx.artifact, asked.avaliacoes)
    rated = [(film_id, *rating) for film_id, rating in given.items()]
    return _compose(ctx, make_profile(ctx.model, rated), asked)


def _compose(ctx: Context, profile: Profile, query: HomeQuery) -> Home:
    model = ctx.model
    wishes = screen.Wishes(**query.wishes(), hidden=ctx.hidden.marks)
    lines, found = screen.compose(model, profile, wishes, query.linhas, query.limite)
    reasons = ranking.explain(model, profile, found)
    speaking = [line.source for line in lines if line.source >= 0]
    ids = named_films(model, found, reasons) | dict.fromkeys(model.film_ids[speaking].tolist())
    films = ctx.catalog.films(ids)  # at once: a statement
    left = iter(show(model, films, found, reasons))
    ctx.headers["X-Estrategia"] = found.strategy
    told, titles = [], set[str]()
    for line in lines:
        listed: list[Recommendation] = []
        for film in [next(left) for _ in line.rows]:
            # Some data has two entries for one film.
            if film.titulo not in titles and len(listed) < query.limite:
                titles.add(film.titulo)
                listed.append(film)
        heading = head(model, profile, line, films)
        told.append(
            HomeLine(
                tipo=line.kind,
                titulo=heading.title,
                motivo=heading.reason,
                alvo=heading.name,
                filme_id=int(model.film_ids[line.source]) if line.source >= 0 else None,
                filmes=fitting(listed, LARGEST // len(lines)),
            )
        )
    return Home(linhas=told)
