"""What the roles of a template may do: its policies with all references resolved, and evaluated.

AWS's simulator needs an account, and moto looks at no resources. This knows what the template uses:
allowing and denying statements, patterns of actions and resources, and three kinds of conditions.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse

from tests.conftest import ROOT

ACCOUNT, REGION = "123456789012", "us-east-1"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}
NOTHING = object()  # AWS::NoValue
HERE = f"{REGION}:{ACCOUNT}"
ARNS = {  # of a resource, by its type
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{HERE}:table/{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{HERE}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{HERE}:{{}}",
    "AWS::Serverless::Function": f"arn:aws:lambda:{HERE}:function:{{}}",
}
ENDINGS = {"AWS::DynamoDB::Table": "-1A2B"}
RULE = f"arn:aws:events:{HERE}:rule/{{}}"  # the rest of what policies name are SAM's rules


@dataclass(frozen=True, eq=False)
class Resolved:
    """A template as CloudFormation would have it for a stack.

    ``parameters`` differ from the defaults, ``names`` are physical names by logical id, where they
    are not the stack's name and the logical id; of tables with an ending, because roles go by it.
    """

    stack: str = "filmes"
    parameters: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    file: Path = ROOT / "template.yaml"

    @cached_property
    def template(self) -> dict[str, Any]:
        """The template as it is written."""
        found: dict[str, Any] = yaml_parse(self.file.read_text(encoding="utf-8"))
        return found

    @cached_property
    def resources(self) -> dict[str, Any]:
        """The resources whose conditions hold, resolved, by logical id."""
        return {
            name: self.resolve(resource)
            for name, resource in self.template["Resources"].items()
            if self.holds(resource.get("Condition"))
        }

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The values of the outputs."""
        return {name: self.resolve(one["Value"]) for name, one in self.template["Outputs"].items()}

    def holds(self, condition: Any) -> bool:
        """Return whether a condition holds: a name, or what CloudFormation computes one by."""
        if condition is None:
            return True
        if isinstance(condition, str):
            return self.holds(self.template["Conditions"][condition])
        ((name, arguments),) = condition.items()
        if name == "Condition":
            return self.holds(arguments)
        if name == "Fn::Equals":
            left, right = map(self.resolve, arguments)
            return str(left) == str(right)
        held = list(map(self.holds, arguments))
        return {"Fn::Not": not held[0], "Fn::And": all(held), "Fn::Or": any(held)}[name]

    def resolve(self, value: Any) -> Any:
        """Return a part of the template with all references resolved."""
        if isinstance(value, list):
            return [one for one in map(self.resolve, value) if one is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return self.ref(argument)
            if name == "Fn::GetAtt":
                parts = argument.split(".", 1) if isinstance(argument, str) else argument
                return self.attribute(*parts)
            if name == "Fn::Sub":
                return self.substitute(*([argument] if isinstance(argument, str) else argument))
            if name == "Fn::Split":
                separator, text = map(self.resolve, argument)
                return str(text).split(separator)
            if name == "Fn::Select":
                place, values = map(self.resolve, argument)
                return values[place]
            if name == "Fn::If":
                return self.resolve(argument[1 if self.holds(argument[0]) else 2])
        resolved = {name: self.resolve(inner) for name, inner in value.items()}
        return {name: inner for name, inner in resolved.items() if inner is not NOTHING}

    def ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NOTHING
        if name in PSEUDO or name == "AWS::StackName":
            return PSEUDO.get(name, self.stack)
        if declared := self.template["Parameters"].get(name):
            return self.parameters.get(name, declared.get("Default"))
        base = name.partition(".")[0]
        if base in self.template["Resources"]:
            assert self.holds(self.template["Resources"][base].get("Condition")), f"no {base}"
        kind = self.template["Resources"].get(name, {}).get("Type")
        return self.names.get(name, f"{self.stack}-{name}{ENDINGS.get(kind, '')}")

    def attribute(self, name: str, attribute: str) -> str:
        physical = self.ref(name)
        if attribute != "Arn":
            return f"{physical}.{attribute}"
        kind = self.template["Resources"].get(name, {}).get("Type")
        return ARNS.get(kind, RULE).format(physical)

    def substitute(self, text: str, more: Mapping[str, Any] | None = None) -> str:
        given = {name: self.resolve(value) for name, value in (more or {}).items()}

        def found(match: re.Match[str]) -> str:
            name = match[1]
            if name in given:
                return str(given[name])
            return str(self.attribute(*name.split(".", 1)) if "." in name else self.ref(name))

        return re.sub(r"\$\{([^!}]+)\}", found, text)

    def statements(self, role: str) -> list[dict[str, Any]]:
        """Return the statements of a role's policies: its own, and those that name it."""
        policies = [*self.resources[role]["Properties"]["Policies"]]
        for resource in self.resources.values():
            properties = resource["Properties"]
            if resource["Type"] == "AWS::IAM::Policy" and self.ref(role) in properties["Roles"]:
                policies.append(properties)
        return [part for policy in policies for part in policy["PolicyDocument"]["Statement"]]

    def allows(self, role: str, action: str, resource: str, **context: str) -> bool:
        """Return whether a role may do an action to a resource; ``context`` as in ``allows``."""
        return allows(self.statements(role), action, resource, context)


def allows(
    statements: Iterable[Mapping[str, Any]],
    action: str,
    resource: str,
    context: Mapping[str, str] | None = None,
) -> bool:
    """Return whether statements allow an action to a resource: one does, and none denies it.

    ``context`` has the values of condition keys, each by its name with ``_`` for ``:``.
    """
    effects = {
        statement["Effect"]
        for statement in statements
        if any(matches(pattern.lower(), action.lower()) for pattern in listed(statement["Action"]))
        and any(matches(pattern, resource) for pattern in listed(statement["Resource"]))
        and all(
            meets(kind, wanted, context or {})
            for kind, wanted in statement.get("Condition", {}).items()
        )
    }
    return "Allow" in effects and "Deny" not in effects


def meets(kind: str, wanted: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Return whether a request meets a condition; keys that it has no value for are not met."""
    compare: dict[str, Callable[[Any, str], bool]] = {
        "ArnEquals": lambda pattern, value: matches(str(pattern), value),
        "Bool": lambda pattern, value: str(pattern).lower() == value,
        "StringEquals": lambda pattern, value: str(pattern) == value,
    }
    is_like = compare[kind]
    given = {key: context.get(key.replace(":", "_")) for key in wanted}
    return all(
        value is not None and any(is_like(pattern, value) for pattern in listed(wanted[key]))
        for key, value in given.items()
    )


def matches(pattern: str, text: str) -> bool:
    """Return whether a text is like a pattern of IAM, in which * and ? stand for anything."""
    spelled = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return bool(re.fullmatch(spelled, text, re.DOTALL))


def listed(value: Any) -> list[Any]:
    """Return one or many as many."""
    return value if isinstance(value, list) else [value]
