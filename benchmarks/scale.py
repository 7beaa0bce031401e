"""Many users at once: what one instance answers, what breaks first, what it costs.

Writes docs/scale.md. Times are measured: the answer of a warm function by ``warm.py``, and here the
processor time that reading a user's ratings adds, against moto's server. AWS's limits are defaults,
copied by hand like the prices in ``price.py``.
"""

import json
import logging
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from moto.server import ThreadedMotoServer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import bill, machine, price
from benchmarks.growth_page import table
from benchmarks.machine import ROOT
from recommender.data.signed_calls import INTRICATE

RATES = (1, 10, 100, 1_000, 10_000, 100_000)  # requests a second
MEMORY = 1769  # the default of the template, one vCPU
TABLE = "avaliacoes"
ONLY_BOTO3 = {"AWS_USE_DUALSTACK_ENDPOINT": "false"}  # which only boto3 knows how to follow
TABLE_READ_MS = 5.0  # assumed: what a read of DynamoDB takes until its answer is there
READ_UNITS = 0.125  # dollars a million, on demand
LOG_GIGABYTE = 0.50  # dollars, of CloudWatch's logs

REQUEST_RATE = 100  # of the template
GATEWAY_RATE, GATEWAY_BURST = 10_000, 5_000  # of an account and region, all APIs together
CONCURRENCY = 1_000  # of an account and region, all functions together
RATE_OF_ONE = 10  # requests a second that Lambda takes for each of these
STARTS = 100  # instances a second that a function gains
TABLE_READS, NEW_TABLE_READS = 40_000, 12_000  # read units a second
PARTITION_READS = 3_000
HIDDEN_EVERY = 25  # seconds: recommender/api/hiding.py

TEMPLATE = Path(__file__).parent / "pages" / "scale.md"
ROWS = {
    "requests a second": "{rate:,}",
    "instances busy": "{busy}",
    "instances busy, `jwt`": "{jwt_busy}",
    "quota needed": "{concurrency:,}",
    "s to start from nothing": "{starting:,.0f}",
    "$ an hour": "{hour}",
    "$ a month": "{month}",
    "$ a month, `jwt`": "{jwt_month}",
    "logs, $ a month": "{logs}",
    "breaks first": "{breaks}",
}


class Limit(NamedTuple):
    """A limit: up to how many requests a second it holds, and what turns it."""

    name: str
    rate: float
    turn: str


def measure(access: str, event: str, **more: str) -> dict[str, Any]:
    """Return processor time and sizes of answers to an event, for one way of access.

    ``more`` are further variables of the environment.
    """
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, str(Path(__file__).with_name("scale_worker.py"))]
        command += [str(ROOT / "events" / f"{event}.json"), str(Path(scratch, "log"))]
        settings = {"ACCESS": access, "RATINGS_TABLE": TABLE, "OPENBLAS_NUM_THREADS": "1"}
        inherited = {name: text for name, text in os.environ.items() if name not in INTRICATE}
        answer = subprocess.run(  # noqa: S603
            command, env={**inherited, **settings, **more}, stdout=subprocess.PIPE,
            check=True, cwd=ROOT,
        ).stdout  # fmt: skip
    found: dict[str, Any] = json.loads(answer)
    if found.pop("status") != 200:
        raise SystemExit("benchmarks: the function did not answer 200")
    return found


