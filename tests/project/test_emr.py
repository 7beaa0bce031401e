"""The job for EMR Serverless: what AWS and our command line would say of it."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tests.conftest import ROOT
from training.__main__ import main

FOLDER = ROOT / ".ci/emr"


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def test_the_job_is_one_that_aws_takes() -> None:
    model = botocore.session.get_session().get_service_model("emr-serverless")
    shape = model.operation_model("StartJobRun").input_shape
    assert shape
    job = {**read("job.json"), "clientToken": "x"}
    assert not ParamValidator().validate(job, shape).has_errors()


@pytest.mark.usefixtures("log_as_before")
def test_its_arguments_are_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are read, and then Spark is missing, which this environment does not have."""
    spark = read("job.json")["jobDriver"]["sparkSubmit"]
    arguments = [
        text.replace("s3://BUCKET", str(tmp_path)) for text in spark["entryPointArguments"]
    ]
    monkeypatch.setattr(sys, "argv", ["job.py", *arguments])
    monkeypatch.setitem(sys.modules, "pyspark", None)
    assert main() == 2
    assert "--engine spark needs pyspark" in capsys.readouterr().err


def test_the_role_may_no_more_than_the_job_needs() -> None:
    """It reads the code and the data that the job names, and writes only what that makes."""
    by_action = {
        action: one["Resource"]
        for one in read("role.json")["Statement"]
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
    expected = {"s3:AbortMultipartUpload", "s3:ListBucket", "s3:GetObject", "s3:PutObject"}
    assert by_action.keys() == expected
    job = (FOLDER / "job.json").read_text(encoding="utf-8")
    used = set(re.findall(r"s3://BUCKET/(\w+)/", job))
    named = [*by_action["s3:GetObject"], *by_action["s3:PutObject"]]
    assert {text.split("/")[1] for text in named} == used
    assert not any(text.endswith("BUCKET/*") for text in named)
    assert "dados" not in used, "what arrives there starts the training function"
