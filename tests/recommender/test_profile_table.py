"""A profile table answers as packaged ratings do, and its failures end in 503."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app, make_app, open_profiles
from recommender.data import packing
from recommender.data.boto_calls import BotoCalls
from recommender.data.catalog import Rated
from recommender.data.profile_table import ProfileTable
from recommender.data.signed_calls import SignedCalls
from recommender.data.store import Entry, StoreError
from recommender.model.artifact import CATALOG_FILE, MANIFEST_FILE, content_version, file_digest
from recommender.settings import SettingError, read_settings
from tests.expectations import FILMS, RATINGS
from tests.recommender.conftest import LOCAL
from tests.recommender.test_api import check_problem, follow
from tests.recommender.test_handler import run_cold
from tests.recommender.test_ratings import Unreachable
from tests.stores import (
    CREDENTIALS,
    create_profile_table,
    create_table,
    dynamodb,
    nobody,
    put_profile,
    signed,
    signed_store,
)
from training.profiles.export import export

TABLE = "perfis-de-exemplo"
USER, OTHER = 1, 2
ERASED = max(user for user, rated in RATINGS.items() if rated)
SILENT = next(user for user, rated in RATINGS.items() if not rated)
UNKNOWN = 10**12
RATED, UNRATED = min(RATINGS[USER]), next(film for film in FILMS if film not in RATINGS[USER])
GIVEN = {"avaliacoes": [{"filme_id": UNRATED, "avaliacao": 5}]}
READS: list[tuple[str, str, Any]] = [
    *(
        ("GET", path.format(user=user), None)
        for user in (USER, OTHER, SILENT, UNKNOWN)
        for path in (
            "/filmes/{user}/recomendacoes",
            "/usuarios/{user}/recomendacoes?limite=30&recencia=0.7&diversidade=0.3",
            "/usuarios/{user}/recomendacoes?estrategia=grupo&incluir_avaliados=true",
            "/usuarios/{user}/recomendacoes?estrategia=populares&genero=drama",
            "/usuarios/{user}/inicio",
            "/usuarios/{user}/avaliacoes?limite=7",
            f"/usuarios/{{user}}/avaliacoes/{RATED}",
            f"/usuarios/{{user}}/avaliacoes/{UNRATED}",
        )
    ),
    *(("POST", f"/usuarios/{user}/recomendacoes", GIVEN) for user in (USER, SILENT, UNKNOWN)),
    ("POST", "/recomendacoes", GIVEN | {"usuario_id": USER}),
    ("GET", "/usuarios?limite=1000", None),
]
OF_THE_VERSION = {"x-versao", "link", "server-timing"}  # what may differ between two artifacts


@pytest.fixture(scope="module")
def table(aws: str, profiled_dir: Path) -> str:
    """The URL of moto's server, which has the profile table."""
    create_profile_table(aws, TABLE, profiled_dir)
    return aws


def profiles(url: str, name: str = TABLE) -> ProfileTable:
    return ProfileTable(signed(url), name)


@pytest.fixture(scope="module")
def apis(table: str, artifact_dir: Path, profiled_dir: Path) -> Iterator[list[TestClient]]:
    """The API with packaged ratings, and with those in the table; each with a store of its own."""
    with ExitStack() as opened:
        found = []
        for folder, name in ((artifact_dir, "empacotadas"), (profiled_dir, "em-tabela")):
            create_table(table, name)
            given = profiles(table) if folder == profiled_dir else None
            app = create_app(folder, LOCAL, signed_store(table, name), profiles=given)
            found.append(opened.enter_context(TestClient(app)))
        yield found


def told(api: TestClient, method: str, path: str, body: Any = None, **headers: str) -> Any:
    answer = api.request(method, path, json=body, headers=headers)
    kept = {name: text for name, text in answer.headers.items() if name not in OF_THE_VERSION}
    content = answer.json() if answer.content else None
    # A written rating bears the moment of the write.
    for one in content if isinstance(content, list) else [content]:
        if isinstance(one, dict) and one.get("momento"):
            one["momento"] = "of the write"
            kept.pop("etag", None)
    if "momento" in answer.text:
        kept.pop("etag", None)
    return answer.status_code, kept, content


def test_every_route_of_users_answers_as_with_packaged_ratings(apis: list[TestClient]) -> None:
    statuses = set()
    for read in READS:
        packaged, in_table = (told(api, *read) for api in apis)
        assert in_table == packaged, read
        statuses.add(packaged[0])
    assert statuses == {200, 404}


def test_pages_of_ratings_lead_to_the_same(apis: list[TestClient]) -> None:
    for user in (USER, OTHER):
        pages: list[Any] = [[], []]
        for found, api in zip(pages, apis, strict=True):
            path = f"/usuarios/{user}/avaliacoes?limite=7"
            while path:
                answer = api.get(path)
                found += answer.json()
                path = answer.links["next"]["url"] if "next" in answer.links else ""
        assert pages[0] == pages[1]
        assert len(pages[0]) == len(RATINGS[user])


