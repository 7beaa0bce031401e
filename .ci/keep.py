"""Keeps the model that is live through a deployment of code.

    PYTHONPATH=. .venv/bin/python .ci/keep.py before|after STACK

Retrainings publish versions of the API function that CloudFormation knows nothing of. A deployment
therefore has to name the layer of the version that is live.

`before` prints it as ModelLayerArn=… for .ci/release.py. It refuses while a release runs, loads the
model with the code to be deployed, and brings `$LATEST` back to the layer, because CloudFormation
sends only what changed in the template. `after` compares the model that is live with the one
before, and moves the alias back if the deployment changed it.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from botocore.exceptions import ClientError

from recommender.model.artifact import MANIFEST_FILE, ArtifactError, load
from training.release.api_function import ReleaseError
from training.release.history import LIVE
from training.release.keys import MODELS
from training.release.releases import Releases
from training.release.stack import Stack
from training.renewal import models

NOTE = Path(__file__).resolve().parents[1] / ".aws-sam" / "live.json"


def main() -> None:
    """Look before or after a deployment; exit with one line if it may not go on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("when", choices=["before", "after"])
    parser.add_argument("stack")
    arguments = parser.parse_args()
    try:
        if arguments.when == "before":
            print(f"ModelLayerArn={before(arguments.stack)}")
        else:
            after(arguments.stack)
    except (ReleaseError, ArtifactError) as error:
        sys.exit(f".ci/keep.py: {error}")


def before(stack: str, note: Path = NOTE) -> str:
    """Return the layer of the model that is live, "" if it is in the package or there is no stack.

    Raises:
        ReleaseError: a release or a deployment of a model runs.
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


def _check_readable(releases: Releases, model: str) -> None:
    if not releases.bucket.read(f"{MODELS}{model}/{MANIFEST_FILE}"):
        raise ReleaseError(f"model {model} is live, but not in the bucket")
    with tempfile.TemporaryDirectory() as scratch:
        models.fetch(releases.bucket, model, Path(scratch, "artifact"))
        load(Path(scratch, "artifact"))


if __name__ == "__main__":
    main()
