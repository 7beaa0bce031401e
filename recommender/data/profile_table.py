"""The ratings that came with the model, in a DynamoDB table beside it."""

from base64 import b64decode

from recommender.data.catalog import Rated
from recommender.data.packing import unpack
from recommender.data.signed_calls import Calls
from recommender.data.store import StoreError, in_thread


class ProfileTable:
    """See ``Profiles``. A table has an item a user, and items never change."""

    def __init__(self, calls: Calls, table: str) -> None:
        self._calls, self._table = calls, table

    @in_thread
    def ratings(self, user_id: int) -> list[Rated] | None:
        """See ``Profiles``."""
        key = {"usuario_id": {"N": str(user_id)}}
        answer = self._calls.call("GetItem", {"TableName": self._table, "Key": key})
        if "Item" not in answer:
            return None
        try:
            packed = answer["Item"]["avaliacoes"]["B"]
            return unpack(packed if isinstance(packed, bytes) else b64decode(packed))
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"an item of {self._table} is malformed: {error}") from None

    def close(self) -> None:
        """See ``Profiles``."""
        self._calls.close()
