"""Pages: cursors that hold for one list of one artifact, and the Link to the next page."""

import re
import zlib
from urllib.parse import quote, urlencode

from fastapi import Request

from recommender.api.serving import Serving
from recommender.http.problems import ProblemError, invalid_field

VERSION_DIGITS = 12  # of the version that a cursor carries
VERSION = re.compile(f"[0-9a-f]{{{VERSION_DIGITS}}}")
REST = re.compile("([0-9a-f]{8})-([0-9a-f]{8})-([0-9]{1,20})")
ALLOWED = "o valor de um Link com rel=next"
NOT_OF_THE_LIST = ("cursor", "limite")  # parameters that may change from page to page


def next_link(request: Request, use: Serving, offset: int, basis: bytes = b"") -> str:
    """Return the Link header to the page that begins at an offset.

    ``basis`` is what else the list was made from; a cursor is gone when that changes.
    """
    cursor = f"{_version(use)}-{_digest(_list(request))}-{_digest(basis)}-{offset}"
    kept = [item for item in _parameters(request) if item[0] != "cursor"]
    query = f"{urlencode(kept)}&cursor={cursor}" if kept else f"cursor={cursor}"
    return f'<{quote(public_path(request))}?{query}>; rel="next"'


def read_cursor(request: Request, use: Serving, cursor: str | None, basis: bytes = b"") -> int:
    """Return the offset that a cursor stands for, 0 for none.

    Raises:
        ProblemError: 422 for what is no cursor of this list, 410 for one of another artifact or
            of another basis.
    """
    if cursor is None:
        return 0
    version, _, rest = cursor.partition("-")
    if not VERSION.fullmatch(version):
        raise invalid_field("cursor", cursor, ALLOWED)
    if version != _version(use):  # what follows is in the form of its version
        raise ProblemError(410, "O cursor é de outra versão do modelo. Recomece sem cursor.")
    parts = REST.fullmatch(rest)
    if parts is None:
        raise invalid_field("cursor", cursor, ALLOWED)
    of_list, of_basis, digits = parts.groups()
    offset = int(digits)
    if of_list != _digest(_list(request)) or offset > len(use.artifact.model.film_ids):
        raise invalid_field("cursor", cursor, f"{ALLOWED}, com os parâmetros da mesma lista")
    if of_basis != _digest(basis):
        raise ProblemError(410, "As avaliações de que o cursor é mudaram. Recomece sem cursor.")
    return offset


def _version(use: Serving) -> str:
    return use.artifact.version[:VERSION_DIGITS]


def _list(request: Request) -> bytes:
    """Return what tells one list from another: its path and its parameters in any order."""
    path: str = request.scope["path"]
    items = sorted(item for item in _parameters(request) if item[0] not in NOT_OF_THE_LIST)
    return f"{path}?{urlencode(items)}".encode() if items else path.encode()


def _parameters(request: Request) -> list[tuple[str, str]]:
    return request.query_params.multi_items() if request.scope["query_string"] else []


def _digest(text: bytes) -> str:
    return f"{zlib.crc32(text):08x}"


def public_path(request: Request) -> str:
    """Return the path that the client asked for, not encoded.

    A REST API hands the function a path without its stage, and tells the whole one beside it.
    """
    event = request.scope.get("aws.event", {})
    if "resource" in event:
        return str(event["requestContext"].get("path", request.scope["path"]))
    return str(request.scope["path"])
