import json
import urllib.request
from typing import Any

from conftest import Invoke


def http_event(method: str, path: str) -> dict[str, Any]:
    """The least of an API Gateway event (payload format 2.0)."""
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test"}
    return {
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "localhost"},
        "requestContext": {"http": http, "stage": "$default", "requestId": "test"},
        "isBase64Encoded": False,
    }


def test_the_api_function_answers_an_event(invoke: Invoke) -> None:
    answer = invoke("ApiFunction", http_event("GET", "/saude"))
    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])


def test_the_api_answers_over_http(api_url: str) -> None:
    with urllib.request.urlopen(f"{api_url}/saude") as answer:
        assert answer.status == 200
        assert json.load(answer)
