"""Logs, metrics and traces of the API function, by Powertools."""

import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging.lambda_context import build_lambda_context_model
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit
from pydantic_core import to_json
from starlette.types import ASGIApp, Receive, Scope, Send

from recommender.http.timing import STATE, Timing, start

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


class _Invocation(logging.Filter):
    """Has log lines tell which invocation they are of, as ``Logger.inject_lambda_context`` would.

    That takes a twelfth of a warm answer's time, whether a line is logged or not.
    """

    scope: Scope | None = None

    def filter(self, _: logging.LogRecord) -> bool:
        """Add the keys of the invocation, if there is one."""
        if self.scope is not None and STATE in self.scope:
            context = self.scope["aws.context"]
            logger.append_keys(
                **vars(build_lambda_context_model(context)),
                cold_start=self.scope[STATE].cold,
                correlation_id=correlation_id(self.scope["aws.event"]),
            )
        return True


_invocation = _Invocation()
logger.registered_handler.addFilter(_invocation)


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
_WARM = to_json(_describe(**_MEASURED))
_COLD = to_json(_describe(**_MEASURED, Init=MetricUnit.Milliseconds))


class Telemetry:
    """ASGI middleware: one log line for each request, which holds its metrics (EMF), too.

    The route is logged as its template, so no user's id and no query gets into the logs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.traced = app, _is_traced()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell how it went."""
        _invocation.scope = scope
        try:
            await self.app(scope, receive, send)
        finally:
            timing: Timing = scope[STATE]
            told = {
                "level": "INFO",
                "message": "request",
                "service": SERVICE,
                "cold_start": timing.cold,
                "function_request_id": scope["aws.context"].aws_request_id,
                "correlation_id": correlation_id(scope["aws.event"]),
                "method": scope["method"],
                "route": scope["route"].path if "route" in scope else "",
                "status": timing.status,
                "Latency": round(timing.milliseconds, 3),
                "ClientErrors": int(400 <= timing.status < 500),
                "ServerErrors": int(timing.status >= 500),
            }
            if self.traced:
                told["xray_trace_id"] = _trace_id()
            if timing.cold:
                metrics.provider.add_cold_start_metric(scope["aws.context"])
                told["Init"] = round(start.milliseconds, 3)
            described = _COLD if timing.cold else _WARM
            line = b'%b,"_aws":{"Timestamp":%d,"CloudWatchMetrics":%b}}\n'
            line %= to_json(told)[:-1], time.time_ns() // 1_000_000, described
            sys.stdout.write(line.decode())
            sys.stdout.flush()
            _invocation.scope = None


def correlation_id(event: dict[str, Any]) -> str | None:
    """Return the id that API Gateway (HTTP or REST) or a load balancer gave a request."""
    context = event.get("requestContext") or {}
    if found := context.get("requestId"):
        return str(found)
    headers = event.get("headers") or {}
    several = event.get("multiValueHeaders") or {}  # all that a load balancer may send
    traces = [headers.get(TRACE_HEADER), *several.get(TRACE_HEADER, [])]
    return next(filter(None, traces), None)


def _is_traced() -> bool:
    return os.environ.get("TRACING") == "Active"


def _trace_id() -> str:
    """Return the id of an invocation's trace, as Powertools' logger tells it."""
    return os.environ.get("_X_AMZN_TRACE_ID", "").split(";")[0].removeprefix("Root=")


def traced(handler: Handler) -> Handler:
    """Wrap a handler in an X-Ray segment when the environment asks for it.

    The SDK is not even imported otherwise.
    """
    if not _is_traced():
        return handler
    from aws_lambda_powertools import Tracer

    wrapped: Handler = Tracer(service=SERVICE).capture_lambda_handler(
        handler, capture_response=False
    )
    return wrapped
