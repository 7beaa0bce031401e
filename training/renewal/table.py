"""The table of written ratings, read whole."""

import logging
import time
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from recommender.data.dynamo_items import Raw, read_id, read_item
from recommender.data.store import MARK
from training.data.progress import progress
from training.data.tables import DataError

PAGE = 10_000  # items of a page at most; DynamoDB ends a page after 1 MB
PAGES_LOGGED = 100  # read between two lines of the log
ATTRIBUTES = "usuario_id, filme_id, avaliacao, versao, momento, linhagem, escala, titulo"
ONLY_MARKS = {
    "FilterExpression": "filme_id = :marca",
    "ExpressionAttributeValues": {":marca": {"N": str(MARK)}},
}
# A page without an answer, or refused for too many requests, is asked for again.
CONFIG = Config(
    connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 6}
)

_log = logging.getLogger(__name__)


class ReadTimeoutError(DataError):
    """The table was not read in the time that was given."""


def scan(table: str, end: float, **conditions: Any) -> Iterator[Raw]:
    """Yield a table's items that meet conditions; only one page of them is in memory.

    Raises:
        ReadTimeoutError: it was not read by ``end``, a moment of the monotonic clock.
        DataError: it cannot be read.
    """
    client: Any = boto3.client("dynamodb", config=CONFIG)
    read = 0
    try:
        pages = client.get_paginator("scan").paginate(
            TableName=table,
            ProjectionExpression=ATTRIBUTES,
            ConsistentRead=True,
            PaginationConfig={"PageSize": PAGE},
            **conditions,
        )
        with progress(f"reading {table}", " items") as bar:
            for number, page in enumerate(pages, 1):
                yield from page["Items"]
                read += len(page["Items"])
                bar.update(len(page["Items"]))
                if number % PAGES_LOGGED == 0:
                    _log.info("reading %s: %d pages, %d items", table, number, read)
                if "LastEvaluatedKey" in page and time.monotonic() > end:
                    told = f"table {table} was not read in time: {read} items in {number} pages"
                    raise ReadTimeoutError(f"{told}; give the training more time")
    except ClientError as error:
        raise DataError(
            f"table {table} cannot be read: {error.response['Error']['Code']}"
        ) from error
    except BotoCoreError as error:
        raise DataError(f"table {table} cannot be read: {type(error).__name__}") from error
    finally:
        client.close()


def read_erased(table: str, end: float) -> set[int]:
    """Read the ids of users who were erased, from their marks; see ``scan``.

    Args:
        table: its name; empty: there is none, and nobody was erased.
        end: moment of the monotonic clock by which all must be read.
    """
    marks = scan(table, end, **ONLY_MARKS) if table else ()
    ids = (read_id(raw, "usuario_id") for raw in marks if read_item(raw).entry)
    return {user_id for user_id in ids if user_id is not None}
