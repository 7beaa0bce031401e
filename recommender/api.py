"""The API: every route, from request to answer."""

import base64
import binascii
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse

from recommender import problems, ranking
from recommender.artifact import FORMAT, Artifact, ArtifactError, bundled_folder, load
from recommender.caching import Conditional
from recommender.catalog import Catalog, FilmFilter, fold
from recommender.problems import ProblemError
from recommender.ranking import Profile
from recommender.schemas import (
    Film,
    FilmQuery,
    Health,
    ModelCard,
    Problem,
    Recommendation,
    RecommendationQuery,
    UserId,
)

CURSOR_VERSION = 12  # digits of the version that a cursor carries
DECIMALS = 6  # of scores and shares
DESCRIPTION = "Recomendações de filmes por KMeans. Nomes de campos em português; erros RFC 9457."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """What answers are made from."""

    artifact: Artifact
    catalog: Catalog


def create_app(folder: Path) -> FastAPI:
    """Return the app serving an artifact folder; if it cannot be loaded, it answers 503."""
    serving: Serving | None = None
    try:
        artifact = load(folder)
        serving = Serving(artifact, Catalog(artifact.catalog_path))
    except ArtifactError as error:
        _log.error("artifact not loaded: %s", error)
    version = serving.artifact.version if serving else ""

    problem: dict[str, Any] = {
        "model": Problem,
        "content": {problems.MEDIA_TYPE: {}},
    }

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if serving is not None:
            serving.catalog.close()

    app = FastAPI(
        lifespan=lifespan,
        title="Filmes",
        description=DESCRIPTION,
        version=version[:CURSOR_VERSION] or "0",
        responses={
            422: {**problem, "description": "Um parâmetro não é aceito."},
            503: {**problem, "description": "Não há modelo a servir."},
        },
    )
    problems.install(app, version)
    app.add_middleware(Conditional, version=version)

    def in_use() -> Serving:
        if serving is None:
            raise ProblemError(503, "Nenhum modelo válido foi carregado.")
        return serving

    InUse = Annotated[Serving, Depends(in_use)]  # noqa: N806 a type

    @app.get("/filmes", response_model=list[Film], summary="Lista filmes")
    async def list_films(
        request: Request, query: Annotated[FilmQuery, Query()], use: InUse
    ) -> JSONResponse:
        offset = _read_cursor(use, query.cursor)
        wanted = FilmFilter(query.genero, query.diretor, query.ator, query.q)
        films = use.catalog.list_films(wanted, query.limite, offset)
        total = use.catalog.count_films(wanted)
        headers = {"X-Total-Count": str(total)}
        if offset + len(films) < total:
            headers["Link"] = _next_link(request, use, offset + query.limite)
        return JSONResponse(films, headers=headers)

    @app.get("/saude", response_model=Health, summary="Diz se pode servir")
    async def health(use: InUse) -> JSONResponse:
        return JSONResponse({"status": "ok", "versao": use.artifact.version, "formato": FORMAT})

    @app.get("/modelo", response_model=ModelCard, summary="A ficha do modelo em uso")
    async def model_card(use: InUse) -> JSONResponse:
        manifest = use.artifact.manifest
        card = {
            "versao": manifest["version"],
            "formato": manifest["format"],
            "dados": manifest["data"],
            "treino": manifest["training"],
            "hiperparametros": manifest["hyperparameters"],
            "metricas": manifest["metrics"],
        }
        return JSONResponse(card)

    no_user: dict[int | str, dict[str, Any]] = {
        404: {**problem, "description": "Não há tal usuário."}
    }

    @app.get(
        "/usuarios/{usuario_id}/recomendacoes",
        response_model=list[Recommendation],
        responses=no_user,
        summary="Recomenda filmes a um usuário",
    )
    @app.get(
        "/filmes/{usuario_id}/recomendacoes",
        response_model=list[Recommendation],
        responses=no_user,
        summary="Recomenda filmes a um usuário (o caminho do projeto original)",
    )
    async def recommend_to_user(
        request: Request,
        usuario_id: UserId,
        query: Annotated[RecommendationQuery, Query()],
        use: InUse,
    ) -> JSONResponse:
        ratings = use.catalog.ratings(usuario_id)
        if ratings is None:
            raise ProblemError(404, f"Usuário com ID {usuario_id} não encontrado.")
        profile = ranking.make_profile(use.artifact.model, ratings)
        return _recommend(request, use, profile, query)

    return app


def _recommend(
    request: Request, use: Serving, profile: Profile, query: RecommendationQuery
) -> JSONResponse:
    """Answer with the films of a ranking, each with its reasons."""
    model = use.artifact.model
    offset = _read_cursor(use, query.cursor)
    found = ranking.rank(
        model,
        profile,
        query.estrategia,
        limit=query.limite,
        offset=offset,
        genres=[fold(genre) for genre in query.genero],
        excluded=query.excluir,
        include_rated=query.incluir_avaliados,
        diversity=query.diversidade,
    )
    reasons = ranking.explain(model, profile, found)
    reason_rows = [reason.row for of_film in reasons for reason in of_film]
    ids = model.film_ids[found.rows].tolist()
    films = use.catalog.films({*ids, *model.film_ids[reason_rows].tolist()})
    body = []
    cells = ranking.find_cells(model, found.rows).tolist()
    for film_id, cell, score, rated, of_film in zip(
        ids, cells, found.scores.tolist(), found.rated.tolist(), reasons, strict=True
    ):
        points = round(score, DECIMALS)
        motives = [
            {
                "filme_id": (source := int(model.film_ids[reason.row])),
                "titulo": films[source]["titulo"],
                "avaliacao": reason.rating,
                "parcela": round(reason.share, DECIMALS),
            }
            for reason in of_film
        ]
        body.append(
            films[film_id]
            | {
                "pontuacao": points,
                "ja_avaliado": rated,
                "motivos": motives,
                "grupo": {"id": cell, "rotulo": str(model.cell_labels[cell])},
                "resto": round(points - sum(motive["parcela"] for motive in motives), DECIMALS),
            }
        )
    headers = {"X-Estrategia": found.strategy.value}
    if found.more:
        headers["Link"] = _next_link(request, use, offset + query.limite)
    return JSONResponse(body, headers=headers)


def _next_link(request: Request, use: Serving, offset: int) -> str:
    """Return the Link header to the page that begins at an offset."""
    text = f"{use.artifact.version[:CURSOR_VERSION]}:{offset}"
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    path, query = quote(request.url.path), urlencode([*kept, ("cursor", cursor)])
    return f'<{path}?{query}>; rel="next"'


def _read_cursor(use: Serving, cursor: str | None) -> int:
    """Return the offset that a cursor stands for, 0 for none.

    Raises:
        ProblemError: 422 for what is no cursor, 410 for one of another artifact.
    """
    if cursor is None:
        return 0
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), "-_", validate=True).decode()
        version, _, digits = text.partition(":")
        offset = int(digits)
    except (binascii.Error, ValueError):
        raise problems.invalid_field("cursor", cursor, "o valor de um Link com rel=next") from None
    if version != use.artifact.version[:CURSOR_VERSION]:
        raise ProblemError(410, "O cursor é de outra versão do modelo. Recomece sem cursor.")
    if not 0 <= offset <= len(use.artifact.model.film_ids):
        raise problems.invalid_field("cursor", cursor, "o valor de um Link com rel=next")
    return offset


app = create_app(bundled_folder())
