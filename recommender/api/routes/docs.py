"""Routes of the documentation: the OpenAPI document, and Swagger UI to read and try it."""

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
SCRIPT = "docs.js"
MEDIA_TYPES = {
    SCRIPT: "text/javascript",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    **dict.fromkeys(("LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"), "text/plain"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; "  # Swagger UI needs these two
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = make_router("sobre")

_documents = cache(make_document)


@router.get("/openapi.json", include_in_schema=False)
async def tell_routes(request: Request) -> Response:
    """Answer with the OpenAPI document, which names the base path of this request as the server."""
    document: dict[str, Any] = _documents(request.app)
    if root := request.scope.get("root_path"):
        document = {**document, "servers": [{"url": root}]}
    return JSONResponse(document, headers=PUBLIC)


@router.get("/docs", include_in_schema=False)
async def show_documentation() -> Response:
    """Answer with the page that loads Swagger UI."""
    if not SWAGGER_UI.exists():
        raise ProblemError(503, "Falta o Swagger UI, que não vem com o código: rode `make setup`.")
    text = (PAGE / "docs.html").read_text(encoding="utf-8")
    return HTMLResponse(text, headers={**PUBLIC, "Content-Security-Policy": POLICY})


@router.get("/docs/{name}", include_in_schema=False)
async def send_file(name: str) -> Response:
    """Answer with a file that the page loads, or a licence of one. Those of Swagger UI are gzip."""
    own = name == SCRIPT
    file = PAGE / name if own else SWAGGER_UI / f"{name}.gz"
    if name not in MEDIA_TYPES or not file.exists():
        raise HTTPException(404)
    headers = PUBLIC if own else {**PUBLIC, "Content-Encoding": "gzip"}
    return Response(file.read_bytes(), headers=headers, media_type=MEDIA_TYPES[name])
