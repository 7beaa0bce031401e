"""The API function: the FastAPI app behind API Gateway or a load balancer."""

from typing import Any

import recommender.aws.cold_start  # noqa: F401 # isort: skip: before FastAPI

from recommender.api import app
from recommender.aws.adapter import Adapter
from recommender.aws.snapshot import install
from recommender.aws.telemetry import Telemetry, traced

install(Adapter(app))
_serve = Adapter(Telemetry(app))


@traced
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an HTTP API, REST API or ALB event with the response that its sender expects."""
    return _serve(event, context)
