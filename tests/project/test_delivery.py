"""From a push to production: what .github and .ci promise of order, rights and notes."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from samcli.yamlhelper import yaml_parse

from tests.aws.policies import Resolved
from tests.conftest import ROOT

WORKFLOWS = {
    file.stem: yaml_parse(file.read_text(encoding="utf-8"))
    for file in (ROOT / ".github" / "workflows").glob("*.yml")
}
DEPLOY = WORKFLOWS["deploy"]["jobs"]
STAGE = WORKFLOWS["stage"]["jobs"]["deploy"]
ROLES_FILE = ROOT / ".ci" / "roles.yaml"
ROLES = yaml_parse(ROLES_FILE.read_text(encoding="utf-8"))["Resources"]
GITHUB = "token.actions.githubusercontent.com"


def steps(job: dict[str, Any]) -> list[str]:
    """What a job runs and uses, in its order."""
    return [step.get("run") or step["uses"].partition("@")[0] for step in job.get("steps", [])]


def statements(role: str) -> list[dict[str, Any]]:
    (policy,) = ROLES[role]["Properties"]["Policies"]
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def test_production_comes_after_staging_after_the_gate() -> None:
    assert DEPLOY["gate"]["uses"] == "./.github/workflows/ci.yml"
    assert DEPLOY["gate"]["if"] == "github.ref == 'refs/heads/main'"
    assert DEPLOY["staging"]["needs"] == "gate"
    assert DEPLOY["production"]["needs"] == "staging"
    assert DEPLOY["release"]["needs"] == ["attest", "production"]
    # A job that waits for others is left out if they fail, unless its condition says otherwise.
    assert "always()" not in str(DEPLOY)
    assert "if" not in DEPLOY["production"]
    assert "!failure() && !cancelled()" in DEPLOY["release"]["if"]


def test_production_has_a_canary_and_deploys_what_the_gate_built() -> None:
    assert DEPLOY["production"]["with"]["canary"] is True
    done = steps(STAGE)
    assert not [step for step in done if "make build" in step or "make deploy " in step]
    order = ["download-artifact", "make setup", "configure-aws", "deploy-built", "smoke.py"]
    places = [next(place for place, step in enumerate(done) if name in step) for name in order]
    assert places == sorted(places)
    assert "make dist" in steps(WORKFLOWS["ci"]["jobs"]["gate"])


@pytest.mark.parametrize(
    ("given", "failing", "expected"),
    [
        ([], "", ["before", "release.py", "deploy", "after"]),
        ([], "deploy", ["before", "release.py", "deploy", "undo"]),
        (["CANARY=1"], "", ["before", "release.py", "deploy", "canary", "after"]),
        (["CANARY=1"], "deploy", ["before", "release.py", "deploy", "undo"]),
        (["CANARY=1"], "canary", ["before", "release.py", "deploy", "canary"]),
        ([], "before", ["before"]),
        (["CANARY=0"], "CANARY", []),
    ],
)
def test_a_deployment_that_fails_leaves_the_version_of_before(
    tmp_path: Path, given: list[str], failing: str, expected: list[str]
) -> None:
    """By the Makefile, with programs that only note what they are called for."""
    (tmp_path / ".aws-sam").mkdir()
    notes = tmp_path / "notes"
    notes.touch()
    for name in ("python", "sam"):
        program = tmp_path / name
        program.write_text(
            f"#!/bin/sh\nfor word in before release.py deploy canary after undo; do\n"
            f'  case " $* " in *" $word "*|*"/$word "*) echo $word >> {notes}\n'
            f'    test $word != "{failing}" || exit 3;; esac\ndone\n'
        )
        program.chmod(0o755)
    command = ["make", "--silent", f"--file={ROOT}/Makefile", "--assume-old=setup"]
    asked = [*command, "deploy-built", f"BIN={tmp_path}", *given]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True)
    assert notes.read_text().split() == expected, done.stderr
    assert (done.returncode != 0) == bool(failing)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_rights_are_given_job_by_job(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}
    for job in WORKFLOWS[name]["jobs"].values():
        assert job["permissions"].keys() <= {"contents", "id-token", "attestations"}
        if any(".ci/run" in step or "make" in step for step in steps(job)):
            # Packages of others run in these jobs: none may write to the repository.
            assert job["permissions"]["contents"] == "read"
            assert "attestations" not in job["permissions"]


def test_only_main_may_assume_the_role_of_its_environment() -> None:
    """Whether or not the subjects of the repository's tokens have numbers."""
    given = {"Environment": "staging", "Repository": "we/films", "RepositoryId": "2"}
    roles = Resolved(parameters=given | {"OwnerId": "1", "Provider": "arn"}, file=ROLES_FILE)
    trust = roles.resources["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    (statement,) = trust
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            f"{GITHUB}:aud": "sts.amazonaws.com",
            f"{GITHUB}:sub": [
                "repo:we/films:environment:staging",
                "repo:we@1/films@2:environment:staging",
            ],
            f"{GITHUB}:ref": "refs/heads/main",
            f"{GITHUB}:repository_id": "2",
        }
    }


