"""Routes on which the service tells of itself: its pages, its documentation, its health."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from recommender.api.routes import Route
from recommender.api.schemas import Health, ModelCard
from recommender.api.serving import STRICT, InUse
from recommender.http import problems
from recommender.http.caching import FRESH, PUBLIC
from recommender.model.artifact import FORMAT

PAGES = Path(__file__).parents[1] / "page"

router = APIRouter(
    tags=["sobre"], responses=problems.COMMON, dependencies=[STRICT], route_class=Route
)


@router.get(
    "/saude",
    response_model=Health,
    summary="Diz se pode servir",
    description="200 e a versão em uso, ou 503.",
)
def tell_health(use: InUse) -> JSONResponse:
    """Tell the version that is served; without any, the answer is 503."""
    body = {"status": "ok", "versao": use.artifact.version, "formato": FORMAT}
    return JSONResponse(body, headers=FRESH)


@router.get(
    "/modelo",
    response_model=ModelCard,
    summary="A ficha do modelo em uso",
    description="De que dados vem, com que hiperparâmetros, e quão bom é.",
)
def tell_model(use: InUse) -> JSONResponse:
    """Tell where the model comes from and how good it is."""
    manifest = use.artifact.manifest
    card = {
        "versao": manifest["version"],
        "formato": manifest["format"],
        "dados": manifest["data"],
        "treino": manifest["training"],
        "hiperparametros": manifest["hyperparameters"],
        "metricas": manifest["metrics"],
    }
    return JSONResponse(card, headers=PUBLIC)


@router.get("/openapi.json", include_in_schema=False)
def tell_routes(request: Request) -> JSONResponse:
    """Hand out the OpenAPI document."""
    return JSONResponse(request.app.openapi(), headers=PUBLIC)


@router.get("/", include_in_schema=False)
def show_page() -> Response:
    """Show the page on which a person can try the API."""
    return _page("index.html")


@router.get("/docs", include_in_schema=False)
def show_documentation() -> Response:
    """Show the API's documentation."""
    return _page("docs.html")


def _page(name: str) -> Response:
    text, policy = _read_page(name)
    return HTMLResponse(text, headers={**PUBLIC, "Content-Security-Policy": policy})


@cache
def _read_page(name: str) -> tuple[str, str]:
    """Return a page, and the policy by which nothing runs on it but its own script and style."""
    text = (PAGES / name).read_text(encoding="utf-8")
    policy = [
        "default-src 'none'",
        f"script-src {_digests(text, 'script')}",
        f"style-src {_digests(text, 'style')}",
        *("connect-src 'self'", "img-src 'self' data:"),
        *("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"),
    ]
    return text, "; ".join(policy)


def _digests(text: str, tag: str) -> str:
    """Return the sources that a policy allows for inline elements: their SHA-256."""
    contents = re.findall(f"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)
    digests = (hashlib.sha256(content.encode()).digest() for content in contents)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
