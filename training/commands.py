"""What a person does with models: publish, list and roll back."""

import json
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from recommender.model import artifact
from recommender.settings import BUNDLED
from training.data.progress import progress
from training.profiles.sample import some_users
from training.release.api_function import ReleaseError
from training.release.history import LIVE
from training.release.keys import decision_key
from training.release.profile_tables import IMPORT
from training.release.releases import Releases
from training.release.stack import Stack
from training.release.trainings import WAITING
from training.renewal import models
from training.renewal.elsewhere import note
from training.renewal.gate import SAMPLE
from training.renewal.incumbent import find_incumbent
from training.renewal.inheritance import inherit
from training.renewal.judgement import judge
from training.renewal.lineage import titles_of
from training.renewal.table import read_erased
from training.verify import whole

ERRORS = (ReleaseError, BotoCoreError, ClientError)  # told in a line
PAUSE = 10  # seconds between two questions whether a profile table is there
HINT = """\
That takes minutes, and the stack goes on with it if this command ends:
python -m training versions shows when the model is live"""
SHORT = 12  # digits of a version that tell it from others


def publish(stack: Stack, what: str, *, force: bool) -> None:
    """Make a model live: an artifact folder, or the version of a model in the bucket.

    A folder is checked as the gate does, without what needs ratings: settings are not compared.

    Raises:
        ReleaseError: it did not get live, or the gate did not let it pass.
        ArtifactError: the folder holds no whole artifact.
    """
    if Path(what).is_dir():
        what = _upload(stack, Path(what), force=force)
    options = {"wait": False, **({"force": True} if force else {})}
    done = stack.release(action="publish", version=what, **options)
    if "version" in done and _waits_for_table(done):  # else it is another release that waits
        print(f"{done['reason']}\n{HINT}", file=sys.stderr)
        with progress("importing", " s") as bar:
            while _waits_for_table(done):
                time.sleep(PAUSE)
                bar.update(PAUSE)
                done = stack.release(action="resume")
    version, reason = done.get("version", what), done.get("reason", "")
    told = f"{done['state']}: {version}" + (f" ({reason})" if reason else "")
    if done["state"] not in (LIVE, WAITING) or version != what:
        raise ReleaseError(f"model {what} did not get live: {told}")
    print(told)


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
    if done["state"] == WAITING:
        raise ReleaseError(f"not live yet: {done['reason']}")
    print(f"{done['state']}: {done.get('version') or done.get('reason', '')}")


def _waits_for_table(done: Mapping[str, Any]) -> bool:
    return done["state"] == WAITING and IMPORT in done["reason"]


def _upload(stack: Stack, folder: Path, *, force: bool) -> str:
    """Bring an artifact folder to the bucket, with a decision; return its version.

    Raises:
        ReleaseError: a release has not ended, or the model in use, whose lineage the new one may
            follow, is not at hand.
    """
    _, parts = whole(folder)
    bucket, releases = stack.bucket, Releases(stack.bucket, stack.api)
    if (latest := releases.ledger.latest()) and not latest.end:
        raise ReleaseError(f"release {latest.number} has not ended: try again when it has")
    served = releases.served()
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "artifact")
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(artifact.PROFILES))
        incumbent, release = find_incumbent(bucket, stack.api, BUNDLED, Path(scratch))
        if served and (incumbent is None or incumbent.version != served):
            raise ReleaseError(
                f"model {served}, which is live, came with the code and is not in {BUNDLED}/: "
                "bring it there, or publish the folder as a candidate, which the stack compares "
                "with it"
            )
        users, titles = some_users(folder, SAMPLE), titles_of(copy / artifact.CATALOG_FILE)
        inherit(bucket, copy, titles, incumbent)
        erased = read_erased(stack.ratings_table, math.inf)
        decision = judge(copy, users, incumbent, release, erased, forced=force)
        if decision.released:
            if incumbent:
                models.keep(bucket, incumbent.catalog.parent)
            note(bucket, artifact.read_manifest(copy), incumbent, {}, "", time.time())
            models.store(bucket, copy, {name: folder / name for name in parts})
    if not decision.passed:
        print(f"gate: {decision.refusals()}", file=sys.stderr)
    bucket.write(decision_key(decision.model, release), decision.as_dict())
    return decision.model
