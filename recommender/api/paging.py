"""Pages: cursors that hold for one list of one artifact, and the Link to the next page."""

import re
import zlib
from urllib.parse import quote, urlencode

from fastapi import Request

from recommender.api.serving import Context
from recommender.http.problems import ProblemError, invalid_field

VERSION_DIGITS = 12  # of the version that a cursor carries
VERSION = re.compile(f"[0-9a-f]{{{VERSION_DIGITS}}}")
REST = re.compile("([0-9a-f]{8})-([0-9a-f]{8})-([0-9]{1,20})(?:-([0-9]{1,20}))?")
ALLOWED = "o valor de um Link com rel=next"

EXPIRED = "O cursor é de outra versão do modelo, ou as avaliações ou os filmes ocultos mudaram."


def read_offset(
    ctx: Context, cursor: str | None, basis: bytes = b"", most: int | None = None
) -> int:
    """Return the offset that a cursor stands for, 0 for none.

    ``basis`` is what the list is made from besides the artifact and the hidden films. It has at
    most ``most`` entries, by default as many as there are films.

    Raises:
        ProblemError: 422 if it is no cursor of this list, 410 if any of these changed.
    """
    return 0 if cursor is None else read_place(ctx, cursor, basis, most)[0]


def read_place(
    ctx: Context, cursor: str, basis: bytes = b"", most: int | None = None
) -> tuple[int, int | None]:
    """Return the offset that a cursor stands for, and the length of the list if it tells it.

    See ``read_offset``.
    """
    version, _, rest = cursor.partition("-")
    if not VERSION.fullmatch(version):
        raise invalid_field("cursor", cursor, ALLOWED)
    if not ctx.artifact.version.startswith(version):  # what follows may have another form, too
        raise ProblemError(410, "O cursor é de outra versão do modelo. Recomece sem cursor.")
    parts = REST.fullmatch(rest)
    if parts is None:
        raise invalid_field("cursor", cursor, ALLOWED)
    of_list, of_basis, offset = parts[1], parts[2], int(parts[3])
    longest = len(ctx.model.film_ids) if most is None else most
    total = None if parts[4] is None else int(parts[4])
    is_possible = offset <= longest and (total or 0) <= len(ctx.model.film_ids)
    if of_list != _digest(_list(ctx.request)) or not is_possible:
        raise invalid_field("cursor", cursor, f"{ALLOWED}, com os parâmetros da mesma lista")
    if of_basis != _digest(basis + ctx.hidden.basis):
        raise ProblemError(410, "A lista de que o cursor é mudou. Recomece sem cursor.")
    return offset, total


def set_next_link(
    ctx: Context, offset: int, basis: bytes = b"", *, more: bool, total: int | None = None
) -> None:
    """Set the Link header to the page that begins at an offset if there is more to list.

    Its cursor tells ``total``, the length of the list, where that would have to be counted again.
    """
    if not more:
        return
    version, of_list = ctx.artifact.version[:VERSION_DIGITS], _digest(_list(ctx.request))
    cursor = f"{version}-{of_list}-{_digest(basis + ctx.hidden.basis)}-{offset}"
    if total is not None:
        cursor += f"-{total}"
    kept = [item for item in ctx.request.query_params.multi_items() if item[0] != "cursor"]
    query = urlencode([*kept, ("cursor", cursor)])
    ctx.headers["Link"] = f'<{public_path(ctx.request)}?{query}>; rel="next"'


def public_path(request: Request) -> str:
    """Return the path that the client asked for, with its base path, encoded for a header."""
    return quote(request.scope["path"])


def _list(request: Request) -> bytes:
    """Return what tells one list from another: its path and parameters, in any order."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    items = request.query_params.multi_items()
    kept = sorted(item for item in items if item[0] not in ("cursor", "limite"))
    return f"{path}?{urlencode(kept)}".encode()


def _digest(text: bytes) -> str:
    return f"{zlib.crc32(text):08x}"
