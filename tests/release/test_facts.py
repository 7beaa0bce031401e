"""What must be the same in two versions of a function."""

from typing import Any

import pytest

from training.release.facts import read_code_and_settings

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:filmes"
# As AWS tells them: of $LATEST, and of the version that was published from it.
LATEST: dict[str, Any] = {
    "FunctionName": "filmes",
    "FunctionArn": f"{FUNCTION}:$LATEST",
    "Runtime": "python3.13",
    "Role": "arn:aws:iam::123456789012:role/filmes-ApiRole",
    "Handler": "handler.handler",
    "CodeSize": 5797206,
    "Description": "Release 1a2b",
    "Timeout": 10,
    "MemorySize": 1769,
    "LastModified": "2026-01-02T03:04:05.000+0000",
    "CodeSha256": "YFgDgEKG3ugvF1+pX64gV6tu9qNuIYNUdgJm8nCxsm4=",
    "Version": "$LATEST",
    "Environment": {"Variables": {"ACCESS": "open"}},
    "TracingConfig": {"Mode": "PassThrough"},
    "RevisionId": "b75dcd81-xmpl-48a8-a75a-93ba8b5b9727",
    "Layers": [{"Arn": "arn:aws:lambda:us-east-1:123456789012:layer:filmes-modelo:1"}],
    "State": "Active",
    "LastUpdateStatus": "Successful",
    "PackageType": "Zip",
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
    "SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"},
    "RuntimeVersionConfig": {"RuntimeVersionArn": "arn:aws:lambda:us-east-1::runtime:1a2b"},
    "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "filmes-ApiLogs"},
    "ConfigSha256": "1a2b",
}
VERSION = LATEST | {
    "FunctionArn": f"{FUNCTION}:7",
    "Description": "00000003 m3",
    "LastModified": "2026-01-02T03:05:06.000+0000",
    "Version": "7",
    "RevisionId": "c86ede92-xmpl-48a8-a75a-93ba8b5b9727",
    "Layers": [{"Arn": "arn:aws:lambda:us-east-1:123456789012:layer:filmes-modelo:2"}],
    "State": "Inactive",
    "StateReason": "The function is not in use",
    "StateReasonCode": "Idle",
    "SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"},
    "RuntimeVersionConfig": {"RuntimeVersionArn": "arn:aws:lambda:us-east-1::runtime:3c4d"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": ""},
    "ConfigSha256": "3c4d",
}
del VERSION["LastUpdateStatus"]


def test_a_version_is_like_what_it_was_published_from() -> None:
    assert read_code_and_settings(LATEST) == read_code_and_settings(VERSION)


@pytest.mark.parametrize(
    "other",
    [
        {"CodeSha256": "x"},
        {"Environment": {"Variables": {"ACCESS": "jwt"}}},
        {"MemorySize": 256},
        {"Timeout": 11},
        {"EphemeralStorage": {"Size": 1024}},
        {"Role": "arn:aws:iam::123456789012:role/other"},
        {"Handler": "other.handler"},
        {"Runtime": "python3.14"},
        {"Architectures": ["arm64"]},
        {"TracingConfig": {"Mode": "Active"}},
        {"SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"}},
        {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
        {"LoggingConfig": {"LogFormat": "Text", "LogGroup": "filmes-ApiLogs"}},
    ],
    ids=lambda other: next(iter(other)),
)
def test_other_code_and_other_settings_are_told_apart(other: dict[str, Any]) -> None:
    assert read_code_and_settings(LATEST | other) != read_code_and_settings(LATEST)
