"""Keeps the model that is live through a deployment of code.

    PYTHONPATH=. .venv/bin/python .ci/keep.py before|canary|after|undo|back STACK

Retrainings publish versions of the API function that CloudFormation knows nothing of. A deployment
therefore has to name the layer of the version that is live.

`before` prints it as ModelLayerArn=… for .ci/release.py. It refuses while a release runs, loads the
model with the code to be deployed, and brings `$LATEST` back to the layer, because CloudFormation
sends only what changed in the template. `after` compares the model that is live with the one
before, and moves the alias back if the deployment changed it.

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
from typing import Any

import boto3
from botocore.exceptions import ClientError

from recommender.model.artifact import MANIFEST_FILE, ArtifactError, load
from training.release.api_function import ApiFunction, ReleaseError
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
PAUSE = 10  # seconds between looks at a deployment
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
    except (ReleaseError, ArtifactError) as error:
        sys.exit(f".ci/keep.py: {error}")


def before(stack: str, note: Path = NOTE) -> str:
    """Return the layer of the model that is live, "" if it is in the package or there is no stack.

    Raises:
        ReleaseError: a release or a deployment of a model runs, or a model of demonstration data
            would replace one of other data.
        ArtifactError: the code to be deployed cannot read the model.
    """
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
    else:
        _check_bundled(releases, live.version, BUNDLED)
    if releases.number() != number:
        raise ReleaseError("a model is being released: try again when it is live")
    releases.api.set_layer(live.layer)
    facts = {
        "model": model,
        "layer": live.layer,
        "version": live.version,
        "release": number,
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
    api, live = releases.api, releases.api.live()
    steps = _find_canary(api)
    if live.version != facts["version"] or live.weighted:
        raise ReleaseError("a model was released during the deployment: deploy again")
    version = _publish(api, live.version)
    if version == live.version:
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
    """Check that the model that was live before still is, or that of a release made since.

    Raises:
        ReleaseError: it is not. If there was no release, the alias names the version of before
            again.
    """
    facts = json.loads(note.read_text(encoding="utf-8"))
    releases = _releases(stack)
    if not facts or releases is None:
        return
    latest, live = releases.ledger.latest(), releases.api.live()
    model = releases.proof.find_model(live.version)
    if latest and latest.number != facts["release"]:
        released = latest.body["model"]
        if model != released and latest.end and latest.end["outcome"] == LIVE:
            raise ReleaseError(
                f"release {latest.number} came during the deployment, which replaced its model: "
                f"python -m training publish {released} --force makes it live again"
            )
    elif facts["layer"] and model != facts["model"]:
        releases.api.move_alias(live, facts["version"])
        releases.api.set_layer(releases.api.live().layer)
        raise ReleaseError(
            f"the deployment replaced model {facts['model']} by {model or 'none'}: alias live "
            f"serves version {facts['version']} again"
        )


def back(stack: str, note: Path = NOTE) -> None:
    """Have the alias serve the version of before a deployment again.

    Raises:
        ReleaseError: there was none, a model has been released since, or requests are being moved.
    """
    facts = json.loads(note.read_text(encoding="utf-8"))
    releases = _releases(stack)
    if not facts or releases is None:
        raise ReleaseError("there was no version before this deployment")
    if releases.number() != facts["release"]:
        raise ReleaseError("a model has been released since: see python -m training versions")
    live = releases.api.live()
    if live.weighted:
        raise ReleaseError("a deployment of others moves requests: try again when it has ended")
    releases.api.move_alias(live, facts["version"])
    print(f"alias live serves version {facts['version']} again")


def undo(stack: str, note: Path = NOTE) -> None:
    """Go ``back`` if CloudFormation took the last deployment back; else it was not this one."""
    if (status := _status(stack)) in TAKEN_BACK:
        back(stack, note)
    else:
        print(f"stack {stack} is {status}: alias live stays where it is")


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


def _check_bundled(releases: Releases, version: str, built: Path) -> None:
    """Raise unless the package's model may replace that of the package which is live."""
    new = json.loads((built / MANIFEST_FILE).read_text(encoding="utf-8"))
    status, _, card = releases.api.ask(version, "/modelo", releases.scope)
    if status == 200 and new["data"]["demonstracao"] and not card["dados"]["demonstracao"]:
        raise ReleaseError(
            f"model {card['versao']}, which is live, is in the package of the API, and the new "
            "package has a model of demonstration data: build with ARTIFACT, or train in the stack"
        )


def _check_readable(releases: Releases, model: str) -> None:
    if not releases.bucket.read(f"{MODELS}{model}/{MANIFEST_FILE}"):
        raise ReleaseError(f"model {model} is live, but not in the bucket")
    with tempfile.TemporaryDirectory() as scratch:
        models.fetch(releases.bucket, model, Path(scratch, "artifact"))
        load(Path(scratch, "artifact"))


if __name__ == "__main__":
    main()