def test_what_is_written_lies_over_the_table(apis: list[TestClient]) -> None:
    path = f"/usuarios/{USER}/avaliacoes"
    tags = [api.get(f"{path}/{RATED}").headers["etag"] for api in apis]
    assert tags[0] == tags[1]
    given = RATINGS[USER][RATED]
    changed = 5 - given if given != 2.5 else 5
    writes: list[tuple[tuple[Any, ...], dict[str, str]]] = [
        (("PUT", f"{path}/{RATED}", {"avaliacao": changed}), {"If-Match": '"another"'}),
        (("PUT", f"{path}/{RATED}", {"avaliacao": changed}), {"If-Match": tags[0]}),
        (("PUT", f"{path}/{UNRATED}", {"avaliacao": 5}), {"If-None-Match": "*"}),
        (("PUT", f"{path}/{UNRATED}", {"avaliacao": 5}), {"If-None-Match": "*"}),
        (("DELETE", f"{path}/{max(RATINGS[USER])}"), {}),
        (("DELETE", f"{path}/{max(RATINGS[USER])}"), {}),
        (("PUT", f"/usuarios/{UNKNOWN}/avaliacoes/{RATED}", {"avaliacao": 4}), {}),
        (("PUT", f"/usuarios/{SILENT}/avaliacoes", GIVEN), {}),
    ]
    statuses = []
    for write, conditions in writes:
        packaged, in_table = (told(api, *write, **conditions) for api in apis)
        assert in_table == packaged, write
        statuses.append(packaged[0])
    assert statuses == [412, 200, 201, 412, 204, 204, 201, 200]
    for read in READS:
        packaged, in_table = (told(api, *read) for api in apis)
        assert in_table == packaged, read


def test_an_erasure_lies_over_the_table(apis: list[TestClient]) -> None:
    path = f"/usuarios/{ERASED}/avaliacoes"
    for api in apis:
        assert api.get(path).json()
        assert api.delete(f"/usuarios/{ERASED}").status_code == 204
        check_problem(api.get(path), 404)
        check_problem(api.get(f"/usuarios/{ERASED}/recomendacoes"), 404)
        assert api.put(f"{path}/{UNRATED}", json={"avaliacao": 5}).status_code == 201
        assert [rating["filme_id"] for rating in api.get(path).json()] == [UNRATED]


