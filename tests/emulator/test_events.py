"""Every file of events/, given to the functions as built."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recommender.api.application import create_app
from recommender.model.artifact import ARTIFACT_FILES, MANIFEST_FILE, load
from tests.conftest import ROOT
from tests.emulator.conftest import Invoke
from tests.expectations import (
    ANSWERS,
    BUCKET,
    EVENTS,
    TRAININGS,
    WITH_TOKENS,
    Refused,
    Trained,
    assert_answer,
    read_event,
)
from tests.recommender.conftest import LOCAL
from tests.stores import create_table, delete_table

ORIGINAL = json.loads((ROOT / "tests/data/caso_original.json").read_text(encoding="utf-8"))
# The other ways to start are told apart without a function: see tests/project/test_events.py.
ELSEWHERE = ("treino-notificacao-sns", "treino-notificacao-sqs", "treino-notificacao-sns-sqs")
TRAINED = {
    name: row
    for name, row in TRAININGS.items()
    if isinstance(row, Trained) and name not in ELSEWHERE
}
REFUSED = {name: row for name, row in TRAININGS.items() if isinstance(row, Refused)}

TABLE = "avaliacoes-de-teste"

S3 = Any  # boto3's client


@pytest.fixture
def s3(model_bucket: Any) -> S3:
    """moto's S3 with an empty bucket of the name that the events know."""
    client: S3 = model_bucket.meta.client
    client.create_bucket(Bucket=BUCKET)
    versioned = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versioned)
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])
    return client


@pytest.fixture(scope="module")
def versions() -> dict[Any, str]:
    """The version that each data and seed gave so far."""
    return {}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_api_function_answers_as_expected(invoke_warm: Invoke, name: str) -> None:
    assert_answer(ANSWERS[name], invoke_warm("ApiFunction", EVENTS / f"{name}.json"))


@pytest.mark.parametrize("name", ["recomendacoes", "docs", "erro-usuario-desconhecido-alb"])
def test_a_cold_api_function_answers_likewise(invoke: Invoke, name: str) -> None:
    assert_answer(ANSWERS[name], invoke("ApiFunction", EVENTS / f"{name}.json"))


@pytest.fixture
def with_tokens(aws_url: str) -> Iterator[dict[str, str]]:
    """The environment of an API function that asks for tokens, with an empty table in moto."""
    create_table(aws_url, TABLE)
    yield {"ACCESS": "jwt", "RATINGS_TABLE": TABLE}
    delete_table(aws_url, TABLE)


@pytest.mark.parametrize("name", WITH_TOKENS)
def test_with_tokens_the_api_function_answers_as_expected(
    invoke: Invoke, with_tokens: dict[str, str], name: str
) -> None:
    answer = invoke("ApiFunction", EVENTS / f"{name}.json", env=with_tokens)
    assert_answer(WITH_TOKENS[name], answer)


def test_a_rating_outlives_the_function_and_changes_the_next_recommendation(
    invoke: Invoke, with_tokens: dict[str, str]
) -> None:
    """Each call starts the function anew; only the table lasts."""

    def call(name: str) -> Any:
        return invoke("ApiFunction", EVENTS / f"{name}.json", env=with_tokens)

    def recommended() -> list[int]:
        return [film["id"] for film in json.loads(call("recomendacoes-token")["body"])]

    before = recommended()
    assert call("avaliar")["statusCode"] == 201
    after = recommended()
    assert 309 not in after
    assert after != before
    assert call("avaliar")["statusCode"] == 200
    assert call("avaliacao-apagar-ausente")["statusCode"] == 204  # it is there by now
    assert recommended() == before


def test_a_hidden_film_leaves_the_lists_of_every_function_at_its_table(
    invoke: Invoke, with_tokens: dict[str, str]
) -> None:
    """Of those that write to it, and of those that are open to everybody."""

    def found() -> list[tuple[str, str | None]]:
        answers = [
            invoke("ApiFunction", EVENTS / "filmes-busca.json", env=env)
            for env in (with_tokens, with_tokens | {"ACCESS": "open"})
        ]
        return [
            (answer["headers"]["x-total-count"], answer["headers"].get("x-ocultos"))
            for answer in answers
        ]

    for name, count in (("ocultar", "0"), ("ocultar-desfazer", "1")):
        answer = invoke("ApiFunction", EVENTS / f"{name}.json", env=with_tokens)
        assert answer["statusCode"] == 204
        assert found() == [(count, None)] * 2


