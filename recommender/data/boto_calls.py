"""Calls of DynamoDB by boto3, which knows every kind of environment."""

from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from recommender.data.dynamo_store import make_client
from recommender.data.store import StoreError


class BotoCalls:
    """See ``Calls``. Binary attributes of an answer are bytes."""

    def __init__(self) -> None:
        """Make the client; nothing is sent yet.

        Raises:
            StoreError: AWS's settings are not enough for a client.
        """
        self._client = make_client()

    def close(self) -> None:
        """See ``Calls``."""
        self._client.close()

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """See ``Calls``."""
        try:
            answer: dict[str, Any] = getattr(self._client, xform_name(operation))(**parameters)
        except ClientError as error:
            raise StoreError(error.response["Error"]["Code"]) from error
        except BotoCoreError as error:
            raise StoreError(type(error).__name__) from error
        return answer
