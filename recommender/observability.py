"""Logs, metrics and traces of the API function, by Powertools."""

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit
from pydantic_core import to_json
from starlette.types import ASGIApp, Receive, Scope, Send

from recommender.timing import STATE, Timing, start

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

SERVICE = "filmes"
TRACE_HEADER = "x-amzn-trace-id"


def _serialize(log: object) -> str:
    return to_json(log, fallback=str, inf_nan_mode="constants").decode()


# Messages are plain texts: none is to be read as JSON.
logger = Logger(
    service=SERVICE, json_serializer=_serialize, json_deserializer=str, use_rfc3339=True, utc=True
)
metrics = Metrics(namespace="Filmes", service=SERVICE)

# What else logs: failures, in the same form. Below a warning Mangum tells every request's path,
# and with it the user's id.
_others = {logging.getLogger(name).name for name in ("mangum", "recommender")}
copy_config_to_registered_loggers(logger, logging.WARNING, include=_others)


def _describe(**units: MetricUnit) -> Any:
    """Return what tells CloudWatch which members of a log line are metrics, in Powertools' form."""
    for name, unit in units.items():
        metrics.add_metric(name, unit, 0)
    described = metrics.serialize_metric_set()["_aws"]["CloudWatchMetrics"]
    metrics.clear_metrics()
    return described


_MEASURED = {
    "Latency": MetricUnit.Milliseconds,
    "ClientErrors": MetricUnit.Count,
    "ServerErrors": MetricUnit.Count,
}
_WARM = _describe(**_MEASURED)
_COLD = _describe(**_MEASURED, Init=MetricUnit.Milliseconds)


class Telemetry:
    """ASGI middleware: one log line for each request, which holds its metrics (EMF), too.

    The route is logged as its template, so no user's id and no query gets into the logs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell how it went."""
        try:
            await self.app(scope, receive, send)
        finally:
            timing: Timing = scope[STATE]
            now = datetime.now(UTC)
            line = {
                **logger.get_current_keys(),
                "level": "INFO",
                "location": "observability",
                "message": "request",
                "timestamp": now.isoformat(timespec="milliseconds"),
                "xray_trace_id": _trace_id(),
                "method": scope["method"],
                "route": getattr(scope.get("route"), "path", ""),
                "status": timing.status,
                "Latency": round(timing.milliseconds, 3),
                "ClientErrors": int(400 <= timing.status < 500),
                "ServerErrors": int(timing.status >= 500),
                "_aws": {
                    "Timestamp": int(1000 * now.timestamp()),
                    "CloudWatchMetrics": _COLD if timing.cold else _WARM,
                },
            }
            if timing.cold:
                metrics.provider.add_cold_start_metric(scope["aws.context"])
                line["Init"] = round(start.milliseconds, 3)
            print(_serialize(line))


def correlation_id(event: dict[str, Any]) -> str | None:
    """Return the id that API Gateway (HTTP or REST) or a load balancer gave a request."""
    context = event.get("requestContext") or {}
    headers = event.get("headers") or {}
    several = event.get("multiValueHeaders") or {}  # all that a load balancer may send
    traces = [headers.get(TRACE_HEADER), *several.get(TRACE_HEADER, [])]
    return context.get("requestId") or next(filter(None, traces), None)


def _trace_id() -> str | None:
    """Return the id of the request's trace, as Powertools' logger tells it."""
    found = os.environ.get("_X_AMZN_TRACE_ID")
    return found.split(";")[0].removeprefix("Root=") if found else None


def traced(handler: Handler) -> Handler:
    """Wrap a handler in an X-Ray segment when the environment asks for it.

    The SDK is not even imported otherwise.
    """
    if os.environ.get("TRACING") != "Active":
        return handler
    from aws_lambda_powertools import Tracer

    wrapped: Handler = Tracer(service=SERVICE).capture_lambda_handler(
        handler, capture_response=False
    )
    return wrapped
