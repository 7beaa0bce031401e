"""What the template promises to who operates a stack: alarms, limits, dead letters, restoring."""

import json
import re
from typing import Any

import pytest
from samcli.yamlhelper import yaml_parse

from tests.aws.policies import HERE, Resolved
from tests.conftest import ROOT

TOPIC = f"arn:aws:sns:{HERE}:alarms"
PLAIN = Resolved()
FULL = Resolved(parameters={"AlarmTopicArn": TOPIC, "MonthlyBudget": "20"})
TEMPLATE = PLAIN.template
PARAMETERS = TEMPLATE["Parameters"]
OLD_TABLE, OLD_BUCKET = "old-RatingsTable-1A2B", "old-modelbucket-1a2b"
RESTORED = Resolved(
    "new",
    {
        "ExistingTable": OLD_TABLE,
        "ExistingBucket": OLD_BUCKET,
        "Access": "jwt",
        "Deployment": "Canary10Percent5Minutes",
    },
)
DEPLOYING = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
ALARMS = {
    name: one["Properties"]
    for name, one in FULL.resources.items()
    if one["Type"] == "AWS::CloudWatch::Alarm"
}


def of(kind: str, stack: Resolved = FULL) -> dict[str, Any]:
    return {name: one for name, one in stack.resources.items() if one["Type"] == kind}


def events(stack: Resolved = FULL) -> list[dict[str, Any]]:
    """Properties of all schedules and rules."""
    functions = of("AWS::Serverless::Function", stack).values()
    return [
        {"type": event["Type"], **event["Properties"]}
        for function in functions
        for event in function["Properties"].get("Events", {}).values()
    ]


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_has_a_default_that_it_allows_and_a_description(name: str) -> None:
    found = PARAMETERS[name]
    assert found["Description"]
    if found["Type"] == "Number":
        allowed = found.get("AllowedValues")
        if allowed is None:
            assert found["MinValue"] <= found["Default"] <= found["MaxValue"]
        else:
            assert found["Default"] in allowed
    elif pattern := found.get("AllowedPattern"):
        assert re.fullmatch(pattern, found["Default"])


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("ApiConcurrency", "5", "0"),
        ("ApiConcurrency", "100", "ten"),
        ("TrainingConcurrency", "", "-1"),
        ("BasePath", "/v1", "v1"),
        ("TrainingSchedule", "rate(7 days)", "every Monday"),
        ("JwtIssuer", "https://a.example/pool", "http://a.example/pool"),
        ("AlarmTopicArn", TOPIC, "alarms"),
        ("ExistingTable", OLD_TABLE, f"arn:aws:dynamodb:{HERE}:table/{OLD_TABLE}"),
        ("ExistingBucket", OLD_BUCKET, f"s3://{OLD_BUCKET}"),
        ("ExistingBucket", "my.bucket", "My_Bucket"),
    ],
)
def test_a_pattern_takes_what_is_right_alone(name: str, right: str, wrong: str) -> None:
    pattern = PARAMETERS[name]["AllowedPattern"]
    assert re.fullmatch(pattern, right)
    assert not re.fullmatch(pattern, wrong)


def test_every_alarm_tells_the_topic_if_there_is_one() -> None:
    for name, alarm in ALARMS.items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC], name
        assert "AlarmActions" not in PLAIN.resources[name]["Properties"]


def test_there_is_an_alarm_for_whatever_goes_wrong() -> None:
    single = {alarm["MetricName"]: alarm for alarm in ALARMS.values() if "MetricName" in alarm}
    watched = {*single}
    for alarm in ALARMS.values():
        for one in alarm.get("Metrics", ()):
            watched |= {one["MetricStat"]["Metric"]["MetricName"]} if "MetricStat" in one else set()
    assert watched == {
        *("5xx", "Latency", "ModelNotLoaded", "Errors", "ServerErrors", "Throttles", "Duration"),
        *("Refused", "NotLive", "ModelAge", "TrainingAge", "ApproximateNumberOfMessagesVisible"),
        *("ReadThrottleEvents", "WriteThrottleEvents"),
    }
    failing = {
        alarm["Dimensions"][0]["Value"]
        for alarm in ALARMS.values()
        if alarm.get("MetricName") == "Errors"
    }
    names = ("ApiFunction", "TrainingFunction", "ReleaseFunction")
    assert failing == {f"filmes-{name}" for name in names}
    timeout = FULL.resources["TrainingFunction"]["Properties"]["Timeout"]
    assert single["Duration"]["Threshold"] == 0.8 * 1000 * timeout
    for name in ALARMS:
        assert f"`{name}`" in DEPLOYING, f"{name} is not in docs/deploying.md"


