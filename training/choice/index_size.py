"""Choosing the size of the index: how many cells, and how many films a request scores."""

from dataclasses import replace

import numpy as np

from recommender.model.artifact import Model
from recommender.model.index import FIRST_BATCH
from training.choice.folds import Fold
from training.choice.metrics import Profiles, make_profiles, rank_all, score_lists
from training.choice.search import Row
from training.model.clusters import TasteGroups
from training.model.fit import fit
from training.model.hyperparameters import Hyperparameters, Values

LOSS = 0.005  # share of nDCG that the index may lose against scoring every film
CELLS = (0.5, 1.0, 2.0)  # times the square root of the number of films
MANY_FILMS = 100_000
CELLS_OF_MANY = (1.0,)
SCORED_SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)


def choose_index(
    fold: Fold, chosen: Hyperparameters, fixed: Values
) -> tuple[Hyperparameters, list[Row]]:
    """Choose the cells and candidates that score the fewest vectors within the allowed ``LOSS``.

    Returns:
        The hyperparameters with both values set, and a table of what was tried, in order of trial.
    """
    test = fold.test.ratings[fold.test.ratings["user"].isin(fold.users)]
    films = len(fold.train.films)
    groups = TasteGroups(1, chosen.seed).fit(fold.train.matrix)  # the index does not use them
    shares = CELLS if films < MANY_FILMS else CELLS_OF_MANY
    sizes = sorted({max(1, round(share * films**0.5)) for share in shares})
    steps = sorted({max(FIRST_BATCH, round(films * share)) for share in SCORED_SHARES} | {films})
    best, least = chosen, np.inf
    rows: list[Row] = []
    for wanted in [chosen.cells] if "cells" in fixed else sizes:
        if (wanted or 0) + steps[0] >= least:
            break
        model = fit(
            fold.train, replace(chosen, cells=wanted), fold.spectrum(chosen.settings), groups
        )
        profiles = make_profiles(model, fold.train.ratings, test)
        cells = len(model.cell_centers)
        exact = _ndcg(replace(model, candidates=films), profiles)
        for candidates in [model.candidates] if "candidates" in fixed else steps:
            cost = cells + candidates
            if cost >= least:
                break
            ndcg = _ndcg(replace(model, candidates=candidates), profiles)
            rows.append({"cells": cells, "candidates": candidates, "ndcg": round(ndcg, 6)})
            if ndcg >= exact * (1 - LOSS) or candidates >= films or "candidates" in fixed:
                best, least = replace(chosen, cells=cells, candidates=candidates), cost
                break
    return best, rows


def _ndcg(model: Model, profiles: Profiles) -> float:
    lists = rank_all(model, profiles, recency=0.0)  # the test part is drawn at random
    return float(score_lists(lists, profiles.relevant)["ndcg"].mean())
