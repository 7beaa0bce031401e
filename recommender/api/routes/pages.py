"""Routes of the pages: the one for people, and Swagger UI with the document that it shows."""

from functools import cache
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from recommender.api import front
from recommender.api.front import PAGE
from recommender.api.openapi import make_document
from recommender.api.serving import Context, in_use, make_router, with_hidden
from recommender.http.caching import FOREVER, FRESH, PUBLIC, accepts_gzip
from recommender.http.problems import ProblemError

SWAGGER_UI = PAGE / "swagger-ui"  # .ci/swagger.py puts it there, compressed
OWN = ("docs.js",)
MEDIA_TYPES = {
    **dict.fromkeys(("docs.js", "swagger-ui-bundle.js"), "text/javascript"),
    "swagger-ui.css": "text/css",
    **dict.fromkeys(("LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"), "text/plain"),
}
PART_TYPES = {".js": "text/javascript", ".css": "text/css"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Swagger UI styles its elements in the document.
DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")

router = make_router("sobre")

_document = cache(make_document)


@router.get("/", include_in_schema=False)
async def show_page(request: Request, response: Response) -> Response:
    """Answer with the page on which a person can try the API.

    Its address may have any parameters: they are the page's own.
    """
    ctx = await with_hidden(Context(request, response, in_use(request)))
    text = front.write_page(ctx, request.app.state.access)
    headers = {**response.headers, **ctx.public, "Content-Security-Policy": POLICY}
    return HTMLResponse(text, headers=headers)


@router.get("/pagina/{digest}/{name:path}", include_in_schema=False)
async def send_part(digest: str, name: str) -> Response:
    """Answer with a file of the page, whose address changes with the content.

    A page of another version gets what loads it anew: ``start.js`` finds no other file there.
    """
    is_ours, file = digest == front.digest(), front.find_parts().get(name)
    if file is None or not (is_ours or name == front.START):
        raise HTTPException(404)
    headers = FOREVER if is_ours else FRESH
    return Response(file.read_bytes(), headers=headers, media_type=PART_TYPES[file.suffix])


@router.get("/docs", include_in_schema=False)
async def show_documentation() -> Response:
    """Answer with the page that loads Swagger UI."""
    if not SWAGGER_UI.exists():
        raise ProblemError(503, "Falta o Swagger UI, que não vem com o código: rode `make setup`.")
    text = (PAGE / "docs.html").read_text(encoding="utf-8")
    return HTMLResponse(text, headers={**PUBLIC, "Content-Security-Policy": DOCS_POLICY})


@router.get("/pagina/{name}", include_in_schema=False)
async def send_file(request: Request, name: str) -> Response:
    """Answer with a file that a page loads, or a licence of one.

    Those of Swagger UI are there in gzip alone: what is sent costs by its bytes.
    """
    file = PAGE / name if name in OWN else SWAGGER_UI / f"{name}.gz"
    if name not in MEDIA_TYPES or not file.exists():
        raise HTTPException(404)
    headers = PUBLIC if name in OWN else {**PUBLIC, "Content-Encoding": "gzip"}
    if name not in OWN and not accepts_gzip(request.scope, unsaid=True):
        raise ProblemError(406, "Este arquivo só é enviado em gzip, que Accept-Encoding recusa.")
    return Response(file.read_bytes(), headers=headers, media_type=MEDIA_TYPES[name])


@router.get("/openapi.json", include_in_schema=False)
async def tell_routes(request: Request) -> Response:
    """Answer with the OpenAPI document, which names the base path of this request as the server."""
    document: dict[str, Any] = _document(request.app)
    if root := request.scope.get("root_path"):
        document = {**document, "servers": [{"url": root}]}
    return JSONResponse(document, headers=PUBLIC)
