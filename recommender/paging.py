"""Pages: cursors bound to the artifact's version, and the Link to the next page."""

import base64
import binascii
from urllib.parse import quote, urlencode

from fastapi import Request

from recommender.problems import ProblemError, invalid_field
from recommender.serving import Serving

VERSION_DIGITS = 12  # of the version that a cursor carries


def next_link(request: Request, use: Serving, offset: int) -> str:
    """Return the Link header to the page that begins at an offset."""
    text = f"{use.artifact.version[:VERSION_DIGITS]}:{offset}"
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    path, query = quote(request.url.path), urlencode([*kept, ("cursor", cursor)])
    return f'<{path}?{query}>; rel="next"'


def read_cursor(use: Serving, cursor: str | None) -> int:
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
        raise invalid_field("cursor", cursor, "o valor de um Link com rel=next") from None
    if version != use.artifact.version[:VERSION_DIGITS]:
        raise ProblemError(410, "O cursor é de outra versão do modelo. Recomece sem cursor.")
    if not 0 <= offset <= len(use.artifact.model.film_ids):
        raise invalid_field("cursor", cursor, "o valor de um Link com rel=next")
    return offset
