"""Keeps the model that is live through a deployment of code.

    PYTHONPATH=. .venv/bin/python .ci/keep.py before|canary|after|undo|back STACK

Retrainings publish versions of the API function that CloudFormation knows nothing of. A deployment
therefore has to name the layer of the version that is live.

`before` prints it as ModelLayerArn=… for .ci/release.py. It refuses while a release runs, loads the
model with the code to be deployed, and brings `$LATEST` back to the layer, because CloudFormation
sends only what changed in the template. `after` compares the model that is live with the one
before, and moves the alias back if the deployment changed it, or brought a version that cannot
serve. It refuses if a release may undo the deployment, or has done so.

`canary`, after a deployment that published no version, publishes one and lets it take the requests
step by step. `back` makes the version of before live again, after a smoke test that failed. `undo`
does so after a deployment that CloudFormation took back, and with it the alias to the version that
CloudFormation published last.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from recommender.model.artifact import MANIFEST_FILE, ArtifactError, load
from training.release.api_function import ApiFunction, Live, ReleaseError
from training.release.bucket import Record
from training.release.canary import Canary, Progress, find_progress
from training.release.deployed import describe
from training.release.history import LIVE
from training.release.keys import MODELS
from training.release.releases import Releases
from training.release.stack import Stack
from training.renewal import models

SAM = Path(__file__).resolve().parents[1] / ".aws-sam"
NOTE = SAM / "live.json"
BUNDLED = SAM / "build" / "ApiFunction" / "artifact"  # what was built
CHANGES = "samcli-deploy"  # begins the names of the change sets that `sam deploy` makes
PAUSE = 10  # seconds between looks at a deployment
FAILED_AT_FIRST = "ROLLBACK_COMPLETE"
TAKEN_BACK = {"UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"}


def main() -> None:
    """Look before or after a deployment; exit with one line if it may not go on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    steps = {"canary": canary, "after": after, "undo": undo, "back": back}
    parser.add_argument("when", choices=["before", *steps])
    parser.add_argument("stack")
    arguments = parser.parse_args()
    try:
        if arguments.when == "before":
            print(f"ModelLayerArn={before(arguments.stack)}")
        else:
            steps[arguments.when](arguments.stack)
    except (ReleaseError, ArtifactError, ClientError, BotoCoreError) as error:
        sys.exit(f".ci/keep.py: {error}")


def before(stack: str, note: Path = NOTE) -> str:
    """Return the layer of the model that is live, "" if it is in the package or there is no stack.

    A version that cannot serve may be replaced; its layer still tells its model.

    Raises:
        ReleaseError: a release or a deployment of a model runs, a model of demonstration data
            would replace one of other data, written ratings would not count for a new model, or
            the stack has to be deleted first.
        ArtifactError: the code to be deployed cannot read the model.
    """
    if _status(stack) == FAILED_AT_FIRST:
        raise ReleaseError(
            f"the first deployment of stack {stack} failed, and AWS takes no second one: delete it "
            f"(aws cloudformation delete-stack --stack-name {stack}), and deploy again"
        )
    note.parent.mkdir(parents=True, exist_ok=True)
    releases = _releases(stack)
    if releases is None:
        note.write_text("{}", encoding="utf-8")
        return ""
    latest, live = releases.ledger.latest(), releases.api.live()
    number = latest.number if latest else 0
    if latest and not latest.end:
        raise ReleaseError(f"release {latest.number} has not ended: try again when it has")
    if live.weighted:
        raise ReleaseError("a deployment of a model runs: try again when it has ended")
    model = releases.served()
    if live.layer:
        _check_readable(releases, model)
    elif model:
        _check_bundled(releases, live.version, BUNDLED, _is_writable(stack))
    if releases.number() != number:
        raise ReleaseError("a model is being released: try again when it is live")
    releases.api.set_layer(live.layer)
    facts = {
        "stack": stack,
        "model": model,
        "layer": live.layer,
        "version": live.version,
        "release": number,
        "changes": _find_waiting(stack),
    }
    note.write_text(json.dumps(facts), encoding="utf-8")
    return live.layer


