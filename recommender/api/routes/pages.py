"""Routes of the pages: the one for people, and Swagger UI with the document that it shows."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from recommender.api.openapi import make_document
from recommender.api.serving import make_router
from recommender.http.caching import PUBLIC
from recommender.http.problems import ProblemError

PAGE = Path(__file__).parents[2] / "page"
SWAGGER_UI = PAGE / "swagger-ui"  # .ci/swagger.py puts it there, compressed
OWN = ("index.css", "index.js", "docs.js")
MEDIA_TYPES = {
    **dict.fromkeys(("index.js", "docs.js", "swagger-ui-bundle.js"), "text/javascript"),
    **dict.fromkeys(("index.css", "swagger-ui.css"), "text/css"),
    **dict.fromkeys(("LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"), "text/plain"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Swagger UI styles its elements in the document.
DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")

router = make_router("sobre")

_document = cache(make_document)


@router.get("/", include_in_schema=False)
async def show_page() -> Response:
    """Answer with the page on which a person can try the API."""
    return _page("index.html", POLICY)


@router.get("/docs", include_in_schema=False)
async def show_documentation() -> Response:
    """Answer with the page that loads Swagger UI."""
    if not SWAGGER_UI.exists():
        raise ProblemError(503, "Falta o Swagger UI, que não vem com o código: rode `make setup`.")
    return _page("docs.html", DOCS_POLICY)


@router.get("/pagina/{name}", include_in_schema=False)
async def send_file(name: str) -> Response:
    """Answer with a file that a page loads, or a licence of one. Those of Swagger UI are gzip."""
    file = PAGE / name if name in OWN else SWAGGER_UI / f"{name}.gz"
    if name not in MEDIA_TYPES or not file.exists():
        raise HTTPException(404)
    headers = PUBLIC if name in OWN else {**PUBLIC, "Content-Encoding": "gzip"}
    return Response(file.read_bytes(), headers=headers, media_type=MEDIA_TYPES[name])


@router.get("/openapi.json", include_in_schema=False)
async def tell_routes(request: Request) -> Response:
    """Answer with the OpenAPI document, which names the base path of this request as the server."""
    document: dict[str, Any] = _document(request.app)
    if root := request.scope.get("root_path"):
        document = {**document, "servers": [{"url": root}]}
    return JSONResponse(document, headers=PUBLIC)


def _page(name: str, policy: str) -> Response:
    text = (PAGE / name).read_text(encoding="utf-8")
    return HTMLResponse(text, headers={**PUBLIC, "Content-Security-Policy": policy})
