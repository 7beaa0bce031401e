"""What there is to see of releases: the models that were live, with their figures."""

from typing import Any

from training.release.history import LIVE, models
from training.release.keys import MODELS
from training.release.releases import Releases

Row = dict[str, Any]


def overview(releases: Releases) -> list[Row]:
    """Return a row for each model that was live and for the one that is, the newest first.

    A row has ``version``, ``date`` of the training, ``ndcg`` (of all films and of liked ones, on
    the test part), ``forced``, ``rolled_back`` and whether it is ``live``. The model that came
    bundled with the code has no figures here: `GET /modelo` tells them.
    """
    records = releases.ledger.records()
    served = releases.served()
    known = models(records) or {served: False}
    forced = {
        record.body["model"]: record.body.get("forced", False)
        for record in reversed(records)
        if record.end and record.end["outcome"] == LIVE
    }
    rows = []
    for model in reversed(known):
        manifest = releases.bucket.read(f"{MODELS}{model}/manifest.json") or {}
        found = manifest.get("metrics", {}).get("padrao", {})
        rows.append(
            {
                "version": model,
                "date": manifest.get("training", {}).get("date"),
                "ndcg": found.get("ndcg", {}).get("mean"),
                "ndcg_liked": (found.get("gostar") or {}).get("ndcg", {}).get("mean"),
                "forced": forced.get(model, False),
                "rolled_back": known[model],
                "live": model == served,
            }
        )
    return rows
