"""Prints the parameters of a stack for `sam deploy`, ReleaseId included, as YAML.

    PYTHONPATH=. .venv/bin/python .ci/release.py STACK [NAME=VALUE ...]

By itself, SAM names a version of a function after the text of the template. The text holds the
names of parameters, not their values. So new values would not publish a version, and the alias
would stay at the old one. Here versions are named after ReleaseId: a digest of the function as
built, the template and all parameters but ModelLayerArn: a retraining has published a version with
that layer, and Lambda refuses a version that equals the newest. A parameter that is not given keeps
its value in the stack, as with `sam deploy`; a new stack takes the default of the template. What
the API reads of them is checked as the API does it: with a value that it refuses, it cannot start.

A release that was made before and is not live, as after a deployment that was taken back, gets
another id: Lambda and CloudFormation would publish it only once.

With `--hold`, the stack keeps its ReleaseId: the deployment publishes no version, and requests go
where they went, until `.ci/keep.py canary` moves them.
"""

import argparse
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from samcli.yamlhelper import yaml_parse

from recommender.settings import SettingError, read_settings
from training.release.api_function import ApiFunction, ReleaseError
from training.release.deployed import BY_STACK
from training.release.stack import Stack

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / ".aws-sam" / "build"
RELEASE = "ReleaseId"
MODEL = "ModelLayerArn"
AT_ONCE = "AllAtOnce"


def main() -> None:
    """Print the parameters of the next deployment."""
    parser = argparse.ArgumentParser(description="parameters of a deployment, ReleaseId included")
    parser.add_argument("stack")
    parser.add_argument("given", nargs="*", metavar="NAME=VALUE")
    parser.add_argument("--hold", action="store_true", help="publish no version")
    parser.add_argument("--built", type=Path, default=BUILT, help="what `sam build` left")
    arguments = parser.parse_intermixed_args()
    template = (arguments.built / "template.yaml").read_text(encoding="utf-8")
    parsed = yaml_parse(template)
    declared = parsed["Parameters"]
    try:
        given = read(arguments.given, declared)
        before = present(arguments.stack)
        parameters = merge(declared, before, given)
        check(parsed["Resources"]["ApiFunction"]["Properties"], parameters)
        if arguments.hold and before and parameters["Deployment"] == AT_ONCE:
            raise ValueError(
                f"Deployment is {AT_ONCE}, so no canary is possible: give it another value with it"
            )
    except ValueError as error:
        parser.error(str(error))
    if arguments.hold:
        release = before.get(RELEASE, declared[RELEASE]["Default"])
    else:
        release = digest(arguments.built / "ApiFunction", template, parameters)
        if before and (api := find_api(arguments.stack)):
            release = name(release, api, before.get(RELEASE, ""))
    print(json.dumps(parameters | {RELEASE: release}, indent=2))


def read(words: Iterable[str], declared: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters that NAME=VALUE words give.

    Raises:
        ValueError: a word is not NAME=VALUE, names an unknown parameter or ReleaseId, or
            contradicts another word.
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
    """Return the parameters that a stack was deployed with; empty if there is no such stack."""
    try:
        return Stack(stack).parameters
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return {}
        raise


def merge(
    declared: Mapping[str, Any], present: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the value of each declared parameter except ReleaseId."""
    defaults = {name: str(entry["Default"]) for name, entry in declared.items()}
    values = defaults | dict(present) | dict(given)
    return {name: values[name] for name in declared if name != RELEASE}


def check(function: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
    """Check the parameters that the API's function has as variables of its environment.

    Raises:
        ValueError: the API would not start with a value.
    """
    for variable, value in function["Environment"]["Variables"].items():
        match value:
            case {"Ref": name} if name in parameters:
                try:
                    read_settings({variable: parameters[name]})
                except SettingError as error:
                    raise ValueError(f"{name}: {error}") from None


def find_api(stack: str) -> ApiFunction | None:
    """Return the API function of a stack that is there, None if it has none."""
    try:
        return Stack(stack).api
    except ReleaseError:
        return None


def name(release: str, api: ApiFunction, present: str) -> str:
    """Return the id of the first attempt at a release that was not made before, or that is live.

    Args:
        release: its digest.
        api: the function, whose versions tell what was made.
        present: the id that the stack has.
    """
    made, last = {version["Description"] for version in api.versions()}, ""
    for attempt in attempts(release):
        if BY_STACK + attempt not in made:
            break
        last = attempt
    is_live = last and last == present and not api.find_differences(api.live())
    return last if is_live else attempt


def attempts(release: str) -> Iterator[str]:
    """Yield ids for a release, without end. The first is its digest."""
    yield release
    for number in count(1):
        yield hashlib.sha256(f"{release} {number}".encode()).hexdigest()


def digest(function: Path, template: str, parameters: Mapping[str, str]) -> str:
    """Return a digest of a built function, the template and the parameters but the model's."""
    files = {
        file.relative_to(function).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in function.rglob("*")
        if file.is_file()
    }
    if not files:
        raise FileNotFoundError(f"{function} has no files: see `make build`")
    counting = {name: value for name, value in parameters.items() if name != MODEL}
    release = {"files": files, "template": template, "parameters": counting}
    return hashlib.sha256(json.dumps(release, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    main()
