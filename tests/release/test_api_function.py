"""What moto does not do: a version of the API function that Lambda has put to rest."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from botocore.stub import Stubber

from tests.release.world import outside
from training.release.api_function import ApiFunction

VERSION = {"FunctionName": "filmes", "Qualifier": "7"}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiFunction]:
    outside(monkeypatch)
    api = ApiFunction("filmes", "filmes-modelo")
    with closing(api.client):
        yield api


@pytest.mark.parametrize("code", ["SnapStartNotReadyException", "ResourceNotReadyException"])
def test_a_version_at_rest_is_woken_by_a_request_and_awaited(api: ApiFunction, code: str) -> None:
    with Stubber(api.client) as stub:
        stub.add_response("get_function_configuration", {"State": "Inactive"}, VERSION)
        stub.add_client_error("invoke", code)
        stub.add_response("get_function_configuration", {"State": "Active"}, VERSION)
        assert api.wake("7") == "7"
        stub.assert_no_pending_responses()


def test_an_active_version_is_not_asked(api: ApiFunction) -> None:
    with Stubber(api.client) as stub:
        stub.add_response("get_function_configuration", {"State": "Active"}, VERSION)
        assert api.wake("7") == "7"
