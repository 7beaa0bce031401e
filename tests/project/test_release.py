"""A deployment publishes a version of the API when code, model, template or parameters change."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from samcli.cli.types import CfnParameterOverridesType
from samcli.lib.translate.sam_template_validator import SamTemplateValidator
from samcli.yamlhelper import yaml_parse

from recommender.settings import SettingError, read_settings
from tests.conftest import ROOT
from tests.recommender.test_settings import ORIGINS, REFUSED
from tests.stores import CREDENTIALS, moto_server

SCRIPT = ROOT / ".ci" / "release.py"
TEXT = (ROOT / "template.yaml").read_text(encoding="utf-8")
DECLARED: dict[str, Any] = yaml_parse(TEXT)["Parameters"]
MODEL = "ModelLayerArn"
PARAMETERS = sorted(DECLARED.keys() - {"ReleaseId"})

spec = importlib.util.spec_from_file_location("release", SCRIPT)
assert spec
assert spec.loader
release: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(release)


@pytest.fixture
def function(tmp_path: Path) -> Path:
    """A function as built, more or less."""
    folder = tmp_path / "build" / "ApiFunction"
    (folder / "artifact").mkdir(parents=True)
    (folder / "handler.py").write_text("handler = None")
    (folder / "artifact" / "manifest.json").write_text("{}")
    (folder.parent / "template.yaml").write_text(TEXT)
    return folder


def other(name: str) -> str:
    """A value that a parameter does not have by default."""
    entry = DECLARED[name]
    default = str(entry["Default"])
    if "AllowedValues" in entry:
        return next(str(value) for value in entry["AllowedValues"] if str(value) != default)
    return f"{default}1"


def deployed(function: Path, **given: str) -> dict[str, str]:
    """The parameters with which a new stack is deployed."""
    parameters: dict[str, str] = release.merge(DECLARED, {}, given)
    return parameters | {"ReleaseId": release.digest(function, TEXT, parameters)}


def version(parameters: dict[str, str]) -> str:
    """The logical id of the version that CloudFormation's transform makes of the template."""
    return transformed(tuple(parameters.items()))


@cache
def transformed(parameters: tuple[tuple[str, str], ...]) -> str:
    class NoPolicies:
        def load(self) -> dict[str, str]:
            return {}

    validator = SamTemplateValidator(
        yaml_parse(TEXT), NoPolicies(), region="us-east-1", parameter_overrides=dict(parameters)
    )
    resources = yaml_parse(validator.get_translated_template_if_valid())["Resources"]
    (found,) = [name for name, entry in resources.items() if entry["Type"].endswith("::Version")]
    assert resources["ApiFunctionAliaslive"]["Properties"]["FunctionVersion"] == {
        "Fn::GetAtt": [found, "Version"]
    }
    return str(found)


@pytest.mark.parametrize("name", PARAMETERS)
def test_another_value_of_a_parameter_is_another_version(function: Path, name: str) -> None:
    """Except for the model: a retraining has published a version with that layer already."""
    given = {name: other(name)}
    same = version(deployed(function, **given)) == version(deployed(function))
    assert same is (name == MODEL)


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_release_alone_names_the_version(name: str) -> None:
    """This is why there is a ReleaseId: parameters and code by themselves publish nothing."""
    same = {"ReleaseId": "0123456789"}
    assert version({name: other(name)} | same) == version(same) == "ApiFunctionVersion0123456789"
    assert version({name: other(name)}) == version({})


def test_the_same_is_the_same_version(function: Path, tmp_path: Path) -> None:
    shutil.copytree(function, tmp_path / "elsewhere")
    parameters = deployed(function)
    assert deployed(tmp_path / "elsewhere") == parameters
    assert version(parameters) == version(deployed(function))
    assert deployed(function, ApiMemory=str(DECLARED["ApiMemory"]["Default"])) == parameters
    one = deployed(function, Access="jwt", ApiMemory="3008")
    assert deployed(function, ApiMemory="3008", Access="jwt") == one != parameters


