"""Who may do what: everything that names a user is asked for here, whatever let the request in.

A user is who API Gateway's JWT authorizer says it is: the claims that it verified come in the
event, beside the request. Nothing that a client can send, no header above all, is ever looked at.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Request

from recommender.api.schemas import UserId
from recommender.http.problems import ProblemError

SCOPE_CLAIMS = ("scope", "scp")  # as issuers name it: one text, or a list

REFUSALS = {401: "Falta um token válido.", 403: "O token não dá acesso a este usuário."}
"""What the routes that name a user may answer besides."""


class Mode(StrEnum):
    """What callers may do."""

    OPEN = "open"  # read all
    JWT = "jwt"  # read and write what is theirs
    LOCAL = "local"  # everything: one's own machine


@dataclass(frozen=True, slots=True)
class Access:
    """The rules: a mode; the claim that names the user's id; the scope that opens all users."""

    mode: Mode = Mode.OPEN
    user_claim: str = "sub"
    service_scope: str = "filmes/usuarios"

    def check(self, claims: Mapping[str, Any] | None, user_id: int, *, write: bool) -> None:
        """Pass if a caller with these verified claims may read or write what is a user's.

        Whether there is such a user plays no part, so an answer never tells.

        Raises:
            ProblemError: 401 without claims, 403 for claims that are not enough.
        """
        if self.mode is Mode.LOCAL or (self.mode is Mode.OPEN and not write):
            return
        if self.mode is Mode.OPEN:
            raise ProblemError(403, "Esta instalação é só de leitura: não guarda avaliações.")
        if claims is None:
            detail = "Falta um token de acesso válido (Authorization: Bearer …)."
            raise ProblemError(401, detail, headers={"WWW-Authenticate": "Bearer"})
        own = str(claims.get(self.user_claim)) == str(user_id)
        if not own and self.service_scope not in _scopes(claims):
            challenge = f'Bearer error="insufficient_scope", scope="{self.service_scope}"'
            detail = f"Este token não dá acesso ao usuário {user_id}."
            raise ProblemError(403, detail, headers={"WWW-Authenticate": challenge})


def read_access(environment: Mapping[str, str] = os.environ) -> Access:
    """Return the rules that an environment sets; open where it says nothing.

    Raises:
        ValueError: for a mode that is none, and for ``local`` inside of Lambda.
    """
    given = environment.get("ACCESS") or Mode.OPEN
    if given not in [*Mode]:
        raise ValueError(f"ACCESS is {given!r}, allowed are {', '.join(Mode)}")
    if given == Mode.LOCAL and "AWS_LAMBDA_FUNCTION_NAME" in environment:
        raise ValueError("ACCESS is 'local', which would open a Lambda function to everybody")
    return Access(
        Mode(given),
        environment.get("USER_CLAIM") or Access().user_claim,
        environment.get("SERVICE_SCOPE") or Access().service_scope,
    )


def allow(request: Request, user_id: int, *, write: bool = False) -> None:
    """Pass if the caller may read (or write) what is a user's, else raise as ``Access.check``."""
    access: Access = request.app.state.access
    if access.mode is Mode.OPEN and not write:  # as ``check`` would find, at less cost
        return
    access.check(_verified_claims(request.scope), user_id, write=write)


def _reader(request: Request, usuario_id: UserId) -> int:
    allow(request, usuario_id)
    return usuario_id


def _writer(request: Request, usuario_id: UserId) -> int:
    allow(request, usuario_id, write=True)
    return usuario_id


Reader = Annotated[int, Depends(_reader)]
"""A route's parameter: the id in its path of a user whom the caller may read."""

Writer = Annotated[int, Depends(_writer)]
"""The same of a user for whom the caller may write."""


def _verified_claims(scope: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the claims of the token that API Gateway verified; None where it verified none.

    An HTTP API writes the event's ``requestContext`` by itself; no sender of another kind has an
    authorizer of this shape.
    """
    found: Any = scope.get("aws.event")
    for name in ("requestContext", "authorizer", "jwt", "claims"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    """Return the scopes of a token; API Gateway makes "[a b]" of a list."""
    texts = [str(claims.get(name, "")).strip("[]") for name in SCOPE_CLAIMS]
    return [scope for text in texts for scope in re.split(r"[\s,]+", text) if scope]
