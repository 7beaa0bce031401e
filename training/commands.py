"""What a person does with models: publish, list, roll back and verify them."""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from recommender.model import artifact
from recommender.settings import BUNDLED
from training.release.api_function import ReleaseError
from training.release.releases import Releases, decision_key
from training.release.stack import Stack
from training.renewal import models
from training.renewal.gate import Check, Decision, check_facts
from training.renewal.incumbent import find_incumbent, read_incumbent

ERRORS = (ReleaseError, BotoCoreError, ClientError)  # told in a line
SHORT = 12  # digits of a version that tell it from others


def verify(folder: Path) -> None:
    """Check every file of an artifact folder against its manifest, and say what it is.

    Raises:
        ArtifactError: something is missing, altered, or of another format.
    """
    found = artifact.load(folder)
    names = (*artifact.ARTIFACT_FILES, *artifact.part_names(found.manifest["files"]))
    for name in names:
        artifact.verify_file(folder / name, found.manifest["files"][name])
    data, training = found.manifest["data"], found.manifest["training"]
    print(f"version   {found.version}")
    print(f"trained   {training['date']}, aim {training['objetivo']}, seed {training['seed']}")
    print(
        f"data      {data['usuarios']} users, {data['filmes']} films, {data['avaliacoes']} ratings"
    )
    print(f"format    {found.manifest['format']}, {len(names)} files as stated")


def publish(stack: Stack, what: str, *, force: bool) -> None:
    """Make a model live: an artifact folder, or the version of a model in the bucket.

    A folder is checked as the gate does, without what needs ratings: settings are not compared.

    Raises:
        ReleaseError: it could not be released, or the gate did not let it pass.
        ArtifactError: the folder holds no whole artifact.
    """
    if Path(what).is_dir():
        what = _upload(stack, Path(what), force=force)
    done = stack.release(action="publish", version=what, **({"force": True} if force else {}))
    print(f"{done['state']}: {what}" + (f" ({done['reason']})" if "reason" in done else ""))


def versions(stack: Stack, *, as_json: bool) -> None:
    """List the models that were live, the newest first."""
    rows = stack.release(action="versions")["versions"]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'version':{SHORT}}  {'trained':25}  {'nDCG':>6}  {'liked':>6}")
    for row in rows:
        marks = [name for name in ("live", "forced", "rolled_back") if row[name]]
        figures = (f"{row[n]:.3f}" if row[n] else "-" for n in ("ndcg", "ndcg_liked"))
        told = "  ".join(f"{figure:>6}" for figure in figures)
        date = row["date"] or "came with the code"
        print(f"{row['version'][:SHORT]:{SHORT}}  {date:25}  {told}  {', '.join(marks)}".rstrip())


def roll_back(stack: Stack, version: str | None) -> None:
    """Make a model live that was live before; by default the last one before the present.

    ``version`` may be shortened to its first digits.

    Raises:
        ReleaseError: there is no such model.
    """
    if version:
        known = [row["version"] for row in stack.release(action="versions")["versions"]]
        matching = [found for found in known if found.startswith(version)]
        version = matching[0] if len(matching) == 1 else version
    done = stack.release(action="rollback", **({"version": version} if version else {}))
    print(f"{done['state']}: {done.get('version') or done['reason']}")


def _upload(stack: Stack, folder: Path, *, force: bool) -> str:
    """Bring an artifact folder to the bucket, with a decision; return its version."""
    artifact.load(folder)
    bucket = stack.bucket
    candidate = read_incumbent(folder)
    with tempfile.TemporaryDirectory() as scratch:
        copy = shutil.copytree(folder, Path(scratch, "artifact"))
        models.store(bucket, copy)
        incumbent, release = find_incumbent(bucket, stack.api, BUNDLED, Path(scratch))
    checks = [Check("settings not worse", True, {"compared": "no, that needs the ratings"})]
    served = Releases(bucket, stack.api).served()
    if incumbent and incumbent.version == served:
        checks += check_facts(candidate.titles, candidate.manifest, incumbent)
    else:  # it came with the code of another build than the one in this folder
        checks.append(Check("model in use is at hand", False, {"version": served}))
    decision = Decision(
        candidate.version,
        incumbent.version if incumbent else None,
        release,
        tuple(checks),
        (),
        force,
    )
    if not decision.passed:
        print(f"gate: {decision.refusals()}", file=sys.stderr)
    bucket.write(decision_key(candidate.version, release), decision.as_dict())
    return candidate.version