def measure_both() -> dict[str, Any]:
    """Return what ``measure`` finds without and with written ratings in a table."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request else
    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        os.environ |= {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "ARTIFACT_DIR": str(ROOT / "artifact"),
        }
        keys = {"usuario_id": "HASH", "filme_id": "RANGE"}
        boto3.client("dynamodb").create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "N"} for key in keys],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
            BillingMode="PAY_PER_REQUEST",
        )
        return {
            "open": measure("open", "recomendacoes-usuario"),
            "jwt": measure("jwt", "recomendacoes-token"),
            "jwt_by_boto3": measure("jwt", "recomendacoes-token", **ONLY_BOTO3),
        }
    finally:
        server.stop()


def limits(answer_ms: float) -> list[Limit]:
    """Return what holds requests back, the lowest first; each of them takes so long."""
    quota = "a higher quota of {} (Service Quotas)"
    found = [
        Limit(
            "the stage's throttling",
            REQUEST_RATE,
            "the parameters `RequestRate` and `RequestBurst`",
        ),
        Limit("API Gateway's quota", GATEWAY_RATE, quota.format("API Gateway's throttle rate")),
        Limit(
            "Lambda's requests for each instance",
            RATE_OF_ONE * CONCURRENCY,
            quota.format("Lambda's concurrent executions"),
        ),
        Limit(
            "a new table's reads (`jwt`)",
            NEW_TABLE_READS,
            "time (on-demand tables double within 30 minutes), or warm throughput",
        ),
        Limit("a table's reads (`jwt`)", TABLE_READS, quota.format("DynamoDB's table-level reads")),
        Limit(
            "Lambda's concurrency",
            1000 * CONCURRENCY / answer_ms,
            quota.format("Lambda's concurrent executions") + ", or a higher `ApiMemory`",
        ),
        Limit(
            "the partition of hidden films",
            PARTITION_READS * HIDDEN_EVERY * RATE_OF_ONE,
            "`READ_EVERY` in `recommender/api/hiding.py`",
        ),
    ]
    return sorted(found, key=lambda limit: limit.rate)


def reached(rate: float, found: list[Limit]) -> list[str]:
    """Return the names of the limits at which so many requests a second are, or above."""
    return [limit.name for limit in found if limit.rate <= rate]


def page() -> str:
    """Return the page."""
    cold, warm, scale = map(machine.read, ("cold", "warm", "scale"))
    [cold_ms] = (
        row["answer_ms"]
        for row in cold["starts"]
        if (row["function"], row["memory_mb"]) == ("ours", MEMORY)
    )
    [answer] = (row["p50_ms"] for row in warm["handler"] if row["function"] == "ours")
    added, by_boto3 = (
        scale[way]["work_ms"] - scale["open"]["work_ms"] for way in ("jwt", "jwt_by_boto3")
    )
    jwt_answer = answer + added + TABLE_READ_MS
    million = price.serverless(MEMORY, answer, cold_ms, "x86_64")
    jwt_million = price.serverless(MEMORY, jwt_answer, cold_ms, "x86_64") + READ_UNITS
    found = limits(jwt_answer)
    rows = []
    for rate in RATES:
        hour = rate * 3600 / 1e6  # million requests
        concurrency = math.ceil(max(rate / RATE_OF_ONE, rate * jwt_answer / 1000))
        rows.append(
            {
                "rate": rate,
                "busy": _short(rate * answer / 1000),
                "jwt_busy": _short(rate * jwt_answer / 1000),
                "concurrency": concurrency,
                "starting": math.ceil(concurrency / STARTS),
                "hour": _short(hour * million),
                "month": _short(hour * price.HOURS * million),
                "jwt_month": _short(hour * price.HOURS * jwt_million),
                "logs": _short(
                    hour * price.HOURS * scale["open"]["log_bytes"] / 1e3 * LOG_GIGABYTE
                ),
                "breaks": ", then ".join(reached(rate, found)) or "nothing",
            }
        )
    bills = bill.bills(lambda spent: price.serverless(MEMORY, spent, cold_ms, "x86_64"))
    told = [{**limit._asdict(), "rate": f"{limit.rate:,.0f}"} for limit in found]
    facts = {name: value for name, value in globals().items() if name.isupper()}
    return TEMPLATE.read_text(encoding="utf-8").format(
        **facts,
        measured=scale["machine"]["measured"][:10],
        commit=machine.short(scale["machine"]["commit"]),
        scale=scale,
        answer=f"{answer:.1f}",
        a_second=f"{1000 / answer:,.0f}",
        added=f"{added:.1f}",
        by_boto3=f"{by_boto3:.1f}",
        jwt_answer=f"{jwt_answer:.1f}",
        jwt_a_second=f"{1000 / jwt_answer:,.0f}",
        million=f"{million:.2f}",
        jwt_million=f"{jwt_million:.2f}",
        cold_share=f"{price.COLD_SHARE:.0%}",
        priced=price.PRICED,
        rows=table(ROWS, rows),
        limits=table(
            {
                "limit": "{name}",
                "holds up to, requests a second": "{rate}",
                "what turns it": "{turn}",
            },
            told,
        ),
        bill_requests=f"{sum(each.requests for each in bills):,.0f}",
        bill_transfer=f"{sum(each.transfer for each in bills):,.0f}",
        bill_gigabyte=f"${bill.TRANSFER_GIGABYTE}",
        bill_route=bills[0].route,
        bill_most=f"{bills[0].requests + bills[0].transfer:,.0f}",
        bundle_kb=round((bill.SWAGGER_UI / "swagger-ui-bundle.js.gz").stat().st_size / 1000),
        megabits=f"{RATES[-1] * scale['open']['packed_bytes'] * 8 / 1e6:,.0f}",
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}" if value < 1 else f"{value:.1f}"


def main() -> None:
    """Measure, write the results and the page, and print it."""
    machine.write("scale", measure_both())
    text = page()
    (ROOT / "docs" / "scale.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
