# /// script
# requires-python = ">=3.11"
# dependencies = ["checkov==3.3.30"]
# ///
"""Runs checkov over the templates, by the settings in .ci/checkov.yaml.

    uv run --locked --script .ci/templates.py

A script with a lock of its own (.ci/templates.py.lock), because checkov wants other versions of
boto3 than we do. After a change of its version: `uv lock --script .ci/templates.py`.
"""

import os
import sys
from pathlib import Path

from checkov.main import Checkov

SETTINGS = Path(__file__).with_name("checkov.yaml")

if __name__ == "__main__":
    os.chdir(SETTINGS.parents[1])
    sys.exit(Checkov(argv=["--config-file", str(SETTINGS), *sys.argv[1:]]).run(banner=""))
