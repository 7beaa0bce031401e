"""Tells `sam deploy` a stack's parameters, ReleaseId among them, as YAML.

    .venv/bin/python .ci/release.py STACK [NAME=VALUE ...]

SAM names a version of a function after the template's text, in which parameters stand by their
names: with other values it has the same name, so none is published, and the alias stays. Versions
are named after ReleaseId instead, a digest of what a release is: the function as built, the
template, and all parameters. Those that are not given keep their values in the stack, as they do
with `sam deploy`, else the template's.
"""

import argparse
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError
from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / ".aws-sam" / "build"
RELEASE = "ReleaseId"


def main() -> None:
    """Print the parameters of the next deployment."""
    parser = argparse.ArgumentParser(description="parameters of a deployment, ReleaseId included")
    parser.add_argument("stack")
    parser.add_argument("given", nargs="*", metavar="NAME=VALUE")
    parser.add_argument("--built", type=Path, default=BUILT, help="what `sam build` left")
    arguments = parser.parse_args()
    template = (arguments.built / "template.yaml").read_text(encoding="utf-8")
    declared = yaml_parse(template)["Parameters"]
    try:
        given = read(arguments.given, declared)
    except ValueError as error:
        parser.error(str(error))
    parameters = merge(declared, present(arguments.stack), given)
    release = digest(arguments.built / "ApiFunction", template, parameters)
    print(json.dumps(parameters | {RELEASE: release}, indent=2))


def read(words: Iterable[str], declared: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters that NAME=VALUE words give.

    Raises:
        ValueError: a word is none, or names what nobody can give, or contradicts another.
    """
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in declared or name == RELEASE:
            raise ValueError(f"{word}: NAME=VALUE is expected, with a parameter that can be given")
        if given.setdefault(name, value) != value:
            raise ValueError(f"{name} is given twice, as {given[name]} and {value}")
    return given


def present(stack: str) -> dict[str, str]:
    """Return the parameters that a stack was deployed with, none if there is no such stack."""
    try:
        found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return {}
        raise
    return {
        parameter["ParameterKey"]: parameter["ParameterValue"]
        for parameter in found.get("Parameters", [])
    }


def merge(
    declared: Mapping[str, Any], present: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the value of each declared parameter but ReleaseId."""
    defaults = {name: str(entry["Default"]) for name, entry in declared.items()}
    values = defaults | dict(present) | dict(given)
    return {name: values[name] for name in declared if name != RELEASE}


def digest(function: Path, template: str, parameters: Mapping[str, str]) -> str:
    """Return a digest of a built function, the template and the parameters, in any order."""
    files = {
        file.relative_to(function).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in function.rglob("*")
        if file.is_file()
    }
    if not files:
        raise FileNotFoundError(f"{function} has no files: see `make build`")
    release = {"files": files, "template": template, "parameters": dict(parameters)}
    return hashlib.sha256(json.dumps(release, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    main()