def test_the_longest_deployment_ends_while_there_are_credentials() -> None:
    """Of ten steps, the first is taken at once. The rest of the job takes a quarter of an hour."""
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    values = template["Parameters"]["Deployment"]["AllowedValues"]
    steps_of = [re.fullmatch(r"Linear10PercentEvery(\d+)Minutes?", value) for value in values]
    longest = 9 * max(int(found[1]) for found in steps_of if found)
    (credentials,) = [one for one in STAGE["steps"] if "role-to-assume" in one.get("with", {})]
    seconds = credentials["with"]["role-duration-seconds"]
    assert seconds == ROLES["DeployRole"]["Properties"]["MaxSessionDuration"]
    assert longest + 15 <= STAGE["timeout-minutes"] <= seconds / 60


def test_cloudformation_may_change_what_a_role_is() -> None:
    """Of the stack's roles only."""
    (statement,) = [one for one in statements("CloudFormationRole") if "iam:UpdateRole" in str(one)]
    assert {"iam:CreateRole", "iam:UpdateRole", "iam:UpdateRoleDescription"} <= {
        *statement["Action"]
    }
    assert statement["Resource"]["Fn::Sub"].endswith(":role/${Stack}-*")


def test_two_stacks_share_no_name_of_a_schedule() -> None:
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    schedules = [
        event["Properties"]
        for resource in resources.values()
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "ScheduleV2"
    ]
    assert len(schedules) == 3
    assert all(found["OmitName"] and "Name" not in found for found in schedules)


@pytest.mark.parametrize("role", ["DeployRole", "CloudFormationRole"])
def test_roles_pass_roles_to_named_services_only(role: str) -> None:
    for statement in statements(role):
        actions = statement["Action"]
        actions = [actions] if isinstance(actions, str) else actions
        assert not {"*", "iam:*", "s3:*", "dynamodb:*", "sts:AssumeRole"} & set(actions)
        if "iam:PassRole" in actions:
            assert actions == ["iam:PassRole"]
            assert "iam:PassedToService" in statement["Condition"]["StringEquals"]
        if statement["Resource"] == "*":
            assert all(re.match("logs:|cloudformation:GetTemplateSummary", one) for one in actions)


def test_cloudformation_may_read_the_packages_of_whoever_deploys() -> None:
    """It keeps the role of the stack's first deployment from CI, also when a person deploys."""
    command = ["make", "--dry-run", f"--file={ROOT}/Makefile", "--assume-old=setup", "deploy-built"]
    told = subprocess.run([*command, "STACK=films"], cwd=ROOT, capture_output=True, text=True)
    (folder,) = re.findall(r'sam deploy .*--s3-prefix "(.+?)"', told.stdout)
    given = {"Environment": "production", "Stack": "films", "Repository": "we/films"}
    roles = Resolved(parameters=given | {"Provider": "arn"}, file=ROLES_FILE)
    bucket = "arn:aws:s3:::aws-sam-cli-managed-default-samclisourcebucket-1a2b"
    assert roles.allows("CloudFormationRole", "s3:GetObject", f"{bucket}/{folder}/0f1e")
    assert not roles.allows("CloudFormationRole", "s3:GetObject", f"{bucket}/0f1e")


def test_the_deploying_role_changes_no_data() -> None:
    """It may read the records of releases and models, and write packages only."""
    written = [
        statement["Resource"]["Fn::Sub"]
        for statement in statements("DeployRole")
        if "s3:PutObject" in statement["Action"]
    ]
    assert [place.split(":::")[1] for place in written] == [
        "aws-sam-cli-managed-default-samclisourcebucket-*/${Stack}/*"
    ]
    assert "dynamodb:" not in str(statements("DeployRole"))


def test_the_linters_find_faults(tmp_path: Path) -> None:
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    bad = workflows / "bad.yml"
    bad.write_text(
        "name: bad\non: issues\npermissions: {}\njobs:\n  one:\n    runs-on: ubuntu-99\n"
        "    steps:\n      - uses: actions/checkout@v5\n"
        "      - run: echo ${{ github.event.issue.title }}\n"
    )
    commands: list[list[str | Path]] = [
        [sys.executable, ROOT / ".ci" / "actionlint.py", bad],
        [Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress", tmp_path],
    ]
    done = [subprocess.run(command, capture_output=True, text=True) for command in commands]
    said = [one.stdout + one.stderr for one in done]
    assert all(one.returncode for one in done), said
    assert "[runner-label]" in said[0]
    assert "template-injection" in said[1]
    assert "unpinned-uses" in said[1]


def notes(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([project / ".ci/notes", *options], capture_output=True, text=True)


def test_the_changelog_has_notes_of_this_version(tmp_path: Path) -> None:
    version = notes(ROOT, "--version").stdout.strip()
    log = (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (\S+), (\d{4}-\d\d-\d\d)$", log, re.MULTILINE)
    assert sections[0][0] == version
    assert len(sections) == len(re.findall("^## ", log, re.MULTILINE))
    assert [day for _, day in sections] == sorted((day for _, day in sections), reverse=True)
    told = notes(ROOT).stdout
    assert told.strip().startswith("- ")
    assert "## " not in told
    (tmp_path / ".ci").mkdir()
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / ".ci" / "notes", tmp_path / ".ci")
    (tmp_path / "docs" / "changelog.md").write_text(log)
    (tmp_path / "pyproject.toml").write_text(f'version = "{version}.1"\n')
    without = notes(tmp_path)
    assert without.returncode == 1
    assert f"says nothing of version {version}.1" in without.stderr
