"""Logs, metrics and traces of the API function, by Powertools."""

import logging
import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit
from starlette.types import ASGIApp, Receive, Scope, Send

from recommender.http.timing import STATE, Timing, start
from recommender.settings import read_settings

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME") or "filmes"
TRACE_HEADER = "x-amzn-trace-id"


# Messages are plain texts: none is to be read as JSON.
logger = Logger(service=SERVICE, json_deserializer=str, use_rfc3339=True, utc=True)
metrics = Metrics(namespace="Filmes", service=SERVICE)

# The others log in the same form. Below a warning Mangum logs every request's path, and with it the
# user's id.
for _name, _level in (("mangum", logging.WARNING), ("recommender", logging.INFO)):
    _other = logging.getLogger(_name).name  # only loggers that are there already are configured
    copy_config_to_registered_loggers(logger, _level, include={_other})


class Telemetry:
    """ASGI middleware: one log line for each request, which also holds its metrics (EMF).

    The line names the route by its template, so that no user's id and no query gets into the logs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log how it went."""
        await self.app(scope, receive, send)
        timing: Timing = scope[STATE]
        now = time.time_ns() // 1_000_000  # EMF counts milliseconds
        measured = {
            "Latency": round(timing.milliseconds, 3),
            "ClientErrors": int(400 <= timing.status < 500),
            "ServerErrors": int(timing.status >= 500),
        }
        if timing.cold:
            measured["Init"] = round(start.milliseconds, 3)
            metrics.provider.add_cold_start_metric(scope["aws.context"])
        line = {
            "method": scope["method"],
            "route": scope["route"].path if "route" in scope else "",
            "status": timing.status,
            "_aws": {"Timestamp": now, "CloudWatchMetrics": _describe(*measured)},
            **measured,
        }
        logger.info("request", extra=line)


@cache
def _describe(*names: str) -> Any:
    """Return the namespace, dimensions and units of metrics as EMF has them."""
    for name in names:
        unit = MetricUnit.Count if name.endswith("Errors") else MetricUnit.Milliseconds
        metrics.add_metric(name, unit, 0)
    described = metrics.serialize_metric_set()["_aws"]["CloudWatchMetrics"]
    metrics.clear_metrics()
    return described


def observed(serve: Handler) -> Handler:
    """Return a handler of events that also logs each invocation's ids, and traces if asked to."""

    @logger.inject_lambda_context
    def handle(event: Any, context: Any) -> dict[str, Any]:
        logger.set_correlation_id(correlation_id(event))
        return serve(event, context)

    if not read_settings().traced:
        return handle
    from aws_lambda_powertools import Tracer  # which imports the X-Ray SDK

    traced: Handler = Tracer(service=SERVICE).capture_lambda_handler(handle, capture_response=False)
    return traced


def correlation_id(event: Any) -> str | None:
    """Return the id that API Gateway (HTTP or REST) or a load balancer gave a request."""
    context, headers, several = (
        found if isinstance(event, dict) and isinstance(found := event.get(name), dict) else {}
        for name in ("requestContext", "headers", "multiValueHeaders")
    )
    traces = several.get(TRACE_HEADER)
    given = [context.get("requestId"), headers.get(TRACE_HEADER)]
    found = next(filter(None, [*given, *(traces if isinstance(traces, list) else [])]), None)
    return None if found is None else str(found).encode("ascii", "replace").decode()
