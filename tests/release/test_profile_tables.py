"""Profile tables: imported before a model gets live, found again by rollbacks, deleted with it."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.aws.server import Here
from tests.release.world import BROKEN, BUNDLED, World, deploy_code
from training.release.api_function import ReleaseError
from training.release.cleanup import OFFERED, clean_up
from training.release.errors import WaitingError
from training.release.history import LIVE, ROLLED_BACK
from training.release.keys import import_key
from training.release.profile_tables import ProfileTables
from training.release.rollback import stop_model
from training.release.versions import find_layer


@pytest.fixture
def tables(world: World) -> ProfileTables:
    found = world.releases().tables
    assert found
    return found


@pytest.fixture
def slow(here: Here, world: World, tables: ProfileTables) -> World:
    """A world whose imports run until a test ends them, and whose releases do not wait so long."""
    here.server.imports.held.add(world.tables)
    tables.patience = 0.0
    return world


def publish(world: World, *models: str) -> None:
    for model in models:
        after = world.releases().number()
        world.put_model(model, after, profiles=2)
        assert world.releases().publish(model, after, f"input-of-{model}")["outcome"] == LIVE


def deploy(here: Here, world: World) -> str:
    """A version of the stack's, with other code and the layer of now; the digest of its code."""
    deploy_code(here.client, world, "# new code")
    functions = here.client("lambda")
    version = functions.publish_version(FunctionName=world.function)["Version"]
    functions.update_alias(FunctionName=world.function, Name="live", FunctionVersion=version)
    return world.releases().api.live().code


def test_a_model_gets_live_when_its_table_is_there(world: World, tables: ProfileTables) -> None:
    publish(world, "a")
    assert (world.served(), world.users("a")) == ("a", 2)
    table = tables.client.describe_table(TableName=world.table("a"))["Table"]
    assert table["KeySchema"] == [{"AttributeName": "usuario_id", "KeyType": "HASH"}]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    known = tables.bucket.read(import_key("a"))
    assert known["import"].startswith(f"{table['TableArn']}/import/")
    assert known["items"] == 2


def test_a_model_without_profiles_needs_no_table(world: World, tables: ProfileTables) -> None:
    world.put_model("a")
    assert world.releases().publish("a", 0)["outcome"] == LIVE
    assert list(tables.models()) == []


def test_a_release_waits_for_an_import_and_is_carried_on(here: Here, slow: World) -> None:
    releases = slow.releases()
    training = slow.put_model("a", profiles=2)
    waiting = f"release 1 waits for the import of table {slow.table('a')}"
    assert releases.publish("a", 0, training) == {"outcome": "waiting", "reason": waiting}
    with pytest.raises(WaitingError, match=waiting):
        releases.resume()
    assert len(list(releases.api.versions())) == 1  # no version was made
    assert clean_up(releases, 2) == []
    here.server.imports.finish(slow.table("a"))
    end = releases.resume()
    assert end
    assert (end["outcome"], slow.served()) == (LIVE, "a")
    assert slow.state(training) == "published"


def test_code_that_is_deployed_while_a_table_is_imported_serves_the_model(
    here: Here, slow: World
) -> None:
    releases = slow.releases()
    slow.put_model("a", profiles=2)
    releases.publish("a", 0)
    code = deploy(here, slow)
    here.server.imports.finish(slow.table("a"))
    releases.resume()
    assert (slow.served(), releases.api.live().code) == ("a", code)


@pytest.mark.parametrize(("users", "failure"), [(2, "ItemValidationError"), (3, "")])
def test_a_table_that_is_not_whole_is_deleted_and_may_be_tried_again(
    users: int, failure: str, here: Here, slow: World
) -> None:
    releases = slow.releases()
    slow.put_model("a", profiles=users)
    releases.publish("a", 0)
    here.server.imports.finish(slow.table("a"), failure)
    told = failure or "2 users instead of 3"
    with pytest.raises(ReleaseError, match=f"the import of table .*perfis-a failed: .*{told}"):
        releases.resume()
    assert (slow.served(), slow.users("a")) == (BUNDLED, None)
    slow.put_model("a", 1, profiles=2)
    assert releases.publish("a", 1)["outcome"] == "waiting"
    here.server.imports.finish(slow.table("a"))
    releases.resume()
    assert (slow.served(), slow.users("a")) == ("a", 2)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """What makes models that were never live old enough to go."""
    now = time.time

    def wait() -> None:
        monkeypatch.setattr("training.release.cleanup.time.time", lambda: now() + OFFERED + 60)

    return wait


def test_a_rollback_ends_a_release_that_waits(
    here: Here, slow: World, later: Callable[[], None]
) -> None:
    releases = slow.releases()
    training = slow.put_model("a", profiles=2)
    releases.publish("a", 0, training)
    assert releases.roll_back()["outcome"] == ROLLED_BACK
    assert (slow.served(), slow.state(training)) == (BUNDLED, "dismissed")
    later()
    assert clean_up(releases, 2) == []  # nothing can stop the import
    here.server.imports.finish(slow.table("a"))
    assert clean_up(releases, 2) == ["a"]
    assert slow.users("a") is None
    assert not list(releases.bucket.keys("modelos/a/"))


