"""What a version of the API function answers, before and after it gets live."""

from collections.abc import Iterable
from contextlib import suppress

from training.release.api_function import ApiFunction, ReleaseError, route

ATTEMPTS = 2  # to start, because the first may only have taken too long


class Proof:
    """Asks versions of the API function, as their users would.

    Args:
        api: the function.
        scope: gives access to all users.
    """

    def __init__(self, api: ApiFunction, scope: str) -> None:
        self.api, self.scope = api, scope

    def find_model(self, version: str) -> str:
        """Return the model that a version serves, "" if it could not load one, or cannot start."""
        for _ in range(ATTEMPTS):
            with suppress(ReleaseError):
                return self._ask_model(version)
        return ""

    def check(self, version: str, model: str, users: Iterable[int]) -> None:
        """Have a version load a model, and answer for some users.

        It may not know users who were erased, so it is enough that it knows one of them.

        Raises:
            ReleaseError: it does not.
        """
        served = self._ask_model(version)
        if not served:
            raise ReleaseError(f"version {version} of {self.api.name} could not load its model")
        if served != model:
            raise ReleaseError(f"version {version} serves model {served}, expected {model}")
        lists = [f"/usuarios/{user}/recomendacoes" for user in users]
        unknown = 0
        for path in ["/modelo", "/filmes/populares", *lists]:
            status, _, found = self.api.ask(version, path, self.scope)
            is_unknown = path in lists and status == 404
            unknown += is_unknown
            is_right = unknown < len(lists) if is_unknown else status == 200 and found
            if not is_right:
                raise ReleaseError(f"version {version} answers {status} to GET {route(path)}")

    def _ask_model(self, version: str) -> str:
        status, headers, _ = self.api.ask(version, "/saude")
        return headers["x-versao"] if status == 200 else ""
