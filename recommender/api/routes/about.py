"""Routes on which the service tells about itself: its page, its model, its health."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from fastapi import Response
from fastapi.responses import HTMLResponse

from recommender.api.schemas.answers import Health, ModelCard
from recommender.api.serving import InUse, make_router
from recommender.http.caching import FRESH, PUBLIC
from recommender.model.artifact import FORMAT

PAGE = Path(__file__).parents[2] / "page"

router = make_router("sobre")


@router.get(
    "/saude",
    summary="Diz se pode servir",
    description="200 e a versão em uso, ou 503.",
)
async def tell_health(use: InUse) -> Health:
    """Answer with the version that is served."""
    use.headers.update(FRESH)
    return Health(status="ok", versao=use.artifact.version, formato=FORMAT)


@router.get(
    "/modelo",
    summary="A ficha do modelo em uso",
    description="De que dados vem, com que hiperparâmetros, e quão bom é.",
)
async def tell_model(use: InUse) -> ModelCard:
    """Answer with where the model comes from and how good it is."""
    use.headers.update(PUBLIC)
    manifest = use.artifact.manifest
    return ModelCard(
        versao=manifest["version"],
        formato=manifest["format"],
        dados=manifest["data"],
        treino=manifest["training"],
        hiperparametros=manifest["hyperparameters"],
        metricas=manifest["metrics"],
    )


@router.get("/", include_in_schema=False)
async def show_page() -> Response:
    """Answer with the page on which a person can try the API."""
    text, policy = _read_page("index.html")
    return HTMLResponse(text, headers={**PUBLIC, "Content-Security-Policy": policy})


@cache
def _read_page(name: str) -> tuple[str, str]:
    """Return a page, and a policy by which nothing runs on it but its own script and style."""
    text = (PAGE / name).read_text(encoding="utf-8")
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