def test_requests_that_lambda_refuses_end_no_canary() -> None:
    """They are 5xx of API Gateway, and anybody can cause them."""
    group = RESTORED.resources["DeploymentGroup"]["Properties"]
    named = [alarm["Name"] for alarm in group["AlarmConfiguration"]["Alarms"]]
    watched = set()
    for name in named:
        alarm = RESTORED.resources[name.removeprefix("new-")]["Properties"]
        several = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", [])[1:]]
        watched |= {(one["Namespace"], one["MetricName"]) for one in several or [alarm]}
    assert watched == {
        *(("AWS/Lambda", "Errors"), ("AWS/ApiGateway", "Latency")),
        *(("Filmes", "ServerErrors"), ("new", "ModelNotLoaded")),
    }


def test_answers_with_5xx_are_counted_by_the_function_itself() -> None:
    """By the metric that telemetry sends with each request, of this stack's service alone."""
    (one,) = [one for one in ALARMS["ApiFaultsAlarm"]["Metrics"] if one["Id"] == "answered"]
    metric = one["MetricStat"]["Metric"]
    function = FULL.resources["ApiFunction"]["Properties"]["Environment"]["Variables"]
    service = {"Name": "service", "Value": function["POWERTOOLS_SERVICE_NAME"]}
    assert (metric["Namespace"], metric["Dimensions"]) == ("Filmes", [service])


def test_a_training_that_is_missed_is_noticed_even_if_nobody_looks() -> None:
    alarm = ALARMS["TrainingMissedAlarm"]
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Threshold"] == 8 > 7  # days between two of the schedule
    handler = (ROOT / "training" / "release_handler.py").read_text(encoding="utf-8")
    assert f'"{alarm["MetricName"]}"' in handler


def test_the_table_that_is_watched_is_the_one_in_use() -> None:
    for stack, table in {FULL: "filmes-RatingsTable-1A2B", RESTORED: OLD_TABLE}.items():
        metrics = stack.resources["TableThrottlesAlarm"]["Properties"]["Metrics"]
        named = {
            dimension["Value"]
            for one in metrics
            if "MetricStat" in one
            for dimension in one["MetricStat"]["Metric"]["Dimensions"]
        }
        assert named == {table}


def test_metrics_of_two_stacks_do_not_mix() -> None:
    """Each function names its stack; alarms and the dashboard look at these names alone."""
    names = {}
    for stack in (PLAIN, Resolved("other")):
        functions = of("AWS::Serverless::Function", stack).values()
        variables = [one["Properties"]["Environment"]["Variables"] for one in functions]
        names[stack] = {found["POWERTOOLS_SERVICE_NAME"] for found in variables}
        assert len(names[stack]) == len(functions)
        body = stack.resources["Dashboard"]["Properties"]["DashboardBody"]
        metrics = [
            metric
            for widget in json.loads(body)["widgets"]
            for metric in widget["properties"]["metrics"]
        ]
        alarms = [one["Properties"] for one in of("AWS::CloudWatch::Alarm", stack).values()]
        alarms = [alarm for alarm in alarms if alarm.get("Namespace") == "Filmes"]
        shown = {metric[3] for metric in metrics if metric[0] == "Filmes"}
        assert shown == names[stack]
        assert {alarm["Dimensions"][0]["Value"] for alarm in alarms} < names[stack]
        assert all(metric[2] == "service" for metric in metrics if metric[0] == "Filmes")
    assert not set.intersection(*names.values())


def test_a_budget_needs_an_amount_and_a_topic() -> None:
    (budget,) = of("AWS::Budgets::Budget").values()
    for one in budget["Properties"]["NotificationsWithSubscribers"]:
        assert one["Subscribers"] == [{"SubscriptionType": "SNS", "Address": TOPIC}]
    for parameters in ({"AlarmTopicArn": TOPIC}, {"MonthlyBudget": "20"}, {}):
        assert not of("AWS::Budgets::Budget", Resolved(parameters=parameters))


