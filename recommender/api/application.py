"""The app: an artifact, the routes that answer from it, and what all answers share."""

import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from recommender.api.hiding import HiddenFilms
from recommender.api.routes import (
    about,
    films,
    hidden,
    home,
    maps,
    pages,
    ratings,
    recommendations,
    users,
)
from recommender.api.serving import Serving
from recommender.data.catalog import Catalog
from recommender.data.origin import Origin, origin_of
from recommender.data.profiles import PackagedProfiles, Profiles
from recommender.data.store import HiddenSource, Store, StoreError
from recommender.http import problems
from recommender.http.middleware import BasePath, Delivery, Failures, NoCookies, WholePaths
from recommender.http.timing import start
from recommender.model.artifact import ATTEMPTS, CATALOG_FILE, Artifact, ArtifactError, load
from recommender.model.profile import find_title_digest
from recommender.settings import OPEN, Access, Mode, SettingError, Settings, read_settings

if TYPE_CHECKING:
    from recommender.data.signed_calls import Calls

# The most asked for first.
ROUTERS = (recommendations, home, films, ratings, maps, hidden, users, about, pages)
# `include_router` would analyse each route once more, at each cold start.
ROUTES = [route for module in ROUTERS for route in module.router.routes]

CORS: dict[str, Any] = {
    "allow_methods": ["GET", "HEAD", "POST", "PUT", "DELETE"],
    "allow_headers": ["Authorization", "Content-Type", "If-Match", "If-None-Match"],
    "expose_headers": [
        *("ETag", "Link", "Retry-After", "WWW-Authenticate"),
        *("X-Avaliacoes", "X-Estrategia", "X-Ocultos", "X-Total-Count", "X-Versao"),
    ],
}

Opened = tuple[Artifact, Catalog]

_log = logging.getLogger(__name__)


def make_app() -> FastAPI:
    """Return the app that the environment describes.

    Raises:
        SettingError: a variable has a value that is not allowed.
    """
    settings = read_settings()
    opened = _load(settings.artifact)
    artifact = opened[0] if opened else None
    if artifact and artifact.profile_table and not settings.profile_tables:
        _log.error(
            "artifact not loaded: its ratings are in a table named …%s; PROFILE_TABLES is not set, "
            "set it to what comes before that name",
            artifact.profile_table,
        )
        artifact = opened = None
    store = None
    if artifact:
        digest_of = partial(find_title_digest, artifact.model)
        store = open_store(settings, origin_of(artifact.manifest["data"], digest_of))
    # Nobody writes to an open API, so it does without reading what was written. Marks of users who
    # were erased under another access do not count either.
    is_open = settings.access.mode is Mode.OPEN
    app = _assemble(
        opened,
        settings.access,
        None if is_open else store,
        hidden=store,
        profiles=open_profiles(settings, artifact.profile_table) if artifact else None,
        origins=settings.origins,
        base_path=settings.base_path,
    )
    start.done()
    return app


def create_app(
    folder: Path,
    access: Access = OPEN,
    store: Store | None = None,
    *,
    hidden: HiddenSource | None = None,
    profiles: Profiles | None = None,
    origins: Sequence[str] = (),
    base_path: str = "",
) -> FastAPI:
    """Return the app serving an artifact folder; if it cannot be loaded, it answers 503.

    By default the access is ``Mode.OPEN``, and without a store nothing can be written. Hidden films
    are read from ``hidden``, by default the store, and the ratings that came with the model
    from ``profiles``, by default the artifact's database.
    """
    return _assemble(
        _load(folder),
        access,
        store,
        hidden=hidden,
        profiles=profiles,
        origins=origins,
        base_path=base_path,
    )


