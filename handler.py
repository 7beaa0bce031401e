"""The API function: the FastAPI app behind API Gateway or a load balancer."""

from typing import Any

import recommender.lean  # noqa: F401 # isort: skip: before FastAPI

from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

from recommender.api import app
from recommender.observability import Telemetry, correlation_id, logger, metrics, traced
from recommender.problems import MEDIA_TYPE
from recommender.snapshot import install

_TEXT = [*DEFAULT_TEXT_MIME_TYPES, MEDIA_TYPE, "image/svg+xml"]  # all else goes out in base64

install(Mangum(app, lifespan="off"))
_serve = Mangum(Telemetry(app), lifespan="off", text_mime_types=_TEXT)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
@traced
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an HTTP API, REST API or ALB event with the response that its sender expects."""
    logger.set_correlation_id(correlation_id(event))
    response: dict[str, Any] = _serve(event, context)
    return response
