"""The hidden films of a DynamoDB table, read without boto3.

Importing boto3 takes half as long as importing the whole API. Where everybody may
read and nobody may write, one query is all that the table is asked.
"""

import hashlib
import hmac
import json
import logging
import re
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from recommender.data.dynamo_items import read_id
from recommender.data.origin import UNKNOWN, Origin
from recommender.data.store import HIDDEN_KEY, StoreError, in_thread

ATTEMPTS, TIMEOUT = 2, 1.0  # seconds for each step of an attempt: connecting, each read
READ_SECONDS = 3.0  # after which a read asks for no further page
TARGET = "DynamoDB_20120810.Query"
KIND = "application/x-amz-json-1.0"
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")  # as Lambda gives them
REGION = re.compile("(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-[a-z]+-[0-9]")
ENDPOINT = re.compile("https?://[^/:?#@]+(:[0-9]{1,5})?/?")
# Settings of which boto3 knows more than this module.
INTRICATE = (
    *("AWS_CA_BUNDLE", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT"),
    *("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy"),
)

_log = logging.getLogger(__name__)


def hidden_query(table: str) -> dict[str, Any]:
    """Return the parameters of the query for the hidden films of a table."""
    return {
        "TableName": table,
        "KeyConditionExpression": "usuario_id = :ocultos",
        "ExpressionAttributeValues": {":ocultos": {"N": str(HIDDEN_KEY)}},
        "ProjectionExpression": "filme_id, linhagem",
        "ConsistentRead": True,
    }


def films_in(page: Mapping[str, Any], origin: Origin) -> list[int]:
    """Return the ids of films of a lineage that an answer to the query holds."""
    found, passed = [], 0
    for item in page["Items"]:
        film_id = read_id(item, "filme_id")
        lineage = item.get("linhagem", {"S": None})
        if film_id is None or "S" not in lineage:
            passed += 1
        elif origin.shares(lineage["S"]):
            found.append(film_id)
    if passed:
        _log.warning("hidden films passed over: malformed: %d", passed)
    return found


def is_simple(environment: Mapping[str, str]) -> bool:
    """Return whether an environment is as simple as that of a Lambda function mostly is."""
    return (
        all(map(environment.get, CREDENTIALS))
        and REGION.fullmatch(_region(environment)) is not None
        and not any(map(environment.get, INTRICATE))
        and ENDPOINT.fullmatch(_endpoint(environment)) is not None
    )


class HiddenTable:
    """Reads the hidden films of a table, for an environment that ``is_simple``."""

    def __init__(
        self, table: str, environment: Mapping[str, str], origin: Origin = UNKNOWN
    ) -> None:
        """Note where to ask; nothing is sent yet, and the credentials are read at each call."""
        self._url = urlsplit(_endpoint(environment))
        self._table, self._region, self._environment = table, _region(environment), environment
        self._origin = origin

    def close(self) -> None:
        """See ``HiddenSource``."""

    @in_thread
    def hidden(self) -> frozenset[int]:
        """See ``HiddenSource``."""
        query, end = hidden_query(self._table), time.monotonic() + READ_SECONDS
        films: set[int] = set()
        while True:
            page = self._call(json.dumps(query).encode())
            films.update(films_in(page, self._origin))
            if "LastEvaluatedKey" not in page:
                return frozenset(films)
            if time.monotonic() > end:
                raise StoreError("the hidden films took too long")
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _call(self, body: bytes) -> dict[str, Any]:
        """Return what the table answers, after at most one failed attempt."""
        fault = ""
        for _ in range(ATTEMPTS):
            try:
                status, answer = self._send(body)
            except (OSError, HTTPException) as error:
                fault = type(error).__name__
                continue
            if status == 200:
                return answer
            fault = str(answer.get("__type", status)).rpartition("#")[2]
            if status < 500 and "Throttling" not in fault:
                break
        raise StoreError(fault)

    def _send(self, body: bytes) -> tuple[int, dict[str, Any]]:
        connection = self._connect()
        try:
            headers = sign(self._url.netloc, body, self._region, self._environment)
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            return response.status, _parsed(response.read())
        finally:
            connection.close()

    def _connect(self) -> HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "http":
            return HTTPConnection(host, port, timeout=TIMEOUT)
        return HTTPSConnection(host, port, timeout=TIMEOUT, context=self._trusted)

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def sign(host: str, body: bytes, region: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a query, signed with the credentials of an environment.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    key_id, secret = (environment[name] for name in CREDENTIALS)
    now = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    headers = {"content-type": KIND, "host": host, "x-amz-date": now}
    if token := environment.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = token
    headers["x-amz-target"] = TARGET
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    names, scope = ";".join(headers), f"{now[:8]}/{region}/dynamodb/aws4_request"
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"Credential={key_id}/{scope}"
    signed = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": signed}


def _parsed(content: bytes) -> dict[str, Any]:
    """Return a JSON object, an empty one for anything else."""
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _endpoint(environment: Mapping[str, str]) -> str:
    region = _region(environment)
    suffix = "amazonaws.com" + (".cn" if region.startswith("cn-") else "")
    named = (environment.get(f"AWS_ENDPOINT_URL{kind}") for kind in ("_DYNAMODB", ""))
    return next(filter(None, named), f"https://dynamodb.{region}.{suffix}")


def _region(environment: Mapping[str, str]) -> str:
    return environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or ""
