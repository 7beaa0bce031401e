"""The worst bill of a month: every route of API Gateway is asked for its worst, at its limit.

Limits are the defaults of the template. Durations and sizes are those of ``worst.py``, on a million
films and without compression, and sizes of files as they are sent. Writes are answered, but what
DynamoDB charges for them is left out.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samcli.yamlhelper import yaml_parse

from benchmarks import machine
from benchmarks.machine import ROOT

SECONDS = 30 * 24 * 3600
TRANSFER_GIGABYTE = 0.09  # dollars, out of AWS; more than 10 TB a month cost less
LEAST_MS = 1.0  # charged for any answer
PARTS = ROOT / "recommender" / "page" / "parts"
SWAGGER_UI = ROOT / "recommender" / "page" / "swagger-ui"

Key = tuple[str, str]  # a method, or ANY, and a path


class Answer(NamedTuple):
    """An answer: what is asked for, how long it takes, and how large it is."""

    method: str
    path: str
    milliseconds: float
    size: float


class Bill(NamedTuple):
    """A route, its requests a second, and what these and their bytes cost a month, in dollars."""

    route: str
    rate: float
    requests: float
    transfer: float


def choose(keys: Iterable[Key], method: str, path: str) -> Key:
    """Return the key that an HTTP API chooses: the most specific of those that match.

    A full match beats a greedy variable, then what is spelled out beats a variable from left to
    right, then a method beats ANY.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
    """

    def fits(key: Key) -> bool:
        pattern = re.sub(r"\\\{\w+\\\+\\\}", ".+", re.escape(key[1]))
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", pattern)
        return key[0] in (method, "ANY") and bool(re.fullmatch(pattern, path))

    def rank(key: Key) -> tuple[bool, list[int], bool]:
        parts = key[1].removeprefix("/").split("/")
        kinds = [0 if part.endswith("+}") else 1 if part[:1] == "{" else 2 for part in parts]
        return 0 not in kinds, kinds, key[0] != "ANY"

    return max(filter(fits, keys), key=rank)


def limits() -> dict[Key, float]:
    """Return how many requests a second each route of the template takes."""
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    stage = template["Resources"]["HttpApiStage"]["Properties"]

    def rate(settings: dict[str, Any]) -> float:
        found = settings["ThrottlingRateLimit"]
        if isinstance(found, dict):
            found = template["Parameters"][found["Ref"]]["Default"]
        return float(found)

    keys = [
        resource["Properties"]["RouteKey"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::ApiGatewayV2::Route"
    ]
    settings = stage["RouteSettings"]
    return {
        tuple(key.split(" ")): rate(settings.get(key, stage["DefaultRouteSettings"]))
        for key in keys
    }


def answers() -> Iterator[Answer]:
    """Yield what the API answers at worst."""
    for row in machine.read("worst")["rows"]:
        method, path = row["route"].split(" ")
        yield Answer(method, re.sub(r"\{\w+\}", "1", path), row["ms"], 1000 * row["kilobytes"])
    for file in PARTS.rglob("*.*"):
        yield Answer("GET", f"/pagina/0/{file.name}", LEAST_MS, file.stat().st_size)
    for file in SWAGGER_UI.glob("*.gz"):
        yield Answer("GET", f"/pagina/{file.stem}", LEAST_MS, file.stat().st_size)


def bills(million: Callable[[float], float]) -> list[Bill]:
    """Return the bill of each route, the dearest first.

    ``million`` tells what a million requests of so many milliseconds cost, in dollars.
    """
    rates = limits()
    longest, largest = dict.fromkeys(rates, LEAST_MS), dict.fromkeys(rates, 0.0)
    for answer in answers():
        key = choose(rates, answer.method, answer.path)
        longest[key] = max(longest[key], answer.milliseconds)
        largest[key] = max(largest[key], answer.size)
    found = [
        Bill(
            " ".join(key),
            rate,
            rate * SECONDS / 1e6 * million(longest[key]),
            rate * SECONDS / 1e9 * largest[key] * TRANSFER_GIGABYTE,
        )
        for key, rate in rates.items()
    ]
    return sorted(found, key=lambda bill: -bill.requests - bill.transfer)
