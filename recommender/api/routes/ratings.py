"""Routes of a user's ratings: the packaged ones, and those written over them."""

from typing import Annotated

from fastapi import Query, Request, Response

from recommender.api.access import REFUSALS, Reader, Writer
from recommender.api.answers import Rating, fitting
from recommender.api.hypotheses import checked_ratings, on_scale, scale_allowed
from recommender.api.paging import EXPIRED, public_path, read_offset, set_next_link
from recommender.api.requests import Id, NewRating, NewRatings, PageQuery
from recommender.api.serving import Context, Ctx, make_router, no_user, rating_of
from recommender.data.catalog import Film
from recommender.data.store import MARK, ConflictError, Entry, Store, overlay, spell
from recommender.http.caching import PERSONAL, etag, matches, unzipped
from recommender.http.problems import BODY, LARGEST_BODY, ProblemError, invalid_field, responses
from recommender.model.profile import find_rows

router = make_router("avaliacoes")

CONDITIONS = ("if-match", "if-none-match")

_PATH = "/usuarios/{usuario_id}/avaliacoes"
_WRITE = REFUSALS | {412: "A avaliação não é a que `If-Match` ou `If-None-Match` diz."}
_VERSIONS = "`versao` cresce de um em um a cada mudança; 0 é a avaliação que veio com o modelo."


@router.get(
    _PATH,
    responses=responses(REFUSALS | {404: "Não há tal usuário.", 410: EXPIRED}),
    summary="Lista as avaliações de um usuário",
    description=f"Em ordem de id do filme, aos pedaços. {_VERSIONS}",
)
async def list_ratings(
    usuario_id: Reader, query: Annotated[PageQuery, Query()], ctx: Ctx
) -> list[Rating]:
    """Answer with a user's ratings of films that the catalogue has, in order of film id."""
    packaged, written = await ctx.both(usuario_id)
    ratings = overlay(packaged, written)
    if ratings is None:
        raise no_user(usuario_id)
    rows = find_rows(ctx.model, list(ratings)).tolist()
    known = [film_id for film_id, row in zip(ratings, rows, strict=True) if row >= 0]
    basis = repr(sorted(written.items())).encode() if written else b""
    offset = read_offset(ctx, query.cursor, basis)
    page = known[offset : offset + query.limite]
    films = ctx.catalog.films(page)
    listed = fitting([_show(films[film_id], ratings[film_id]) for film_id in page])
    following = offset + len(listed)
    ctx.headers.update({**PERSONAL, "X-Total-Count": str(len(known))})
    set_next_link(ctx, following, basis, more=following < len(known))
    return listed


@router.get(
    _PATH + "/{filme_id}",
    responses=responses(REFUSALS | {404: "Não há tal filme, ou o usuário não o avaliou."}),
    summary="Uma avaliação",
    description=f"Seu `ETag` serve a `If-Match` de uma escrita. {_VERSIONS}",
)
async def show_rating(usuario_id: Reader, filme_id: Id, ctx: Ctx) -> Rating:
    """Answer with a user's rating of a film."""
    film = ctx.film(filme_id)
    packaged, written = await ctx.both(usuario_id, filme_id)
    rating = _counting(written.get(filme_id), rating_of(filme_id, packaged))
    if rating is None:
        detail = f"Usuário com ID {usuario_id} não avaliou o filme com ID {filme_id}."
        raise ProblemError(404, detail)
    ctx.headers.update(PERSONAL)
    return _show(film, rating)


@router.put(
    _PATH + "/{filme_id}",
    responses={
        201: {"model": Rating, "description": "A avaliação passou a existir."},
        **responses(_WRITE | {404: "Não há tal filme."} | BODY),
    },
    max_body_size=LARGEST_BODY,
    summary="Avalia um filme",
    description="Muda a próxima recomendação. Quem nunca avaliou passa a existir com a primeira "
    f"avaliação; repetir a escrita não muda nada. {_VERSIONS}",
)
async def rate(usuario_id: Writer, filme_id: Id, new: NewRating, ctx: Ctx) -> Rating:
    """Set a user's rating of a film: 201 if it is the first one, else 200."""
    film = ctx.film(filme_id)
    rating = on_scale(ctx.artifact, new.avaliacao)
    if rating is None:
        allowed = scale_allowed(ctx.artifact)
        raise invalid_field("avaliacao", f"{new.avaliacao:.15g}", allowed)
    before, after = await _write(ctx, usuario_id, filme_id, film, rating)
    assert after is not None
    shown = _show(film, after)
    ctx.response.status_code = 200 if before else 201
    ctx.headers.update({"ETag": _tag(shown), "Content-Location": public_path(ctx.request)})
    return shown


