"""The requests by which a version of the API function is asked."""

from typing import Any


def get_request(path: str, scope: str) -> dict[str, Any]:
    """Return the event that an HTTP API sends for a GET request."""
    http = {
        "method": "GET",
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "filmes-release",
    }
    return {
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "localhost"},
        "requestContext": {
            "requestId": "release",
            "stage": "$default",
            "http": http,
            "authorizer": {"jwt": {"claims": {"scope": scope}}},
        },
        "isBase64Encoded": False,
    }
