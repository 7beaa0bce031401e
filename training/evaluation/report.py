"""The evaluation as Markdown tables."""

from collections.abc import Iterable
from typing import Any

from training.choice.metrics import CUTOFF, METRICS
from training.evaluation.judge import LIKED
from training.evaluation.variety import CATALOGUE, VARIETY

RULES = (
    "Mean ± half the width of its 95% confidence interval over the users with held-out ratings, "
    f"k = {CUTOFF}. Every held-out rating is relevant; rated films are left out of the lists. In "
    "the column `liked`, only films that the user liked are relevant to nDCG (rated in the upper "
    "quarter of the scale). `disliked` is the share of hits that the user disliked (rated in the "
    "lower third). All hyperparameters, also those of the baselines, are chosen for the aim "
    "`{aim}`, by nDCG on folds of the train part; those of SASRec and GRU4Rec by nDCG on each "
    "user's last rating there. Bold: ours, as served, with the model's own `recencia` where last "
    "ratings are held out, else with 0."
)
COLUMNS = (
    "ndcg: gains discounted by log2(rank + 1), relative to the ideal list. map: mean of the "
    "precisions at the hits. precision, recall: hits as a share of the list, and of what is "
    "relevant. hit_rate: share of lists with a hit. mrr: mean of 1 / rank of the first hit. "
    "diversity: mean share of genres that two films of a list do not have in common. novelty: mean "
    "of -log2(share of users who rated a film), in bits. lift: mean popularity of a list relative "
    "to that of the user's own films, minus 1. coverage: share of all films in any list. gini: how "
    "unequally often films are listed, from 0 to 1."
)


def render(found: dict[str, Any]) -> str:
    """Return the result of ``comparison.compare`` as text."""
    parts = [RULES.format(aim=found["aim"]), COLUMNS]
    for protocol in found["protocols"]:
        parts += _protocol(protocol, found["seed"])
    if found["diversity"]:
        parts += _diversity(found["diversity"])
    if found["cold_users"]:
        parts += _cold_users(found["cold_users"])
    if found["cold_films"]:
        parts.append(_cold_films(found["cold_films"]))
    if found["left_out"]:
        parts.append("Left out:")
        parts.append("\n".join(f"- {name}: {why}" for name, why in found["left_out"].items()))
    return "\n\n".join(parts)


def _protocol(found: dict[str, Any], seed: int) -> list[str]:
    title = f"## Protocol {found['name']}: {found['held_out']} held out (seed {seed})"
    counts = (
        f"{found['users']} users, {found['train']} train ratings, {found['test']} test ratings."
    )
    rows = found["rows"]
    accuracy = _table(
        ["", METRICS[0], LIKED, "disliked", *METRICS[1:], "settings tried", "search + fit, s"],
        [
            [
                _name(row),
                *_means(row, (METRICS[0], LIKED), 3),
                "" if row["disliked"] is None else f"{row['disliked']:.3f}",
                *_means(row, METRICS[1:], 3),
                *_effort(row),
            ]
            for row in rows
        ],
    )
    variety = _table(
        ["", *VARIETY, *CATALOGUE],
        [
            [_name(row), *_means(row, VARIETY, 2), *(f"{row[name]:.2f}" for name in CATALOGUE)]
            for row in rows
        ],
    )
    index = found["index"]
    text = (
        f"The index scores {100 * index['share_scored']:.1f}% of the films (at least "
        f"{index['candidates']}, from {index['cells']} cells). Scoring all films gives nDCG "
        f"{index['exact_ndcg']:.4f}; the index loses {100 * index['loss']:.2f}% of it."
    )
    return [title, counts, accuracy, variety, text]


def _cold_users(cold: dict[str, Any]) -> list[str]:
    title = f"## New users, nDCG by ratings known (protocol A, {cold['users']} users)"
    parts = [title]
    for relevant, curves in (("Any film", cold["ndcg"]), ("Liked films", cold["liked"])):
        rows = [[name, *(_cell(**point) for point in points)] for name, points in curves.items()]
        parts += [f"{relevant} relevant:", _table(["", *map(str, cold["known"])], rows)]
    return parts


def _diversity(steps: list[dict[str, Any]]) -> list[str]:
    names = ("ndcg", *VARIETY)
    rows = [[f"{step['diversidade']:g}", *_means(step, names, 3)] for step in steps]
    title = "## Effect of `diversidade` (protocol A)"
    return [title, _table(["diversidade", *names], rows)]


def _cold_films(cold: dict[str, Any]) -> str:
    ndcg = {name: _cell(**figure) for name, figure in cold["ndcg"].items()}
    text = (
        f"## New films (protocol A, {cold['hidden']} films without a rating)\n\n"
        f"nDCG of the lists as served: {ndcg['lists']}; without vectors for these films: "
        f"{ndcg['lists_without']}."
    )
    if "among_hidden" in ndcg:
        text += (
            f" Among these films only, for the {cold['users']} users with a relevant one: "
            f"{ndcg['among_hidden']}; in random order: {ndcg['among_hidden_random']}."
        )
    return text


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _name(row: dict[str, Any]) -> str:
    return f"**{row['name']}**" if row["ours"] else str(row["name"])


def _means(row: dict[str, Any], metrics: Iterable[str], digits: int) -> list[str]:
    found = (row["metrics"].get(metric) for metric in metrics)
    return [_cell(**figure, digits=digits) if figure else "" for figure in found]


def _cell(mean: float, margin: float | None, digits: int = 3) -> str:
    if margin is None:
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} ± {margin:.{digits}f}"


def _effort(row: dict[str, Any]) -> list[str]:
    return [str(row.get(key, "")) for key in ("tried", "seconds")]
