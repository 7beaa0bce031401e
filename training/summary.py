"""What a training made, for a person who reads and for a program."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np

from recommender.model import artifact
from recommender.model.ranking import Strategy
from training.choice.aim import Aim

GROUPS_SHOWN = 12
CONTENT = {
    artifact.MODEL_FILE: "the model",
    artifact.CATALOG_FILE: "films, users and their ratings",
    artifact.MAP_FILE: "the films as a picture",
    "mapa.png": "the same",
    artifact.MANIFEST_FILE: "all figures, and the digest of every file",
}

Summary = dict[str, Any]


def summarize(folder: Path) -> Summary:
    """Return what an artifact folder holds, as plain values.

    Raises:
        ArtifactError: the folder is incomplete, altered, or of another format.
    """
    found = artifact.load(folder)
    data, metrics = found.manifest["data"], found.manifest["metrics"]
    chosen = dict(found.manifest["hyperparameters"])
    del chosen["validation"]
    sizes = np.diff(found.model.cell_starts)
    largest = np.argsort(-sizes, kind="stable")
    tested = {
        strategy.value: _figures(metrics[strategy.value], metrics["cutoff"])
        for strategy in (Strategy.MODEL, Strategy.POPULAR)
        if metrics.get(strategy.value)
    }
    return {
        "version": found.version,
        "folder": str(folder),
        "files": {name: (folder / name).stat().st_size for name in CONTENT},
        "data": {
            "films": data["filmes"],
            "users": data["usuarios"],
            "ratings": data["avaliacoes"],
            "scale": data["escala"],
            "timed": bool(len(found.model.trend)),
        },
        "aim": found.manifest["training"]["objetivo"],
        "chosen": chosen,
        "test": {"users": metrics["users"], "list": metrics["cutoff"], **tested},
        "groups": [
            {"films": int(sizes[group]), "label": str(found.model.cell_labels[group])}
            for group in largest[:GROUPS_SHOWN]
        ],
        "more_groups": max(len(sizes) - GROUPS_SHOWN, 0),
        "next": _commands(folder),
    }


def render(found: Summary) -> str:
    """Return a summary as text, without what to do next."""
    data, (lowest, highest) = found["data"], found["data"]["scale"]
    scale = f"from {lowest:g} to {highest:g}" if highest > lowest else "that say who saw what"
    counts = f"{data['films']:,} films, {data['users']:,} users, {data['ratings']:,} ratings"
    tried = found["chosen"]["tried"]
    compared = f"the best of {tried:,} that were compared" if tried else "none were compared"
    groups = [f"{row['films']:7,} films  {row['label']}" for row in found["groups"]]
    if found["more_groups"]:
        groups.append(f"{'':15}and {found['more_groups']} smaller ones, see GET /grupos")
    parts = {
        f"{counts} {scale}": [],
        f"Settings, {compared}": _chosen(found),
        "Tested by a second model, which did not see a quarter of the ratings": _tested(found),
        "Groups of films": groups,
        f"Files in {found['folder']}": [
            f"{name:18} {size / 1e6:9,.2f} MB  {CONTENT[name]}"
            for name, size in found["files"].items()
        ],
    }
    return "\n\n".join("\n  ".join([title, *lines]) for title, lines in parts.items())


def render_next(found: Summary) -> str:
    """Return what to do next, as text."""
    width = max(map(len, found["next"]))
    lines = [f"{command:{width}}  # {what}" for command, what in found["next"].items()]
    return "\n  ".join(["What to do next", *lines])


def _figures(metrics: dict[str, Any], cutoff: int) -> dict[str, Any]:
    """Return a strategy's figures: ``rated`` and ``liked`` are films in a list that were so."""
    liked = metrics.get(Aim.LIKED.value)
    return {
        "rated": round(cutoff * metrics["precision"]["mean"], 2),
        "liked": round(cutoff * liked["precision"]["mean"], 2) if liked else None,
        "disliked": metrics["disliked"],
        "ndcg": metrics["ndcg"]["mean"],
        "ndcg_liked": liked["ndcg"]["mean"] if liked else None,
    }


def _chosen(found: Summary) -> list[str]:
    values, films = found["chosen"], found["data"]["films"]
    aims = {Aim.LIKED: "films that people like", Aim.SEEN: "films that people rate at all"}
    lines = [
        f"aim: {aims[Aim(found['aim'])]} ({found['aim']})",
        f"each film is a vector of at most {values['bandwidth']:,} numbers",
        f"contents (genres, people, words of titles) count {values['content']:g}",
        f"the index has {values['cells']:,} cells; a request scores at least "
        f"{min(values['candidates'], films):,} of {films:,} films",
    ]
    if not found["data"]["timed"]:
        return [*lines, "the data does not say when ratings were given, so their order is unknown"]
    return [
        *lines,
        f"what is likely next counts {values['recency']:g} of a list's score (recencia)",
        f"for what is trending, a rating counts half after {values['half_life']:g} days",
    ]


def _tested(found: Summary) -> list[str]:
    test = found["test"]
    ours, popular = (test.get(name.value) for name in (Strategy.MODEL, Strategy.POPULAR))
    if not ours or not popular:
        return ["not tested: too few ratings to hold any out"]
    lowest, highest = found["data"]["scale"]
    kind, ndcg, verb = "rated", "ndcg", "rated" if highest > lowest else "seen"
    if found["aim"] == Aim.LIKED and ours["liked"] is not None:
        kind, ndcg, verb = "liked", "ndcg_liked", "liked"
    lines = [
        f"of {test['list']} films shown to each of {test['users']:,} users, {ours[kind]:.1f} were "
        f"held-out ones that they had {verb}; of as many popular films, {popular[kind]:.1f}",
        f"nDCG@{test['list']}: {ours[ndcg]:.3f}; of popular films, {popular[ndcg]:.3f}",
    ]
    if ours["disliked"] is not None and highest > lowest:
        told = f"{100 * ours['disliked']:.0f}% of the hits were disliked"
        if popular["disliked"] is not None:
            told += f"; of those among popular films, {100 * popular['disliked']:.0f}%"
        lines.append(told)
    return lines


def _commands(folder: Path) -> dict[str, str]:
    place, python = shlex.quote(str(folder)), os.path.relpath(sys.executable)
    if python.startswith(os.pardir):
        python = sys.executable
    return {
        f"ARTIFACT_DIR={place} {python} -m recommender": "serves it on http://127.0.0.1:8000",
        f"{python} -m training verify {place}": "checks every file of it",
        f"make deploy ARTIFACT={place}": "deploys the API with it",
        f"{python} -m training publish {place}": "makes it live in a stack that runs",
    }