def canary(stack: str, note: Path = NOTE) -> None:
    """Let a version of the deployed code take the requests step by step, and wait for the end.

    Raises:
        ReleaseError: it cannot serve, or an alarm went off. Requests go to the version of before.
    """
    facts = json.loads(note.read_text(encoding="utf-8"))
    releases = _releases(stack)
    if not facts or releases is None:  # nothing was live
        return
    _check_executed(stack, facts)
    note.write_text(json.dumps(facts | {"canary": True}), encoding="utf-8")
    api, live = releases.api, releases.api.live()
    steps = _find_canary(api)
    if live.version != facts["version"] or live.weighted:
        raise ReleaseError("a model was released during the deployment: deploy again")
    version = _publish(api, live.version)
    if version == live.version:
        print(f"version {version} is live already: there is nothing new")
        return
    model = facts["model"] if facts["layer"] else releases.proof.find_model(version)
    releases.proof.check(version, model, [])
    begun = steps.begin(live.version, version) if releases.number() == facts["release"] else None
    if begun is None:
        raise ReleaseError("a model is being released: deploy again when it is live")
    deployment = begun["deployment"]
    print(f"deployment {deployment} moves requests from version {live.version} to {version}")
    while (progress := find_progress(deployment)) is Progress.RUNS:
        time.sleep(PAUSE)
    if progress is Progress.FAILED:
        raise ReleaseError(
            f"deployment {deployment} failed, or an alarm went off: alias live serves version "
            f"{live.version} again. Models wait for the next deployment of code"
        )


def after(stack: str, note: Path = NOTE) -> None:
    """Check that the deployed code serves the model of before, or that of a release made since.

    Raises:
        ReleaseError: it does not, or a release that runs may bring back other code, or nothing was
            deployed. If the live version cannot serve or, without a release, has another model,
            the alias names the version of before again.
    """
    facts = json.loads(note.read_text(encoding="utf-8"))
    releases = _releases(stack)
    if releases is None:
        raise ReleaseError("nothing was deployed")
    _check_executed(stack, facts)
    latest, live = releases.ledger.latest(), releases.api.live()
    model = releases.proof.find_model(live.version)
    if not model and not live.weighted:
        _take_back(releases, live, _version_before(facts, latest))
    is_open = live.weighted or (latest and not latest.end)
    if facts and is_open and not facts.get("canary"):  # what waited for a canary takes its code
        told = "" if model else f"version {live.version} cannot serve (its log says why), and "
        raise ReleaseError(
            f"{told}a model is being released, which may bring back the code of before: deploy "
            "again when it has ended"
        )
    if not facts:
        return
    if latest and latest.number != facts["release"]:
        released = latest.body["model"]
        if model != released and latest.end and latest.end["outcome"] == LIVE:
            raise ReleaseError(
                f"release {latest.number} came during the deployment, which replaced its model: "
                f"python -m training publish {released} --force makes it live again"
            )
    elif facts["layer"] and model != facts["model"]:
        _move_back(releases.api, live, facts["version"])
        raise ReleaseError(
            f"the deployment replaced model {facts['model']} by {model}: alias live serves "
            f"version {facts['version']} again"
        )
    if differing := releases.api.find_differences(live):
        raise ReleaseError(
            f"alias live serves version {live.version}, whose code or settings are not those of "
            f"this deployment ({', '.join(differing)}). CloudFormation publishes them only "
            "once: deploy with CANARY=1, or deploy others"
        )
    note.write_text(json.dumps(facts | {"deployed": live.version}), encoding="utf-8")


def back(stack: str, note: Path = NOTE) -> None:
    """Have the alias serve the version of before a deployment again.

    Raises:
        ReleaseError: there was none, or it is the one that is live, a model has been released or
            something deployed since, or requests are being moved.
    """
    facts = json.loads(note.read_text(encoding="utf-8"))
    releases = _releases(stack)
    if not facts or releases is None:
        raise ReleaseError("there was no version before this deployment")
    if stack != facts["stack"]:
        raise ReleaseError(f"the last deployment from here was of stack {facts['stack']}")
    if releases.number() != facts["release"]:
        raise ReleaseError("a model has been released since: see python -m training versions")
    live = releases.api.live()
    if live.weighted:
        raise ReleaseError("a deployment of others moves requests: try again when it has ended")
    if live.version != facts.get("deployed", live.version):
        raise ReleaseError(
            f"version {live.version} is live, which the last deployment from here did not bring"
        )
    if live.version == facts["version"]:
        raise ReleaseError(
            f"version {live.version} was live before this deployment, too, as after one that was "
            "interrupted: it stays live. Deploy other code"
        )
    releases.api.move_alias(live, facts["version"])
    print(f"alias live serves version {facts['version']} again")


def undo(stack: str, note: Path = NOTE) -> None:
    """Go ``back`` if CloudFormation took the last deployment back; else it was not this one."""
    status, facts = _status(stack), json.loads(note.read_text(encoding="utf-8"))
    releases = _releases(stack)
    if facts and releases and releases.api.live().version == facts["version"]:
        print(f"stack {stack} is {status} (see its events): alias live has not moved")
    elif status in TAKEN_BACK:
        back(stack, note)
    else:
        print(f"stack {stack} is {status}: alias live stays where it is")


