"""Imported first by the command line: it tells in one line what kept it from starting."""

import os
import sys

from recommender.settings import missing

SERVE = "serve"  # the command that goes on until somebody stops it


def stopped() -> int:
    """Say that somebody stopped the command, and return its exit status."""
    print("stopped", file=sys.stderr)
    return 0 if sys.argv[1:2] == [SERVE] else 130


try:
    import training.build  # noqa: F401
except ModuleNotFoundError as error:
    print(f"error: {missing(error)}", file=sys.stderr)
    sys.exit(2)
except KeyboardInterrupt:
    os._exit(stopped())  # Python itself would end by the signal, if it came during an exec()
