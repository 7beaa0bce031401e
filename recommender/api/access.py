"""Who may do what. Every route that names a user, or that hides a film, asks here.

The caller is who API Gateway's JWT authorizer says: its verified claims come in the event. Nothing
that a client can send, such as a header, is looked at.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends, Request

from recommender.api.requests import Id
from recommender.http.problems import ProblemError
from recommender.settings import Access, Mode

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")  # as in JSON

REFUSALS = {401: "Falta um token válido.", 403: "O token não dá acesso a este usuário."}
"""What routes that name a user may answer in addition."""

SERVICE_REFUSALS = {401: "Falta um token válido.", 403: "O token não é de um serviço."}
"""What routes for services may answer in addition."""


def check(
    access: Access,
    claims: Mapping[str, Any] | None,
    user_id: int | None,
    *,
    write: bool,
    is_demonstration: bool = False,
) -> None:
    """Pass if a caller with these verified claims may read or write a user's data.

    None for the user stands for everybody's, which is for services only. Whether the user exists
    plays no part, so an answer never reveals it. Where nobody has a token, everybody may read data
    for demonstration, and of other data nobody may read what users did.

    Raises:
        ProblemError: 401 without claims, 403 if the claims are not enough.
    """
    if access.mode is Mode.LOCAL:
        return
    is_service = claims is not None and access.service_scope in _scopes(claims)
    if access.mode is Mode.OPEN:
        if write:
            kept = "avaliações" if user_id is not None else "filmes ocultos"
            raise ProblemError(403, f"Esta instalação é só de leitura: não guarda {kept}.")
        if not is_demonstration and not is_service:
            raise ProblemError(403, "Esta instalação não mostra dados de usuários.")
        return
    if claims is None:
        detail = "Falta um token de acesso válido (Authorization: Bearer …)."
        raise ProblemError(401, detail, headers={"WWW-Authenticate": "Bearer"})
    own = user_id is not None and _number(claims.get(access.user_claim)) == user_id
    if not own and not is_service:
        challenge = f'Bearer error="insufficient_scope", scope="{access.service_scope}"'
        what = "ao que é dos serviços" if user_id is None else f"ao usuário {user_id}"
        detail = f"Este token não dá acesso {what}."
        raise ProblemError(403, detail, headers={"WWW-Authenticate": challenge})


def check_list(access: Access, claims: Mapping[str, Any] | None, *, is_demonstration: bool) -> None:
    """Pass if a caller with these verified claims may read who the users are.

    Of data for demonstration everybody may, with a token where one is asked for; of other data
    only a service, and whoever serves on their own machine.

    Raises:
        ProblemError: 403 or, without the claims that are asked for, 401.
    """
    if access.mode is not Mode.JWT or claims is None or not is_demonstration:
        check(access, claims, None, write=False, is_demonstration=is_demonstration)


def allow(request: Request, user_id: int | None, *, write: bool = False) -> None:
    """Pass if the caller may read (or write) a user's data, else raise as ``check`` does."""
    access, claims = request.app.state.access, _verified_claims(request.scope)
    shown = _is_demonstration(request)
    check(access, claims, user_id, write=write, is_demonstration=shown)


def _is_demonstration(request: Request) -> bool:
    """Return whether anybody may see what users did; without a model there is nothing to see."""
    serving = request.app.state.serving
    return serving is None or bool(serving.artifact.manifest["data"]["demonstracao"])


async def _reader(request: Request, usuario_id: Id) -> int:
    allow(request, usuario_id)
    return usuario_id


async def _writer(request: Request, usuario_id: Id) -> int:
    allow(request, usuario_id, write=True)
    return usuario_id


async def _service(request: Request) -> None:
    allow(request, None, write=True)


async def _lister(request: Request) -> None:
    access, claims = request.app.state.access, _verified_claims(request.scope)
    check_list(access, claims, is_demonstration=_is_demonstration(request))


Reader = Annotated[int, Depends(_reader)]
"""The id in the path of a user whose data the caller may read."""

Writer = Annotated[int, Depends(_writer)]
"""The id in the path of a user for whom the caller may write."""

FOR_SERVICES = Depends(_service)
"""What a route depends on that only a service may call."""

FOR_LISTS_OF_USERS = Depends(_lister)
"""What a route depends on that says who the users are."""


def _number(claim: object) -> Decimal | None:
    """Return the number that a claim is, by value: API Gateway may write 12000000 as 1.2E7."""
    text = str(claim)
    return Decimal(text) if NUMBER.fullmatch(text) else None


def _verified_claims(scope: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the claims of the token that API Gateway verified, or None if there was none.

    Only an HTTP API writes an authorizer of this shape into the event's ``requestContext``.
    """
    found: Any = scope.get("aws.event")
    for name in ("requestContext", "authorizer", "jwt", "claims"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    """Return the scopes of a token, whose name varies. API Gateway writes a list as "[a b]"."""
    texts = [str(claims.get(name, "")).strip("[]") for name in ("scope", "scp")]
    return [scope for text in texts for scope in re.split(r"[\s,]+", text) if scope]
