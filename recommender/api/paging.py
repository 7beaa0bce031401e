"""Pages: cursors that hold for one list of one artifact, and the Link to the next page."""

import re
import zlib
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends, Request, Response

from recommender.api.serving import InUse, Serving
from recommender.http.problems import ProblemError, invalid_field

VERSION_DIGITS = 12  # of the version that a cursor carries
VERSION = re.compile(f"[0-9a-f]{{{VERSION_DIGITS}}}")
REST = re.compile("([0-9a-f]{8})-([0-9a-f]{8})-([0-9]{1,20})")
ALLOWED = "o valor de um Link com rel=next"
NOT_OF_THE_LIST = ("cursor", "limite")  # parameters that may change from page to page

EXPIRED = "O cursor é de outra versão do modelo, ou as avaliações mudaram."


class Paging:
    """The pages of the list that a request asks for.

    ``basis`` is what the list was made from besides the artifact. A cursor expires when it changes.
    """

    def __init__(self, request: Request, response: Response, use: Serving) -> None:
        self.request, self.response = request, response
        self.version = use.artifact.version[:VERSION_DIGITS]
        self.films = len(use.model.film_ids)

    def start(self, cursor: str | None, basis: bytes = b"") -> int:
        """Return the offset that a cursor stands for, 0 for none.

        Raises:
            ProblemError: 422 if it is no cursor of this list, 410 if it has expired.
        """
        if cursor is None:
            return 0
        version, _, rest = cursor.partition("-")
        if not VERSION.fullmatch(version):
            raise invalid_field("cursor", cursor, ALLOWED)
        if version != self.version:  # the form of what follows may be another, too
            raise ProblemError(410, "O cursor é de outra versão do modelo. Recomece sem cursor.")
        parts = REST.fullmatch(rest)
        if parts is None:
            raise invalid_field("cursor", cursor, ALLOWED)
        of_list, of_basis, offset = parts[1], parts[2], int(parts[3])
        if of_list != _digest(self._list()) or offset > self.films:
            raise invalid_field("cursor", cursor, f"{ALLOWED}, com os parâmetros da mesma lista")
        if of_basis != _digest(basis):
            raise ProblemError(410, "As avaliações de que o cursor é mudaram. Recomece sem cursor.")
        return offset

    def link(self, offset: int, basis: bytes = b"") -> None:
        """Have the answer's Link lead to the page that begins at an offset."""
        cursor = f"{self.version}-{_digest(self._list())}-{_digest(basis)}-{offset}"
        kept = [item for item in self.request.query_params.multi_items() if item[0] != "cursor"]
        query = urlencode([*kept, ("cursor", cursor)])
        self.response.headers["Link"] = f'<{public_path(self.request)}?{query}>; rel="next"'

    def _list(self) -> bytes:
        """Return what tells one list from another: its path and parameters, in any order."""
        path = self.request.scope["path"].removeprefix(self.request.scope.get("root_path", ""))
        items = self.request.query_params.multi_items()
        kept = sorted(item for item in items if item[0] not in NOT_OF_THE_LIST)
        return f"{path}?{urlencode(kept)}".encode()


def public_path(request: Request) -> str:
    """Return the path that the client asked for, with its base path, encoded for a header."""
    return quote(request.scope["path"])


async def _paging(request: Request, response: Response, use: InUse) -> Paging:
    return Paging(request, response, use)


Pages = Annotated[Paging, Depends(_paging)]
"""The pages of a route's list."""


def _digest(text: bytes) -> str:
    return f"{zlib.crc32(text):08x}"
