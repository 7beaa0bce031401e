import json
import urllib.request
from pathlib import Path
from typing import Any

from tests.emulator.conftest import Invoke


def http_event(method: str, path: str) -> dict[str, Any]:
    """The least of an API Gateway event (payload format 2.0)."""
    http = {
        "method": method,
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "test",
    }
    return {
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "localhost"},
        "requestContext": {"http": http, "stage": "$default", "requestId": "test"},
        "isBase64Encoded": False,
    }


def test_the_api_function_answers_an_event(invoke_once: Invoke) -> None:
    answer = invoke_once("ApiFunction", http_event("GET", "/saude"))
    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])


def test_the_api_answers_over_http(api_url: str) -> None:
    with urllib.request.urlopen(f"{api_url}/saude") as answer:
        assert answer.status == 200
        assert json.load(answer)


ALONE = {"API_FUNCTION": "", "RATINGS_TABLE": "", "RELEASE_FUNCTION": ""}


def test_the_training_function_stores_a_model(invoke_once: Invoke, model_bucket: Any) -> None:
    model_bucket.upload_file("mock_data.json", "dados/dados.json")
    answer = invoke_once("TrainingFunction", {}, env={"MODEL_BUCKET": model_bucket.name} | ALONE)
    assert "errorMessage" not in answer, answer
    names = {Path(item.key).name for item in model_bucket.objects.filter(Prefix="modelos/")}
    files = {"kmeans.joblib", "catalogo.sqlite3", "manifest.json", "mapa.svg", "mapa.png"}
    assert names == files | {"camada.zip", "00000000.json"}
    manifest = json.load(
        model_bucket.Object(f"modelos/{answer['version']}/manifest.json").get()["Body"]
    )
    assert manifest["version"] == answer["version"]


def test_a_training_that_fails_says_why(invoke_once: Invoke, model_bucket: Any) -> None:
    event = {"data_key": "dados/nada.json"}
    answer = invoke_once("TrainingFunction", event, env={"MODEL_BUCKET": model_bucket.name} | ALONE)
    assert answer["errorType"] == "DataError"
    assert "dados/nada.json" in answer["errorMessage"]