def _load(folder: Path) -> Opened | None:
    try:
        for _ in range(ATTEMPTS):
            artifact = load(folder)
            catalog = Catalog(folder / CATALOG_FILE)
            if artifact.is_in_place():  # so both are of the folder that was verified
                return artifact, catalog
        raise ArtifactError(f"{folder} was replaced again and again while it was opened")
    except (ArtifactError, sqlite3.DatabaseError) as error:
        _log.error("artifact not loaded (see ARTIFACT_DIR): %s", error)
        return None


def _assemble(
    opened: Opened | None,
    access: Access,
    store: Store | None,
    *,
    hidden: HiddenSource | None,
    profiles: Profiles | None,
    origins: Sequence[str],
    base_path: str,
) -> FastAPI:
    source, serving = hidden or store, None
    if opened:
        artifact, catalog = opened
        hiding = HiddenFilms(artifact.model, source)
        serving = Serving(artifact, catalog, profiles or PackagedProfiles(catalog), store, hiding)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for closing in (source, profiles):
            if closing is not None:
                closing.close()

    cors = [Middleware(NoCookies), Middleware(CORSMiddleware, allow_origins=origins, **CORS)]
    version = opened[0].version if opened else ""
    middleware = [
        Middleware(Delivery, version=version, local=access.mode is Mode.LOCAL),
        *(cors if origins else ()),
        Middleware(WholePaths),
        Middleware(BasePath, base_path=base_path),
        Middleware(Failures),
    ]
    app = FastAPI(
        lifespan=lifespan,
        title="Filmes",
        description="Recomendações de filmes por KMeans. Campos em português; erros RFC 9457.",
        version="1.0.0",  # of the routes; that of the model is in X-Versao
        routes=ROUTES,
        middleware=middleware,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        redirect_slashes=False,
        openapi_url=None,  # routes/pages.py serves the document and Swagger UI
        docs_url=None,
        redoc_url=None,
    )
    app.state.serving = serving
    app.state.access = access
    problems.install(app, StoreError, sqlite3.DatabaseError)
    return app


def open_store(
    settings: Settings, origin: Origin, environment: Mapping[str, str] = os.environ
) -> Store | None:
    """Return the store that the settings name, by table or by folder; None for neither.

    A table holds the ratings of all lineages; in a folder each lineage has a file.

    Raises:
        SettingError: there can be no such store.
    """
    if settings.ratings_table:
        from recommender.data.dynamo_store import DynamoStore

        table = settings.ratings_table
        return DynamoStore(_calls("RATINGS_TABLE", table, environment), table, origin)
    if settings.ratings_dir:
        from recommender.data.sqlite_store import SqliteStore

        name = quote(origin.lineage, safe="") or "_"
        try:
            return SqliteStore(Path(settings.ratings_dir, f"{name}.sqlite3"), origin)
        except StoreError as error:
            told = f"RATINGS_DIR is {settings.ratings_dir!r}, where no ratings can be kept: {error}"
            raise SettingError(f"{told}; name a folder that can be written") from None
    return None


def open_profiles(
    settings: Settings, table: str | None, environment: Mapping[str, str] = os.environ
) -> Profiles | None:
    """Return the profile table that an artifact names; None if its ratings are packaged.

    Raises:
        SettingError: it cannot be asked.
    """
    if table is None:
        return None
    from recommender.data.profile_table import ProfileTable

    prefix = settings.profile_tables
    return ProfileTable(_calls("PROFILE_TABLES", prefix, environment), prefix + table)


def _calls(name: str, value: str, environment: Mapping[str, str]) -> "Calls":
    """Return calls of DynamoDB for what a variable names.

    Raises:
        SettingError: there can be none.
    """
    from recommender.data.signed_calls import SignedCalls, is_simple

    if is_simple(environment):
        return SignedCalls(environment)
    from recommender.data.boto_calls import BotoCalls  # boto3 takes long to import

    try:
        return BotoCalls()
    except StoreError as error:
        told = f"{name} is {value!r}, which cannot be asked: {error}"
        raise SettingError(f"{told}; set AWS_REGION and credentials") from None
