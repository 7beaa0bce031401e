"""The evaluation of a model whose ratings no single machine holds: ours, by some of the users."""

from typing import Any

from training.choice.learned import Sampled
from training.choice.metrics import CUTOFF, make_profiles
from training.data.splits import BY_FILM, PROTOCOLS
from training.evaluation import sequences
from training.evaluation.index_share import measure_index
from training.evaluation.judge import Judge
from training.evaluation.tuning import candidates
from training.evaluation.variety import Variety

WHOLE = "needs all ratings on one machine"
MORE = ("effect of diversidade", "new users", "new films")  # tables that one machine adds


def compare_sampled(found: Sampled, seed: int) -> dict[str, Any]:
    """Return what ``training.evaluation.comparison.compare`` does, of our strategies alone.

    Ratings are held out under the first protocol only. What is left out is named.
    """
    train, test, model = found.train, found.test, found.model
    judge = Judge(train, test, Variety(train, found.counts, found.users))
    profiles = make_profiles(model, train.ratings, test.ratings)
    rows = judge.measure_ours(model, profiles, BY_FILM)
    rows[0]["tried"] = len(found.choice.settings)
    given, reasons = candidates(found.users, len(train.films), seed, train.liked_from)
    others = [f"protocol {protocol.name}" for protocol in PROTOCOLS if protocol is not BY_FILM]
    left_out = dict.fromkeys([*others, *given, *reasons, *sequences.KINDS, *MORE], WHOLE)
    protocol = {
        "name": BY_FILM.name,
        "held_out": BY_FILM.held_out,
        "users": len(judge.users),
        "train": found.sizes[0],
        "test": found.sizes[1],
        "hyperparameters": found.choice.chosen.as_dict(),
        "validation": found.choice.settings[:CUTOFF],
        "index": measure_index(model, profiles, 0.0),
        "rows": rows,
    }
    empty: dict[str, Any] = {"diversity": [], "cold_users": {}, "cold_films": {}}
    shown = {"seed": seed, "aim": found.aim.value, "protocols": [protocol]}
    return {**shown, **empty, "left_out": left_out}
