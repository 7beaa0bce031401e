"""Pages: cursors that hold for one list of one artifact, and the Link to the next page."""

import re
import zlib
from urllib.parse import quote, urlencode

from fastapi import Request

from recommender.api.serving import Exchange
from recommender.http.problems import ProblemError, invalid_field

VERSION_DIGITS = 12  # of the version that a cursor carries
VERSION = re.compile(f"[0-9a-f]{{{VERSION_DIGITS}}}")
REST = re.compile("([0-9a-f]{8})-([0-9a-f]{8})-([0-9]{1,20})")
ALLOWED = "o valor de um Link com rel=next"

EXPIRED = "O cursor é de outra versão do modelo, ou as avaliações mudaram."


def start(use: Exchange, cursor: str | None, basis: bytes = b"") -> int:
    """Return the offset that a cursor stands for, 0 for none.

    ``basis`` is what the list is made from besides the artifact.

    Raises:
        ProblemError: 422 if it is no cursor of this list, 410 if the artifact or the basis changed.
    """
    if cursor is None:
        return 0
    version, _, rest = cursor.partition("-")
    if not VERSION.fullmatch(version):
        raise invalid_field("cursor", cursor, ALLOWED)
    if not use.artifact.version.startswith(version):  # what follows may have another form, too
        raise ProblemError(410, "O cursor é de outra versão do modelo. Recomece sem cursor.")
    parts = REST.fullmatch(rest)
    if parts is None:
        raise invalid_field("cursor", cursor, ALLOWED)
    of_list, of_basis, offset = parts[1], parts[2], int(parts[3])
    if of_list != _digest(_list(use.request)) or offset > len(use.model.film_ids):
        raise invalid_field("cursor", cursor, f"{ALLOWED}, com os parâmetros da mesma lista")
    if of_basis != _digest(basis):
        raise ProblemError(410, "As avaliações de que o cursor é mudaram. Recomece sem cursor.")
    return offset


def link_next(use: Exchange, offset: int, basis: bytes = b"") -> None:
    """Have the answer's Link lead to the page of its list that begins at an offset."""
    version, of_list = use.artifact.version[:VERSION_DIGITS], _digest(_list(use.request))
    cursor = f"{version}-{of_list}-{_digest(basis)}-{offset}"
    kept = [item for item in use.request.query_params.multi_items() if item[0] != "cursor"]
    query = urlencode([*kept, ("cursor", cursor)])
    use.headers["Link"] = f'<{public_path(use.request)}?{query}>; rel="next"'


def public_path(request: Request) -> str:
    """Return the path that the client asked for, with its base path, encoded for a header."""
    return quote(request.scope["path"])


def _list(request: Request) -> bytes:
    """Return what tells one list from another: its path and parameters, in any order."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    items = request.query_params.multi_items()
    return (
        f"{path}?{urlencode(sorted(i for i in items if i[0] not in ('cursor', 'limite')))}".encode()
    )


def _digest(text: bytes) -> str:
    return f"{zlib.crc32(text):08x}"
