"""Calls of DynamoDB by boto3, which knows every kind of environment."""

from collections.abc import Mapping
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from recommender.data.signed_calls import RefusedError
from recommender.data.store import StoreError

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
