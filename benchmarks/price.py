"""What a million requests cost, from measured durations at list prices: writes docs/cost.md.

Prices are those of us-east-1 in dollars, without free tiers, and without data transfer, which costs
all variants the same. They were copied by hand; compare them with the pages named next to them.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samcli.yamlhelper import yaml_parse

from benchmarks import machine

PRICED = "November 2026"  # when the prices were copied
SOURCES = {
    "Lambda, SnapStart": "https://aws.amazon.com/lambda/pricing/",
    "HTTP API": "https://aws.amazon.com/api-gateway/pricing/",
    "DynamoDB": "https://aws.amazon.com/dynamodb/pricing/",
    "Fargate": "https://aws.amazon.com/fargate/pricing/",
    "Application Load Balancer": "https://aws.amazon.com/elasticloadbalancing/pricing/",
    "Personalize": "https://aws.amazon.com/personalize/pricing/",
    "CloudWatch": "https://aws.amazon.com/cloudwatch/pricing/",
}
HOURS = 730  # in a month

LAMBDA_REQUESTS = 0.20  # a million
LAMBDA_GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
HTTP_API = 1.00  # a million
SNAPSHOT_GB_SECOND, RESTORED_GB = 0.0000015046, 0.0001397998
FARGATE_VCPU_HOUR, FARGATE_GB_HOUR = 0.04048, 0.004445
BALANCER_HOUR, BALANCER_UNIT_HOUR = 0.0225, 0.008
PERSONALIZE_THOUSAND = 0.0556  # recommendations, of which at least one a second is charged

METRIC, WATCHED, DASHBOARD = 0.30, 0.10, 3.00  # a month: a custom metric, one in an alarm
METRICS = {  # custom ones of a stack, by the file that sends them
    "recommender/aws/telemetry.py": ("Latency", "ClientErrors", "ServerErrors", "Init"),
    "template.yaml": ("ColdStart", "ModelNotLoaded"),  # Powertools sends the first
    "training/handler.py": ("Events", "Refused", "Ndcg", "NdcgOfIncumbent", "GainOverPopularity"),
    "training/renew.py": ("Read", "Train", "Gate"),  # and Time
    "training/release_handler.py": (
        "Events",
        "Released",
        "RolledBack",
        "NotLive",
        "ModelAge",
        "TrainingAge",
    ),
}

COLD_SHARE = 0.01  # of the requests; AWS reports less than 1%


def serverless(memory_mb: int, warm_ms: float, cold_ms: float, architecture: str) -> float:
    """Return dollars for a million requests; each is charged in whole milliseconds."""
    billed = (1 - COLD_SHARE) * _charged(warm_ms) + COLD_SHARE * _charged(cold_ms)
    seconds = 1e6 * billed / 1000
    duration = seconds * memory_mb / 1024 * LAMBDA_GB_SECOND[architecture]
    return LAMBDA_REQUESTS + HTTP_API + duration


def _charged(milliseconds: float) -> int:
    return max(1, -(-int(1000 * milliseconds) // 1000))


def container() -> float:
    """Return dollars a month for one always-on container (¼ vCPU, 0.5 GB) behind a balancer."""
    task = 0.25 * FARGATE_VCPU_HOUR + 0.5 * FARGATE_GB_HOUR
    return HOURS * (task + BALANCER_HOUR + BALANCER_UNIT_HOUR)


def personalize() -> float:
    """Return the minimum dollars a month that the managed service charges for answers."""
    return HOURS * 3600 * PERSONALIZE_THOUSAND / 1000


def watching() -> tuple[str, str]:
    """Return what alarms, dashboard and custom metrics of the default stack cost, in words."""
    template = yaml_parse((machine.ROOT / "template.yaml").read_text(encoding="utf-8"))
    alarms = [
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]
    watched = sum(
        sum("MetricStat" in one for one in alarm.get("Metrics", [{"MetricStat": {}}]))
        for alarm in alarms
    )
    metrics = sum(map(len, METRICS.values()))
    told = f"${watched * WATCHED:.2f} a month for the {len(alarms)} alarms, which watch {watched}"
    return (
        f"{told} metrics, and ${DASHBOARD:.0f} for the dashboard",
        f"{metrics} of its own, ${METRIC:.2f} each: at most ${metrics * METRIC:.2f} a month",
    )


def table(cold: dict[str, Any], warm: dict[str, Any]) -> str:
    """Return the page."""
    starts = {(row["function"], row["memory_mb"]): row["answer_ms"] for row in cold["starts"]}
    answers = {row["function"]: row["p50_ms"] for row in warm["handler"]}
    names = {"ours": "this API", "c": "the original's stack (c), if Lambda allowed its size"}
    lines = [
        "| | MB | answer, ms | cold, ms | $ a million, x86_64 | arm64 |",
        "|---|---|---|---|---|---|",
    ]
    for function, title in names.items():
        for memory, slower in ((512, 1 / 0.29), (1769, 1.0)):
            answer, start = answers[function] * slower, starts[function, memory]
            prices = (
                serverless(memory, answer, start, architecture) for architecture in LAMBDA_GB_SECOND
            )
            cells = [title, memory, f"{answer:.1f}", f"{start:,.0f}", *(f"{x:.2f}" for x in prices)]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    ours = serverless(512, answers["ours"] / 0.29, starts["ours", 512], "x86_64")
    snapshot = 512 / 1024 * HOURS * 3600 * SNAPSHOT_GB_SECOND
    rows = [
        ("one Fargate task with ¼ vCPU and 0.5 GB, behind a load balancer", container()),
        ("Amazon Personalize, one recommendation a second", personalize()),
    ]
    monthly = [f"| {title} | {price:.2f} | {price / ours:,.0f} million |" for title, price in rows]
    sources = "\n".join(f"- {name}: <{place}>" for name, place in SOURCES.items())
    commit = machine.short(cold["machine"]["commit"])
    alarms, metrics = watching()
    return f"""# What it costs

