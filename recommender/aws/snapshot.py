"""SnapStart: what is done before Lambda takes a snapshot of the process, and after each restore."""

import random
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette

from recommender.api.serving import Serving
from recommender.http.timing import start
from recommender.settings import read_settings

# Warms up the model for nobody in particular: no user is named, no table is read.
HTTP = {"method": "GET", "path": "/filmes/populares", "sourceIp": "127.0.0.1"}
PRIMING = {"version": "2.0", "headers": {}, "requestContext": {"http": HTTP}}


def install(answer: Callable[[dict[str, Any], Any], Any], app: Starlette) -> None:
    """Register hooks where Lambda takes snapshots; ``answer`` answers an event by the app."""
    if not read_settings().snapshots:
        return
    from snapshot_restore_py import register_after_restore, register_before_snapshot

    serving: Serving | None = app.state.serving
    if serving is not None:
        serving.hiding.pause()
        register_after_restore(serving.hiding.forget)
    register_before_snapshot(answer, PRIMING, None)
    register_after_restore(refresh)


def refresh() -> None:
    """Renew what must differ between processes restored from one snapshot."""
    random.seed()  # boto3 spreads its retries by it
    start.cold, start.milliseconds = True, 0.0  # this start was not the process's own
