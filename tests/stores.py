"""Stores to test with: a SQLite file, and a table of moto's server over real HTTP."""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from recommender.data import signed_calls
from recommender.data.boto_calls import CONFIG, BotoCalls
from recommender.data.dynamo_store import DynamoStore
from recommender.data.origin import UNKNOWN, Origin
from recommender.data.signed_calls import SignedCalls
from recommender.data.sqlite_store import SqliteStore
from recommender.data.store import Store
from recommender.model.artifact import PROFILES
from tests.emulator.ports import free_port
from training.profiles.parts import read_part

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}
PATIENT = CONFIG.merge(Config(connect_timeout=60, read_timeout=60))  # the machine may be busy
KEYS = ("usuario_id", "filme_id")


@contextmanager
def moto_server(delays: Sequence[float] = ()) -> Iterator[str]:
    """The URL of moto's server, which holds back its first answers for so many seconds.

    It takes one request at a time: DynamoDB updates an item as a whole or not at all, where moto
    reads, then writes. The machine may be busy, so calls without boto3 are patient meanwhile.
    """
    pauses = iter(delays)
    moto = DomainDispatcherApplication(create_backend_app)
    lock = threading.Lock()

    def one_at_a_time(environment: Any, start_response: Any) -> Iterable[bytes]:
        with lock:
            answer = list(moto(environment, start_response))
        time.sleep(next(pauses, 0))
        return answer

    server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(signed_calls, "TIMEOUT", 60.0)
            patch.setattr(signed_calls, "READ_SECONDS", 60.0)
            yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run_machine(
    machine: type[RuleBasedStateMachine], make: Callable[[], Any], *, examples: int, steps: int
) -> None:
    """Run a state machine whose ``make`` makes what it works on."""
    made = type(machine.__name__, (machine,), {"make": staticmethod(make)})
    limits = settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    run_state_machine_as_test(made, settings=limits)


def make_stores(request: pytest.FixtureRequest, folder: Path) -> Callable[[], Store]:
    """Return what makes an empty store of the kind that a fixture's parameter names.

    That is ``sqlite``, with files in the folder, ``signed`` or ``boto``, with tables of moto.
    """
    numbers = itertools.count()
    if request.param == "sqlite":
        return lambda: SqliteStore(folder / f"{next(numbers)}.sqlite3")
    url, open_table = request.getfixturevalue("aws"), TABLES[request.param]

    def make_table() -> Store:
        name = f"{folder.name}-{next(numbers)}"
        create_table(url, name)
        return open_table(url, name)

    return make_table


def create_table(url: str, name: str) -> None:
    """Make a table as the template does."""
    with closing(dynamodb(url)) as client:
        create_by(client, name)


def create_by(client: Any, name: str) -> None:
    """Make such a table by a client of DynamoDB."""
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "N"} for key in KEYS],
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(KEYS, ("HASH", "RANGE"), strict=True)
        ],
    )


def create_profile_table(url: str, name: str, folder: Path) -> None:
    """Make the profile table of an artifact folder, as DynamoDB's import makes it of the parts."""
    with closing(dynamodb(url)) as client:
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": KEYS[0], "AttributeType": "N"}],
            KeySchema=[{"AttributeName": KEYS[0], "KeyType": "HASH"}],
        )
        for part in sorted((folder / PROFILES).iterdir()):
            for user_id, packed in read_part(part):
                put_profile(client, name, user_id, packed)


def put_profile(client: Any, table: str, user_id: int, packed: bytes) -> None:
    """Put a user's packed ratings into a profile table."""
    item = {"usuario_id": {"N": str(user_id)}, "avaliacoes": {"B": packed}}
    client.put_item(TableName=table, Item=item)


def delete_table(url: str, name: str) -> None:
    """Delete a table with all that is in it."""
    with closing(dynamodb(url)) as client:
        client.delete_table(TableName=name)


def dynamodb(url: str) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def dynamo_store(
    url: str, table: str, config: Config = PATIENT, origin: Origin = UNKNOWN
) -> DynamoStore:
    """A store that calls by boto3, with moto for AWS; as the function makes it with ``CONFIG``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recommender.data.boto_calls.CONFIG", config)
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL_DYNAMODB": url}.items():
            patch.setenv(name, value)
        return DynamoStore(BotoCalls(), table, origin)


def client_of(store: DynamoStore) -> Any:
    """Return the client of a store that calls by boto3."""
    assert isinstance(store._calls, BotoCalls)
    return store._calls._client


def signed_store(url: str, table: str, origin: Origin = UNKNOWN) -> DynamoStore:
    """A store as functions have it mostly, with moto for AWS."""
    return DynamoStore(signed(url), table, origin)


TABLES: dict[str, Callable[[str, str], Store]] = {"signed": signed_store, "boto": dynamo_store}


def signed(url: str) -> SignedCalls:
    """Calls as functions mostly make them, to a server in AWS's place."""
    return SignedCalls(CREDENTIALS | {"AWS_ENDPOINT_URL": url})


def nobody() -> str:
    """A URL on which nothing listens."""
    return f"http://127.0.0.1:{free_port()}"
