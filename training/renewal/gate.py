"""The gate: whether a candidate may replace the model in use, and why."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.data.catalog import Rated
from recommender.model.artifact import ArtifactError, load
from recommender.model.profile import make_profile
from recommender.model.ranking import Strategy, rank
from training.choice import limits
from training.choice.aim import Aim
from training.choice.metrics import (
    films_of,
    make_profiles,
    rank_all,
    sample_users,
    score_some,
    summarise,
)
from training.data.dataset import Dataset
from training.data.splits import BY_FILM
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters
from training.renewal.erasure import count_erased
from training.renewal.gain import gain_on_popularity
from training.renewal.incumbent import Incumbent
from training.renewal.lineage import compare_titles

SAMPLE = 20  # users for whom a candidate has to answer
ASKED = 5  # of these, for whom the code that shall serve has to answer
OF_THE_INDEX = ("cells", "candidates")  # which depend on the number of films

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """One question of the gate, its answer, and the figures behind it."""

    name: str
    passed: bool
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What the gate found about a candidate, against which release, and users to try it for."""

    model: str
    incumbent: str | None
    release: int
    checks: tuple[Check, ...]
    users: tuple[int, ...]
    forced: bool

    @property
    def passed(self) -> bool:
        """Whether the candidate passed every check."""
        return all(check.passed for check in self.checks)

    @property
    def released(self) -> bool:
        """Whether it may be released: it passed, or that was forced."""
        return self.passed or self.forced

    def refusals(self) -> str:
        """Return the checks that failed, with their figures."""
        return "; ".join(f"{c.name}: {dict(c.figures)}" for c in self.checks if not c.passed)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON."""
        found = asdict(self) | {"passed": self.passed}
        return found | {name: list(found[name]) for name in ("checks", "users")}


def decide(
    data: Dataset,
    folder: Path,
    manifest: Manifest,
    incumbent: Incumbent | None,
    release: int,
    marked: Collection[int] = (),
    *,
    forced: bool = False,
) -> Decision:
    """Judge a candidate that was trained on a data set, whose artifact is in a folder.

    Without an incumbent it only has to load and to answer. ``release`` is the number of the last
    release, which made the incumbent live, and ``marked`` are the ids of users who were erased.
    """
    sample = _sample(data, manifest["training"]["seed"])
    checks = [check_answers(folder, (_rated(data, user) for user in sample))]
    if incumbent:
        erased = count_erased(incumbent.catalog, data, marked)
        checks += check_facts(data.titles(), manifest, incumbent, erased)
        checks.append(_settings(data, manifest, incumbent.manifest))
    users = tuple(int(data.users["id"].iloc[user]) for user in sample[:ASKED])
    against = incumbent.version if incumbent else None
    return Decision(manifest["version"], against, release, tuple(checks), users, forced)


def check_facts(
    titles: Mapping[int, str],
    manifest: Manifest,
    incumbent: Incumbent,
    erased: Mapping[str, int] | None = None,
) -> list[Check]:
    """Return the checks that need no ratings: size, titles, lineage, scale, gain on popularity.

    The limits are those which the incumbent's manifest states. What was ``erased`` is not lost.
    """
    old = incumbent.manifest
    stated = {**limits.RENEWAL, **old.get("limites", {})}
    before, now = old["data"], manifest["data"]
    checks = [
        Check(
            f"{name} not lost",
            now[name] >= stated[name] * (before[name] - less),
            {"before": before[name], "erased": less, "now": now[name], "share": stated[name]},
        )
        for name in ("filmes", "usuarios", "avaliacoes")
        for less in [(erased or {}).get(name, 0)]
    ]
    shared, changed = compare_titles(incumbent.titles, titles)
    same = len(shared) - len(changed)
    checks.append(
        Check(
            "titles stay",
            bool(shared) and same >= stated["titulos"] * len(shared),
            {"shared ids": len(shared), "same title": same, "share": stated["titulos"]},
        )
    )
    for name in ("linhagem", "primeira_linhagem", "escala"):
        was = before.get(name, before.get("linhagem") if name == "primeira_linhagem" else None)
        is_now = now.get(name)
        checks.append(Check(f"{name} stays", was == is_now, {"before": was, "now": is_now}))
    gains = [
        gain_on_popularity(facts, manifest["training"]["objetivo"]) for facts in (old, manifest)
    ]
    known, found = gains
    lost = known is not None and (found is None or found < stated["ganho"] * known)
    checks.append(
        Check(
            "gain over popularity not lost",
            not lost,
            {"before": known, "now": found, "share": stated["ganho"]},
        )
    )
    return checks


def _settings(data: Dataset, manifest: Manifest, old: Manifest) -> Check:
    """Compare both settings, fitted on the same train part, on the same test part.

    The incumbent's stored model is not compared: it may have seen the test part.
    """
    name = "settings not worse"
    seed, aim = manifest["training"]["seed"], manifest["training"]["objetivo"]
    new_settings, old_settings = (_chosen(facts, seed) for facts in (manifest, old))
    if new_settings == old_settings:
        return Check(name, True, {"difference": 0.0})
    train, test = BY_FILM.parts(data, seed)
    found = [_ndcgs(train, test, chosen, aim) for chosen in (new_settings, old_settings)]
    difference = found[0] - found[1]
    if len(difference) < 2:
        return Check(name, True, {"users": len(difference)})
    means = summarise({"new": found[0], "old": found[1], "difference": difference})
    mean, margin = (means["difference"][part] or 0.0 for part in ("mean", "margin"))
    figures = {
        "ndcg": means["new"]["mean"],
        "ndcg of the incumbent's": means["old"]["mean"],
        "difference": mean,
        "margin": margin,
        "users": len(difference),
    }
    return Check(name, mean + margin >= 0, figures)


def _chosen(manifest: Manifest, seed: int) -> Hyperparameters:
    found = manifest["hyperparameters"]
    names = limits.HYPERPARAMETERS.keys() & found.keys() - {*OF_THE_INDEX}
    return Hyperparameters(seed=seed).with_values({name: found[name] for name in names})


def _ndcgs(train: Dataset, test: Dataset, chosen: Hyperparameters, aim: str) -> NDArray[np.float64]:
    """Return the nDCG at 10 of the users with a relevant film in the test part."""
    with threadpool_limits(1):
        model = fit(train, chosen)
    held_out = sample_users(test, chosen.seed).ratings
    profiles = make_profiles(model, train.ratings, held_out)
    relevant = profiles.relevant
    if aim == Aim.LIKED:
        liked = held_out[held_out["avaliacao"] >= test.liked_from]
        relevant = films_of(model, liked, profiles.users)
    return score_some(rank_all(model, profiles, recency=0.0), relevant)["ndcg"]


def _sample(data: Dataset, seed: int) -> NDArray[np.int64]:
    """Return the positions of some users who have ratings."""
    users = np.unique(data.ratings["user"])
    return np.random.RandomState(seed).permutation(users)[:SAMPLE]


def _rated(data: Dataset, user: int) -> list[Rated]:
    """Return the ratings of the user at a position, without moments."""
    row, ids = data.matrix[user], data.films["id"].to_numpy()
    rated = zip(ids[row.indices].tolist(), row.data.tolist(), strict=True)
    return [(film, rating, None) for film, rating in rated]


def check_answers(folder: Path, users: Iterable[Sequence[Rated]]) -> Check:
    """Check that the API's code loads an artifact, and ranks films for users with some ratings."""
    name = "artifact answers"
    try:
        model = load(folder).model
    except ArtifactError as error:
        return Check(name, False, {"error": str(error)})
    profiles = (make_profile(model, rated) for rated in users)
    lists = [len(rank(model, found, Strategy.MODEL, limit=5).rows) for found in profiles]
    return Check(name, all(lists), {"users": len(lists), "shortest list": min(lists, default=0)})
