import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.training.small_data import as_data, random_ratings
from training.data.dataset import Dataset
from training.data.splits import PROTOCOLS
from training.evaluation import sequences

LAST = next(protocol for protocol in PROTOCOLS if protocol.name == "last")
# Stands in for the worker: tells what it was asked, and gives user 0 no list.
ECHO = """
import json, sys
import numpy as np
asked = {name: value.tolist() for name, value in np.load(sys.argv[1]).items()}
lists = {user: [user, 1] for user in asked["users"] if user}
open(sys.argv[1] + ".json", "w").write(json.dumps({"tried": 2, "asked": asked, "lists": lists}))
"""


@pytest.fixture
def parts() -> tuple[Dataset, Dataset]:
    data = as_data(random_ratings(20, 12, share=0.6))
    times = np.random.default_rng(0).integers(0, 6, len(data.ratings))  # with ties
    return LAST.parts(data.with_ratings(data.ratings.assign(momento=times)), 3)


def test_the_worker_gets_the_train_part_in_order_of_time(
    parts: tuple[Dataset, Dataset], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text(ECHO)
    monkeypatch.setattr(sequences, "WORKER", worker)
    monkeypatch.setattr(sequences, "PYTHON", Path(sys.executable))
    train, test = parts
    users = np.unique(test.ratings["user"])
    found = sequences.best_lists("SASRec", train, users, 3)
    lists: list[list[int]] = [films.tolist() for films in found.lists]
    assert lists == [[int(user), 1] if user else [] for user in users]
    assert found.about.keys() == {"tried", "asked", "seconds"}

    asked: dict[str, Any] = found.about["asked"]
    assert (asked["kind"], asked["seed"]) == ("SASRec", 3)
    sent = pd.DataFrame({"user": asked["users"], "film": asked["films"], "held": asked["held"]})
    timed = sent.merge(train.ratings, on=["user", "film"], validate="1:1")
    assert len(timed) == len(sent) == len(train.ratings)
    pairs = timed[["user", "momento"]].to_numpy().tolist()
    assert pairs == sorted(pairs)
    last = ~sent["user"].duplicated(keep="last")
    assert sent["held"].tolist() == last.tolist()


def test_sequence_models_are_left_out_with_a_reason(
    parts: tuple[Dataset, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    train = parts[0]
    monkeypatch.setattr(sequences, "PYTHON", Path("/none"))
    assert sequences.why_left_out(train) == "its environment is missing: run make sequences"
    monkeypatch.setattr(sequences, "PYTHON", Path(sys.executable))
    assert sequences.why_left_out(train) is None
    few = train.with_ratings(train.ratings.groupby("user").head(2))
    assert sequences.why_left_out(few) == "no user has three ratings"
    monkeypatch.setattr(sequences, "MOST", 1)
    assert sequences.why_left_out(train) == f"{len(train.ratings)} ratings, limit 1"
