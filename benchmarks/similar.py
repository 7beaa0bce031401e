"""How good similar films are: where known pairs rank, and what neighbours have in common.

    python benchmarks/similar.py ARTIFACT_FOLDER ml-100k|mock

The pairs are those of tests/data/known_pairs.json, counted in both directions: the rank of one film
is its position in the list of films similar to the other. Agreement is that of the first ten with
a film, over all films with at least 20 ratings: the Jaccard index of genres, and the shares that
have a director or an actor in common with it. The lists are as served, and from scoring all films.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.machine import ROOT
from benchmarks.retrieval import LIMIT, print_row
from recommender.data.catalog import Catalog, Film
from recommender.model.artifact import CATALOG_FILE, Model, load
from recommender.model.similarity import rank_similar
from training.data.tables import split_names

PAIRS = ROOT / "tests" / "data" / "known_pairs.json"
RATED = 20  # ratings, at least, of the films whose neighbours are looked at
AGREEMENT = {"genres": "genero", "director": "diretor", "actor": "atores"}


def rank_pairs(
    model: Model, films: Sequence[Film], pairs: Sequence[Mapping[str, str]]
) -> list[int]:
    """Return the rank of each pair in both directions; a film that is not listed comes last."""
    rows = {film["titulo"]: row for row, film in enumerate(films)}
    ranks = []
    for pair in pairs:
        ends = rows[pair["film"]], rows[pair["similar"]]
        for row, other in (ends, ends[::-1]):
            listed = rank_similar(model, row, limit=len(films)).rows.tolist()
            ranks.append(listed.index(other) + 1 if other in listed else len(films))
    return ranks


def measure_agreement(model: Model, films: Sequence[Film]) -> dict[str, float]:
    """Return the agreement of neighbours in each column that is not empty in the data."""
    parts = [{what: set(split_names(film[column])) for what, column in AGREEMENT.items()}
             for film in films]  # fmt: skip
    found = defaultdict[str, list[float]](list)
    for row in (row for row, film in enumerate(films) if film["total_avaliacoes"] >= RATED):
        for other in rank_similar(model, row, limit=LIMIT).rows.tolist():
            for what, own in parts[row].items():
                if own:
                    common, either = own & parts[other][what], own | parts[other][what]
                    share = len(common) / len(either) if what == "genres" else bool(common)
                    found[what].append(share)
    return {what: float(np.mean(shares)) for what, shares in found.items()}


def measure(
    model: Model, films: Sequence[Film], pairs: Sequence[Mapping[str, str]]
) -> dict[str, float]:
    """Return all figures of a model."""
    ranks = np.array(rank_pairs(model, films, pairs))
    return {
        "median rank": float(np.median(ranks)),
        "mean reciprocal rank": float(np.mean(1 / ranks)),
        f"in first {LIMIT}": float(np.mean(ranks <= LIMIT)),
        **measure_agreement(model, films),
    }


def main() -> None:
    """Print the table of an artifact."""
    pairs = json.loads(PAIRS.read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(description="how good an artifact's similar films are")
    parser.add_argument("artifact", type=Path)
    parser.add_argument("pairs", choices=list(pairs))
    options = parser.parse_args()
    model = load(options.artifact).model
    ids = model.film_ids.tolist()
    found = Catalog(options.artifact / CATALOG_FILE).films(ids)
    films = [found[film_id] for film_id in ids]
    for name, candidates in (("served", model.candidates), ("all films", len(ids))):
        figures = measure(replace(model, candidates=candidates), films, pairs[options.pairs])
        row = {"lists": name, **{what: round(figure, 3) for what, figure in figures.items()}}
        print_row(row, first=name == "served")


if __name__ == "__main__":
    main()
