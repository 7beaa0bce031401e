"""Imported first by the command line: it tells in one line which package is missing."""

import sys

from recommender.settings import missing

try:
    import botocore  # noqa: F401

    import training.build  # noqa: F401
except ModuleNotFoundError as error:
    print(f"error: {missing(error)}", file=sys.stderr)
    sys.exit(2)
