"""Logs, metrics and traces of the API function, by Powertools."""

import logging
import os
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit
from pydantic_core import to_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recommender.timing import STATE, Timing, start

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

SERVICE = "filmes"
TRACE_HEADER = "x-amzn-trace-id"


def _serialize(log: object) -> str:
    return to_json(log, fallback=str, inf_nan_mode="constants").decode()


# Messages are plain texts: none is to be read as JSON.
logger = Logger(service=SERVICE, json_serializer=_serialize, json_deserializer=str)
metrics = Metrics(namespace="Filmes", service=SERVICE)

# What else logs: failures, in the same form. Below a warning Mangum tells every request's path,
# and with it the user's id.
_others = {logging.getLogger(name).name for name in ("mangum", "recommender")}
copy_config_to_registered_loggers(logger, logging.WARNING, include=_others)


class Telemetry:
    """ASGI middleware: one log line and three metrics for each request, a fourth for a cold one.

    The route is logged as its template, so no user's id and no query gets into the logs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell how it went."""
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            timing: Timing = scope[STATE]
            logger.info(
                "request",
                method=scope["method"],
                route=getattr(scope.get("route"), "path", ""),
                status=status,
                milliseconds=round(timing.milliseconds, 3),
            )
            metrics.add_metric("Latency", MetricUnit.Milliseconds, timing.milliseconds)
            metrics.add_metric("ClientErrors", MetricUnit.Count, 400 <= status < 500)
            metrics.add_metric("ServerErrors", MetricUnit.Count, status >= 500)
            if timing.cold:
                metrics.add_metric("Init", MetricUnit.Milliseconds, start.milliseconds)


def correlation_id(event: dict[str, Any]) -> str | None:
    """Return the id that API Gateway (HTTP or REST) or a load balancer gave a request."""
    context = event.get("requestContext") or {}
    headers = event.get("headers") or {}
    several = event.get("multiValueHeaders") or {}  # all that a load balancer may send
    traces = [headers.get(TRACE_HEADER), *several.get(TRACE_HEADER, [])]
    return context.get("requestId") or next(filter(None, traces), None)


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
