"""Routes that hide a film from every list, and show it again."""

from fastapi import Response

from recommender.api.access import FOR_SERVICES, SERVICE_REFUSALS
from recommender.api.requests import Id
from recommender.api.serving import Context, Ctx, make_router
from recommender.http.problems import ProblemError, responses

router = make_router("filmes")

_PATH = "/filmes/{filme_id}/oculto"
_WHEN = (
    "Vale já para quem responde, e em menos de um minuto para todos. Só para serviços; repetir não "
    "muda nada."
)


@router.put(
    _PATH,
    status_code=204,
    response_class=Response,
    dependencies=[FOR_SERVICES],
    responses=responses(SERVICE_REFUSALS | {404: "Não há tal filme."}),
    summary="Oculta um filme",
    description="Nenhuma lista o mostra mais. `GET /filmes/{filme_id}` ainda responde, e as "
    f"avaliações que os usuários lhe deram ficam. {_WHEN}",
)
async def hide_film(filme_id: Id, ctx: Ctx) -> None:
    """Hide a film of the catalogue."""
    await _change(ctx, ctx.film(filme_id)["id"], hidden=True)


@router.delete(
    _PATH,
    status_code=204,
    response_class=Response,
    dependencies=[FOR_SERVICES],
    responses=responses(SERVICE_REFUSALS),
    summary="Deixa de ocultar um filme",
    description=f"Também um que o catálogo já não tem. {_WHEN}",
)
async def show_film(filme_id: Id, ctx: Ctx) -> None:
    """Show a film again, if it is hidden."""
    await _change(ctx, filme_id, hidden=False)


async def _change(ctx: Context, film_id: int, *, hidden: bool) -> None:
    if ctx.store is None:
        raise ProblemError(503, "Não há onde guardar filmes ocultos.")
    await ctx.hiding.change(ctx.store, film_id, hidden=hidden)
