"""What Lambda tells of a version of a function: what of it decides how the version serves."""

from collections.abc import Mapping
from typing import Any

# All else may differ where these are the same, such as ids, dates and states. Of some, a part does.
SAME = (
    *("Architectures", "CodeSha256", "EphemeralStorage", "Handler", "KMSKeyArn", "LoggingConfig"),
    *("MemorySize", "Role", "Runtime", "Timeout", "TracingConfig"),
)
PARTS = {
    "Environment": ("Variables",),
    "SnapStart": ("ApplyOn",),
    "VpcConfig": ("SecurityGroupIds", "SubnetIds"),
}


def read_code_and_settings(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must be the same in two versions that serve alike, apart from their layers.

    What is empty counts as absent.
    """
    found = {name: facts.get(name) for name in SAME}
    for name, parts in PARTS.items():
        whole = facts.get(name) or {}
        found |= {f"{name}.{part}": whole.get(part) for part in parts}
    return {name: value for name, value in found.items() if value}


def arns(facts: Mapping[str, Any]) -> list[str]:
    """Return the ARNs of a version's layers."""
    return [str(layer["Arn"]) for layer in facts.get("Layers") or []]
