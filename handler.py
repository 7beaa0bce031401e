"""The API function: the FastAPI app behind API Gateway or a load balancer."""

from typing import Any

import recommender.lean  # noqa: F401 # isort: skip: before FastAPI

from recommender.adapter import Adapter
from recommender.api import app
from recommender.observability import Telemetry, traced
from recommender.snapshot import install

install(Adapter(app))
_serve = Adapter(Telemetry(app))


@traced
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an HTTP API, REST API or ALB event with the response that its sender expects."""
    return _serve(event, context)