def test_what_cannot_be_delivered_is_kept() -> None:
    queue = f"arn:aws:sqs:{HERE}:filmes-FailedTrainings"
    found = events()
    assert [event["type"] for event in found].count("EventBridgeRule") == 2
    for event in found:
        assert event["DeadLetterConfig"] == {"Arn": queue}
        assert event["RetryPolicy"]["MaximumRetryAttempts"] > 0
        if event["type"] == "ScheduleV2":
            assert event["RoleArn"].endswith("role/filmes-ScheduleRole")
    functions = of("AWS::Serverless::Function")
    started = [one["Properties"] for one in functions.values() if "Events" in one["Properties"]]
    assert len(started) == 2
    for properties in started:
        failure = properties["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
        assert failure == {"Type": "SQS", "Destination": queue}
    assert ALARMS["FailedTrainingsAlarm"]["Dimensions"][0]["Value"].startswith(
        "filmes-FailedTrainings"
    )


def test_concurrency_is_reserved_only_where_it_is_asked_for() -> None:
    name = "ReservedConcurrentExecutions"
    assert name not in PLAIN.resources["ApiFunction"]["Properties"]
    limited = Resolved(parameters={"ApiConcurrency": "50"})
    assert limited.resources["ApiFunction"]["Properties"][name] == "50"


def test_the_direct_endpoint_is_closed_only_where_it_is_asked_for() -> None:
    closed = Resolved(parameters={"DirectEndpoint": "closed"})
    for stack, is_closed in ((PLAIN, False), (closed, True)):
        found = stack.resources["HttpApi"]["Properties"]["DisableExecuteApiEndpoint"]
        assert found is is_closed


def test_the_access_log_tells_who_asked() -> None:
    stage = PLAIN.resources["HttpApiStage"]["Properties"]
    line = json.loads(stage["AccessLogSettings"]["Format"])
    assert line["ip"] == "$context.identity.sourceIp"


def test_what_can_be_rolled_back_to_never_expires() -> None:
    """Models go by references: see training/release/cleanup.py."""
    bucket = PLAIN.resources["ModelBucket"]["Properties"]
    rules = bucket["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    assert expiring == {"arrendamentos/": 90, "candidatos/": 90, "spark/logs/": 30}
    assert expiring["arrendamentos/"] > PARAMETERS["LongestPause"]["MaxValue"]
    (rest,) = [rule for rule in rules if "Prefix" not in rule]
    assert "ExpirationInDays" not in rest
    assert rest["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert rest["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert rest["ExpiredObjectDeleteMarker"] is True
    assert all(rule["Status"] == "Enabled" for rule in rules)


@pytest.mark.parametrize("name", ["RatingsTable", "ModelBucket"])
def test_data_outlives_the_stack(name: str) -> None:
    """But what a deployment made that failed, which is empty, goes with it."""
    resource = PLAIN.resources[name]
    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource["UpdateReplacePolicy"] == "Retain"


def test_a_new_stack_takes_over_table_and_bucket() -> None:
    """In every function, right, rule and output; nothing is left that names another one."""
    assert not {"RatingsTable", "ModelBucket"} & RESTORED.resources.keys()
    assert RESTORED.outputs["RatingsTableName"] == OLD_TABLE
    assert RESTORED.outputs["ModelBucketName"] == OLD_BUCKET
    variables = {
        name: RESTORED.resources[name]["Properties"]["Environment"]["Variables"]
        for name in ("ApiFunction", "TrainingFunction", "ReleaseFunction")
    }
    assert variables["ApiFunction"]["RATINGS_TABLE"] == OLD_TABLE
    assert variables["TrainingFunction"]["RATINGS_TABLE"] == OLD_TABLE
    for name in ("TrainingFunction", "ReleaseFunction"):
        assert variables[name]["MODEL_BUCKET"] == OLD_BUCKET
    table = f"arn:aws:dynamodb:{HERE}:table/{OLD_TABLE}"
    for role, action, resource in (
        ("ApiRole", "dynamodb:Query", table),
        ("ApiRole", "dynamodb:UpdateItem", table),
        ("TrainingRole", "dynamodb:Scan", table),
        ("TrainingRole", "s3:ListBucket", f"arn:aws:s3:::{OLD_BUCKET}"),
        ("TrainingRole", "s3:GetObject", f"arn:aws:s3:::{OLD_BUCKET}/dados/dados.json"),
        ("ReleaseRole", "s3:GetObject", f"arn:aws:s3:::{OLD_BUCKET}/publicacoes/00000001.json"),
    ):
        assert RESTORED.allows(role, action, resource)
        assert not Resolved("new", {"Access": "jwt"}).allows(role, action, resource)
    (rule,) = [event for event in events(RESTORED) if "aws.s3" in str(event.get("Pattern"))]
    assert rule["Pattern"]["detail"]["bucket"]["name"] == [OLD_BUCKET]
    policy = RESTORED.resources["ModelBucketPolicy"]["Properties"]
    assert policy["Bucket"] == OLD_BUCKET
    # the resolver fails at a reference to what is not there, so there is none
    assert len(json.dumps(RESTORED.resources)) > 1000


def test_who_operates_a_stack_finds_its_parts() -> None:
    assert PLAIN.outputs.keys() >= {
        *("ApiUrl", "ApiId", "ApiFunctionName", "TrainingFunctionName", "ReleaseFunctionName"),
        *("ModelBucketName", "RatingsTableName", "FailedTrainingsUrl", "DashboardUrl"),
        *("ApiLogsName", "AccessLogsName", "TrainingLogsName", "ReleaseLogsName"),
    }


def test_checks_that_are_left_out_have_reasons() -> None:
    settings = (ROOT / ".ci" / "checkov.yaml").read_text(encoding="utf-8")
    skipped = settings.partition("skip-check:\n")[2].splitlines()
    assert skipped
    for line in skipped:
        assert re.fullmatch(r"  - CKV_AWS_\d+ # .{30,}", line), line
    for file in yaml_parse(settings)["file"]:
        assert "checkov:" not in (ROOT / file).read_text(encoding="utf-8")  # no others there
