"""Routes of a user's ratings: what was packaged, and what was written over it."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from recommender.api.access import REFUSALS, Reader, Writer
from recommender.api.hypotheses import on_scale, scale_allowed
from recommender.api.paging import next_link, public_path, read_cursor
from recommender.api.routes import Route
from recommender.api.schemas import FilmId, NewRating, Rating, RatingQuery
from recommender.api.serving import STRICT, InUse, Serving, no_user
from recommender.data.catalog import Film
from recommender.data.store import ConflictError, Entry, overlay
from recommender.http import problems
from recommender.http.caching import PERSONAL, etag, names
from recommender.http.limits import BODY
from recommender.http.problems import ProblemError
from recommender.model import ranking

router = APIRouter(
    tags=["avaliacoes"], responses=problems.COMMON, dependencies=[STRICT], route_class=Route
)

_PATH = "/usuarios/{usuario_id}/avaliacoes"
_WRITE = REFUSALS | {412: "A avaliação não é a que `If-Match` ou `If-None-Match` diz."}
_VERSIONS = "`versao` cresce de um em um a cada mudança; 0 é a avaliação que veio com o modelo."


@router.get(
    _PATH,
    response_model=list[Rating],
    responses=problems.responses(REFUSALS | {404: "Não há tal usuário.", 410: problems.EXPIRED}),
    summary="Lista as avaliações de um usuário",
    description=f"Em ordem de id do filme, aos pedaços. {_VERSIONS}",
)
def list_ratings(
    request: Request, usuario_id: Reader, query: Annotated[RatingQuery, Query()], use: InUse
) -> JSONResponse:
    """Answer with a user's ratings of films that the catalogue has, in order of film id."""
    ratings = overlay(use.catalog.ratings(usuario_id), use.written(usuario_id))
    if ratings is None:
        raise no_user(usuario_id)
    rows = ranking.find_rows(use.artifact.model, list(ratings)).tolist()
    listed = [film_id for film_id, row in zip(ratings, rows, strict=True) if row >= 0]
    basis = repr([(film_id, ratings[film_id]) for film_id in listed]).encode()
    offset = read_cursor(request, use, query.cursor, basis)
    page = listed[offset : offset + query.limite]
    films = use.catalog.films(page)
    headers = {**PERSONAL, "X-Total-Count": str(len(listed))}
    if offset + len(page) < len(listed):
        headers["Link"] = next_link(request, use, offset + len(page), basis)
    body = [_show(films[film_id], ratings[film_id]) for film_id in page]
    return JSONResponse(body, headers=headers)


@router.get(
    _PATH + "/{filme_id}",
    response_model=Rating,
    responses=problems.responses(REFUSALS | {404: "Não há tal filme, ou o usuário não o avaliou."}),
    summary="Uma avaliação",
    description=f"Seu `ETag` serve a `If-Match` de uma escrita. {_VERSIONS}",
)
def show_rating(usuario_id: Reader, filme_id: FilmId, use: InUse) -> JSONResponse:
    """Answer with a user's rating of a film."""
    film = _film(use, filme_id)
    written = use.written(usuario_id, filme_id).get(filme_id)
    rating = _counting(written, use.catalog.rating(usuario_id, filme_id))
    if rating is None:
        detail = f"Usuário com ID {usuario_id} não avaliou o filme com ID {filme_id}."
        raise ProblemError(404, detail)
    return JSONResponse(_show(film, rating), headers=PERSONAL)


@router.put(
    _PATH + "/{filme_id}",
    response_model=Rating,
    responses={
        201: {"model": Rating, "description": "A avaliação passou a existir."},
        **problems.responses(_WRITE | {404: "Não há tal filme."} | BODY),
    },
    summary="Avalia um filme",
    description="Muda a próxima recomendação. Quem nunca avaliou passa a existir com a primeira "
    f"avaliação; repetir a escrita não muda nada. {_VERSIONS}",
)
def rate(
    request: Request, usuario_id: Writer, filme_id: FilmId, new: NewRating, use: InUse
) -> JSONResponse:
    """Set a user's rating of a film: 201 where there was none, else 200."""
    film = _film(use, filme_id)
    rating = on_scale(use.artifact, new.avaliacao)
    if rating is None:
        allowed = scale_allowed(use.artifact)
        raise problems.invalid_field("avaliacao", f"{new.avaliacao:.15g}", allowed)
    before, after = _write(request, use, usuario_id, filme_id, film, rating)
    assert after is not None
    answer = JSONResponse(_show(film, after), 200 if before else 201)
    answer.headers["ETag"] = etag(bytes(answer.body))
    answer.headers["Content-Location"] = quote(public_path(request))
    return answer


@router.delete(
    _PATH + "/{filme_id}",
    status_code=204,
    responses=problems.responses(_WRITE),
    summary="Apaga uma avaliação",
    description="Também uma que veio com o modelo. Apagar o que não existe não muda nada.",
)
def forget(request: Request, usuario_id: Writer, filme_id: FilmId, use: InUse) -> Response:
    """Delete a user's rating of a film, if there is one; of one that the catalogue lacks, too."""
    film = use.catalog.films([filme_id]).get(filme_id)
    _write(request, use, usuario_id, filme_id, film, None)
    return Response(status_code=204)


def _write(
    request: Request,
    use: Serving,
    user_id: int,
    film_id: int,
    film: Film | None,
    rating: float | None,
) -> tuple[Entry | None, Entry | None]:
    """Write if the request's conditions hold; return the rating that counted before, and now.

    Raises:
        ProblemError: 412 where they do not, 503 where nothing can be written.
    """
    if use.store is None:
        raise ProblemError(503, "Não há onde guardar avaliações.")
    packaged = use.catalog.rating(user_id, film_id)
    expected = None
    refused = ProblemError(412, "A avaliação não é a que a condição diz. Leia-a de novo.")
    if "if-match" in request.headers or "if-none-match" in request.headers:
        written = use.store.read(user_id, film_id).get(film_id)
        if not _conditions_hold(request, film, _counting(written, packaged)):
            raise refused
        expected = written.version if written else 0
    try:
        before, after = use.store.write(user_id, film_id, rating, packaged, expected)
    except ConflictError:
        raise refused from None
    return _counting(before, packaged), _counting(after, packaged)


def _conditions_hold(request: Request, film: Film | None, current: Entry | None) -> bool:
    """Tell whether If-Match and If-None-Match hold for a rating (RFC 9110 13.1.1, 13.1.2)."""
    tag = None
    if film is not None and current is not None:
        tag = etag(bytes(JSONResponse(_show(film, current)).body))
    wanted, unwanted = request.headers.get("if-match"), request.headers.get("if-none-match")
    if wanted is not None and not names(wanted, tag, strong=True):
        return False
    return unwanted is None or not names(unwanted, tag)


def _counting(written: Entry | None, packaged: float | None) -> Entry | None:
    """Return the rating that counts: what was written, else what was packaged; None for none."""
    entry = written or Entry(packaged)
    return None if entry.rating is None else entry


def _film(use: Serving, film_id: int) -> Film:
    film = use.catalog.films([film_id]).get(film_id)
    if film is None:
        raise ProblemError(404, f"Filme com ID {film_id} não encontrado.")
    return film


def _show(film: Film, rating: Entry) -> dict[str, Any]:
    return {
        "filme_id": film["id"],
        "titulo": film["titulo"],
        "avaliacao": rating.rating,
        "versao": rating.version,
        "momento": rating.moment,
    }