def test_a_rollback_while_a_table_is_imported_is_final(
    here: Here, slow: World, tables: ProfileTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release that waits in another process finds that it has ended."""
    slow.put_model("a", profiles=2)
    releases = slow.releases()

    def roll_back(_: float) -> None:
        monkeypatch.undo()
        assert releases.roll_back()["outcome"] == ROLLED_BACK
        here.server.imports.finish(slow.table("a"))

    clock = SimpleNamespace(monotonic=time.monotonic, sleep=roll_back)
    monkeypatch.setattr("training.release.profile_tables.time", clock)
    tables.patience = 60.0
    assert releases.publish("a", 0)["outcome"] == ROLLED_BACK
    assert slow.served() == BUNDLED


def test_a_rollback_at_the_end_of_an_import_comes_first_or_too_late(
    here: Here, slow: World, tables: ProfileTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the import and the first step towards the alias."""
    for model, after in (("a", 0), ("b", 1)):
        slow.put_model(model, after, profiles=2)
    releases, prepare = slow.releases(), tables.prepare

    def prepare_while_somebody_rolls_back(model: str) -> str:
        monkeypatch.undo()
        table = prepare(model)
        assert releases.roll_back()["outcome"] == ROLLED_BACK
        here.server.imports.finish(slow.table(model))
        assert table
        return ""

    monkeypatch.setattr(tables, "prepare", prepare_while_somebody_rolls_back)
    assert releases.publish("a", 0)["outcome"] == ROLLED_BACK
    assert slow.served() == BUNDLED

    def find_layer_while_somebody_rolls_back(*found: Any) -> str:
        monkeypatch.undo()
        record = releases.ledger.read(2)
        assert record
        assert not stop_model(releases.bucket, record)
        return find_layer(*found)

    releases.publish("b", 1)
    here.server.imports.finish(slow.table("b"))
    monkeypatch.setattr(
        "training.release.releases.find_layer", find_layer_while_somebody_rolls_back
    )
    assert (releases.resume() or {})["outcome"] == LIVE
    assert slow.served() == "b"


def test_code_that_is_taken_back_during_an_import_has_the_model_offered_again(
    here: Here, slow: World
) -> None:
    training = slow.put_model("a", profiles=2)
    slow.releases().publish("a", 0, training)
    deploy_code(here.client, slow, "# code that an alarm took back")
    here.server.imports.finish(slow.table("a"))
    with pytest.raises(ReleaseError, match=r"does not have \(CodeSha256\)"):
        slow.releases().resume()
    assert (slow.served(), slow.state(training)) == (BUNDLED, "waiting")


def test_rolling_back_finds_the_older_table(world: World, tables: ProfileTables) -> None:
    publish(world, "a", "b")
    before = tables.bucket.read(import_key("a"))
    world.releases().roll_back()
    assert (world.served(), world.users("a"), world.users("b")) == ("a", 2, 2)
    assert tables.bucket.read(import_key("a")) == before  # it was not imported again
    world.releases().roll_back()
    assert world.served() == BUNDLED


def test_a_table_that_somebody_deleted_is_imported_again(
    world: World, tables: ProfileTables
) -> None:
    publish(world, "a", "b")
    tables.client.delete_table(TableName=world.table("a"))
    world.releases().roll_back()
    assert (world.served(), world.users("a")) == ("a", 2)


def test_tables_go_with_their_models_and_none_in_use_does(
    here: Here, world: World, later: Callable[[], None]
) -> None:
    publish(world, "a")
    deploy(here, world)
    publish(world, *"bcd")
    broken = f"{BROKEN}-e"
    world.put_model(broken, 4, profiles=2)
    with pytest.raises(ReleaseError, match="could not load its model"):
        world.releases().publish(broken, 4)
    assert clean_up(world.releases(), 2) == ["b"]
    assert world.users(broken) == 2  # it may be published again, by other code
    later()
    assert clean_up(world.releases(), 2) == [broken]
    held = {model: world.users(model) for model in ("a", "b", "c", "d", broken)}
    assert held == {"a": 2, "b": None, "c": 2, "d": 2, broken: None}
    assert world.served() == "d"


def test_an_import_that_was_lost_sight_of_is_found(
    here: Here, world: World, tables: ProfileTables
) -> None:
    """A release was killed when it had begun an import, which has ended since."""
    world.put_model("a", profiles=2)
    tables.patience = 0.0
    world.releases().publish("a", 0)
    known = dict(tables.bucket.read(import_key("a")))
    here.server.imports.finish(world.table("a"))
    arn = known.pop("import")
    tables.bucket.write(import_key("a"), known)
    tables.patience = 10.0
    world.releases().resume()
    assert tables.bucket.read(import_key("a"))["import"] == arn
    assert world.served() == "a"


def test_a_table_of_unknown_origin_is_not_touched(world: World, tables: ProfileTables) -> None:
    created: dict[str, Any] = {
        "TableName": world.table("a"),
        "AttributeDefinitions": [{"AttributeName": "usuario_id", "AttributeType": "N"}],
        "KeySchema": [{"AttributeName": "usuario_id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    tables.client.create_table(**created)
    world.put_model("a", profiles=2)
    with pytest.raises(ReleaseError, match="is there, but no import of the last 90 days made it"):
        world.releases().publish("a", 0)
    assert world.users("a") == 0
