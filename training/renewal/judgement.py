"""The gate without the ratings: what it can tell of a model that was made elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from recommender.data.catalog import Rated
from training.renewal.erasure import count_erased
from training.renewal.gate import ASKED, Check, Decision, check_answers, check_facts
from training.renewal.incumbent import Incumbent, read_incumbent


def judge(
    folder: Path,
    users: Mapping[int, Sequence[Rated]],
    incumbent: Incumbent | None,
    release: int,
    marked: Collection[int] = (),
    *,
    forced: bool = False,
) -> Decision:
    """Judge the artifact in a folder; its settings are not compared with those in use.

    Args:
        folder: the artifact.
        users: some of its users' ratings, by id: it has to answer for them.
        incumbent: the model in use, if there is one.
        release: number of the last release.
        marked: ids of users who were erased.
        forced: whether the candidate may be released whatever is found.
    """
    candidate = read_incumbent(folder)
    checks = [
        check_answers(folder, users.values()),
        Check("settings not worse", True, {"compared": "no, that needs the ratings"}),
    ]
    version = incumbent.version if incumbent else None
    if incumbent:
        erased = count_erased(incumbent.catalog, candidate.catalog, marked)
        checks += check_facts(candidate.titles, candidate.manifest, incumbent, erased)
    asked = tuple(users)[:ASKED]
    return Decision(candidate.version, version, release, tuple(checks), asked, forced)
