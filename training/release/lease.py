"""One training at a time: a lease that ends by itself, kept as numbered records in the bucket."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from training.release.bucket import Bucket, Ledger

PREFIX = "arrendamentos/"
MARGIN = 30.0  # seconds that a lease outlasts its holder's time


class LeaseError(Exception):
    """Another training runs."""


@contextmanager
def lease(bucket: Bucket, holder: str, seconds: float) -> Iterator[None]:
    """Hold the lease for a block.

    Args:
        bucket: where the records are.
        holder: id of the invocation. If it crashed and Lambda tries it again, it goes on.
        seconds: how long the holder can run; a holder that was killed loses the lease after that.

    Raises:
        LeaseError: somebody else holds it.
    """
    ledger, now = Ledger(bucket, PREFIX), time.time()
    last = ledger.latest()
    if last and not last.end and last.body["until"] > now and last.body["holder"] != holder:
        left = last.body["until"] - now
        raise LeaseError(
            f"another training runs ({last.body['holder']}): it ends, or its lease does, within "
            f"{left:.0f} seconds"
        )
    number = last.number + 1 if last else 1
    if not ledger.claim(number, {"holder": holder, "until": now + seconds + MARGIN}):
        raise LeaseError("another training began at the same moment")
    try:
        yield
    finally:
        ledger.end(number, {"holder": holder})