def test_without_its_table_the_api_function_recommends_and_writes_nothing(invoke: Invoke) -> None:
    env = {"ACCESS": "jwt", "RATINGS_TABLE": "nenhuma"}
    answer = invoke("ApiFunction", EVENTS / "recomendacoes-token.json", env=env)
    assert_answer(WITH_TOKENS["recomendacoes-token"], answer)
    assert answer["headers"]["x-avaliacoes"] == "empacotadas"
    assert answer["headers"]["x-ocultos"] == "desconhecidos"
    answer = invoke("ApiFunction", EVENTS / "avaliar.json", env=env)
    assert answer["statusCode"] == 503
    assert int(answer["headers"]["retry-after"]) > 0


@pytest.mark.parametrize("name", TRAINED)
def test_the_training_function_stores_a_model(
    invoke: Invoke, s3: S3, versions: dict[Any, str], tmp_path: Any, name: str
) -> None:
    expected = TRAINED[name]
    data = (movielens if expected.data_key.endswith("/") else as_json)(expected.data_key)
    for key, text in data.items():
        stored = s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())
    event = read_event(name)
    if expected.version_id:  # what is written later is not trained on
        event = json.loads(json.dumps(event).replace(expected.version_id, stored["VersionId"]))
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    before = contents(s3)

    answer = train(invoke, event)

    version, added = answer["version"], contents(s3).keys() - before.keys()
    prefix = f"modelos/{version}/"
    assert answer["artifact"] == f"s3://{BUCKET}/{prefix}"
    assert answer["decision"]["passed"]
    if event.get("dry_run"):
        assert answer["state"] == "dry run"
        assert {key.split("/")[0] for key in added} == {"arrendamentos"}
        return
    assert answer["state"] == "stored"
    published = {f"{prefix}{file}" for file in (*ARTIFACT_FILES, MANIFEST_FILE)}
    assert {key for key in added if key.startswith("modelos/")} == {
        *published,
        f"{prefix}camada.zip",
        f"{prefix}decisoes/00000000.json",
    }
    for key in published:
        s3.download_file(BUCKET, key, str(tmp_path / key.removeprefix(prefix)))
    artifact = load(tmp_path)
    assert artifact.version == version
    assert artifact.manifest["training"]["seed"] == expected.seed
    assert artifact.manifest["metrics"] == answer["metrics"]
    assert versions.setdefault((tuple(data.values()), expected.seed), version) == version
    assert_original(tmp_path)


@pytest.mark.parametrize("name", REFUSED)
def test_a_training_that_is_refused_changes_nothing(invoke_warm: Invoke, s3: S3, name: str) -> None:
    bad = json.loads(json.dumps(ORIGINAL))
    bad["avaliacoes"][3]["avaliacao"] = 7
    event = read_event(name)
    stored = s3.put_object(Bucket=BUCKET, Key="dados/ruins.json", Body=json.dumps(bad).encode())
    if "detail" in event:
        event["detail"]["object"]["version-id"] = stored["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="dados/dados.json", Body=json.dumps(ORIGINAL).encode())
    before = contents(s3)

    answer = train(invoke_warm, event)

    assert answer["errorType"] == "DataError", answer
    for text in REFUSED[name].texts:
        assert text in answer["errorMessage"]
    after = contents(s3)
    assert {key: after[key] for key in after if not key.startswith("arrendamentos/")} == before


def train(invoke: Invoke, event: Any) -> Any:
    env = {"MODEL_BUCKET": BUCKET, "API_FUNCTION": "", "RATINGS_TABLE": "", "RELEASE_FUNCTION": ""}
    return invoke("TrainingFunction", event, env=env)


def contents(s3: S3) -> dict[str, Any]:
    """What is in the bucket: each object's digest, and when it was written."""
    listed = s3.list_objects_v2(Bucket=BUCKET)
    return {item["Key"]: (item["ETag"], item["LastModified"]) for item in listed["Contents"]}


def as_json(key: str) -> dict[str, str]:
    return {key: json.dumps(ORIGINAL)}


def movielens(prefix: str) -> dict[str, str]:
    """The original case as a MovieLens folder, in the layout of ml-latest-small."""
    ratings = [
        f"{r['usuario_id']},{r['filme_id']},{r['avaliacao']},0" for r in ORIGINAL["avaliacoes"]
    ]
    films = [f'{f["id"]},"{f["titulo"]}",{f["genero"]}' for f in ORIGINAL["filmes"]]
    return {
        f"{prefix}ratings.csv": "\n".join(["userId,movieId,rating,timestamp", *ratings]),
        f"{prefix}movies.csv": "\n".join(["movieId,title,genres", *films]),
    }


def assert_original(folder: Any) -> None:
    """What was published recommends what the original project did to its first user."""
    with TestClient(create_app(folder, LOCAL)) as client:
        films = client.get("/filmes/1/recomendacoes?estrategia=grupo").json()
    assert [film["titulo"] for film in films] == [
        "Guardians of the Galaxy",
        "The Big Lebowski",
        "Anchorman",
        "The Grand Budapest Hotel",
        "Forrest Gump",
    ]
