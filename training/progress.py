"""Progress of long work: a bar on a terminal, log lines elsewhere."""

import logging
import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

_log = logging.getLogger(__name__)


def steps(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield the items, telling how many are done."""
    if sys.stderr.isatty():
        yield from tqdm(items, desc=what, leave=False)
        return
    for number, item in enumerate(items, start=1):
        _log.info("%s: %d of %d", what, number, len(items))
        yield item
