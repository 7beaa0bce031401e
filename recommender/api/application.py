"""The app: an artifact, the routes that answer from it, and what all answers have in common."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from recommender.api import about, films, ratings, recommendations
from recommender.api import openapi as documentation
from recommender.api.access import Access, read_access
from recommender.api.serving import Serving
from recommender.data.catalog import Catalog
from recommender.data.store import Store, open_store
from recommender.http import problems
from recommender.http.delivery import VERSION_HEADER, Delivery, Direct
from recommender.http.timing import start
from recommender.model.artifact import ArtifactError, bundled_folder, load

DESCRIPTION = "Recomendações de filmes por KMeans. Nomes de campos em português; erros RFC 9457."

VERSION = "1.0.0"  # of the routes; that of the model is in X-Versao

CORS: dict[str, Any] = {
    "allow_methods": ["GET", "HEAD", "POST", "PUT", "DELETE"],
    "allow_headers": ["Authorization", "Content-Type", "If-Match", "If-None-Match"],
    "expose_headers": [
        "ETag",
        "Link",
        "Retry-After",
        "WWW-Authenticate",
        "X-Avaliacoes",
        "X-Estrategia",
        "X-Total-Count",
        VERSION_HEADER,
    ],
}

# Given whole: an included router would be analysed a second time, at each cold start.
ROUTES = [
    *films.router.routes,
    *recommendations.router.routes,
    *ratings.router.routes,
    *about.router.routes,
]

_log = logging.getLogger(__name__)


class API(FastAPI):
    """An app whose every answer is completed by ``Delivery``; ``Direct`` gives most of them."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return what answers a request, layer around layer."""
        layers: ASGIApp = Direct(
            super().build_middleware_stack(), self.routes, self.exception_handlers
        )
        if self.state.origins:
            layers = CORSMiddleware(layers, allow_origins=self.state.origins, **CORS)
        serving: Serving | None = self.state.serving
        return Delivery(layers, serving.artifact.version if serving else "")


def create_app(folder: Path, access: Access | None = None, store: Store | None = None) -> FastAPI:
    """Return the app serving an artifact folder; if it cannot be loaded, it answers 503.

    Without rules everybody may read everything; without a store nothing can be written.
    """
    serving: Serving | None = None
    try:
        artifact = load(folder)
        serving = Serving(artifact, Catalog(artifact.catalog_path), store)
    except ArtifactError as error:
        _log.error("artifact not loaded: %s", error)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if serving is not None:
            serving.catalog.close()
        if store is not None:
            store.close()

    app = API(
        lifespan=lifespan,
        title="Filmes",
        description=DESCRIPTION,
        version=VERSION,
        routes=ROUTES,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        redirect_slashes=False,
        openapi_url=None,  # about.py serves both
        docs_url=None,
    )
    app.state.serving = serving
    app.state.access = access or Access()
    app.state.origins = os.environ.get("CORS_ORIGINS", "").replace(",", " ").split()
    problems.install(app)
    documentation.install(app)
    return app


def make_app() -> FastAPI:
    """Return the app that the environment describes."""
    app = create_app(bundled_folder(), read_access(), open_store())
    start.done()
    return app
