"""The emulator without Docker, on hosts with Docker, too."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.emulator.plain import Plain

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Tried:
    Type: AWS::Serverless::Function
    Properties:
      Handler: tried.handler
      Runtime: python3.13
      CodeUri: Tried
      MemorySize: 128
      Timeout: 10
      Environment:
        Variables:
          DECLARED: ""
"""
ENVIRONMENT = """
import os
import boto3

def handler(event, context):
    boto3.client("s3")
    return {name: value for name, value in os.environ.items() if "REGION" in name}
"""
FAILS = {
    "at its start": "raise RuntimeError('as asked')",
    "at its start, without a word": "import os; print('as asked', flush=True); os._exit(1)",
    "in a call": "def handler(*_):\n    import os; print('as asked', flush=True); os._exit(1)",
}


def function(folder: Path, code: str) -> Plain:
    """An emulator of one function, `Tried`. Needs what `make build` leaves for the runtime."""
    (folder / "Tried").mkdir()
    (folder / "Tried" / "tried.py").write_text(code)
    (folder / "template.yaml").write_text(TEMPLATE)
    return Plain(folder, "http://127.0.0.1:1")


@pytest.mark.usefixtures("built")
def test_a_function_has_its_region_from_the_emulator(tmp_path: Path) -> None:
    answer: Any = function(tmp_path, ENVIRONMENT).invoke("Tried", {}, {})
    assert answer == {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("code", FAILS.values(), ids=FAILS.keys())
def test_a_function_that_exits_is_noticed_at_once(tmp_path: Path, code: str) -> None:
    start = time.monotonic()
    with pytest.raises(AssertionError, match="as asked"):
        function(tmp_path, code).invoke("Tried", {}, {})
    assert time.monotonic() - start < 10


@pytest.mark.usefixtures("built")
def test_an_emulator_that_exits_is_noticed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.emulator.rapid.EMULATOR", "/bin/false")
    start = time.monotonic()
    with pytest.raises(AssertionError):
        function(tmp_path, "").invoke("Tried", {}, {})
    assert time.monotonic() - start < 10


def test_an_unknown_emulator_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/emulator/test_invoke.py", "-k", "event"],
        cwd=ROOT,
        env=os.environ | {"EMULATOR": "other"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "EMULATOR=other is none of sam and plain" in done.stdout
