"""Chooses, fits and applies SASRec or GRU4Rec for ``training.evaluation.sequences``, elsewhere.

RecTools needs PyTorch and NumPy 1, so ``make sequences`` gives it an environment of its own. The
argument names a file with the ratings (r,) in order of user and time: ``users``, ``films`` and
``held`` (whether a rating judges settings), the ``seed``, and the ``kind`` of model. The answer is
written next to it: the best settings, their nDCG, and the ten best new films of each user.
"""

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytorch_lightning as lightning
import torch
from rectools.dataset import Dataset
from rectools.models import SASRecModel
from rectools.models.nn.transformers.lightning import TransformerLightningModule
from rectools.models.nn.transformers.net_blocks import TransformerLayersBase

EVERY = 3  # epochs between two looks at the validation ratings
EARLIEST = 6  # looks before a training may end
PATIENCE = 2  # looks without a better nDCG before it ends
LOOKS = 14  # at most

START: dict[str, Any] = {
    "loss": "all films",  # at this length, SASRec gained nothing by gBCE, which took twice as long
    "n_factors": 64,
    "dropout_rate": 0.3,
    "lr": 0.003,
    "batch_size": 32,
    "session_max_len": 50,
}
OWN: dict[str, dict[str, Any]] = {
    "SASRec": {"n_blocks": 2, "n_heads": 1},
    "GRU4Rec": {"n_blocks": 1, "transformer_layers_kwargs": {"hidden": 128}, "use_pos_emb": False},
}
# Stages of the search: in each, one setting of the best so far gets other values. What takes long
# comes last.
Stages = list[tuple[str, tuple[Any, ...]]]
FIRST: Stages = [("dropout_rate", (0.1, 0.2, 0.4, 0.5)), ("n_factors", (32, 128))]
THEN: dict[str, Stages] = {
    "SASRec": [("n_blocks", (1, 3)), ("n_heads", (2,))],
    "GRU4Rec": [
        ("transformer_layers_kwargs", ({"hidden": 64}, {"hidden": 256})),
        ("n_blocks", (2,)),
    ],
}
LAST: Stages = [
    ("lr", (0.001, 0.002, 0.005)),
    ("batch_size", (16, 64)),
    ("session_max_len", (25, 100, 200)),
    ("lr", (0.0015, 0.004)),
]


class Gru(TransformerLayersBase):  # type: ignore[misc]
    """The layers of GRU4Rec in the place of SASRec's: a GRU and a linear layer, as in RecBole.

    Without biases, the padding in front of a short sequence leaves the state at 0.
    """

    def __init__(self, n_blocks: int, n_factors: int, hidden: int, **_: Any) -> None:
        super().__init__()
        self.gru = torch.nn.GRU(n_factors, hidden, n_blocks, bias=False, batch_first=True)
        self.out = torch.nn.Linear(hidden, n_factors)

    def forward(self, films: Any, real: Any, *_: Any, **__: Any) -> Any:
        """Return the state after each film of each sequence, as a film vector."""
        return self.out(self.gru(films * real)[0])


class Module(TransformerLightningModule):  # type: ignore[misc]
    """Adds the loss "all films": RecTools' "softmax", but without scores of padding, so faster."""

    def _calc_custom_loss(self, batch: dict[str, Any], _: int) -> Any:
        films = self.torch_model.item_model.get_all_embeddings()
        states = self.torch_model.encode_sessions(batch, films)
        real = batch["y"] != 0
        return torch.nn.functional.cross_entropy(states[real] @ films.T, batch["y"][real])


class Trained(NamedTuple):
    """What settings reached on the validation ratings, and after how many looks."""

    ndcg: float
    looks: int
    settings: dict[str, Any]


class Search:
    """The search for the settings of one kind of model."""

    def __init__(self, kind: str, users: Any, films: Any, held: Any, seed: int) -> None:
        self.kind, self.seed, self.tried = kind, seed, 0
        self.all = pd.DataFrame({"user_id": users, "item_id": films, "weight": 1.0})
        self.all["datetime"] = pd.to_datetime(np.arange(len(users)), unit="s")  # only the order
        self.train, self.held = self.all[~held], self.all[held]

    def best(self) -> Trained:
        """Return the best settings of all stages."""
        best = self._judge(START | OWN[self.kind])
        for name, values in [*FIRST, *THEN[self.kind], *LAST]:
            found = [self._judge(best.settings | {name: value}) for value in values]
            best = max([best, *found], key=lambda trained: trained.ndcg)
        return best

    def lists(self, best: Trained) -> dict[int, list[int]]:
        """Return the ten best new films of each user, after as long a training on all ratings."""
        model, data = self._model(best.settings), Dataset.construct(self.all)
        for _ in range(best.looks):
            model.fit_partial(data, EVERY, EVERY)
        found = _recommend(model, data, self.all["user_id"].unique())
        lists: dict[Any, list[int]] = found.groupby("user_id")["item_id"].agg(list).to_dict()
        return lists

    def _judge(self, settings: dict[str, Any]) -> Trained:
        model, data = self._model(settings), Dataset.construct(self.train)
        best, looks = Trained(0.0, 1, settings), 0
        while looks < LOOKS and (looks < EARLIEST or looks - best.looks < PATIENCE):
            model.fit_partial(data, EVERY, EVERY)
            looks += 1
            lists = _recommend(model, data, self.held["user_id"])
            hits = lists.merge(self.held, on=["user_id", "item_id"])["rank"]
            ndcg = float((1 / np.log2(hits + 1)).sum()) / len(self.held)
            if ndcg > best.ndcg:
                best = Trained(ndcg, looks, settings)
        self.tried += 1
        sys.stderr.write(f"{self.kind} {self.tried}: {best}\n")
        return best

    def _model(self, settings: dict[str, Any]) -> Any:
        lightning.seed_everything(self.seed, verbose=False)
        layers = {"transformer_layers_type": Gru} if self.kind == "GRU4Rec" else {}
        return SASRecModel(
            **settings, **layers, lightning_module_type=Module, recommend_torch_device="cpu"
        )


def _recommend(model: Any, data: Any, users: Any) -> pd.DataFrame:
    lists: pd.DataFrame = model.recommend(
        users, data, k=10, filter_viewed=True, on_unsupported_targets="ignore"
    )
    return lists


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    asked = np.load(sys.argv[1])
    search = Search(
        str(asked["kind"]), asked["users"], asked["films"], asked["held"], int(asked["seed"])
    )
    best = search.best()
    answer = {
        "tried": search.tried,
        "ndcg": best.ndcg,
        "settings": best.settings | {"epochs": best.looks * EVERY},
        "lists": search.lists(best),
    }
    Path(sys.argv[1] + ".json").write_text(json.dumps(answer))
