"""The entry point of a Spark job: takes the arguments of ``python -m training``."""

import sys

from training.__main__ import main

sys.exit(main())