CHANGES: dict[str, Callable[[Path], Any]] = {
    "changed": lambda folder: (folder / "handler.py").write_text("handler = print"),
    "renamed": lambda folder: (folder / "handler.py").rename(folder / "other.py"),
    "moved": lambda folder: (folder / "handler.py").rename(folder / "artifact" / "handler.py"),
    "added": lambda folder: (folder / "empty").touch(),
    "removed": lambda folder: (folder / "handler.py").unlink(),
    "another model": lambda folder: (folder / "artifact" / "manifest.json").write_text("[]"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_another_package_is_another_release(function: Path, change: Callable[[Path], Any]) -> None:
    before = deployed(function)["ReleaseId"]
    change(function)
    assert deployed(function)["ReleaseId"] != before


def test_another_template_is_another_release(function: Path) -> None:
    assert release.digest(function, TEXT, {}) != release.digest(function, TEXT + "#", {})


def test_without_a_package_there_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make build"):
        release.digest(tmp_path, TEXT, {})


STACK = json.dumps(
    {
        "Parameters": {
            name: {"Type": "String", "Default": "of-old"}
            for name in ("Access", "ApiMemory", "ReleaseId", "Gone")
        },
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
    }
)


@pytest.mark.parametrize("text", [*ORIGINS, *REFUSED["CORS_ORIGINS"], "", "**", "*.", "/"])
def test_the_template_takes_the_origins_that_the_api_takes(text: str) -> None:
    pattern, other = DECLARED["CorsOrigins"]["AllowedPattern"], "https://b.example"
    for value in (text, f"{other},{text}", f" {text} , {other},", f"*{text}"):
        if re.fullmatch(pattern, value):
            read_settings({"CORS_ORIGINS": value})
        else:
            with pytest.raises(SettingError):
                read_settings({"CORS_ORIGINS": value})


def told(function: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """What the script makes of what `make deploy` gives it."""
    return subprocess.run(
        [sys.executable, SCRIPT, "--built", function.parent, "filmes", *words],
        env=os.environ | CREDENTIALS | {"AWS_ENDPOINT_URL": url, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def test_what_is_not_given_stays_as_the_stack_has_it(function: Path, tmp_path: Path) -> None:
    """As with `sam deploy`; else a stack that has left its defaults might keep an old version."""
    words = ("ApiMemory=3008", "TrainingSchedule=cron(0 6 ? * MON,THU *)")
    given = dict(word.split("=") for word in words)
    with moto_server() as url:
        new = told(function, url, *words)
        client: Any = boto3.client(
            "cloudformation",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.create_stack(
            StackName="filmes",
            TemplateBody=STACK,
            Parameters=[{"ParameterKey": "Access", "ParameterValue": "jwt"}],
        )
        client.close()
        existing = told(function, url, *words)
        at_once = told(function, url, "--hold", *words)
        canary = "Deployment=Canary10Percent5Minutes"
        held = told(function, url, "--hold", canary, *words)
    assert new.returncode == 0, new.stderr
    assert json.loads(new.stdout) == deployed(function, **given)
    assert existing.returncode == 0, existing.stderr
    assert json.loads(existing.stdout) == deployed(function, Access="jwt", **given)
    # held, it publishes no version: the stack's ReleaseId stays
    stays = {"ReleaseId": "of-old", "Deployment": canary.partition("=")[2]}
    assert json.loads(held.stdout) == json.loads(existing.stdout) | stays
    # and where requests can only move at once, that is said before anything is deployed
    assert (at_once.returncode, at_once.stdout) == (2, "")
    assert "error: Deployment is AllAtOnce, so no canary is possible" in at_once.stderr
    # and sam reads it as it was written
    file = tmp_path / "parameters.yaml"
    file.write_text(existing.stdout)
    parameters = CfnParameterOverridesType().convert((f"file://{file}",), None, None)
    assert parameters == json.loads(existing.stdout)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("CorsOrigins=null", "CORS_ORIGINS has 'null', allowed are origins such as https://app."),
        ("BasePath=https://a", "BASE_PATH is 'https://a', allowed is a path such as /v1"),
    ],
)
def test_a_value_with_which_the_api_would_not_start_is_told(
    function: Path, word: str, said: str
) -> None:
    with moto_server() as url:
        done = told(function, url, word)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"error: {word.partition('=')[0]}: {said}" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "words",
    [
        ["Acess=jwt"],
        ["Access"],
        ["ReleaseId=0123456789"],
        ["Architecture=x86_64", "Architecture=arm64"],
    ],
)
def test_what_cannot_be_given_is_told_in_one_line(function: Path, words: list[str]) -> None:
    done = told(function, "http://127.0.0.1:1", *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words[0].partition("=")[0] in done.stderr.splitlines()[-1]