`make bench` writes this page from the durations in `benchmarks/results/` (commit
{commit}, {cold["machine"]["measured"][:10]}). Prices are list prices of us-east-1 in dollars. Free
tiers, storage of logs and data transfer are left out. The prices were copied in {PRICED},
without access to AWS's own pages, which are linked below. Those of Lambda, SnapStart, Fargate and
the load balancer were compared with what others published in 2026. Check all prices before you rely
on a figure.

The first table is for a million requests through an HTTP API and Lambda. {COLD_SHARE:.0%} of them
are cold starts, which count from the first line of the function's code on. Lambda charges whole
milliseconds. Warm answers were measured with one vCPU. For 512 MB, their time is divided by 0.29,
the share of a vCPU that Lambda gives at that size.

{chr(10).join(lines)}

The next table shows what an always-on alternative costs a month, and how many requests this API
answers at 512 MB for the same money:

| | $ a month | requests |
|---|---|---|
{chr(10).join(monthly)}

Without requests, this API costs only the storage of its package and its logs. SnapStart
(`SnapStart=PublishedVersions`) changes that. At 512 MB, it costs {snapshot:.2f} $ a month for each
published version that still exists, and {1e6 * COLD_SHARE * 512 / 1024 * RESTORED_GB:.2f} $ for the
restores of a million requests.

The template's alarms, dashboard and metrics have prices, too, above what an account has free (ten
alarms, three dashboards, ten metrics): {alarms}.
The stack has {metrics}. A metric
is charged by the hour in which it is sent, so those of trainings and releases cost a few cents. A
budget without actions costs nothing. [CloudFront with a web ACL](cloudfront.md) costs
$5 a month for the ACL, $1 for each of its two rules, and $0.60 for each million requests that the
ACL looks at, besides CloudFront's own prices.

The import of a [profile table](profiles.md) is charged once for each model that goes live. It costs
the uncompressed size of the model's parts (`zcat FOLDER/perfis/*.gz | wc -c`) times the price of a
gigabyte imported from S3, which DynamoDB's page tells for each region. The parts of
`mock_data.json` have 9.5 bytes a rating.

[scale.md](scale.md) has the bill for 1 to 100,000 requests a second, and what breaks first.

{sources}
"""


def main() -> None:
    """Write the page and print it."""
    text = table(machine.read("cold"), machine.read("warm"))
    (machine.ROOT / "docs" / "cost.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
