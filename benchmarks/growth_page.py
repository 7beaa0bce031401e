"""Writes docs/growth.md from the results."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import machine
from benchmarks.training import exponent

Row = dict[str, Any]

TEMPLATE = Path(__file__).parent / "pages" / "growth.md"

INDEX = {
    "catalogue": "{catalogue}",
    "films": "{films:,}",
    "cells": "{cells}",
    "candidates": "{candidates}",
    "recall@10": "{recall_at_10}",
    "films scored": "{share_scored:.2%}",
    "ms": "{rank_ms}",
    "times faster than scoring all": "{times_faster}",
}
GROWTH = {
    "films": "{films:,}",
    "recommendation, ms": "{request_ms}",
    "work, ms": "{request_work_ms}",
    "of a genre (1 in 32), ms": "{genre_ms}",
    "of a rare genre (1 in 256), ms": "{rare_genre_ms}",
    "popular, ms": "{popular_ms}",
    "load, ms": "{load_ms:.0f}",
    "RSS, MB": "{memory_mb:.0f}",
    "model, bytes a film": "{model_bytes_a_film:.0f}",
    "with the database": "{artifact_bytes_a_film:.0f}",
}
EXPONENTS = {name: form.partition(":")[0].rstrip("}") + "}" for name, form in GROWTH.items()}
BATCH = {
    "users": "{users:,}",
    "seconds": "{seconds:,.0f}",
    "processor s": "{work_seconds:,.0f}",
    "largest process, MB": "{largest_process_mb}",
    "file, MB": "{file_mb}",
}
RIVALS = {
    "catalogue": "{catalogue}",
    "index": "{index}",
    "recall@10": "{recall_at_10}",
    "p50, ms": "{p50_ms}",
    "times ours": "{times_ours}",
    "build, s (2 threads)": "{build_s}",
}
COMPACT = {
    "type": "{type}",
    "model, MB": "{model_mb}",
    "nDCG@10": "{ndcg}",
    "scoring, µs": "{microseconds}",
}
WORST = {
    "route": "`{route}`",
    "with": "{about}",
    "ms": "{ms}",
    "times a recommendation": "{ratio}",
    "answer, kB": "{kilobytes}",
}
TRAINING = {
    "users": "{users:,}",
    "films": "{films:,}",
    "ratings": "{ratings:,}",
    "seconds": "{seconds}",
    "gigabytes": "{gigabytes}",
    "artifact, MB": "{artifact_megabytes}",
    "settings tried": "{tried}",
}
FITTING = {
    "ratings": "{ratings:,}",
    "one fit, s": "{seconds}",
    "`implicit` ALS, s": "{als_seconds}",
    "of its time": "{of_als}",
}
SEARCH = {
    "data": "{data}",
    "users": "{users:,}",
    "films": "{films:,}",
    "ratings": "{ratings:,}",
    "search and fit, s": "{seconds}",
    "tuning EASE, s": "{ease_seconds}",
    "times EASE": "{of_ease}",
    "the same for measuring, s": "{measuring_seconds}",
}


def table(columns: dict[str, str], rows: list[Row]) -> str:
    """Return a table; ``columns`` maps titles to formats of a row."""
    lines = [[*columns], ["---"] * len(columns)]
    lines += [[form.format(**row) for form in columns.values()] for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def of_each_route(rows: list[Row]) -> list[Row]:
    """Return the first row of each route."""
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(row["route"], row)
    return list(found.values())


def page() -> str:
    """Return the page."""
    index, growth, worst, rivals, compact, training, fitting, search = map(
        machine.read,
        ("index", "growth", "worst", "neighbours", "compact", "training", "fitting", "search"),
    )
    where, batch = growth["machine"], machine.read("batch")
    exponents = {"films": "exponent"} | growth["exponents"]
    return TEMPLATE.read_text(encoding="utf-8").format(
        **(where | {"measured": where["measured"][:10], "commit": machine.short(where["commit"])}),
        index=table(INDEX, index["rows"]),
        growth=table(GROWTH, growth["rows"]),
        exponents=table(EXPONENTS, [exponents]).splitlines()[-1],
        times=growth["ratios"]["request_ms"],
        batch=table(BATCH, batch["rows"]),
        batch_shape=batch,
        batch_minutes=f"{batch['million']['work_seconds'] / 60:.0f}",
        batch_clock=f"{batch['million']['seconds'] / 60:.0f}",
        worst=table(WORST, of_each_route(worst["rows"])),
        worst_shape=worst,
        worst_machine=worst["machine"],
        rivals=table(RIVALS, rivals["rows"]),
        compact=table(COMPACT, compact["rows"]),
        training=table(TRAINING, training["rows"]),
        exponent=training["exponent"],
        last_exponent=round(exponent(training["rows"][-2:]), 2),
        fitting=table(FITTING, fitting["rows"]),
        search=table(SEARCH, search["rows"]),
    )


def main() -> None:
    """Write the page."""
    (machine.ROOT / "docs" / "growth.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
