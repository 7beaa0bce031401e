"""What a version has to answer before it gets live."""

from typing import Any

import pytest

from training.release.api_function import ReleaseError
from training.release.proof import Proof


class Answering:
    """An API function that gives each user the status by its id."""

    name = "filmes"

    def __init__(self, statuses: dict[int, int]) -> None:
        self.lists = {f"/usuarios/{user}/recomendacoes": told for user, told in statuses.items()}

    def ask(self, _: str, path: str, __: str = "") -> tuple[int, dict[str, str], Any]:
        return self.lists.get(path, 200), {"x-versao": "m"}, [1]


class Failing(Answering):
    """One that fails so many times first."""

    def __init__(self, times: int) -> None:
        super().__init__({})
        self.times = times

    def ask(self, version: str, path: str, scope: str = "") -> tuple[int, dict[str, str], Any]:
        self.times -= 1
        if self.times >= 0:
            raise ReleaseError(f"version {version} fails on GET {path}: Runtime.ExitError")
        return super().ask(version, path, scope)


@pytest.mark.parametrize(("times", "model"), [(0, "m"), (1, "m"), (2, "")])
def test_a_version_that_fails_serves_no_model(times: int, model: str) -> None:
    """But it has two attempts to start."""
    api: Any = Failing(times)
    assert Proof(api, "scope").find_model("7") == model


def test_a_version_that_fails_once_is_not_proved() -> None:
    api: Any = Failing(1)
    with pytest.raises(ReleaseError, match=r"version 7 fails on GET /saude: Runtime"):
        Proof(api, "scope").check("7", "m", [])


@pytest.mark.parametrize(
    ("statuses", "is_proved"),
    [
        ({}, True),
        ({1: 200, 2: 200}, True),
        ({1: 404, 2: 200, 3: 404}, True),  # users who were erased since
        ({1: 404, 2: 404}, False),  # so many at once are rather a lost table
        ({1: 404}, False),
        ({1: 404, 2: 500, 3: 200}, False),
        ({1: 403, 2: 200}, False),
    ],
)
def test_a_model_is_proved_by_one_user_at_least(statuses: dict[int, int], is_proved: bool) -> None:
    api: Any = Answering(statuses)
    proof = Proof(api, "scope")
    if is_proved:
        proof.check("7", "m", iter(statuses))
        return
    with pytest.raises(ReleaseError, match=r"7 answers \d+ to GET /usuarios/\{id\}/recomendacoes"):
        proof.check("7", "m", iter(statuses))
