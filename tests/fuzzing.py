"""How many inputs a property test takes: a few in the suite, more in ``make fuzz``.

``make fuzz`` draws ``FUZZ`` of them in all at random, and shows how far it is. A failure names the
smallest input that was found, and gives a line with which hypothesis makes it again.
"""

import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tqdm import tqdm

WANTED = int(os.environ.get("FUZZ", "0"))  # inputs in all
ROUND = 2000  # inputs that hypothesis draws at once: it remembers all of them

# By surface: its share of all inputs. Those that cost least get most.
SHARES = {
    "events of the training function": 0.317,
    "events of the release function": 0.2,
    "manifests": 0.1,
    "arrays of models": 0.1,
    "databases of models": 0.003,
    "cursors": 0.1,
    "bodies": 0.05,
    "requests": 0.03,
    "events of the API function": 0.05,
    "files of data": 0.05,
}

Test = Callable[..., None]


def share_of(surface: str) -> int:
    """How many inputs of a surface ``make fuzz`` wants; 0 in the suite."""
    return round(WANTED * SHARES[surface])


def progress(surface: str) -> Any:
    """A bar that shows how many inputs of a surface were tried; in the suite it shows nothing."""
    total = share_of(surface)
    return tqdm(total=total, desc=surface, disable=not WANTED, file=sys.stderr, mininterval=5)


def fuzzed(surface: str, few: int, **inputs: st.SearchStrategy[Any]) -> Callable[[Test], Test]:
    """Decorate a test that takes inputs of a surface; in the suite it takes a few of them."""
    wanted = share_of(surface)
    rounds = -(-wanted // ROUND) or 1
    chosen = settings(
        max_examples=-(-wanted // rounds) or few,
        derandomize=not WANTED,
        database=None,
        print_blob=bool(WANTED),
        suppress_health_check=list(HealthCheck),
    )

    def decorate(test: Test) -> Test:
        drawn = chosen(given(**inputs)(test))

        def repeated(**fixtures: Any) -> None:
            with progress(surface) as bar:
                for _ in range(rounds):
                    drawn(**fixtures)
                    bar.update(-(-wanted // rounds))

        repeated.__signature__ = inspect.signature(drawn)  # type: ignore[attr-defined]
        repeated.__name__, repeated.__doc__ = test.__name__, test.__doc__
        repeated.__module__ = test.__module__
        marked: Test = pytest.mark.fuzz(repeated)
        return marked

    return decorate
