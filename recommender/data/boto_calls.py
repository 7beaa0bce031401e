"""Calls of DynamoDB by boto3, which knows every kind of environment."""

from collections.abc import Mapping
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from recommender.data.signed_calls import CHECKSUM, RefusedError, is_answer, parsed
from recommender.data.store import StoreError, check_time

READ_TIMEOUT = 1.0  # seconds
CONFIG = Config(
    connect_timeout=0.5,
    read_timeout=READ_TIMEOUT,
    retries={"mode": "standard", "total_max_attempts": 2},
    tcp_keepalive=True,
)


class BotoCalls:
    """See ``Calls``. Binary attributes of an answer are bytes."""

    def __init__(self) -> None:
        """Make the client; nothing is sent yet.

        Raises:
            StoreError: AWS's settings are not enough for a client.
        """
        try:
            self._client: Any = boto3.Session().client("dynamodb", config=CONFIG)
        except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no URL
            raise StoreError(str(error)) from error
        self._client.meta.events.register("before-send.dynamodb", _check_time)
        self._client.meta.events.register("response-received.dynamodb", _check)

    def close(self) -> None:
        """See ``Calls``."""
        self._client.close()

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """See ``Calls``."""
        try:
            answer: dict[str, Any] = getattr(self._client, xform_name(operation))(**parameters)
        except ClientError as error:
            raise RefusedError(error.response["Error"]["Code"], error.response) from error
        except Exception as error:  # a malformed answer makes botocore's parsers raise anything
            raise StoreError(type(error).__name__) from error
        return answer


def _check_time(**_: object) -> None:
    check_time()


def _check(response_dict: Mapping[str, Any] | None, **_: object) -> None:
    """Refuse what is no answer of DynamoDB: botocore takes any text for an empty one."""
    if response_dict and response_dict["status_code"] == 200:
        checksum = response_dict["headers"].get(CHECKSUM)
        found = parsed(response_dict["body"], checksum)
        if found is None or not is_answer(found):
            raise ValueError("a malformed answer")