def test_of_many_ratings_the_newest_count(
    aws: str, artifact_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the older ones had never been packaged."""
    with monkeypatch.context() as patch:
        patch.setattr(packing, "NEWEST", 20)
        export(artifact_dir, tmp_path / "out")
    create_profile_table(aws, "mais-novas", tmp_path / "out")
    few = shutil.copytree(artifact_dir, tmp_path / "few")
    with closing(sqlite3.connect(few / CATALOG_FILE)) as db, db:
        users = db.execute("SELECT DISTINCT usuario_id FROM avaliacoes").fetchall()
        for (user,) in users:
            db.execute(
                "DELETE FROM avaliacoes WHERE usuario_id = ? AND filme_id NOT IN (SELECT filme_id"
                " FROM avaliacoes WHERE usuario_id = ? ORDER BY momento DESC, filme_id DESC"
                " LIMIT 20)",
                (user, user),
            )
    manifest = json.loads((few / MANIFEST_FILE).read_text())
    manifest["files"][CATALOG_FILE] = file_digest(few / CATALOG_FILE)
    manifest["version"] = content_version(manifest)
    (few / MANIFEST_FILE).write_text(json.dumps(manifest))
    given = profiles(aws, "mais-novas")
    with (
        TestClient(create_app(few, LOCAL)) as packaged,
        TestClient(create_app(tmp_path / "out", LOCAL, profiles=given)) as in_table,
    ):
        assert packaged.get(f"/usuarios/{USER}/avaliacoes").headers["x-total-count"] == "20"
        for read in READS[:-1]:  # GET /usuarios tells totals of the training
            assert told(in_table, *read) == told(packaged, *read), read


def test_only_users_in_the_database_are_listed(
    artifact_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.profiles.export.LISTED", 3)
    export(artifact_dir, tmp_path / "out")
    app = create_app(tmp_path / "out", LOCAL, profiles=Meeting())
    with TestClient(app) as few, TestClient(create_app(artifact_dir, LOCAL)) as all_users:
        answers = follow(few, "/usuarios?limite=2")
        listed = [user for answer in answers for user in answer.json()]
        assert listed == all_users.get("/usuarios?limite=3").json()
    assert {answer.headers["x-total-count"] for answer in answers} == {"3"}


@pytest.mark.parametrize("fault", ["nowhere", "no table", "malformed", "other attribute"])
def test_a_table_that_fails_is_a_503(fault: str, table: str, profiled_dir: Path) -> None:
    given = profiles(table)
    if fault == "nowhere":
        given = profiles(nobody())
    elif fault == "no table":
        given = profiles(table, "nenhuma")
    else:
        name = f"perfis-{fault.replace(' ', '-')}"
        create_profile_table(table, name, profiled_dir)
        with closing(dynamodb(table)) as client:
            if fault == "malformed":
                put_profile(client, name, USER, b"\1text")
            else:
                key = {"usuario_id": {"N": str(USER)}}
                client.put_item(TableName=name, Item=key | {"avaliacoes": {"S": "text"}})
        given = profiles(table, name)
    app = create_app(profiled_dir, LOCAL, profiles=given)
    with TestClient(app, raise_server_exceptions=False) as api:
        for method, path, body in READS:
            if f"/{USER}/" in path and "populares" not in path:
                check_problem(api.request(method, path, json=body), 503)
        assert api.get("/filmes/populares").status_code == 200
        assert api.get("/saude").status_code == 200


def test_without_the_store_the_table_counts_alone(table: str, profiled_dir: Path) -> None:
    path = f"/usuarios/{USER}/recomendacoes"
    app = create_app(profiled_dir, LOCAL, Unreachable(), profiles=profiles(table))
    with TestClient(app, raise_server_exceptions=False) as api:
        answer = api.get(path)
        assert (answer.status_code, answer.headers["x-avaliacoes"]) == (200, "empacotadas")
        check_problem(api.get(f"/usuarios/{UNKNOWN}/recomendacoes"), 503)
        check_problem(api.get(f"/usuarios/{USER}/avaliacoes"), 503)
    app = create_app(profiled_dir, LOCAL, Unreachable(), profiles=profiles(nobody()))
    with TestClient(app, raise_server_exceptions=False) as api:
        check_problem(api.get(path), 503)


class Meeting(Unreachable):
    """A store and a profile table that answer once both are asked."""

    def __init__(self) -> None:
        self.asked = asyncio.Barrier(2)

    async def read(self, *_: Any) -> dict[int, Entry]:
        await asyncio.wait_for(self.asked.wait(), 60)
        return {}

    async def ratings(self, _: int) -> list[Rated] | None:
        await asyncio.wait_for(self.asked.wait(), 60)
        return []

    async def hidden(self) -> frozenset[int]:
        return frozenset()


@pytest.mark.parametrize("path", ["recomendacoes", "avaliacoes", f"avaliacoes/{RATED}", "inicio"])
def test_both_tables_are_read_at_the_same_time(profiled_dir: Path, path: str) -> None:
    both = Meeting()
    with TestClient(create_app(profiled_dir, LOCAL, both, profiles=both)) as api:
        assert api.get(f"/usuarios/{USER}/{path}").status_code in (200, 404)


def test_boto3_reads_the_same(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL_DYNAMODB": table}.items():
        monkeypatch.setenv(name, value)
    with closing(ProfileTable(BotoCalls(), TABLE)) as one, closing(profiles(table)) as other:
        for user in (USER, SILENT, UNKNOWN):
            assert asyncio.run(one.ratings(user)) == asyncio.run(other.ratings(user))
        assert asyncio.run(one.ratings(SILENT)) == []
    with closing(ProfileTable(BotoCalls(), "nenhuma")) as none, pytest.raises(StoreError):
        asyncio.run(none.ratings(USER))


def test_the_environment_names_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    settings = read_settings({"PROFILE_TABLES": "filmes-"})
    assert open_profiles(settings, None) is None
    for environment, kind in ((CREDENTIALS, SignedCalls), ({}, BotoCalls)):
        found: Any = open_profiles(settings, "perfis-0", environment)
        assert (found._table, type(found._calls)) == ("filmes-perfis-0", kind)
        found.close()
    with pytest.raises(SettingError, match="PROFILE_TABLES is 'a b', allowed is the beginning of"):
        read_settings({"PROFILE_TABLES": "a b"})
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "nowhere")
    with pytest.raises(SettingError, match="PROFILE_TABLES is 'filmes-', which cannot be asked"):
        open_profiles(settings, "perfis-0", {})


def test_a_cold_start_asks_the_table_without_boto3(
    table: str, profiled_dir: Path, artifact_dir: Path
) -> None:
    name = json.loads((profiled_dir / MANIFEST_FILE).read_text())["perfis"]["tabela"]
    create_profile_table(table, f"filmes-{name}", profiled_dir)
    variables = CREDENTIALS | {"AWS_ENDPOINT_URL": table, "PROFILE_TABLES": "filmes-"}
    *_, end = run_cold(profiled_dir, **variables)
    assert end["statuses"] == [200, 200]
    *_, without = run_cold(artifact_dir)
    more = set(end["modules"]) - set(without["modules"])
    assert not [name for name in more if name.startswith(("boto", "urllib3"))]
    assert len(more) < 20


def test_without_the_setting_nothing_is_served(
    profiled_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ARTIFACT_DIR", str(profiled_dir))
    with TestClient(make_app()) as api:
        check_problem(api.get("/saude"), 503)
        check_problem(api.get(f"/usuarios/{USER}/recomendacoes"), 503)
    [message] = caplog.messages[:1]
    assert "PROFILE_TABLES is not set" in message