def _check_executed(stack: str, facts: dict[str, Any]) -> None:
    """Raise if `sam deploy` was answered no: a change set then waits that did not before."""
    if set(_find_waiting(stack)) - set(facts.get("changes", [])):
        raise ReleaseError("nothing was deployed")


def _find_waiting(stack: str) -> list[str]:
    """Return the ids of the change sets that `sam deploy` made and nobody has executed."""
    client: Any = boto3.client("cloudformation")
    pages = client.get_paginator("list_change_sets").paginate(StackName=stack)
    return [
        one["ChangeSetId"]
        for page in pages
        for one in page["Summaries"]
        if one["ChangeSetName"].startswith(CHANGES) and one["ExecutionStatus"] == "AVAILABLE"
    ]


def _version_before(facts: dict[str, Any], latest: Record | None) -> str:
    """Return the version that the deployment replaced, "" if there was none."""
    end = latest.end if facts and latest and latest.number != facts["release"] else None
    return str(end["version"] if end and end["outcome"] == LIVE else facts.get("version", ""))


def _take_back(releases: Releases, live: Live, before: str) -> NoReturn:
    """Have the alias serve the version of before instead of one that cannot serve, and say so."""
    told = f"version {live.version} cannot serve (its log says why): "
    if before in ("", live.version) or not releases.proof.find_model(before):
        raise ReleaseError(f"{told}there is none to go back to. Correct it and deploy again")
    _move_back(releases.api, live, before)
    raise ReleaseError(f"{told}alias live serves version {before} again")


def _move_back(api: ApiFunction, live: Live, version: str) -> None:
    api.move_alias(live, version)
    api.set_layer(api.live().layer)


def _find_canary(api: ApiFunction) -> Canary:
    client: Any = boto3.client("codedeploy")
    application = api.layer_name  # of the same name in the template
    try:
        found = client.list_deployment_groups(applicationName=application)["deploymentGroups"]
    except client.exceptions.ApplicationDoesNotExistException:
        found = []
    if not found:
        raise ReleaseError(
            "Deployment is AllAtOnce in this stack: give it another value for a canary"
        )
    return Canary(application, found[0], api.name, api.alias)


def _publish(api: ApiFunction, before: str) -> str:
    made = api.client.publish_version(FunctionName=api.name, Description=describe(before))
    waiter = api.client.get_waiter("published_version_active")
    waiter.wait(FunctionName=api.name, Qualifier=made["Version"])
    return str(made["Version"])


def _status(stack: str) -> str:
    try:
        return Stack(stack).status
    except ClientError:  # there is none
        return "not there"


def _releases(stack: str) -> Releases | None:
    """Return the releases of a stack, None if there is no such stack, or none with releases."""
    found = Stack(stack)
    try:
        return Releases(found.bucket, found.api)
    except ReleaseError:  # it was deployed before there were releases
        return None
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise


def _is_writable(stack: str) -> bool:
    """Return whether users may have written ratings."""
    return Stack(stack).parameters.get("Access") == "jwt"


def _check_bundled(releases: Releases, version: str, built: Path, is_writable: bool) -> None:
    """Raise unless the package's model may replace that of the package which is live."""
    new = json.loads((built / MANIFEST_FILE).read_text(encoding="utf-8"))
    status, _, card = releases.api.ask(version, "/modelo", releases.scope)
    if status == 200 and new["data"]["demonstracao"] and not card["dados"]["demonstracao"]:
        raise ReleaseError(
            f"model {card['versao']}, which is live, is in the package of the API, and the new "
            "package has a model of demonstration data: build with ARTIFACT, or train in the stack"
        )
    for name in ("linhagem", "escala") if status == 200 and is_writable else ():
        old, given = card["dados"][name], new["data"][name]
        if old != given:
            raise ReleaseError(
                f"{name} of model {card['versao']}, which is live, is {old}, but that of the new "
                f"package is {given}, so no written rating would count: name the data as before "
                "(linhagem is its name), or train in the stack"
            )


def _check_readable(releases: Releases, model: str) -> None:
    if not releases.bucket.read(f"{MODELS}{model}/{MANIFEST_FILE}"):
        raise ReleaseError(f"model {model} is live, but not in the bucket")
    with tempfile.TemporaryDirectory() as scratch:
        models.fetch(releases.bucket, model, Path(scratch, "artifact"))
        load(Path(scratch, "artifact"))


if __name__ == "__main__":
    main()