@router.put(
    _PATH,
    responses=responses(REFUSALS | BODY),
    max_body_size=LARGEST_BODY,
    summary="Avalia vários filmes de uma vez",
    description="Até 100, todos ou nenhum; as outras avaliações do usuário ficam. "
    f"Repetir a escrita não muda nada. {_VERSIONS}",
)
async def rate_all(usuario_id: Writer, new: NewRatings, ctx: Ctx) -> list[Rating]:
    """Set a user's ratings of some films, all or none; answer with them in the order given."""
    _refuse_conditions(ctx)
    ratings = checked_ratings(ctx.artifact, new.avaliacoes)
    films = ctx.catalog.films(ratings)
    changed = await _store(ctx).write_all(usuario_id, ratings)
    return [_show(films[film_id], after) for film_id, (_, after) in changed.items() if after]


@router.delete(
    _PATH + "/{filme_id}",
    status_code=204,
    response_class=Response,
    responses=responses(_WRITE),
    summary="Apaga uma avaliação",
    description="Também uma que veio com o modelo. Apagar o que não existe não muda nada.",
)
async def forget(usuario_id: Writer, filme_id: Id, ctx: Ctx) -> None:
    """Delete a user's rating of a film if there is one, even if the catalogue lacks the film."""
    film = ctx.catalog.films([filme_id]).get(filme_id)
    await _write(ctx, usuario_id, filme_id, film, None)


@router.delete(
    "/usuarios/{usuario_id}",
    status_code=204,
    response_class=Response,
    responses=responses(REFUSALS | {400: "Uma condição não vale para várias avaliações."}),
    summary="Apaga um usuário",
    description="Todas as suas avaliações até agora, também as que vieram com o modelo ou que um "
    "modelo mais velho tem. O usuário deixa de existir até que avalie de novo; a versão de suas "
    "avaliações segue adiante de onde estava. Apagar de novo, ou quem não existe, também responde "
    "204.",
)
async def erase(usuario_id: Writer, ctx: Ctx) -> None:
    """Erase a user: no rating that is older than this counts any more."""
    _refuse_conditions(ctx)
    await _store(ctx).erase(usuario_id, ctx.trained)


def _refuse_conditions(ctx: Context) -> None:
    """Raise the 400 for a condition on a request that changes several ratings."""
    for name in CONDITIONS:
        if name in ctx.request.headers:
            detail = f"{name} não vale para várias avaliações de uma vez."
            raise ProblemError(400, detail)


async def _write(
    ctx: Context, user_id: int, film_id: int, film: Film | None, rating: float | None
) -> tuple[Entry | None, Entry | None]:
    """Write if the request's conditions hold; return the rating that counted before, and now.

    Raises:
        ProblemError: 412 if they do not hold, 503 if there is no store.
    """
    store = _store(ctx)
    refused = ProblemError(412, "A avaliação não é a que a condição diz. Leia-a de novo.")
    has_conditions = any(name in ctx.request.headers for name in CONDITIONS)
    rated, entries = await ctx.both(user_id, film_id if has_conditions else MARK)
    packaged, written = rating_of(film_id, rated), entries.get(film_id)
    if has_conditions and not _conditions_hold(ctx.request, film, _counting(written, packaged)):
        raise refused
    expected = (written.version if written else 0) if has_conditions else None
    try:
        before, after = await store.write(
            (user_id, film_id), rating, packaged, expected, entries.get(MARK)
        )
    except ConflictError:
        raise refused from None
    return _counting(before, packaged), _counting(after, packaged)


def _store(ctx: Context) -> Store:
    """Return the store, or raise the 503 if there is none."""
    if ctx.store is None:
        raise ProblemError(503, "Não há onde guardar avaliações.")
    return ctx.store


def _conditions_hold(request: Request, film: Film | None, current: Entry | None) -> bool:
    """Return whether If-Match and If-None-Match hold for a rating (RFC 9110 13.1.1, 13.1.2)."""
    tag = _tag(_show(film, current)) if film is not None and current is not None else None
    # A header may come in several lines (RFC 9110 5.3).
    wanted, unwanted = (request.headers.getlist(name) for name in ("if-match", "if-none-match"))
    if wanted and not matches(unzipped(", ".join(wanted)), tag, strong=True):
        return False
    return not unwanted or not matches(unzipped(", ".join(unwanted)), tag)


def _tag(shown: Rating) -> str:
    """Return the ETag with which FastAPI's answer of this rating is sent."""
    return etag(shown.model_dump_json().encode())


def _counting(written: Entry | None, packaged: float | None) -> Entry | None:
    """Return the rating that counts: the written one, else the packaged one; None for neither."""
    entry = written or Entry(packaged)
    return None if entry.rating is None else entry


def _show(film: Film, rating: Entry) -> Rating:
    assert rating.rating is not None
    return Rating(
        filme_id=film["id"],
        titulo=film["titulo"],
        titulo_exibido=film["titulo_exibido"],
        avaliacao=rating.rating,
        versao=rating.version,
        momento=spell(rating.moment) if rating.version and rating.moment is not None else None,
    )
